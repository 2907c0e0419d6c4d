"""Tissue, ink and tiles, against drawn slides of which the truth is known, and on the real one."""

import numpy as np
import pytest

import eda_utils as eda
from eda_utils.core.errors import RequestError
from eda_utils.slides.tissue import Mask, masks_of, read_overview

SHAPE = (4096, 6144)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Draws a slide once: its path and its truth."""
    folder, made = tmp_path_factory.mktemp("drawn"), {}

    def draw(seed, *defects):
        if (seed, defects) not in made:
            path = folder / f"{seed}{'-'.join(defects)}.tiff"
            eda.samples.write_phantom_slide(path, shape=SHAPE, seed=seed, defects=defects)
            made[seed, defects] = path, eda.samples.phantom_truth(shape=SHAPE, seed=seed, defects=defects)
        return made[seed, defects]

    return draw


@pytest.mark.slow
@pytest.mark.parametrize("defects", [(), ("ink",), ("cast",), ("stain",), ("bubble", "edge")])
@pytest.mark.parametrize("seed", [1, 2])
def test_tissue_is_where_it_was_drawn(drawn, seed, defects):
    path, truth = drawn(seed, *defects)
    with eda.open_slide(path) as slide:
        found = eda.slides.tissue_mask(slide)
    tissue = truth.tissue & ~truth.ink
    assert found.pixels.shape == tissue.shape
    assert 2 * (found.pixels & tissue).sum() / (found.pixels.sum() + tissue.sum()) > 0.97
    assert found.area_mm2 == pytest.approx(tissue.sum() * np.prod(truth.um_per_px) / 1e6, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_ink_is_where_it_was_drawn(drawn, seed):
    path, truth = drawn(seed, "ink")
    with eda.open_slide(path) as slide:
        found = eda.slides.ink_mask(slide).pixels
    hit = (found & truth.ink).sum()
    assert hit / truth.ink.sum() > 0.95
    assert hit / found.sum() > 0.9


@pytest.mark.slow
def test_no_ink_where_none_was_drawn(drawn, samples):
    for path in (drawn(1)[0], drawn(1, "stain")[0], next((samples / "pathology").glob("*.svs"))):
        with eda.open_slide(path) as slide:
            assert not eda.slides.ink_mask(slide).pixels.any()


def test_the_real_slide(samples):
    with eda.open_slide(next((samples / "pathology").glob("*.svs"))) as slide:
        found = eda.slides.tissue_mask(slide)
        middle, corner = slide.read_region(1700, 900, 64, 64), slide.read_region(2600, 100, 64, 64)
    assert found.share_of([1700, 2600], [900, 100], 64, 64).tolist() == [1, 0]
    assert middle.mean() < 200 < corner.mean()
    assert 0.3 < found.share < 0.45


@pytest.mark.slow
def test_glass_has_no_tissue(drawn):
    with eda.open_slide(drawn(1, "glass")[0]) as slide:
        assert not eda.slides.tissue_mask(slide).pixels.any()
        assert eda.slides.tile_grid(slide).empty
        assert len(eda.slides.tile_grid(slide, min_tissue=0)) == (4096 // 256) * (6144 // 256)


@pytest.mark.slow
@pytest.mark.parametrize("mpp", [0.5, 1.0, 0.8])
def test_grid_covers_the_tissue(drawn, mpp):
    path, truth = drawn(2)
    with eda.open_slide(path) as slide:
        grid = eda.slides.tile_grid(slide, size=128, mpp=mpp, min_tissue=0)
        tile = slide.read_region(*grid.loc[0, ["row", "col", "size", "size"]].astype(int), mpp=mpp)
    assert tile.shape == (128, 128, 3)
    step = 128 * mpp / 0.5
    assert len(grid) == int(4096 / step) * int(6144 / step)
    drawn_share = truth.tissue.mean() * np.prod(SHAPE) / (len(grid) * step**2)
    assert grid["tissue"].mean() == pytest.approx(drawn_share, rel=0.03)


@pytest.mark.slow
def test_a_slide_without_spacing(drawn):
    with eda.open_slide(drawn(1, "no_mpp")[0]) as slide:
        found = eda.slides.tissue_mask(slide)
        grid = eda.slides.tile_grid(slide)
        assert (found.um_per_px, found.area_mm2) == (None, None)
        assert "no spacing" in repr(found)
        assert grid["mpp"].isna().all()
        assert len(grid) > 20
        assert slide.read_region(*grid.loc[0, ["row", "col"]].astype(int), 256, 256).mean() < 230


def test_shares_of_rectangles_are_means():
    random = np.random.default_rng(0)
    mask = Mask(random.random((20, 30)) > 0.5, (8.0, 8.0), (4.0, 4.0))
    full = np.kron(mask.pixels, np.ones((4, 4)))
    for row, col, height, width in random.integers([0, 0, 1, 1], 60, (50, 4)):
        inside = full[row : row + height, col : col + width]
        assert mask.share_of(row, col, height, width) == pytest.approx(inside.sum() / (height * width), abs=1e-9)
    assert np.array_equal(np.asarray(mask), mask.pixels)


@pytest.mark.parametrize(
    "call", [lambda s: eda.slides.tissue_mask(s, um_per_px=0), lambda s: eda.slides.tile_grid(s, size=0)]
)
def test_wrong_requests(drawn, call):
    with eda.open_slide(drawn(1)[0]) as slide, pytest.raises(RequestError):
        call(slide)


@pytest.mark.slow
def test_an_overview_is_bounded(drawn):
    with eda.open_slide(drawn(1)[0]) as slide:
        view = read_overview(slide, 0.5)
    assert max(view.rgb.shape) == 4096
    assert view.um_per_px == pytest.approx((0.75, 0.75), rel=0.001)


def test_a_picture_of_one_pixel_and_one_full_of_tissue(tmp_path):
    from PIL import Image

    for name, picture in (("one", np.full((1, 1, 3), 90, np.uint8)), ("full", eda.samples.make_phantom_tile().rgb)):
        path = tmp_path / f"{name}.png"
        Image.fromarray(picture).save(path)
        with eda.open_slide(path, mpp=0.5) as slide:
            tissue, ink = masks_of(read_overview(slide, 2))
            assert not ink.pixels.any()
            assert tissue.share > 0.5 or name == "one"
