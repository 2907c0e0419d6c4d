"""The drawn tile is what its truth says: Beer and Lambert to the grey level, nuclei whole, apart and of their size."""

import numpy as np
import pandas as pd
import pytest

from eda_utils.core.errors import RequestError
from eda_utils.samples import make_phantom_tile
from eda_utils.samples.tile import DIAMETERS_UM, GAP_UM

TILES = {
    "usual": {},
    "fine": {"side": 768, "mpp": 0.25, "nuclei": 60},
    "glass": {"glass": 0.4, "nuclei": 60, "seed": 7},
}


@pytest.fixture(params=TILES, scope="module")
def tile(request):
    return make_phantom_tile(**TILES[request.param])


@pytest.mark.parametrize("options", TILES.values(), ids=TILES)
def test_without_noise_it_is_the_law_of_beer_and_lambert(options):
    tile = make_phantom_tile(**options, noise=0)
    intensity = tile.light * 10 ** -(tile.concentrations.astype(float) @ tile.stains)
    assert np.array_equal(tile.rgb, np.rint(intensity))
    assert np.linalg.norm(tile.stains, axis=1) == pytest.approx([1, 1])


def test_noise_is_what_was_asked_for():
    quiet, noisy = (make_phantom_tile(noise=noise).rgb.astype(float) for noise in (0, 2))
    assert np.std(noisy - quiet) == pytest.approx(2, abs=0.1)


def test_nuclei_lie_where_the_labels_are(tile):
    rows, columns = np.indices(tile.labels.shape)
    for number, nucleus in enumerate(tile.nuclei.itertuples(), start=1):
        inside = tile.labels == number
        assert rows[inside].mean() == pytest.approx(nucleus.row, abs=0.5)
        assert columns[inside].mean() == pytest.approx(nucleus.col, abs=0.5)
        assert inside.sum() * tile.mpp**2 == pytest.approx(nucleus.area_um2, rel=0.08)
        assert tile.concentrations[inside, 0].mean() == pytest.approx(nucleus.hematoxylin, abs=1e-4)
    assert tile.labels.max() == len(tile.nuclei)


def test_nuclei_have_their_size_and_do_not_touch(tile):
    from skimage.morphology import dilation, disk

    assert tile.nuclei["diameter_um"].between(*DIAMETERS_UM).all()
    grown = [dilation(tile.labels == number, disk(1)) for number in range(1, len(tile.nuclei) + 1)]
    assert np.sum(grown, axis=0).max() == 1
    centres = tile.nuclei[["row", "col"]].to_numpy()
    distance = np.hypot(*(centres[:, None] - centres).transpose(2, 0, 1)) * tile.mpp + np.eye(len(centres)) * 99
    assert distance.min() > DIAMETERS_UM[0] + GAP_UM


def test_glass_is_bare_and_as_large_as_asked():
    tile = make_phantom_tile(glass=0.4, nuclei=40, noise=0)
    clear = (tile.concentrations.sum(axis=-1) < 0.02).mean()
    assert clear == pytest.approx(0.4, abs=0.06)
    assert (tile.rgb[tile.concentrations.sum(axis=-1) == 0] == np.rint(tile.light)).all()


def test_a_seed_is_a_tile():
    first, again, other = make_phantom_tile(seed=3), make_phantom_tile(seed=3), make_phantom_tile(seed=4)
    assert np.array_equal(first.rgb, again.rgb)
    pd.testing.assert_frame_equal(first.nuclei, again.nuclei)
    assert not np.array_equal(first.rgb, other.rgb)


def test_requests_that_make_no_sense():
    with pytest.raises(RequestError) as caught:
        make_phantom_tile(64, nuclei=140)
    assert str(caught.value).endswith("fit; ask for fewer, or for a larger side.")
    with pytest.raises(RequestError, match="mpp: is not between"):
        make_phantom_tile(mpp=352.78)
    assert make_phantom_tile(32, nuclei=0).nuclei.empty
