"""What a TIFF claims is checked before OpenSlide sees it, which would end the process."""

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings, strategies as st
from parts import SAMPLES, examples
from pyramids import scene, tiny_tiff, write_pyramid

from eda_utils import open_slide, quality
from eda_utils.core.errors import EDAError, FormatError
from eda_utils.slides.tiff_check import check_tiff

SVS = SAMPLES / "pathology" / "CMU-1-Small-Region.svs"
BEYOND = "is cut: an entry of its TIFF directory lies beyond its end"
LIES = {
    "no columns": ({"ImageWidth": 0}, "its image or its tiles have an impossible size"),
    "no tile": ({"TileLength": 0}, "its image or its tiles have an impossible size"),
    "huge tile": ({"TileWidth": 2**31 - 1, "TileLength": 2**31 - 1}, "its image or its tiles have an impossible size"),
    "bomb": ({"ImageWidth": 2**31 - 1, "ImageLength": 2**31 - 1}, "lists fewer tiles than its image needs"),
    "tiles outside": ({"TileByteCounts": 10_000}, "is cut: some of its tiles lie beyond its end"),
    "counts outside": ({"counts": {"TileByteCounts": 10_000}}, BEYOND),
    "counts for memory": ({"counts": {"TileOffsets": 2**32 - 1}}, BEYOND),
    "loop": ({"following": 8}, "its TIFF directories form a loop or are too many"),
    "next outside": ({"following": 10_000}, "is cut: a TIFF directory lies beyond its end"),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies(tmp_path, lie):
    claims, wrong = LIES[lie]
    path = tiny_tiff(tmp_path / "a.tif", **claims)
    for attempt in (check_tiff, open_slide):
        with pytest.raises(FormatError) as caught:
            attempt(path)
        assert str(caught.value) == f"a.tif: {wrong}; copy the file again."


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_sound_files_pass(tmp_path, big, order):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as writer:
        writer.write(scene(300, 500), tile=(128, 128), photometric="rgb", subifds=1)
        writer.write(scene(150, 250), tile=(128, 128), photometric="rgb")
        writer.write(np.zeros((9, 9), np.uint16))
    check_tiff(path)


def test_the_sample_passes(samples):
    check_tiff(SVS)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_slide(samples, tmp_path, share):
    whole = SVS.read_bytes()
    path = tmp_path / "cut.svs"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FormatError, match="is cut"):
        open_slide(path)


def test_a_cut_slide_whose_index_is_whole(tmp_path):
    path = write_pyramid(tmp_path / "a.tif", scene(700, 700))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(FormatError, match="is cut: some of its tiles lie beyond its end; copy the file again"):
        open_slide(path)


@settings(max_examples=examples(200))
@given(st.data())
def test_a_slide_with_any_bytes_changed_opens_or_is_refused(tmp_path_factory, data):
    """The index is at the end of the file or after the first tiles: hit both, and the tiles."""
    path = tmp_path_factory.mktemp("fuzz") / "a.tif"
    raw = bytearray(write_pyramid(path, scene(300, 300), steps=(1, 2)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.one_of(st.integers(0, 400), st.integers(0, len(raw) - 1)))
        raw[place] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    try:
        with open_slide(path) as slide:
            slide.read_region(0, 0, 300, 300)
            slide.thumbnail(100)
    except EDAError:
        pass


def test_a_row_for_each(tmp_path):
    for name, (claims, _) in LIES.items():
        tiny_tiff(tmp_path / f"{name}.tif", **claims)
    table = quality.measure_slides(tmp_path)
    assert len(table) > 3
    assert set(table["problem"]) <= {f"{wrong}; copy the file again" for _, wrong in LIES.values()}
