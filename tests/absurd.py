"""Headers and shapes that no device should write."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

EMPTY_LUT = Dataset()
EMPTY_LUT.LUTDescriptor, EMPTY_LUT.LUTData = [0, 0, 16], [0]
EMPTY_LUT["LUTDescriptor"].VR = EMPTY_LUT["LUTData"].VR = "US"
ABSURD = [
    {"Manufacturer": "<script>alert(1)</script>", "Modality": "<b>X"},
    {"Manufacturer": r"$\frac{1}$ $x_", "Modality": r"$\bad"},
    {"Manufacturer": "A" * 5000, "Modality": "B" * 500},
    *({"NumberOfFrames": frames} for frames in (0, -5, 10**9)),
    *({"Rows": 0}, {"Rows": 0, "Columns": 0}, {"Rows": 65535, "Columns": 65535}),
    *({"PixelSpacing": pair} for pair in ([1e-30, 1e-30], [1e30, 1e30], [1000, 0.001], [-1, 1], [0, 0])),
    *({"PixelAspectRatio": [10000, 1]}, {"PixelAspectRatio": [0, 0]}),
    *({"WindowCenter": 1e308, "WindowWidth": 1e308}, {"WindowCenter": [1, 2, 3], "WindowWidth": [1]}),
    *({"BitsStored": bits} for bits in (0, 99, [8, 8])),
    *({"BitsAllocated": 12}, {"SamplesPerPixel": 7}, {"SamplesPerPixel": 3}),
    *({"PhotometricInterpretation": word} for word in ("WHATEVER", "PALETTE COLOR", "RGB", "YBR_FULL")),
    *({"RescaleSlope": slope, "RescaleIntercept": 1} for slope in (0, -1, 1e300)),
    {"PixelPaddingValue": 7, "PixelPaddingRangeLimit": 60000},
    *({"StudyDate": "notadate", "PatientAge": "9999Y"}, {"SOPInstanceUID": "no uid"}),
    *({"VOILUTSequence": Sequence([item])} for item in (Dataset(), EMPTY_LUT)),
    *({"ModalityLUTSequence": Sequence([item])} for item in (Dataset(), EMPTY_LUT)),
    {"PerFrameFunctionalGroupsSequence": Sequence([Dataset()]), "NumberOfFrames": 3},
    {"VOILUTFunction": "ODD", "WindowCenter": 1, "WindowWidth": 5},
]
SMALL = np.arange(64, dtype=np.uint16).reshape(8, 8)
SHAPES = [np.zeros((1, 1), np.uint16), np.zeros((1, 500), np.uint16), np.zeros((500, 1), np.uint16)]
