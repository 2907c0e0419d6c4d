"""Drawn radiographs of invented patients, with labels whose truth and whose traps are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..core import RequestError
from .tile import smooth_noise

SIDE = 64  # rows and columns
TISSUE, AIR, MARKER = 2000, 900, 1400  # stored values: of the body, less in lungs, more under the marker
SIGNATURE_PX, NODULE_PX, NODULE_AT = 4.0, 2.5, (26, 20)
NODULE_SHARE = 0.4
UNLABELLED, UNKNOWN = 3, 2  # images without a row of labels, and rows without an image
SITES = {  # of each scanner: maker, model, kV, noise, and whether it puts a letter into the corner
    "A": (("Northern", "Upright 1", 120, 90, False), ("Eastern", "Bedside 2", 90, 120, True)),
    "B": (("Western", "Upright 7", 125, 80, False), ("Western", "Bedside 8", 100, 100, True)),
}


def write_phantom_cohort(
    folder: str | Path,
    *,
    patients: int = 150,
    site: str = "A",
    shortcut: float = 0.85,
    signature: float = 1.0,
    nodule: float = 1.0,
    seed: int = 0,
) -> Path:
    """Write the radiographs of invented patients and a table of labels, for teaching and tests.

    Parameters
    ----------
    folder : str or Path
        It gets ``images/``, small DICOM files, three to five of each patient, and ``labels.csv``: ``image`` (file
        name), ``nodule``, and ``coin``, which was tossed for each patient, so that no pixel knows it. Three images
        have no row, and two rows no image.
    patients : int
    site : str
        "A" or "B", with scanners of its own. The bedside scanner of each has a letter in the corner of its images.
    shortcut : float
        The share of patients with a nodule that are imaged on the bedside scanner, and of those without that are not:
        0.5 is no shortcut. Thus a model that reads the letter alone has this AUC.
    signature : float
        How strong what all images of one patient share is; 0 is nothing.
    nodule : float
        How bright the nodule is; 0 is none.
    seed : int

    Returns
    -------
    Path
        Of the folder.

    Raises
    ------
    ValueError
        If there is no such site (RequestError).

    Examples
    --------
    >>> import tempfile
    >>> import eda_utils as eda
    >>> folder = eda.samples.write_phantom_cohort(tempfile.mkdtemp(), patients=4)
    >>> joined = eda.cohort.join_labels(eda.index_folder(folder / "images"), folder / "labels.csv")
    >>> joined.attrs["labels"], joined["PatientID"].nunique()
    (['nodule', 'coin'], 4)
    """
    if site not in SITES:
        raise RequestError("site", "is not known", f"choose from {', '.join(SITES)}")
    folder, rng, rows = Path(folder), np.random.default_rng([seed, ord(site)]), []
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number in range(patients):
        sick, coin = rng.random() < NODULE_SHARE, rng.random() < 0.5
        scanner = SITES[site][int((rng.random() < shortcut) == sick)]
        body = _body(rng, signature)
        person = f"{site}{number:04}", f"{rng.integers(20, 90):03}Y", rng.choice(["F", "M"])
        for repeat in range(rng.integers(3, 6)):
            name = f"{person[0]}_{repeat}.dcm"
            pixels = _picture(body, nodule * sick, scanner, rng)
            _write(folder / "images" / name, pixels, person, scanner, seed)
            rows.append((name, int(sick), int(coin)))
    names, sick, coin = zip(*rows[UNLABELLED:], *[(f"{site}9{n:03}_0.dcm", 0, 0) for n in range(UNKNOWN)], strict=True)
    pd.DataFrame({"image": names, "nodule": sick, "coin": coin}).to_csv(folder / "labels.csv", index=False)
    return folder


def _body(rng, signature):
    """A body with two lungs of the patient's own shape, and a texture that is in all images of the patient."""
    rows, columns = np.indices((SIDE, SIDE))
    pixels = np.full((SIDE, SIDE), float(TISSUE))
    for middle in (20, 44):
        at, size = rng.normal((33, middle), 1.5), rng.normal((19, 8.5), 1)
        distance = ((rows - at[0]) / size[0]) ** 2 + ((columns - at[1]) / size[1]) ** 2
        pixels -= AIR / (1 + np.exp(8 * (distance - 1)))
    return pixels + 100 * signature * smooth_noise((SIDE, SIDE), SIGNATURE_PX, rng)


def _picture(body, nodule, scanner, rng):
    _, _, _, noise, has_marker = scanner
    rows, columns = np.indices((SIDE, SIDE))
    at = NODULE_AT + rng.normal(0, 1.5, 2)
    distance = (rows - at[0]) ** 2 + (columns - at[1]) ** 2
    pixels = body + 300 * nodule * np.exp(-distance / 2 / NODULE_PX**2)
    if has_marker:  # an L
        pixels[4:14, 52:54] += MARKER
        pixels[12:14, 52:58] += MARKER
    return np.clip(pixels + rng.normal(0, noise, pixels.shape), 0, 4095).astype(np.uint16)


def _write(path, pixels, person, scanner, seed):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

    dataset, study = Dataset(), [person[0], str(seed)]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[path.name, *study])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[*study, "series"])
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=study)
    dataset.Modality, dataset.BodyPartExamined, dataset.ViewPosition = "CR", "CHEST", "AP"
    dataset.PatientName, (dataset.PatientID, dataset.PatientAge, dataset.PatientSex) = "", person
    dataset.Manufacturer, dataset.ManufacturerModelName, dataset.KVP = scanner[:3]
    dataset.InstanceNumber, dataset.BurnedInAnnotation = int(path.stem[-1]) + 1, "YES" if scanner[4] else "NO"
    dataset.ImagerPixelSpacing, dataset.PhotometricInterpretation = [5.5, 5.5], "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.WindowCenter, dataset.WindowWidth = 1800, 2600
    dataset.PixelData = pixels.astype("<u2").tobytes()
    dataset.save_as(path, enforce_file_format=True)
