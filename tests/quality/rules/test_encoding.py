"""Each rule on how pixels are stored finds what was planted, and nothing just inside of what is allowed."""

import pytest
from hypothesis import given, settings, strategies as st
from parts import examples
from planted import CLASS, CT, flagged
from pydicom.uid import JPEG2000, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

COLOR = {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0}
COLOR |= {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "Modality": "US", "SOPClassUID": CLASS + "6.1"}
MG = {"Modality": "MG", "SOPClassUID": CLASS + "1.2", "Laterality": "L", "KVP": 28.0, "ViewPosition": "MLO"}

CASES = [
    ({"HighBit": None, "BitsStored": None}, "attribute_missing", "error", "without BitsStored HighBit"),
    ({"Columns": None}, "attribute_missing", "error", "without Columns"),
    ({"Modality": None}, "modality_missing", "error", "no Modality"),
    ({"Modality": "OT"}, "modality_contradicts_class", "warning", "a class of CR"),
    (
        {"Modality": "RF", "SOPClassUID": CLASS + "7"},
        *("secondary_capture", "note", "Secondary Capture Image Storage with modality RF"),
    ),
    ({"PhotometricInterpretation": "Kanarinsky"}, "photometric_unknown", "error", "none of the 14 defined terms"),
    (
        {"SamplesPerPixel": 3, "PlanarConfiguration": 0},
        *("photometric_contradicts_samples", "error", "MONOCHROME2 with 3 samples per pixel"),
    ),
    (
        {**COLOR, "PixelRepresentation": 1},
        *("photometric_contradicts_bits", "error", "RGB, Bits Allocated 8, Pixel Representation 1"),
    ),
    (
        {**COLOR, "PhotometricInterpretation": "YBR_RCT"},
        *("photometric_contradicts_syntax", "error", "YBR_RCT in another transfer syntax"),
    ),
    ({**COLOR, "PlanarConfiguration": None}, "planar_configuration_missing", "warning", "3 samples per pixel"),
    ({"BitsAllocated": 12}, "bits_allocated_unusual", "error", "Bits Allocated 12"),
    (
        {"BitsStored": 20, "HighBit": 19},
        *("bits_stored_above_allocated", "error", "Bits Stored 20, Bits Allocated 16"),
    ),
    ({"HighBit": 15}, "high_bit_wrong", "error", "High Bit 15, Bits Stored 12"),
    ({"NumberOfFrames": 0}, "frames_contradict_class", "error", "0 frames"),
    ({"NumberOfFrames": 30}, "frames_contradict_class", "error", "30 frames"),
    (
        {"PixelPaddingValue": 4096},
        *("padding_out_of_range", "warning", "Pixel Padding Value 4096 with 12 bits stored"),
    ),
    ({"RescaleSlope": 1.0}, "rescale_incomplete", "error", "slope 1, intercept none"),
    ({"RescaleSlope": 0.0, "RescaleIntercept": 0.0}, "rescale_slope_zero", "error", "slope 0"),
    (
        {**CT, "RescaleSlope": None, "RescaleIntercept": None},
        "ct_rescale_missing",
        "error",
        "no slope and no intercept",
    ),
    ({**CT, "RescaleType": "US"}, "ct_unit_not_hounsfield", "note", "its unit is unspecified (US)"),
    ({**CT, "RescaleType": "Kanarinsky"}, "ct_unit_not_hounsfield", "note", "its unit is another one"),
    ({"WindowWidth": (0.5,)}, "window_width_invalid", "warning", "Window Width 0.5"),
    ({"WindowWidth": (0.0,), "VOILUTFunction": "SIGMOID"}, "window_width_invalid", "warning", "Window Width 0"),
    ({"WindowWidth": (400.0, 10.0)}, "window_numbers_differ", "warning", "1 centres, 2 widths"),
    ({"WindowWidth": None}, "window_numbers_differ", "warning", "1 centres, 0 widths"),
    (
        {"TransferSyntaxUID": JPEGBaseline8Bit},
        *("loss_undeclared", "warning", "a transfer syntax that is always lossy"),
    ),
]
RIGHT = [
    {},
    COLOR,
    CT,
    MG,
    {**COLOR, "PhotometricInterpretation": "YBR_RCT", "TransferSyntaxUID": JPEG2000Lossless},
    {"PhotometricInterpretation": "PALETTE COLOR"},
    {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "SOPClassUID": CLASS + "66.4", "Modality": "SEG"},
    {"BitsAllocated": 32, "BitsStored": None, "HighBit": None, "PixelRepresentation": None},  # float pixel data
    {"NumberOfFrames": 1},
    {"NumberOfFrames": 30, "SOPClassUID": CLASS + "12.1", "Modality": "XA"},
    {"PixelPaddingValue": 4095},
    {"PixelPaddingValue": -2000, "BitsStored": 16, "HighBit": 15},  # US written as SS
    {"PixelPaddingValue": 63536, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1},
    {"WindowWidth": (0.5,), "VOILUTFunction": "LINEAR_EXACT"},
    {**COLOR, "WindowWidth": (0.0,)},  # no window is applied to colours
    {"WindowCenter": None, "WindowWidth": None},
    {"TransferSyntaxUID": JPEGBaseline8Bit, "LossyImageCompression": "01"},
    {"TransferSyntaxUID": JPEG2000},  # can be lossless
    {"TransferSyntaxUID": RLELossless},
    {"Modality": "PX", "SOPClassUID": CLASS + "1.1"},
]


@pytest.mark.parametrize(("header", "code", "severity", "evidence"), CASES)
def test_what_was_planted_is_found(header, code, severity, evidence):
    assert flagged(header) == [(code, severity, evidence)]


@pytest.mark.slow
@pytest.mark.parametrize("header", RIGHT)
def test_what_the_standard_allows_is_no_finding(header):
    assert flagged(header) == []


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(50))
@given(st.integers(1, 16), st.integers(0, 1), st.integers(-(2**15), 2**16 - 1))
def test_a_padding_is_in_range_if_its_word_is(bits, is_signed, value):
    """US read as SS and the other way round is the same 16-bit word."""
    stored = range(-(2 ** (bits - 1)), 2 ** (bits - 1)) if is_signed else range(2**bits)
    can_be_stored = any(value + word in stored for word in (-(2**16), 0, 2**16))
    header = {"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": is_signed, "PixelPaddingValue": value}
    assert [row[0] for row in flagged(header)] == ([] if can_be_stored else ["padding_out_of_range"])
