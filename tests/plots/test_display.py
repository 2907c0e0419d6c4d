"""Each stage shows what it is called, and the right picture stands beside the naive one."""

import numpy as np
import pytest
from matplotlib.image import AxesImage
from parts import for_each, kinds_of_files

from eda_utils import load_image, to_display
from eda_utils.core.errors import EDAError, RequestError
from eda_utils.image.naive_display import audit_display, to_naive
from eda_utils.plots.display import show_naive_and_right, show_pipeline
from eda_utils.samples.fetch import CANARY


def titles(axes):
    return [ax.get_title(loc="left").replace("\n", " ") for ax in axes.ravel()]


def captions(axes):
    return [" ".join(ax.get_xlabel().split()) for ax in axes.ravel()]


def drawn(ax):
    return ax.findobj(AxesImage)[0].get_array()


def texts(figure):
    return " ".join(item.get_text() for item in figure.findobj(lambda artist: hasattr(artist, "get_text")))


@pytest.mark.slow
@for_each(kinds_of_files)
def test_every_kind_of_file_has_its_stages(path):
    try:
        axes = show_pipeline(path)
    except EDAError:
        return
    figure = axes[0, 0].figure
    assert axes.shape == (2, len(axes[0]))
    assert CANARY.lower() not in (texts(figure) + figure.alt_text).lower()
    assert titles(axes[0])[0] == "Stored values"
    assert titles(axes[0])[-1] == "Displayed"


def test_stages_of_a_ct(samples):
    path = samples / "PAT0004" / "ST0001" / "SE0001" / "IM0001"
    axes, image = show_pipeline(path, window="brain"), load_image(path)
    assert titles(axes[0]) == ["Stored values", "Modality values", "Windowed", "Displayed"]
    assert captions(axes[0])[1] == "rescale 1/-1024, in HU (PS3.3 C.11.1)"
    assert captions(axes[0])[2] == "window 40/80 “brain” preset · LINEAR (PS3.3 C.11.2)"
    assert "HU, the window is shaded, 21% padding left out" in captions(axes[1])
    assert np.array_equal(drawn(axes[0, 1]), to_naive(image.pixels))
    assert np.array_equal(drawn(axes[0, 3]), to_display(image, window="brain"))
    shaded = axes[1, 1].patches[-1]
    assert (shaded.get_x(), shaded.get_x() + shaded.get_width()) == image_limits(image)
    counted = sum(path.get_height() for path in axes[1, 0].patches) if axes[1, 0].containers else None
    assert counted is None or counted <= (~image.padding).sum()


def image_limits(image):
    return pytest.approx((40 - 0.5 - 79 / 2, 40 - 0.5 + 79 / 2)) if image.unit == "HU" else None


@pytest.mark.parametrize(
    ("attributes", "pixels", "stages"),
    [
        ({}, np.zeros((4, 4, 3), np.uint8), ["Stored values", "Displayed"]),
        (
            {"PhotometricInterpretation": "YBR_FULL"},
            np.full((4, 4, 3), 100, np.uint8),
            ["Stored values", "Converted", "Displayed"],
        ),
        ({}, np.zeros((4, 4), np.uint8), ["Stored values", "Modality values", "Windowed", "Displayed"]),
    ],
)
def test_stages_that_change_nothing_are_left_out(make_dicom, attributes, pixels, stages):
    assert titles(show_pipeline(make_dicom(pixels, **attributes))[0]) == stages


def test_all_padding_and_not_a_number(make_dicom):
    axes = show_pipeline(make_dicom(np.full((4, 4), 7, np.uint16), PixelPaddingValue=7))
    assert "100% padding left out" in captions(axes[1])[0]


@pytest.mark.slow
def test_naive_and_right(samples, index):
    audit = audit_display(index, progress=False)
    axes = show_naive_and_right(audit, count=3)
    assert axes.shape == (3, 2)
    worst = audit.iloc[0]
    assert titles(axes)[0].endswith("as imshow draws it")
    assert captions(axes)[0] == f"{worst['difference']:.0f} of 255 greys off on average; ignores {worst['missed']}"
    assert axes[0, 0].figure.alt_text.startswith("Naive pictures beside the right ones. ")
    assert CANARY.lower() not in (texts(axes[0, 0].figure) + axes[0, 0].figure.alt_text).lower()


def test_one_path_a_list_and_what_cannot_be_shown(samples, make_dicom, tmp_path):
    head = samples / "PAT0004" / "ST0001" / "SE0001" / "IM0001"
    assert show_naive_and_right(head).shape == (1, 2)
    (tmp_path / "no.dcm").write_text("no image")
    axes = show_naive_and_right([head, tmp_path / "no.dcm"])
    assert [bool(ax.findobj(AxesImage)) for ax in axes.ravel()] == [True, True, False, False]
    assert show_naive_and_right([]).shape == (0, 2)
    with pytest.raises(RequestError, match="13 images are too many; give fewer of them"):
        show_naive_and_right([head] * 13)


def test_a_narrow_range_of_counts_is_labelled_in_words(make_dicom):
    """A logarithmic axis of one decade names its minor ticks too, and mathematics is not parsed."""
    rows = np.indices((64, 64)).sum(axis=0).astype(np.uint8)
    axes = show_pipeline(make_dicom(rows))
    axes[0, 0].figure.canvas.draw()
    minor = [label.get_text() for ax in axes[1] for label in ax.yaxis.get_minorticklabels()]
    assert set(minor) <= {""}
