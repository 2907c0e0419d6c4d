"""Rules on how a header says that pixels are stored and shown: bits, colours, windows, rescale, compression."""

import numpy as np
import pandas as pd

from ...dicom import LOSSY, SYNTAX
from .check import Check, cells, look_up, number, told

SAMPLES = {  # PS3.3 C.7.6.3.1.2, the retired ones included
    **dict.fromkeys(("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"), 1),
    **dict.fromkeys(("RGB", "HSV", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420"), 3),
    **dict.fromkeys(("YBR_ICT", "YBR_RCT", "XYB"), 3),
    **dict.fromkeys(("ARGB", "CMYK"), 4),
}
GREY = ("MONOCHROME1", "MONOCHROME2")
TYPE_1 = (
    *("SamplesPerPixel", "PhotometricInterpretation", "Columns", "BitsAllocated"),
    *("BitsStored", "HighBit", "PixelRepresentation"),
)
CLASS = "1.2.840.10008.5.1.4.1.1."
JPEG_2000 = tuple(f"{SYNTAX}{code}" for code in (90, 91, 92, 93, 94, 95, 201, 202, 203, 204, 205))
# What each class may hold, by the IODs of PS3.3 A
MODALITIES = {
    **{"1": "CR", "1.1": "DX PX", "1.1.1": "DX PX", "1.2": "MG", "1.2.1": "MG", "2": "CT", "2.1": "CT", "2.2": "CT"},
    **{"4": "MR", "4.1": "MR", "4.3": "MR", "4.4": "MR", "128": "PT", "130": "PT", "128.1": "PT", "20": "NM PT"},
    **{"3.1": "US IVUS", "6.1": "US IVUS", "12.1": "XA RF", "12.2": "XA RF", "481.1": "RTIMAGE", "481.2": "RTDOSE"},
    **{"66.4": "SEG", "77.1.6": "SM"},
}
ONE_FRAME = tuple(CLASS + code for code in ("1", "1.1", "1.1.1", "1.2", "1.2.1", "2", "4", "128", "6.1", "7"))
SECONDARY_CAPTURE = tuple(CLASS + code for code in ("7", "7.1", "7.2", "7.3", "7.4"))
ACQUIRED = ("CR", "CT", "DX", "MG", "MR", "NM", "PT", "RF", "XA")
MOST_WINDOWS = 8


def attribute_missing(images):
    """An attribute is missing without which pixels cannot be read for certain (PS3.3 C.7.6.3, type 1)."""
    lacking = images[[*TYPE_1]].isna()
    is_float = images["BitsAllocated"].isin([32, 64]) & lacking[["BitsStored", "HighBit"]].all(axis=1)
    lacking.loc[is_float, ["BitsStored", "HighBit", "PixelRepresentation"]] = False  # C.7.6.24, C.7.6.25
    patterns = lacking.to_numpy() @ (1 << np.arange(len(TYPE_1)))
    names = {code: " ".join(name for at, name in enumerate(TYPE_1) if code >> at & 1) for code in np.unique(patterns)}
    return told(images, patterns > 0, "without {names}", names=pd.Series(patterns).map(names))


def modality_missing(images):
    """There is no Modality (0008,0060) (PS3.3 C.7.3.1, type 1)."""
    return told(images, images["Modality"].isna(), "no Modality")


def modality_contradicts_class(images):
    """Modality (0008,0060) is none that the SOP Class may hold (PS3.3 A, by IOD)."""
    allowed = pd.Series(np.nan, images.index, dtype=object)
    wrong = np.zeros(len(images), bool)
    for code, names in MODALITIES.items():
        is_class = images["SOPClassUID"] == CLASS + code
        allowed[is_class] = names.replace(" ", " or ")
        wrong |= is_class & ~images["Modality"].isin(names.split())
    return told(images, wrong & images["Modality"].notna(), "a class of {allowed}", allowed=allowed)


def secondary_capture(images):
    """It is a secondary capture of another image, made for looking at (PS3.3 A.8)."""
    is_copy = images["SOPClassUID"].isin(SECONDARY_CAPTURE) & images["Modality"].isin(ACQUIRED)
    return told(images, is_copy, "Secondary Capture Image Storage with modality {Modality}")


def photometric_unknown(images):
    """Photometric Interpretation (0028,0004) is no term of the standard (PS3.3 C.7.6.3.1.2)."""
    stated = images["PhotometricInterpretation"]
    return told(images, stated.notna() & ~stated.isin(SAMPLES), f"none of the {len(SAMPLES)} defined terms")


def photometric_contradicts_samples(images):
    """Samples per Pixel (0028,0002) is not what the Photometric Interpretation demands (PS3.3 C.7.6.3.1.2)."""
    demanded, stated = look_up(images["PhotometricInterpretation"], SAMPLES), images["SamplesPerPixel"]
    wrong = demanded.notna() & (stated != demanded)
    return told(images, wrong, "{PhotometricInterpretation} with {SamplesPerPixel} samples per pixel")


def photometric_contradicts_bits(images):
    """Colours are signed, or not of 8 or 16 bits (PS3.3 C.7.6.3.1.2)."""
    is_color = images["PhotometricInterpretation"].isin(set(SAMPLES) - set(GREY))
    wrong = ~images["BitsAllocated"].isin([8, 16]) & images["BitsAllocated"].notna()
    wrong |= (images["PixelRepresentation"] == 1).fillna(False)
    evidence = "{PhotometricInterpretation}, Bits Allocated {BitsAllocated}, Pixel Representation {PixelRepresentation}"
    return told(images, is_color & wrong, evidence)


def photometric_contradicts_syntax(images):
    """YBR_RCT or YBR_ICT is stated although the transfer syntax is not JPEG 2000 (PS3.5 8.2.4)."""
    of_jpeg_2000 = images["PhotometricInterpretation"].isin(["YBR_RCT", "YBR_ICT"])
    is_other = images["TransferSyntaxUID"].notna() & ~images["TransferSyntaxUID"].isin(JPEG_2000)
    return told(images, of_jpeg_2000 & is_other, "{PhotometricInterpretation} in another transfer syntax")


def planar_configuration_missing(images):
    """Colours without Planar Configuration (0028,0006): their order is a guess (PS3.3 C.7.6.3.1.3)."""
    several = (images["SamplesPerPixel"] > 1) & images["PlanarConfiguration"].isna()
    return told(images, several, "{SamplesPerPixel} samples per pixel")


def bits_allocated_unusual(images):
    """Bits Allocated (0028,0100) is neither 1 nor a multiple of 8 (PS3.3 C.7.6.3)."""
    bits = images["BitsAllocated"]
    return told(images, (bits != 1) & ((bits % 8 != 0) | (bits < 8)), "Bits Allocated {BitsAllocated}")


def bits_stored_above_allocated(images):
    """Bits Stored (0028,0101) is larger than Bits Allocated (PS3.5 8.1.1)."""
    wrong = images["BitsStored"] > images["BitsAllocated"]
    return told(images, wrong, "Bits Stored {BitsStored}, Bits Allocated {BitsAllocated}")


def high_bit_wrong(images):
    """High Bit (0028,0102) is not one less than Bits Stored (PS3.5 8.1.1; for example PS3.3 C.8.11.3)."""
    wrong = images["HighBit"] != images["BitsStored"] - 1
    return told(images, wrong, "High Bit {HighBit}, Bits Stored {BitsStored}")


def frames_contradict_class(images):
    """Number of Frames (0028,0008) is not positive, or above 1 in a class of single images (PS3.3 C.7.6.6, A)."""
    frames = images["NumberOfFrames"]
    wrong = (frames < 1) | ((frames > 1) & images["SOPClassUID"].isin(ONE_FRAME))
    return told(images, wrong, "{NumberOfFrames} frames")


def stored_range(images):
    """Return the lowest and the highest value that Bits Stored and Pixel Representation allow, as arrays."""
    bits, is_signed = number(images["BitsStored"]).clip(0, 64), number(images["PixelRepresentation"]) == 1
    return np.where(is_signed, -(2.0 ** (bits - 1)), 0 * bits), 2.0 ** (bits - is_signed) - 1


def padding_out_of_range(images):
    """Pixel Padding Value (0028,0120) cannot be stored in these pixels (PS3.3 C.7.5.1.1.2)."""
    value, words = number(images["PixelPaddingValue"]), 2.0 ** number(images["BitsAllocated"]).clip(0, 64)
    low, high = stored_range(images)
    # US read as SS and the other way round is the same word
    word = np.where(value > high, value - words, np.where(value < low, value + words, value))
    wrong = ((value < low) | (value > high)) & ((word < low) | (word > high))
    return told(images, wrong, "Pixel Padding Value {PixelPaddingValue} with {BitsStored} bits stored")


def rescale_incomplete(images):
    """Of Rescale Slope and Intercept (0028,1052) only one is there (PS3.3 C.11.1)."""
    wrong = images["RescaleSlope"].notna() != images["RescaleIntercept"].notna()
    return told(images, wrong, "slope {RescaleSlope}, intercept {RescaleIntercept}")


def rescale_slope_zero(images):
    """Rescale Slope (0028,1053) is 0: all pixels would have one value (PS3.3 C.11.1)."""
    return told(images, images["RescaleSlope"] == 0, "slope 0")


def ct_rescale_missing(images):
    """A CT image without Rescale Slope or Intercept: its values have no unit (PS3.3 C.8.2.1, type 1)."""
    lacking = images[["RescaleSlope", "RescaleIntercept"]].isna().all(axis=1)
    return told(images, lacking & (images["SOPClassUID"] == f"{CLASS}2"), "no slope and no intercept")


def ct_unit_not_hounsfield(images):
    """Rescale Type (0028,1054) of a CT image is not HU: do not apply Hounsfield windows (PS3.3 C.11.1.1.2)."""
    stated = images["RescaleType"].astype(object)
    unit = np.where(stated == "US", "unspecified (US)", "another one")
    wrong = (images["Modality"] == "CT") & stated.notna() & (stated != "HU")
    return told(images, wrong, "its unit is {unit}", unit=unit)


def window_width_invalid(images):
    """Window Width (0028,1051) is not positive, or below 1 for a linear window (PS3.3 C.11.2.1.2.1, C.11.2.1.3)."""
    narrowest = np.nanmin(np.c_[cells(images["WindowWidth"], MOST_WINDOWS), np.full(len(images), np.inf)], axis=1)
    is_exact = images["VOILUTFunction"].isin(["LINEAR_EXACT", "SIGMOID"])
    wrong = (narrowest <= 0) | ((narrowest < 1) & ~is_exact)
    is_grey = images["PhotometricInterpretation"].isin(GREY)
    return told(images, wrong & is_grey, "Window Width {width}", width=narrowest)


def window_numbers_differ(images):
    """Window Center (0028,1050) and Width have different numbers of values (PS3.3 C.11.2.1.2)."""
    values = (cells(images[f"Window{name}"], MOST_WINDOWS) for name in ("Center", "Width"))
    centres, widths = (np.isfinite(numbers).sum(axis=1) for numbers in values)
    return told(images, centres != widths, "{centres} centres, {widths} widths", centres=centres, widths=widths)


def loss_undeclared(images):
    """The transfer syntax is lossy and Lossy Image Compression (0028,2110) is missing (PS3.3 C.7.6.1.1.5)."""
    is_lossy = images["TransferSyntaxUID"].isin(LOSSY)
    return told(images, is_lossy & images["LossyImageCompression"].isna(), "a transfer syntax that is always lossy")


READ = "read and show one of them before you use the rest; ask the source for them again"
LOOK = "look how the pixels decode, then correct the header in a copy"
WINDOW = "show it with a window of your own"
PHOTOMETRIC, RESCALE = "PhotometricInterpretation", "RescaleSlope RescaleIntercept"
BITS = "BitsAllocated PixelRepresentation"
CHECKS = (
    Check(attribute_missing, "error", " ".join(TYPE_1), READ),
    Check(modality_missing, "error", "Modality", "take it from the SOP Class or the pixels, and say so"),
    Check(modality_contradicts_class, "warning", "Modality SOPClassUID", "sort them by what the pixels show"),
    Check(secondary_capture, "note", "Modality SOPClassUID", "prefer the original: bits and spacing may be lost"),
    Check(photometric_unknown, "error", PHOTOMETRIC, LOOK),
    Check(photometric_contradicts_samples, "error", f"{PHOTOMETRIC} SamplesPerPixel", LOOK),
    Check(photometric_contradicts_bits, "error", f"{PHOTOMETRIC} {BITS}", LOOK),
    Check(photometric_contradicts_syntax, "error", f"{PHOTOMETRIC} TransferSyntaxUID", LOOK),
    Check(planar_configuration_missing, "warning", "SamplesPerPixel PlanarConfiguration", LOOK),
    Check(bits_allocated_unusual, "error", "BitsAllocated", LOOK),
    Check(bits_stored_above_allocated, "error", "BitsStored BitsAllocated", LOOK),
    Check(high_bit_wrong, "error", "HighBit BitsStored", "see whether the values are shifted by some bits"),
    Check(frames_contradict_class, "error", "NumberOfFrames SOPClassUID", "count the frames that decode"),
    Check(padding_out_of_range, "warning", f"PixelPaddingValue BitsStored {BITS}", "find the padding in the pixels"),
    Check(rescale_incomplete, "error", RESCALE, "find the other in images of the same device"),
    Check(rescale_slope_zero, "error", "RescaleSlope", "use the stored values; ask the source for the slope"),
    Check(ct_rescale_missing, "error", f"{RESCALE} SOPClassUID", "take both from images of the same series, if any"),
    Check(ct_unit_not_hounsfield, "note", "Modality RescaleType", "compare air with -1000 before you mix CT images"),
    Check(window_width_invalid, "warning", f"WindowWidth VOILUTFunction {PHOTOMETRIC}", WINDOW),
    Check(window_numbers_differ, "warning", "WindowCenter WindowWidth", WINDOW),
    Check(loss_undeclared, "warning", "TransferSyntaxUID LossyImageCompression", "treat it as compressed with loss"),
)
