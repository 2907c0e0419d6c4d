"""The naive picture is what matplotlib draws, and the audit puts the worst first."""

import matplotlib.pyplot as plt
import numpy as np
import pydicom
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from pydicom.data import get_testdata_file

from eda_utils import index_folder, load_image, to_display
from eda_utils.core.errors import RequestError
from eda_utils.image.naive_display import audit_display, compare_naive, to_naive

CT = get_testdata_file("CT_small.dcm")
COLUMNS = ["path", "difference", "correlation", "inverted", "missed", "problem"]


@given(arrays(np.int32, (3, 4), elements=st.integers(-5000, 5000)))
def test_naive_is_what_imshow_draws(values):
    drawn = plt.figure().add_subplot().imshow(values, cmap="gray")
    expected = drawn.to_rgba(values, bytes=True)[..., 0]
    plt.close("all")
    assert np.abs(to_naive(values).astype(int) - expected).max() <= 1


def test_ct_by_hand():
    """Without a window in the file the fallback leaves half a percent out at both ends."""
    found = compare_naive(CT)
    stored = pydicom.dcmread(CT).pixel_array.astype(float)
    naive = np.clip((stored - stored.min()) / np.ptp(stored) * 256, 0, 255).astype(int)
    expected = np.abs(naive - to_display(load_image(CT)).astype(int)).mean()
    assert found.difference == pytest.approx(expected, abs=0.01)
    assert found.correlation > 0.9
    assert found.missed == "rescale 1/-1024, fallback window"


def ramp(**attributes):
    return {"pixels": np.arange(64, dtype=np.uint8).reshape(8, 8) * 4, **attributes}


@pytest.fixture
def folder(make_dicom, tmp_path):
    """Images of which one ignores one step, and files that are none."""
    full = {"WindowCenter": 126.5, "WindowWidth": 253}
    colors = ("Red", "Green", "Blue")
    palette = {f"{color}PaletteColorLookupTableDescriptor": [256, 0, 8] for color in colors}
    palette |= {f"{color}PaletteColorLookupTableData": bytes(range(255, -1, -1)) for color in colors}
    make_dicom(**ramp(**full), name="same.dcm")
    make_dicom(**ramp(**full, PhotometricInterpretation="MONOCHROME1"), name="inverted.dcm")
    make_dicom(**ramp(WindowCenter=10, WindowWidth=2), name="window.dcm")
    make_dicom(**ramp(PhotometricInterpretation="PALETTE COLOR", **palette), name="palette.dcm")
    make_dicom(np.zeros((4, 4, 3), np.uint8), name="rgb.dcm")
    make_dicom(**ramp(Rows=500), name="cut.dcm")
    (tmp_path / "notes.txt").write_text("hello")
    return index_folder(tmp_path)


def test_audit(folder):
    table = audit_display(folder).assign(name=lambda rows: rows["path"].str.split("/").str[-1]).set_index("name")
    assert list(table.columns) == COLUMNS
    assert "notes.txt" not in table.index
    assert table["difference"].dropna().is_monotonic_decreasing
    assert table.loc["inverted.dcm", "inverted"]
    assert table["inverted"].sum() == 1
    assert table.loc["inverted.dcm", "correlation"] == pytest.approx(-1, abs=1e-3)
    # every grey g became 255 - g: the mean of |255 - 2g| over an even ramp is half of 255
    assert table.loc["inverted.dcm", "difference"] == pytest.approx(127.5, abs=3)
    assert table.loc["palette.dcm", "difference"] == pytest.approx(127.5, abs=3)
    assert table.loc["same.dcm", "difference"] < 1
    assert table.loc["window.dcm", "difference"] > 100
    assert table.loc["rgb.dcm", ["difference", "missed"]].tolist() == [0, ""]
    missed = table["missed"].to_dict()
    assert missed["inverted.dcm"] == "window, inversion"
    assert missed["palette.dcm"] == "palette"
    assert missed["window.dcm"] == missed["same.dcm"] == "window"
    assert table.index[-1] == "cut.dcm"
    assert "does not match its header or is cut" in table.loc["cut.dcm", "problem"]
    assert table["problem"].notna().sum() == 1


@pytest.mark.slow
def test_every_sample_has_a_row_or_no_picture(samples, index):
    table = audit_display(index, progress=False)
    pictures = index[index["kind"].isin(["dicom", "image"])]
    assert set(table["path"]) <= set(pictures["path"])
    for path in set(pictures["path"]) - set(table["path"]):
        with pytest.raises(ValueError, match="has no Pixel Data"):
            load_image(path)
    assert (table["difference"].isna() == table["problem"].notna()).all()
    assert table["difference"].dropna().between(0, 255).all()


def test_of_nothing_and_of_something_else(index):
    empty = audit_display(index.head(0))
    assert list(empty.columns) == COLUMNS
    assert empty.dtypes.equals(audit_display(index.head(3)).dtypes)
    with pytest.raises(RequestError, match="has no column kind"):
        audit_display(index.drop(columns="kind"))


def test_large_images_are_thinned_evenly(make_dicom):
    """The difference of a large image is that of the same image four times smaller."""
    pixels = np.tile(np.arange(0, 2048, 2, dtype=np.uint16), (1024, 1))
    window = {"WindowCenter": 300, "WindowWidth": 200}
    large = compare_naive(make_dicom(pixels, **window))
    small = compare_naive(make_dicom(pixels[::4, ::4], **window))
    assert large.difference == pytest.approx(small.difference, abs=1)
