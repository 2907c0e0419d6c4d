"""A folder of 300 images from six devices, drawn with numpy, with planted defects and an answer key."""

import io
import warnings
from datetime import date

import numpy as np
import pandas as pd
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit

from eda_utils.index.folder import INDEX_TAGS, index_folder
from eda_utils.index.schema import FILE_COLUMNS, TEXT, to_frame, to_table
from eda_utils.quality.duplicates import find_duplicates
from eda_utils.quality.issues import QUALITY_TAGS, flag_issues
from eda_utils.quality.measure import measure_images

CLASS = "1.2.840.10008.5.1.4.1.1."
SIDE = 128
# Modality, SOP Class, images, per series, manufacturer and model, body part
DEVICES = (
    ("CR", "1", 60, 1, ("Phantom", "Plate"), "CHEST"),
    ("DX", "1.1", 50, 1, ("Phantom", "Panel"), "HAND"),
    ("MG", "1.2", 50, 1, ("Mock", "Compress"), "BREAST"),
    ("CT", "2", 60, 10, ("Mock", "Spiral"), "CHEST"),
    ("MR", "4", 40, 10, ("Dummy", "Field"), "BRAIN"),
    ("US", "6.1", 40, 4, ("Dummy", "Sector"), "HEART"),
)
ROW, COLUMN = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]


def make_planted(folder, *, clean=False, seed=1):
    """Write the images and return the key: path and kind of every finding to expect; none if clean."""
    rng, images, key = np.random.default_rng(seed), list(_images(np.random.default_rng(seed))), []
    plan = [] if clean else [(kind, number) for kind, (_, _, count) in DEFECTS.items() for number in range(count)]
    free = {modality: [image for image in images if image["Modality"] == modality] for modality, *_ in DEVICES}
    for kind, number in plan:
        modality, spoil, _ = DEFECTS[kind]
        image = free[modality].pop(0 if kind.startswith("series") else -1)
        spoil(image, rng, number)
        key += [(str(folder / image["name"]), told) for told in (kind, *CONSEQUENCES.get(kind, []))]
    if not clean:
        key += _plant_copies(images, free, folder)
    for image in images:
        _write(image, folder)
    return pd.DataFrame(key, columns=["path", "kind"])


