"""Rules on what a header says and what the pixels show."""

import numpy as np

from ...dicom import LOSSY
from .check import GROUP_SIZE, Check, cells, number, robust_scores, told
from .encoding import CLASS, GREY, MOST_WINDOWS, stored_range
from .geometry import is_localizer
from .pixels import KIND, NO_PICTURES, VIEWED

AIR_HU = (-1150, -850)
HOUNSFIELD = (-4_100, 10_000)  # padding; metal on the extended scale
BACKGROUND, BRIGHT = 0.5, 0.7
PADDING = 0.01
UNUSED_BITS = 3
CLOSE = 0.01
WRITING = 0.05
LIMIT, CLEAR = 3.5, 0.1  # robust standard deviations; of the range


def loss_denied(images):
    """The transfer syntax is lossy and Lossy Image Compression (0028,2110) says 00 (PS3.3 C.7.6.1.1.5)."""
    is_lossy = images["TransferSyntaxUID"].isin(LOSSY)
    return told(images, is_lossy & (images["LossyImageCompression"] == "00"), "a transfer syntax that is always lossy")


def bits_stored_exceeded(images):
    """Pixels have values that Bits Stored (0028,0101) cannot hold (PS3.5 8.1.1)."""
    low, high = stored_range(images)
    wrong = ((images["stored_min"] < low) | (images["stored_max"] > high)) & _is_grey(images)
    return told(images, wrong, "{BitsStored} bits stored, values {stored_min} to {stored_max}")


def bits_stored_unused(images):
    """A radiograph declares more bits than it uses: a window made from them shows it dark (PS3.5 8.1.1)."""
    unused = images["BitsStored"] - images["bits_used"]
    wrong = (unused >= UNUSED_BITS) & images["Modality"].isin(["CR", "DX", "MG"]) & _is_grey(images)
    wrong &= images["min_value"] < images["max_value"]
    return told(images, wrong, "{BitsStored} bits stored, {bits_used} used")


def extreme_values_wrong(images):
    """Smallest or Largest Image Pixel Value (0028,0106) is not what the pixels have (PS3.3 C.7.6.3)."""
    low, high = (number(images[f"{name}ImagePixelValue"]) for name in ("Smallest", "Largest"))
    off = np.fmax(np.abs(low - images["stored_min"]), np.abs(high - images["stored_max"]))
    wrong = (off > CLOSE * (high - low)) & (images["frames"] == 1) & _is_grey(images)  # lossy compression moves them
    evidence = "stated {SmallestImagePixelValue} to {LargestImagePixelValue}, measured {stored_min} to {stored_max}"
    return told(images, wrong, evidence)


def polarity_contradicts_pixels(images):
    """The air around a breast or an ultrasound sector is shown bright: a negative (PS3.3 C.7.6.3.1.2)."""
    background = _tone(images, images["p50_value"])  # where most pixels are background, the median is one of them
    wrong = (images["background_share"] > BACKGROUND) & (background > BRIGHT) & _is_grey(images)
    wrong &= images["Modality"].isin(["MG", "US"])
    evidence = "{share} % of the area is brighter than {tone} % of the range as {PhotometricInterpretation}"
    return told(images, wrong, evidence, share=100 * images["background_share"], tone=100 * background)


def polarity_outlier(images):
    """Edge and centre are the other way round than in others of its kind: a negative (PS3.3 C.7.6.3.1.2)."""
    contrast = _tone(images, images["centre_value"]) - _tone(images, images["edge_value"])
    contrast = contrast.where(_is_grey(images) & images["Modality"].isin(["CR", "DX", "MG"]))
    kinds = images[[name for name in KIND if name in images]]
    usual = contrast.groupby([kinds[name] for name in kinds], dropna=False, observed=True).transform("median")
    scores = robust_scores(contrast, kinds)
    wrong = (scores.abs() > LIMIT) & (contrast.abs() > CLEAR) & (usual.abs() > CLEAR) & (contrast * usual < 0)
    evidence = f"{{contrast}} of the range, usually {{usual}}, among at least {GROUP_SIZE} images"
    return told(images, wrong, evidence, contrast=contrast.round(2), usual=usual.round(2))


def _tone(images, values):
    """Where values lie between black (0) and white (1) as the Photometric Interpretation says."""
    share = (values - images["p01_value"]) / (images["p99_value"] - images["p01_value"])
    return share.where(images["PhotometricInterpretation"] != "MONOCHROME1", 1 - share)


def writing_contradicts_annotation(images):
    """Burned In Annotation (0028,0301) says that nothing names the patient, and there is writing (PS3.3 C.7.6.1)."""
    wrong = (images["BurnedInAnnotation"] == "NO") & (images["corner_contrast"] > WRITING)
    wrong &= ~images["Modality"].isin((*VIEWED, *NO_PICTURES))
    return told(images, wrong, "strokes in {share} % of the pixels of one place", share=100 * images["corner_contrast"])


