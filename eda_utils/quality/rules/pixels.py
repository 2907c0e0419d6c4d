"""Rules on measured pixels: blank, saturated, flat, framed, cut, undecodable, unlike others of their kind."""

import numpy as np
import pandas as pd

from ...dicom import CUT_PIXELS
from ...image import CUT_PICTURE
from .check import GROUP_SIZE, Check, number, robust_scores, told
from .encoding import GREY

NO_PICTURES = ("SEG", "RTDOSE", "PR", "KO", "SR", "REG")
SLICES = ("CT", "MR", "NM", "PT")  # air around a body or a masked field is nothing odd there
COUNTS = ("NM", "PT")  # few hot spots stretch the range
VIEWED = ("SM", "GM", "XC", "ES", "OP")  # light: tiles of slides and photographs
SATURATED, BORDER, FLAT, FEW_LEVELS = 0.05, 0.3, 0.05, 16
LEAST_SIDE = 20  # pixels
LIMIT = 6.0  # robust standard deviations of the logarithm
KIND = ("Modality", "Manufacturer", "ManufacturerModelName", "ViewPosition", "BodyPartExamined")


def pixel_data_cut(images):
    """The file ends inside its Pixel Data (7FE0,0010) (PS3.5 8.1.1)."""
    return told(images, _is_cut(images), "noticed when it was indexed")


def undecodable(images):
    """The pixels could not be decoded (PS3.5 A.4)."""
    reasons = images["problem"].astype(object)
    reasons = reasons.fillna("").str.split("; ").str[0]  # texts of ours, without values
    return told(images, (reasons != "") & ~_is_cut(images), "{reason}", reason=reasons)


def _is_cut(images):
    told = images["warning"].astype(object).fillna("")
    return told.str.contains(CUT_PIXELS, regex=False) | told.str.contains(CUT_PICTURE, regex=False)


def blank(images):
    """All pixels have one value (PS3.3 C.7.6.3.1.4)."""
    even = images["min_value"] == images["max_value"]
    return told(images, even & _is_picture(images), "frames measured: {frames_measured}")


def almost_blank(images):
    """At least 98 of 100 pixels have one value: a page, a mask or a failed acquisition (PS3.3 C.7.6.3.1.4)."""
    even = (images["p01_value"] == images["p99_value"]) & (images["min_value"] < images["max_value"])
    even &= _is_picture(images) & ~images["Modality"].isin((*COUNTS, *VIEWED))
    return told(images, even, "percentiles 1 to 99 are equal")


def few_grey_levels(images):
    """A grey image of so few levels is a mask, a test pattern or was quantised (PS3.3 C.7.6.3.1.1)."""
    few = images["unique_values"].between(2, FEW_LEVELS) & _is_grey(images) & _is_large(images)
    return told(images, few & ~images["Modality"].isin(COUNTS), "{unique_values} different values")


def saturated(images):
    """Many pixels other than background have the lowest or the highest value: detail is lost (PS3.3 C.7.6.3.1.4)."""
    span = images["max_value"] - images["min_value"]
    edge = (images["edge_value"] - images["min_value"]) / span  # an end far from it is not that of the background
    low, high = images["low_share"], images["high_share"]
    worst = np.fmax(np.fmin(low, high), np.fmax(low.where(edge > 0.6), high.where(edge < 0.4)))
    wrong = (worst > SATURATED) & (images["unique_values"] > FEW_LEVELS) & _is_grey(images) & _is_large(images)
    return told(images, wrong, "{share} % of the area", share=100 * worst)


def low_contrast(images):
    """Percentiles 1 to 99 span less than 5 % of what the bits used can hold (van der Walt 2014, is_low_contrast)."""
    bits, span = number(images["bits_used"]), images["max_value"] - images["min_value"]
    stored = images["stored_max"] - images["stored_min"]
    share = (images["p99_value"] - images["p01_value"]) / span * stored / 2.0 ** bits.clip(0, 64)  # rescale drops out
    wrong = (share > 0) & (share < FLAT) & _is_picture(images) & _is_large(images)
    wrong &= ~images["Modality"].isin((*COUNTS, *VIEWED))
    return told(images, wrong, "{share} % of the range", share=100 * share)


def constant_border(images):
    """A frame of rows and columns of one value takes much of the picture (PS3.3 C.7.6.3)."""
    wide = (images["border_share"] > BORDER) & (images["min_value"] < images["max_value"])
    wide &= _is_picture(images) & _is_large(images) & ~images["Modality"].isin((*SLICES, *VIEWED))
    return told(images, wide, "{share} % of the area", share=100 * images["border_share"])


def noise_outlier(images):
    """Noise is far from that of the same modality, device, view and body part (Iglewicz and Hoaglin 1993)."""
    return _stands_out(images, images["noise_sd"] / images["sd_value"])


def sharpness_outlier(images):
    """Sharpness is far from that of the same modality, device, view and body part (Iglewicz and Hoaglin 1993)."""
    return _stands_out(images, images["sharpness"])


def _stands_out(images, measured):
    logarithm = np.log(measured.where(measured > 0))
    scores = robust_scores(logarithm, images[[name for name in KIND if name in images]])
    evidence = f"{{score}} robust standard deviations, among at least {GROUP_SIZE} images"
    return told(images, scores.abs() > LIMIT, evidence, score=scores.round(1))


def _is_picture(images):
    return ~images["Modality"].isin(NO_PICTURES)


def _is_grey(images):
    stated = images["PhotometricInterpretation"]
    return (stated.isin(GREY) | stated.isna()) & (images["unit"] != "luminance") & _is_picture(images)


def _is_large(images):
    sides = np.fmin(number(images["Rows"]), number(images["Columns"]))
    return pd.Series(sides >= LEAST_SIDE, images.index)


LOOK = "look at it, and leave it out if it shows nothing"
AGAIN = "ask the source for the file again"
OTHERS = "compare it with its neighbours: other settings, a phantom, motion, or another pixel size"
SHAPE = "Modality Rows Columns"
RANGE = "min_value max_value"
GREYS = f"{SHAPE} PhotometricInterpretation unit unique_values"
ENDS = f"{GREYS} edge_value low_share high_share {RANGE}"
CHECKS = (
    Check(pixel_data_cut, "error", "warning", AGAIN),
    Check(undecodable, "error", "warning problem", f"see check_decoders for what is missing here, or {AGAIN}"),
    Check(blank, "error", f"Modality {RANGE} frames_measured", LOOK),
    Check(almost_blank, "warning", f"Modality {RANGE} p01_value p99_value", LOOK),
    Check(few_grey_levels, "warning", GREYS, LOOK),
    Check(saturated, "warning", ENDS, "look at its histogram; do not measure there"),
    Check(low_contrast, "warning", f"{SHAPE} bits_used stored_min stored_max p01_value p99_value {RANGE}", LOOK),
    Check(constant_border, "note", f"{SHAPE} border_share {RANGE}", "crop it before you scale pixels or train"),
    Check(noise_outlier, "note", "Modality noise_sd sd_value", OTHERS),
    Check(sharpness_outlier, "note", "Modality sharpness", OTHERS),
)
