"""Rules on how large pixels are and where slices lie, in one image and within a series."""

import numpy as np
import pandas as pd

from .check import Check, cells, number, told
from .encoding import CLASS, SECONDARY_CAPTURE

PLANES = ("CT", "MR", "PT")
RADIOGRAPHS = ("CR", "DX", "MG")
PROJECTIONS = (*RADIOGRAPHS, "RF", "XA")
BODY = (*PLANES, *PROJECTIONS, "NM")
SINGLE_PLANES = tuple(CLASS + code for code in ("2", "4", "128"))
FIELD_MM = (5, 2500)  # from a tooth to a whole body
ASPECT = 1.01
LEAST, MOST, APART = 0.98, 2.5, 0.1  # of a magnification
COSINE = 0.01  # what rounding to two decimals leaves
LOCALIZER = r"LOC|SCOUT|SURVEY|PLAN|PILOT|TOPO|SURVIEW"


def spacing_missing(images):
    """A CT, MR or PET image without Pixel Spacing (0028,0030) (PS3.3 C.7.6.2, type 1)."""
    lacking = images["SOPClassUID"].isin(SINGLE_PLANES) & images["PixelSpacing"].isna()
    return told(images, lacking, "no Pixel Spacing")


def detector_spacing_missing(images):
    """A radiograph without Imager Pixel Spacing (0018,1164) or Pixel Spacing (PS3.3 C.8.1.1, C.8.11.4)."""
    lacking = images[["PixelSpacing", "ImagerPixelSpacing"]].isna().all(axis=1)
    return told(images, lacking & images["Modality"].isin(RADIOGRAPHS), "neither spacing is there")


def spacing_invalid(images):
    """A pixel spacing is not positive (PS3.3 10.7.1.3)."""
    is_line = np.c_[number(images["Rows"]) == 1, number(images["Columns"]) == 1]  # there it may be 0
    pairs = [cells(images[name], 2) for name in ("PixelSpacing", "ImagerPixelSpacing")]
    wrong = [((mm < 0) | ((mm == 0) & ~is_line)).any(axis=1) for mm in pairs]
    evidence = "Pixel Spacing {PixelSpacing} mm, Imager Pixel Spacing {ImagerPixelSpacing} mm"
    return told(images, wrong[0] | wrong[1], evidence)


def _spacing(images):
    """In the patient, otherwise at the detector; not-a-number where it is not positive."""
    at_patient, at_detector = (cells(images[name], 2) for name in ("PixelSpacing", "ImagerPixelSpacing"))
    mm = np.where(np.isnan(at_patient), at_detector, at_patient)
    return np.where((mm > 0).all(axis=1, keepdims=True), mm, np.nan)


def spacing_implausible(images):
    """Size and spacing make a field of view that no body has: perhaps another unit than mm (PS3.3 10.7.1.3)."""
    field = _spacing(images) * np.c_[number(images["Rows"]), number(images["Columns"])]
    wrong = (field.max(axis=1) < FIELD_MM[0]) | (field.max(axis=1) > FIELD_MM[1])
    shown = {"high": field[:, 0], "wide": field[:, 1]}
    return told(images, wrong & images["Modality"].isin(BODY), "{high} × {wide} mm", **shown)


def pixels_not_square(images):
    """Pixels are higher than wide or wider than high: shown as squares, they distort (PS3.3 10.7.1.3)."""
    mm = _spacing(images)
    ratio = mm.max(axis=1) / mm.min(axis=1)
    return told(images, (ratio > ASPECT) & images["Modality"].isin(BODY), "{ratio} times", ratio=ratio)


def magnification_implausible(images):
    """Imager Pixel Spacing (0018,1164) over Pixel Spacing is no magnification of a radiograph (PS3.3 10.7.1.1)."""
    at_patient, at_detector = (cells(images[name], 2)[:, 0] for name in ("PixelSpacing", "ImagerPixelSpacing"))
    ratio = at_detector / np.where(at_patient > 0, at_patient, np.nan)
    wrong = (ratio > 0) & ((ratio < LEAST) | (ratio > MOST))
    return told(images, wrong & images["Modality"].isin(PROJECTIONS), "a magnification of {ratio}", ratio=ratio)


def magnification_contradicts_distances(images):
    """Magnification Factor (0018,1114) is below 1 or not what the distances make (PS3.3 C.8.7.5, C.8.11.7)."""
    stated, to_detector, to_patient = (number(images[name]) for name in DISTANCES.split())
    made = to_detector / np.where(to_patient > 0, to_patient, np.nan)
    wrong = (stated > 0) & ((stated < 1) | (np.abs(made / stated - 1) > APART))
    return told(images, wrong, "stated {stated}, of the distances {made}", stated=stated, made=made)


def orientation_invalid(images):
    """Image Orientation (0020,0037) is not two unit vectors at right angles (PS3.3 C.7.6.2.1.1)."""
    cosines = cells(images["ImageOrientationPatient"], 6)
    row, column = cosines[:, :3], cosines[:, 3:]
    lengths, product = np.linalg.norm([row, column], axis=2), (row * column).sum(axis=1)
    wrong = (np.abs(lengths - 1) > COSINE).any(axis=0) | (np.abs(product) > COSINE)
    shown = {"first": lengths[0], "second": lengths[1], "product": product}
    return told(images, wrong, "lengths {first} and {second}, scalar product {product}", **shown)


