"""Pictures show the displayed values, a scale that is right, and a caption that says how."""

import numpy as np
import pytest
from matplotlib.image import AxesImage
from parts import for_each, kinds_of_files

from eda_utils import load_image, open_slide, show_image, show_montage, to_display
from eda_utils.core.errors import EDAError, RequestError
from eda_utils.plots import show_stains
from eda_utils.samples.fetch import CANARY


def texts(figure):
    return " ".join(item.get_text() for item in figure.findobj(lambda artist: hasattr(artist, "get_text")))


@pytest.mark.slow
@for_each(kinds_of_files)
def test_every_kind_of_file_is_shown_or_explained(path):
    try:
        ax = show_image(path)
    except EDAError:
        return
    assert CANARY.lower() not in (texts(ax.figure) + ax.figure.alt_text).lower()
    assert ax.figure.alt_text


def test_the_picture_is_what_to_display_returns(index):
    image = load_image(index.loc[index["Modality"] == "NM", "path"].iloc[0])
    ax = show_image(image)
    drawn = ax.findobj(AxesImage)[0]
    assert np.array_equal(drawn.get_array(), to_display(image))
    assert drawn.get_clim() == (0, 255)


def test_large_pictures_are_reduced_by_whole_blocks():
    ax = show_image(np.full((3000, 2000), 77, np.uint8))
    drawn = ax.findobj(AxesImage)[0]
    assert drawn.get_array().shape == (1000, 667, 3)
    assert drawn.get_extent() == [-0.5, 1999.5, 2999.5, -0.5]


def test_scale_bar_has_the_right_length(samples):
    """CT of 512 columns of 0.479 mm: 245 mm wide; a quarter is 61, so the bar is 50 mm, 0.204 of the width."""
    ax = show_image(samples / "PAT0004" / "ST0001" / "SE0001" / "IM0001")
    bar = max((line.get_xdata() for line in ax.lines), key=np.ptp)
    assert "50 mm" in texts(ax.figure)
    assert np.ptp(bar) == pytest.approx(50 / (512 * 0.478516), rel=1e-3)


@pytest.mark.parametrize(
    ("mpp", "columns", "label"),
    [(0.5, 100, "10 µm"), (10, 1000, "2 mm"), (250, 1000, "50 mm"), (None, 10, "no spacing given")],
)
def test_labels_of_the_scale(mpp, columns, label):
    assert label in texts(show_image(np.zeros((10, columns, 3), np.uint8), mpp=mpp).figure)


def test_title_and_axes_are_the_callers(samples):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert show_image(np.zeros((4, 4), np.uint8), title="Mine", ax=ax) is ax
    assert ax.get_title(loc="left") == "Mine"


def test_overlays_and_shutter_are_drawn_on_demand(samples):
    path = samples / "PAT0005" / "ST0002" / "SE0001" / "IM0001.IMA"
    image = load_image(path)
    plain, overlaid = show_image(path), show_image(path, overlays=True)
    assert (overlaid.findobj(AxesImage)[0].get_array()[image.overlay] == 255).all()
    assert not (plain.findobj(AxesImage)[0].get_array()[image.overlay] == 255).all()
    assert "overlay not drawn" in plain.get_xlabel().replace("\n", " ")
    assert "overlay drawn" in overlaid.get_xlabel().replace("\n", " ")


def test_matplotlib_is_left_as_it_was():
    import matplotlib

    before = dict(matplotlib.rcParams)
    show_image(np.zeros((4, 4), np.uint8))
    assert dict(matplotlib.rcParams) == before


def test_slides_and_wrong_arrays(samples):
    slide = samples / "pathology" / "CMU-1-Small-Region.svs"
    assert "slide, aperio header" in texts(show_image(slide).figure).replace("\n", " ")
    with open_slide(slide) as opened:
        assert show_image(opened).findobj(AxesImage)
    with pytest.raises(RequestError, match=r"array: is not 8-bit grey or RGB; give an Image, or what read_region or"):
        show_image(np.zeros((3, 3)))


@pytest.mark.slow
def test_montage_keeps_a_place_for_every_file(samples, index):
    axes = show_montage(index[index["Modality"].isin(["CT", "SR"])])
    shown = [bool(ax.findobj(AxesImage)) for ax in axes]
    assert len(axes) == (index["Modality"].isin(["CT", "SR"])).sum()
    assert shown.count(False) == (index["Modality"] == "SR").sum() == 1


def test_what_cannot_be_shown_takes_little_room(index):
    """A flat box at the top of its cell; a row of such boxes is low."""
    report, picture = (index.loc[index["Modality"] == modality, "path"].iloc[0] for modality in ("SR", "CT"))
    alone, pair = show_montage([report])[0].figure, show_montage([picture, report], columns=1)[0].figure
    full = show_montage([picture, picture], columns=1)[0].figure
    assert alone.get_figheight() < 1.5
    assert pair.get_figheight() < 0.75 * full.get_figheight()
    axes = show_montage([picture, report], titles=["head", "dose"])
    axes[0].figure.draw_without_rendering()
    boxes = [ax.get_position() for ax in axes]
    assert boxes[1].height < 0.6 * boxes[0].height
    assert boxes[1].y1 == pytest.approx(boxes[0].y1, abs=0.02)
    assert axes[1].get_title(loc="left") == "dose"
    assert "has no Pixel Data" in texts(axes[1].figure)


def test_montage_of_none_and_of_too_many(index):
    assert len(show_montage(index.head(0))) == 0
    with pytest.raises(RequestError) as caught:
        show_montage([np.zeros((2, 2), np.uint8)] * 25)
    assert str(caught.value) == "show_montage: 25 images are too many; choose with sample_images(index)."


def test_one_window_and_title_for_each(samples):
    head = samples / "PAT0004" / "ST0001" / "SE0001" / "IM0001"
    axes = show_montage([head, head], window=["brain", (400, 1800)], titles=["soft", "bone"])
    assert [ax.get_title(loc="left") for ax in axes] == ["soft", "bone"]
    assert "“brain” preset" in axes[0].get_xlabel().replace("\n", " ")
    assert "400/1800 chosen" in axes[1].get_xlabel().replace("\n", " ")
    with pytest.raises(RequestError, match="there is not one window or title for each image; give as many of them"):
        show_montage([head, head], titles=["one"])


def test_stains_side_by_side(samples):
    axes = show_stains(np.asarray(load_image(samples / "pathology" / "ihc_colon.png")), stains="H-DAB", mpp=0.5)
    assert [ax.get_title(loc="left").split(":")[0] for ax in axes] == ["Picture", "hematoxylin", "DAB"]