def grey_as_color(images):
    """A colour image has three equal planes: it is grey (PS3.3 C.7.6.3.1.2)."""
    is_color = (images["SamplesPerPixel"] == 3) & ~images["PhotometricInterpretation"].isin(GREY)
    return told(images, images["planes_equal"] & is_color, "in all measured frames")


def window_outside_pixels(images):
    """The file's windows lie outside of the pixel values: the picture is all black or white (PS3.3 C.11.2.1.2)."""
    centres, widths = (cells(images[f"Window{name}"], MOST_WINDOWS) for name in ("Center", "Width"))
    low, high = images["min_value"].to_numpy()[:, None], images["max_value"].to_numpy()[:, None]
    is_window = np.isfinite(centres) & (widths >= 1)
    is_outside = is_window & ((centres - widths / 2 > high) | (centres + widths / 2 < low))
    wrong = is_window.any(axis=1) & (is_outside.sum(axis=1) == is_window.sum(axis=1)) & _is_grey(images)
    evidence = "windows {WindowCenter} / {WindowWidth}, values {min_value} to {max_value}"
    return told(images, wrong & (images["min_value"] < images["max_value"]), evidence)


def ct_not_hounsfield(images):
    """CT values are not in Hounsfield units: air is not near -1000 (PS3.3 C.11.1.1.2)."""
    is_unsigned = (images["PixelRepresentation"] == 0) & (images["RescaleIntercept"].fillna(0) == 0)
    has_no_air = is_unsigned & (images["min_value"] >= 0)
    is_air = images["background_share"] > BACKGROUND  # then the median is one of its values
    is_elsewhere = is_air & ~images["p50_value"].between(*AIR_HU) & (images["p50_value"] > AIR_HU[0])
    wrong = (has_no_air | is_elsewhere) & _claims_hounsfield(images)
    return told(images, wrong, "values {min_value} to {max_value}, median {p50_value}")


def ct_values_implausible(images):
    """More than 1 % of a CT image is beyond any Hounsfield unit: lost sign, wrong bits or shift (PS3.3 C.8.2.1)."""
    wrong = images["p99_value"] > HOUNSFIELD[1]
    wrong |= (images["p01_value"] < HOUNSFIELD[0]) & (images["low_share"] < PADDING)  # one value would be padding
    return told(images, wrong & _claims_hounsfield(images), "percentiles 1 and 99: {p01_value} and {p99_value} HU")


def padding_undeclared(images):
    """Many CT pixels are below air and not declared as padding: statistics take them for tissue (PS3.3 C.7.5.1.1.2)."""
    wrong = (images["min_value"] < AIR_HU[0]) & (images["low_share"] > PADDING) & _claims_hounsfield(images)
    return told(images, wrong, "{share} % are {min_value} HU", share=100 * images["low_share"])


def _claims_hounsfield(images):
    """A CT slice; a localizer is a projection."""
    is_slice = images["SOPClassUID"].isin([f"{CLASS}2", f"{CLASS}2.1"])
    return is_slice & (images["unit"] == "HU") & ~is_localizer(images)


def _is_grey(images):
    return images["PhotometricInterpretation"].isin(GREY) & ~images["Modality"].isin(NO_PICTURES)


GREYS, RANGE = "Modality PhotometricInterpretation", "min_value max_value"
CT, STORED = "SOPClassUID ImageType unit", f"{GREYS} stored_min stored_max"
TONES = f"{GREYS} p01_value p50_value p99_value"
EXTREMES = f"{STORED} SmallestImagePixelValue LargestImagePixelValue frames"
AIR = f"{CT} PixelRepresentation RescaleIntercept background_share p50_value {RANGE}"
TURN = "look at it beside others, and invert it in your own copy if it is a negative"
RESCALE = "use no Hounsfield thresholds or windows; compare its rescale with its neighbours"
CHECKS = (
    Check(loss_denied, "error", "TransferSyntaxUID LossyImageCompression", "treat it as compressed with loss"),
    Check(bits_stored_exceeded, "error", f"{STORED} BitsStored PixelRepresentation", "look what the high bits hold"),
    Check(bits_stored_unused, "note", f"{GREYS} BitsStored bits_used {RANGE}", "scale by the values, not by the bits"),
    Check(extreme_values_wrong, "note", EXTREMES, "do not scale by these attributes: the pixels changed later"),
    Check(polarity_contradicts_pixels, "error", f"{TONES} background_share", TURN),
    Check(polarity_outlier, "warning", f"{TONES} edge_value centre_value", TURN),
    Check(writing_contradicts_annotation, "note", "Modality BurnedInAnnotation corner_contrast", "read what it says"),
    Check(grey_as_color, "note", "PhotometricInterpretation SamplesPerPixel planes_equal", "take one of the planes"),
    Check(window_outside_pixels, "warning", f"{GREYS} WindowCenter WindowWidth {RANGE}", "use a window of your own"),
    Check(ct_not_hounsfield, "error", AIR, RESCALE),
    Check(ct_values_implausible, "error", f"{CT} p01_value p99_value low_share", RESCALE),
    Check(padding_undeclared, "warning", f"{CT} low_share min_value", "mask these pixels before you measure"),
)