def _mixed(images, chosen, tolerance, **columns):
    """The series of the chosen rows in which a column spreads more than a tolerance, each at its first row."""
    series = images.loc[chosen, "SeriesInstanceUID"].astype(object)
    groups = pd.DataFrame(columns, index=images.index)[chosen].groupby(series, sort=False)
    low, high = groups.min(), groups.max()
    facts = low.add_suffix("_low").join(high.add_suffix("_high"))
    facts = facts.assign(files=groups.size(), spread=(high - low).max(axis=1))
    first = series.drop_duplicates().dropna()
    facts = facts.reindex(first).set_index(first.index)
    return facts[facts["spread"] > tolerance]


def _is_stack(images):
    """Slices that belong together: not localizers, which have several planes by design, and no captures."""
    text = images["SeriesDescription"].astype(object)
    named = text.drop_duplicates().dropna()
    named = named[named.str.upper().str.contains(LOCALIZER)]
    is_other = text.isin(named) | is_localizer(images) | images["SOPClassUID"].isin(SECONDARY_CAPTURE)
    return images["Modality"].isin(PLANES) & ~is_other


def is_localizer(images):
    """Tell by Image Type (0008,0008) which images were made to plan others (PS3.3 C.8.2.1.1.1)."""
    types = images["ImageType"]
    return types.isin([value for value in types.drop_duplicates() if isinstance(value, tuple) and "LOCALIZER" in value])


def series_mixed_size(images):
    """Slices of one series have different Rows or Columns: they are no one volume (PS3.3 C.7.6.3)."""
    sizes = {"rows": number(images["Rows"]), "columns": number(images["Columns"])}
    mixed = _mixed(images, _is_stack(images), 0, **sizes)
    evidence = "{files} files, {rows_low} to {rows_high} rows, {columns_low} to {columns_high} columns"
    return told(mixed, mixed["files"] > 1, evidence)


def series_mixed_spacing(images):
    """Slices of one series have different Pixel Spacing (0028,0030): they are no one volume (PS3.3 C.7.6.2)."""
    mm = np.where(cells(images["PixelSpacing"], 2) > 0, cells(images["PixelSpacing"], 2), np.nan)
    mixed = _mixed(images, _is_stack(images), np.log(ASPECT), mm=np.log(mm[:, 0]), wide=np.log(mm[:, 1]))
    low, high = np.exp(mixed["mm_low"]), np.exp(mixed["mm_high"])
    return told(mixed, mixed["files"] > 1, "{files} files, {low} to {high} mm between rows", low=low, high=high)


def series_mixed_orientation(images):
    """Slices of one series have different Image Orientation (0020,0037): they are not parallel (PS3.3 C.7.6.2)."""
    cosines = cells(images["ImageOrientationPatient"], 6)
    mixed = _mixed(images, _is_stack(images), COSINE, **{f"c{axis}": cosines[:, axis] for axis in range(6)})
    return told(mixed, mixed["files"] > 1, "{files} files, direction cosines up to {spread} apart")


def series_mixed_device(images):
    """One series names several manufacturers or models (PS3.3 A.1.2.3: one equipment)."""
    texts = {name: images[name].astype(object) for name in ("Manufacturer", "ManufacturerModelName")}
    codes = {name: pd.Series(pd.factorize(text)[0], text.index).replace(-1, np.nan) for name, text in texts.items()}
    mixed = _mixed(images, images["Modality"].notna(), 0, **codes)
    return told(mixed, mixed["files"] > 1, "{files} files of several manufacturers or models")


MEASURE = "measure nothing in mm there; ask the source for the right spacing"
STACK = "group by it before you stack slices into a volume"
DISTANCES = "EstimatedRadiographicMagnificationFactor DistanceSourceToDetector DistanceSourceToPatient"
SLICES = "Modality SOPClassUID SeriesInstanceUID SeriesDescription ImageType"
DEVICE = "Modality SeriesInstanceUID Manufacturer ManufacturerModelName"
SIZES = "Rows Columns PixelSpacing ImagerPixelSpacing"
CHECKS = (
    Check(spacing_missing, "warning", "PixelSpacing SOPClassUID", MEASURE),
    Check(detector_spacing_missing, "note", "PixelSpacing ImagerPixelSpacing Modality", MEASURE),
    Check(spacing_invalid, "error", SIZES, MEASURE),
    Check(spacing_implausible, "error", f"{SIZES} Modality", "compare with other images of the device: metres, µm?"),
    Check(pixels_not_square, "note", f"{SIZES} Modality", "resample to square pixels, or show it with its aspect"),
    Check(magnification_implausible, "warning", "PixelSpacing ImagerPixelSpacing Modality", MEASURE),
    Check(magnification_contradicts_distances, "warning", DISTANCES, "do not correct sizes by this factor"),
    Check(orientation_invalid, "error", "ImageOrientationPatient", "do not place it in space"),
    Check(series_mixed_size, "warning", f"{SLICES} Rows Columns", STACK),
    Check(series_mixed_spacing, "warning", f"{SLICES} PixelSpacing", STACK),
    Check(series_mixed_orientation, "note", f"{SLICES} ImageOrientationPatient", STACK),
    Check(series_mixed_device, "warning", DEVICE, "ask the source whether series were merged"),
)
