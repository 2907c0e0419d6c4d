"""A file may have any kind of value anywhere; no step from file to screen may fall over it."""

import pydicom
import pytest
from pydicom.config import IGNORE
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from eda_utils import load_image, to_display
from eda_utils.core.errors import EDAError
from eda_utils.image.explain import STEPS, explain_display

KEYWORDS = sorted(
    {keyword for step in STEPS if isinstance(step[2], tuple) for keyword in step[2]} - {"TransferSyntaxUID"}
    | {"SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "WindowCenterWidthExplanation"}
    | {"RescaleType", "Units", "CenterOfCircularShutter", "ShutterOverlayGroup", "VerticesOfThePolygonalShutter"}
)
ODD = [
    ("OB", b"\1\2\3\4"),
    *(("LO", value) for value in ("abc", ["a", "b"], "")),
    *(("US", value) for value in (0, [65535, 0, 16])),
    *(("FD", value) for value in (float("nan"), float("inf"), 1e300)),
    *(("SL", value) for value in (-(2**31), [1, -1, 5, 99999999])),
    *(("SQ", value) for value in ([], [Dataset()])),
]


@pytest.mark.parametrize("name", ["CT_small.dcm", "examples_palette.dcm", "examples_overlay.dcm"])
@pytest.mark.parametrize("keyword", KEYWORDS)
def test_odd_values(name, keyword):
    for vr, value in ODD:
        dataset = pydicom.dcmread(get_testdata_file(name))
        dataset[keyword] = DataElement(keyword, vr, value, validation_mode=IGNORE)
        dataset.ShutterShape = ["CIRCULAR", "POLYGONAL", "BITMAP"] if keyword != "ShutterShape" else value
        try:
            image = load_image(dataset)
        except EDAError:
            continue
        assert to_display(image, overlays=True, shutter=True).shape[:2] == image.shape[:2]
        assert len(explain_display(image)) == len(STEPS)
