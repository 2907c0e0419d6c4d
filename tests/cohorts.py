"""Cohorts that are generated, with what is planted in them known."""

import numpy as np
import pandas as pd


def make_cohort(seed, patients=None, shortcut=False):
    """An index with a label ``sick`` that follows nothing or, by a share of 0.5 to 0.9, one field."""
    rng = np.random.default_rng(seed)
    count = patients or int(rng.integers(150, 400))
    sick = (rng.random(count) < rng.uniform(0.2, 0.5)).astype(int)
    fields = {name: rng.choice([f"v{n}" for n in range(several)], count).astype(object) for name, several in CLASSES}
    fields |= {name: rng.normal(size=count) * rng.uniform(1, 50) for name in NUMBERS}
    planted = rng.choice(["Manufacturer", "ViewPosition", "StationName", "KVP", "mean_value"]) if shortcut else ""
    strength = rng.uniform(0.5, 0.9)
    if planted in NUMBERS:
        fields[planted] = fields[planted] + sick * strength * 1.5 * fields[planted].std()
    elif planted:
        follows = rng.random(count) < strength
        fields[planted] = np.where(follows, np.where(sick == 1, "v0", "v1"), fields[planted])
    patient = np.repeat(np.arange(count), rng.integers(1, 4, count))
    index = pd.DataFrame(fields | {"sick": sick}).iloc[patient].reset_index(drop=True)
    return index.assign(PatientID=patient.astype(str), path=[f"/d/{n}.dcm" for n in range(len(patient))]), planted


CLASSES = (("Manufacturer", 3), ("StationName", 8), ("PatientSex", 2), ("ViewPosition", 2), ("ProtocolName", 12))
NUMBERS = ("KVP", "ExposureTime", "XRayTubeCurrent", "mean_value", "sd_value", "noise_sd", "entropy_bits")


def make_site(rng, drifted, patients=300):
    """An index of 10 fields that are the same at all sites, and 10 that are not when it is drifted."""
    fields = {}
    for n in range(10):
        fields[f"same{n}"] = rng.normal(size=patients) if n % 2 else rng.choice([*"abcd"], patients).astype(object)
        shares = [0.25, 0.35, 0.4] if drifted else [0.5, 0.3, 0.2]
        moved = rng.normal(size=patients) + 0.6 * (drifted and n < 9)
        moved = moved * (1 + 1.5 * (drifted and n == 9))  # of the last one the spread only
        fields[f"moved{n}"] = moved if n % 2 else rng.choice([*"abc"], patients, p=shares).astype(object)
    patient = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    index = pd.DataFrame(fields).iloc[patient].reset_index(drop=True)
    return index.assign(PatientID=patient.astype(str), path=[f"/d/{n}.dcm" for n in range(len(patient))])


def make_labels(seed, patients=120):
    """An index for splits: skewed groups, a frequent label, a rare one and one that follows patients."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), np.minimum(rng.geometric(0.3, patients), 30))
    count = len(patient)
    sick = rng.random(patients) < 0.3
    table = {"common": rng.random(count) < 0.3, "rare": rng.random(count) < 0.03, "sick": sick[patient]}
    index = pd.DataFrame(table).astype(int).assign(PatientID=patient.astype(str))
    return index.assign(path=[f"/d/{n}.dcm" for n in range(count)])