def _images(rng):
    number = 0
    for modality, code, count, per_series, device, part in DEVICES:
        for position in range(count):
            number += 1
            yield _image(rng, modality, code, device, part, number, position // per_series, position % per_series)


def _image(rng, modality, code, device, part, number, series, instance):
    pixels, bits = DRAW[modality](rng, number)
    born, year = int(rng.integers(1930, 1990)), 2019
    side = "LR"[number % 2]
    image = {
        **{"name": f"{modality}{number:03}.dcm", "pixels": pixels, "Modality": modality, "SOPClassUID": CLASS + code},
        **{
            "PatientID": f"P{modality}{series:03}",
            "PatientName": f"Kanarinsky^{modality}",
            "PatientSex": "FM"[number % 2],
        },
        **{"StudyInstanceUID": f"1.2.9.{ord(modality[0])}{ord(modality[1])}.{series}", "InstanceNumber": instance + 1},
        **{"SeriesInstanceUID": f"1.2.8.{ord(modality[0])}{ord(modality[1])}.{series}", "SeriesNumber": 1},
        **{"SOPInstanceUID": f"1.2.7.{number}", "BodyPartExamined": part, "BurnedInAnnotation": "NO"},
        **{"PatientBirthDate": f"{born}0601", "StudyDate": f"{year}0701", "PatientAge": f"{year - born:03}Y"},
        **{"Manufacturer": device[0], "ManufacturerModelName": device[1], "BitsAllocated": 8 if bits == 8 else 16},
        **{"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": 0, "SamplesPerPixel": 1},
        **{"PhotometricInterpretation": "MONOCHROME1" if modality == "CR" else "MONOCHROME2"},
        "ImageType": ["ORIGINAL", "PRIMARY"],
    }
    if modality in ("CR", "DX", "MG"):
        image |= {"ImagerPixelSpacing": [1.4, 1.4], "PixelSpacing": [1.4, 1.4], "ExposureTime": 20}
        image |= {"KVP": 28 if modality == "MG" else 110, "XRayTubeCurrent": 200}
        image |= {"ViewPosition": "MLO" if modality == "MG" else "PA"}
        image |= {} if modality == "CR" else {"ImageLaterality": side}
    if modality in ("CT", "MR"):
        image |= {"PixelSpacing": [2.5, 2.5], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SliceThickness": 5}
    if modality == "CT":
        image |= {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU", "KVP": 120, "ExposureTime": 500}
        image |= {"WindowCenter": [40, -600], "WindowWidth": [400, 1500]}
    elif modality != "US":
        image |= {"WindowCenter": float(np.ptp(pixels)) / 2, "WindowWidth": float(np.ptp(pixels))}
    if modality == "MR":
        image |= {"MagneticFieldStrength": 1.5}
    return image


def _blob(row, column, high, wide, edge=0.05):
    """From 0 outside to 1 inside of an ellipse, with a soft edge."""
    distance = np.hypot((ROW - row) / high, (COLUMN - column) / wide)
    return 1 / (1 + np.exp(np.clip((distance - 1) / edge, -50, 50)))


def _cloud(rng, grid=6):
    """A smooth random field from 0 to 1: no two bodies are alike."""
    small = rng.random((grid, grid))
    at = np.linspace(0, grid - 1, SIDE)
    rows = np.array([np.interp(at, np.arange(grid), line) for line in small])
    return np.array([np.interp(at, np.arange(grid), line) for line in rows.T]).T


def _chest(rng, _):
    lungs = _blob(rng.uniform(-0.2, 0.1), -0.42, rng.uniform(0.4, 0.65), rng.uniform(0.2, 0.32))
    lungs = lungs + _blob(rng.uniform(-0.2, 0.1), 0.42, rng.uniform(0.4, 0.65), rng.uniform(0.2, 0.32))
    heart = _blob(rng.uniform(0.1, 0.4), rng.uniform(0, 0.25), 0.3, rng.uniform(0.2, 0.4))
    body = _blob(0.3, 0, rng.uniform(1.2, 1.5), rng.uniform(0.8, 0.95))
    ribs = 0.05 * np.sin(ROW * rng.uniform(18, 30) + 2 * np.abs(COLUMN))
    tone = body * (0.6 - 0.4 * lungs + 0.25 * heart + ribs + 0.3 * _cloud(rng))
    tone += rng.normal(0, 0.01, tone.shape)
    return (3600 - 3000 * tone.clip(0, 1.1)).round().astype(np.uint16), 12


def _hand(rng, _):
    tone = _blob(rng.uniform(0.35, 0.5), rng.uniform(-0.1, 0.1), 0.4, rng.uniform(0.35, 0.45))
    for finger in np.linspace(-0.45, 0.45, 5) + rng.uniform(-0.04, 0.04, 5):
        tone = np.maximum(
            tone, _blob(rng.uniform(-0.35, -0.1), finger, rng.uniform(0.4, 0.65), rng.uniform(0.05, 0.09))
        )
    tone = tone * (0.5 + 0.6 * _cloud(rng)) + 0.05 + 0.1 * _cloud(rng, 3) + rng.normal(0, 0.01, tone.shape)
    return (9000 * tone.clip(0, 1.7)).round().astype(np.uint16), 14


def _breast(rng, number):
    side = -1 if number % 2 else 1
    breast = _blob(rng.uniform(-0.15, 0.15), side * 1.05, rng.uniform(0.5, 0.75), rng.uniform(0.55, 0.9), 0.03)
    mass = _blob(rng.uniform(-0.4, 0.4), side * rng.uniform(0.5, 0.9), rng.uniform(0.1, 0.3), rng.uniform(0.1, 0.3))
    tone = breast * (0.1 + 0.6 * _cloud(rng, 5) + 0.3 * mass) + 0.01 + rng.normal(0, 0.004, breast.shape)
    return (3800 * tone.clip(0, 1.05)).round().astype(np.uint16), 12


def _slice(rng, _):
    body = _blob(rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), rng.uniform(0.5, 0.7), rng.uniform(0.65, 0.85), 0.02)
    lungs = _blob(0, -0.35, rng.uniform(0.2, 0.45), 0.22) + _blob(0, 0.35, rng.uniform(0.2, 0.45), 0.22)
    spine = _blob(0.35, 0, 0.12, 0.12)
    units = -1000 + body * (900 + 300 * _cloud(rng) - 800 * lungs * body + 600 * spine) + rng.normal(0, 8, body.shape)
    return (units.clip(-1024, 3000) + 1024).round().astype(np.uint16), 12


def _brain(rng, _):
    head = _blob(0, 0, rng.uniform(0.7, 0.85), rng.uniform(0.55, 0.7), 0.03)
    ventricles = _blob(-0.1, -0.12, rng.uniform(0.15, 0.3), 0.07) + _blob(-0.1, 0.12, rng.uniform(0.15, 0.3), 0.07)
    signal = 900 * head * (0.5 + 0.6 * _cloud(rng, 8) - 0.4 * ventricles)
    return np.hypot(signal + rng.normal(0, 12, head.shape), rng.normal(0, 12, head.shape)).round().astype(np.uint16), 12


def _sector(rng, _):
    depth, angle = np.hypot(ROW + 1.1, COLUMN), np.abs(np.arctan2(COLUMN, ROW + 1.1))
    inside = (depth > 0.15) & (depth < rng.uniform(1.9, 2.0)) & (angle < rng.uniform(0.65, 0.75))
    echo = (0.2 + 0.8 * _cloud(rng, 7)) * _blur(rng.rayleigh(0.5, depth.shape), 2)
    return np.where(inside, 200 * echo, 0).clip(0, 250).round().astype(np.uint8), 8


DRAW = {"CR": _chest, "DX": _hand, "MG": _breast, "CT": _slice, "MR": _brain, "US": _sector}


def _set(**attributes):
    def spoil(image, rng, number):
        image.update(attributes)

    return spoil


def _change(function, **attributes):
    def spoil(image, rng, number):
        image.update(attributes)
        image["pixels"] = np.asarray(function(image["pixels"], rng)).astype(image["pixels"].dtype)

    return spoil


def _saturate(pixels, rng):
    return np.maximum(pixels, np.percentile(pixels, 15))  # low is white, and is the body


def _flatten(pixels, rng):
    return 2000 + (pixels - pixels.mean()) / np.ptp(pixels) * 60


def _frame(pixels, rng):
    framed = np.zeros_like(pixels)
    framed[20:-20, 20:-20] = pixels[20:-20, 20:-20]
    return framed


def _letter(pixels, rng):
    """Four words of strokes, as a scanner burns them in, at the top."""
    written = pixels.copy()
    for left in range(6, 60, 3):
        written[4:14, left] = 250 * (rng.random(10) < 0.85)
    return written


def _to_color(image, rng, number):
    image["pixels"] = np.repeat(image["pixels"][..., None], 3, axis=2)
    image |= {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}


def _compress(image, rng, number):
    buffer = io.BytesIO()
    Pillow.fromarray(image["pixels"]).save(buffer, "JPEG", quality=90)
    image |= {"stream": buffer.getvalue(), "LossyImageCompression": "00"}


def _damage(image, rng, number):
    _compress(image, rng, number)
    image |= {"stream": image["stream"][:40] + bytes(60), "LossyImageCompression": "01"}


def _resize(image, rng, number):
    image["pixels"] = image["pixels"][:-20]


DEFECTS = {  # code of the check: modality, how, how many
    "high_bit_wrong": ("MR", _set(HighBit=15), 3),
    "padding_out_of_range": ("MR", _set(PixelPaddingValue=40000), 2),
    "window_width_invalid": ("DX", _set(WindowWidth=0), 3),
    "window_numbers_differ": ("CT", _set(WindowCenter=[40, -600], WindowWidth=400), 3),
    "frames_contradict_class": ("MR", _set(NumberOfFrames=0), 2),
    "rescale_slope_zero": ("CT", _set(RescaleSlope=0), 2),
    "ct_unit_not_hounsfield": ("CT", _set(RescaleType="US"), 3),
    "planar_configuration_missing": ("US", lambda *image: (_tint(*image), image[0].pop("PlanarConfiguration")), 2),
    "loss_denied": ("US", _compress, 3),
    "spacing_missing": ("CT", lambda image, *_: image.pop("PixelSpacing"), 3),
    "spacing_invalid": ("DX", _set(PixelSpacing=[0, 0]), 3),
    "spacing_implausible": ("DX", _set(PixelSpacing=[1400, 1400], ImagerPixelSpacing=[1400, 1400]), 3),
    "pixels_not_square": ("DX", _set(PixelSpacing=[1.4, 1.0], ImagerPixelSpacing=[1.4, 1.0]), 3),
    "magnification_implausible": ("DX", _set(PixelSpacing=[2.0, 2.0]), 3),
    "kilovolts_implausible": ("CT", _set(KVP=120_000), 3),
    "exposure_implausible": ("DX", _set(ExposureTime=20_000), 3),
    "field_strength_implausible": ("MR", _set(MagneticFieldStrength=15_000), 3),
    "laterality_contradicts": ("DX", lambda image, *_: image.update(Laterality=_other(image)), 3),
    "laterality_contradicts_description": ("DX", lambda image, *_: image.update(SeriesDescription=_words(image)), 3),
    "laterality_missing": ("MG", lambda image, *_: image.pop("ImageLaterality"), 3),
    "view_missing": ("MG", lambda image, *_: image.pop("ViewPosition"), 3),
    "view_unknown": ("CR", _set(ViewPosition="FRONTAL"), 3),
    "sex_invalid": ("CR", _set(PatientSex="X"), 2),
    "age_invalid": ("CR", _set(PatientAge="51"), 3),
    "age_contradicts_dates": ("CR", _set(PatientAge="001Y"), 3),
    "study_date_implausible": ("CR", lambda image, *_: image.update(StudyDate="20990101", PatientAge=""), 3),
    "study_before_birth": ("CR", lambda image, *_: image.update(StudyDate="19200101", PatientAge=""), 3),
    "name_despite_removal": ("CR", _set(PatientIdentityRemoved="YES"), 3),
    "burned_in_annotation": ("US", _set(BurnedInAnnotation="YES"), 2),
    "pixel_data_cut": ("MG", _set(cut=5000), 3),
    "undecodable": ("US", _damage, 3),
    "blank": ("CR", _change(lambda pixels, rng: np.full_like(pixels, 7)), 3),
    "few_grey_levels": ("CR", _change(lambda pixels, rng: pixels // 500 * 500), 3),
    "saturated": ("CR", _change(_saturate), 3),
    "low_contrast": ("CR", _change(_flatten), 3),
    "constant_border": ("DX", _change(_frame), 3),
    "noise_outlier": ("MG", _change(lambda pixels, rng: (pixels + rng.normal(0, 400, pixels.shape)).clip(0, 4095)), 3),
    "sharpness_outlier": ("DX", _change(lambda pixels, rng: _blur(pixels)), 3),
    "bits_stored_unused": ("CR", _set(BitsStored=16, HighBit=15), 3),
    "extreme_values_wrong": ("DX", _set(SmallestImagePixelValue=0, LargestImagePixelValue=500), 3),
    "polarity_contradicts_pixels": ("MG", _set(PhotometricInterpretation="MONOCHROME1"), 3),
    "polarity_outlier": ("CR", _set(PhotometricInterpretation="MONOCHROME2"), 3),
    "writing_contradicts_annotation": ("US", _change(_letter), 3),
    "grey_as_color": ("US", _to_color, 3),
    "window_outside_pixels": ("MR", _set(WindowCenter=30_000, WindowWidth=100), 3),
    "ct_not_hounsfield": ("CT", _set(RescaleIntercept=0), 3),
    "padding_undeclared": ("CT", _change(lambda pixels, rng: _pad(pixels), RescaleIntercept=-2024), 3),
    "series_mixed_size": ("CT", _resize, 1),
}
# What else each of them brings with it
CONSEQUENCES = {"planar_configuration_missing": ["undecodable"]}
# Findings that are right on an image with another defect, by that defect: it changes what they measure
SIDE_EFFECTS = {
    "blank_not_compared": ("blank",),
    "noise_outlier": (
        *("few_grey_levels", "padding_undeclared"),  # steps and edges that their device does not make
        *("sharpness_outlier", "loss_denied"),  # blurring and JPEG take noise away
        "high_bit_wrong",  # values are read shifted, without their lowest bits
    ),
    "sharpness_outlier": (
        *("few_grey_levels", "padding_undeclared", "writing_contradicts_annotation"),  # edges
        "noise_outlier",  # the Laplacian sees noise
    ),
}
DUPLICATES = ("duplicate_across_patients", "near_duplicate_across_patients")


def audit(folder):
    """All findings of a folder: headers, pixels and copies."""
    index = index_folder(folder, tags=[*INDEX_TAGS, *QUALITY_TAGS], progress=False)
    stats = measure_images(index, progress=False)
    return pd.concat([flag_issues(index, stats), find_duplicates(stats, index=index)], ignore_index=True)


def score(found, key):
    """Precision and recall of each check: all other images of the folder, clean or with other defects, are negatives.

    Returns
    -------
    DataFrame
        By kind: ``planted``, ``told``, ``side_effects`` (of those told, the ones that SIDE_EFFECTS lists),
        ``precision`` (the share of those told that are planted or a side effect) and ``recall``.
    """
    planted = set(zip(key["path"], key["kind"], strict=True))
    defects = key.groupby("path")["kind"].agg(set)
    rows = []
    for kind in sorted({*key["kind"], *found["kind"]}):
        wanted = {path for path, other in planted if other == kind}
        told = set(found.loc[found["kind"] == kind, "path"])
        side = {path for path in told - wanted if defects.get(path, set()) & {*SIDE_EFFECTS.get(kind, ())}}
        right = len(told & wanted)
        precision = (right + len(side)) / len(told) if told else np.nan
        rows.append((kind, len(wanted), len(told), len(side), precision, right / len(wanted) if wanted else np.nan))
    columns = ["kind", "planted", "told", "side_effects", "precision", "recall"]
    return pd.DataFrame(rows, columns=columns).set_index("kind")


def _tint(image, rng, number):
    _to_color(image, rng, number)
    image["pixels"][..., 0] //= 2


def _other(image):
    return "R" if image["ImageLaterality"] == "L" else "L"


def _words(image):
    return {"R": "Hand LEFT", "L": "Hand right 2 views"}[image["ImageLaterality"]]


def _blur(pixels, reach=4):
    soft = pixels.astype(float)
    for axis in (0, 1):
        soft = np.mean([np.roll(soft, step, axis) for step in range(-reach, reach + 1)], axis=0)
    return soft


def _pad(pixels):
    """Outside of a circle nothing was reconstructed."""
    return np.where(np.hypot(ROW, COLUMN) < 0.98, pixels + 1000, 0)


def _plant_copies(images, free, folder):
    """The same pixels under another patient, and a brighter, smaller one of 8 bits."""
    key = []
    for _ in range(3):
        source, copy = free["CR"].pop(), free["CR"].pop()
        copy["pixels"] = source["pixels"]
        key.append((str(folder / min(source["name"], copy["name"])), "duplicate_across_patients"))
    for _ in range(3):
        source, copy = free["MG"].pop(), free["MG"].pop()
        small = source["pixels"].reshape(SIDE // 2, 2, SIDE // 2, 2).mean(axis=(1, 3))
        copy["pixels"] = (20 + 200 * small / small.max()).round().astype(np.uint8)
        copy |= {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "WindowCenter": 120, "WindowWidth": 220}
        copy |= {"PixelSpacing": [2.8, 2.8], "ImagerPixelSpacing": [2.8, 2.8]}
        key.append((str(folder / min(source["name"], copy["name"])), "near_duplicate_across_patients"))
    return key


def _write(image, folder):
    dataset, path = Dataset(), folder / image["name"]
    dataset.file_meta = FileMetaDataset()
    stream, cut, pixels = image.get("stream"), image.get("cut"), image["pixels"]
    dataset.file_meta.TransferSyntaxUID = UID(JPEGBaseline8Bit if stream else ExplicitVRLittleEndian)
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    with warnings.catch_warnings():  # some values are not allowed, that is what they are for
        warnings.simplefilter("ignore")
        for keyword, value in image.items():
            if keyword[0].isupper():
                setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.PixelData = encapsulate([stream]) if stream else pixels.tobytes()
        dataset["PixelData"].VR = "OB" if stream or pixels.dtype == np.uint8 else "OW"
        dataset["PixelData"].is_undefined_length = bool(stream)
        dataset.save_as(path, enforce_file_format=True)
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])


CLEAN = {  # one chest radiograph
    **{"path": "/data/0", "size_bytes": 500, "kind": "dicom", "format": "DICOM", "problem": None, "warning": None},
    **{
        "SOPClassUID": CLASS + "1",
        "SOPInstanceUID": "1.2.1",
        "SeriesInstanceUID": "1.2.2",
        "StudyInstanceUID": "1.2.3",
    },
    **{"TransferSyntaxUID": ExplicitVRLittleEndian, "PatientID": "p1", "PatientName": "Kanarinsky", "PatientSex": "F"},
    **{"PatientBirthDate": date(1950, 6, 1), "StudyDate": date(2010, 7, 1), "PatientAge": "060Y", "Modality": "CR"},
    **{"BodyPartExamined": "CHEST", "ViewPosition": "PA", "Manufacturer": "Phantom", "KVP": 110.0, "Rows": 2000},
    **{"Columns": 1600, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16},
    **{"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0, "PixelSpacing": (0.2, 0.2)},
    **{"ImagerPixelSpacing": (0.2, 0.2), "WindowCenter": (2000.0,), "WindowWidth": (4000.0,)},
}
MEASURED = {
    **{"path": "/data/0", "problem": None, "unit": "stored value", "frames": 1, "frames_measured": 1},
    **{"min_value": 0.0, "max_value": 4095.0, "mean_value": 1500.0, "sd_value": 700.0, "p01_value": 20.0},
    **{"p25_value": 800.0, "p50_value": 1500.0, "p75_value": 2100.0, "p99_value": 3900.0, "entropy_bits": 10.0},
    **{"padding_share": 0.0, "low_share": 0.001, "high_share": 0.001, "bits_used": 12, "stored_min": 0.0},
    **{"stored_max": 4095.0, "unique_values": 3000, "border_share": 0.0, "edge_value": 300.0, "centre_value": 2000.0},
    **{"background_share": 0.1, "sharpness": 0.1, "noise_sd": 20.0, "planes_equal": False, "corner_contrast": 0.001},
    **{"exact_hash": "0", "perceptual_hash": "f0f0a5c3d2e10f77"},
}
CT = {  # to be put upon CLEAN
    **{"SOPClassUID": CLASS + "2", "Modality": "CT", "Rows": 512, "Columns": 512, "PixelSpacing": (0.7, 0.7)},
    **{
        "ImagerPixelSpacing": None,
        "ViewPosition": None,
        "RescaleSlope": 1.0,
        "RescaleIntercept": -1024.0,
        "KVP": 120.0,
    },
    **{
        "BitsStored": 16,
        "HighBit": 15,
        "RescaleType": "HU",
        "WindowCenter": (40.0, -600.0),
        "WindowWidth": (400.0, 1500.0),
        "PixelRepresentation": 1,
    },
    "ImageOrientationPatient": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
}
CT_MEASURED = {
    **{"unit": "HU", "min_value": -1024.0, "max_value": 2000.0, "p01_value": -1010.0, "p25_value": -900.0},
    **{"p50_value": 20.0, "p75_value": 60.0, "p99_value": 900.0, "stored_max": 3024.0, "edge_value": -990.0},
}


def index_of(*rows):
    """An index, with its types, of images that are CLEAN but for what each row says."""
    tags = [*INDEX_TAGS, *QUALITY_TAGS]
    names = [*FILE_COLUMNS, *tags]
    rows = [{**CLEAN, "path": f"/data/{number}", **row} for number, row in enumerate(rows)]
    return to_frame(to_table([[row.get(name) for name in names] for row in rows], tags))


def stats_of(*rows):
    """The table of measure_images for such images."""
    table = pd.DataFrame([{**MEASURED, "path": f"/data/{number}", **row} for number, row in enumerate(rows)])
    types = dict.fromkeys(["path", "problem", "unit", "exact_hash", "perceptual_hash"], TEXT)
    types |= dict.fromkeys(["frames", "frames_measured", "bits_used", "unique_values"], "Int64")
    types["planes_equal"] = "boolean"
    return table.astype({name: types.get(name, float) for name in table})


def flagged(header, measured=None):
    """Code, severity and evidence of what is found in one image, or in several of one series."""
    headers, measures = ([row] if isinstance(row, dict) else row for row in (header, measured))
    found = flag_issues(index_of(*headers), None if measures is None else stats_of(*measures))
    assert "kanarinsky" not in found.drop(columns="path").to_csv().lower()
    return [tuple(row) for row in found[["kind", "severity", "evidence"]].to_numpy()]
