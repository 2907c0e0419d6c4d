"""What lies where: planted margins, noise, blur and writing are found, and nothing where nothing was planted."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image as Pillow, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from eda_utils.quality.histogram import count_levels, describe_levels
from eda_utils.quality.texture import GRID, block_sums, border_share, describe_layout, exact_hash, perceptual_hash

random = np.random.default_rng(0)
SCENE = gaussian_filter(random.normal(size=(400, 500)), 12)
SCENE = np.uint16(np.interp(SCENE, (SCENE.min(), SCENE.max()), (300, 3700)))


def describe(pixels, **how):
    levels = count_levels(pixels, **how)
    return describe_layout(levels, describe_levels([levels]))


@settings(deadline=None)  # the first call compiles
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=150), elements=st.integers(0, 5)))
def test_block_sums_by_hand(pixels):
    rows, columns = (np.arange(side) * min(GRID, side) // side for side in pixels.shape)
    expected = np.zeros((rows[-1] + 1, columns[-1] + 1))
    np.add.at(expected, (rows[:, None], columns[None]), pixels.astype(float))
    assert np.array_equal(block_sums(pixels, np.arange(6.0)), expected)


@pytest.mark.parametrize(
    ("margins", "share"),
    [((0, 0, 0, 0), 0), ((10, 0, 0, 0), 0.2), ((0, 5, 0, 0), 0.1), ((5, 5, 10, 10), 1 - 40 * 30 / 2500)],
)
def test_margins_are_measured(margins, share):
    top, bottom, left, right = margins
    pixels = np.full((50, 50), 3, np.uint8)
    inside = np.arange((50 - top - bottom) * (50 - left - right)) % 251 + 4
    pixels[top : 50 - bottom, left : 50 - right] = inside.reshape(50 - top - bottom, -1)
    assert border_share(pixels) == pytest.approx(share)


def test_margins_of_an_even_picture():
    assert border_share(np.zeros((7, 5), np.uint8)) == 1
    halves = np.zeros((8, 4), np.uint8)
    halves[4:] = 9
    assert border_share(halves) == 1


def test_edge_and_centre():
    pixels = np.zeros((640, 640), np.uint16)
    pixels[160:480, 160:480] = random.integers(500, 900, (320, 320))
    pixels[:10], pixels[-10:], pixels[:, :10], pixels[:, -10:] = 7, 7, 7, 7
    found = describe(pixels)
    assert found["edge_value"] == 7
    assert found["centre_value"] == pytest.approx(pixels[160:480, 160:480].mean())


def test_padding_has_no_part_in_edge_and_centre():
    pixels = np.full((128, 128), 5, np.int16)
    pixels[:, :64] = -2000
    found = describe(pixels, to_padding=lambda stored: stored == -2000)
    assert (found["edge_value"], found["centre_value"]) == (5, 5)
    ring = np.full((128, 128), -2000, np.int16)
    ring[4:-4, 4:-4] = 5
    assert describe(ring, to_padding=lambda stored: stored == -2000)["edge_value"] is None


@pytest.mark.parametrize("sd", [5, 20, 80])
def test_planted_noise_is_measured(sd):
    noisy = np.uint16(np.clip(SCENE + random.normal(0, sd, SCENE.shape), 0, 4095))
    assert describe(noisy)["noise_sd"] == pytest.approx(sd, rel=0.1)
    assert describe(np.int16(noisy) - 1000)["noise_sd"] == pytest.approx(sd, rel=0.1)


def test_blur_lowers_sharpness():
    edges = np.uint16(random.integers(0, 2, (40, 50)).repeat(10, 0).repeat(10, 1) * 3000 + 500)
    found = [describe(np.uint16(gaussian_filter(edges.astype(float), sigma)))["sharpness"] for sigma in (0, 1, 2, 4)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 3 * found[1]


def test_an_even_picture_has_no_texture():
    found = describe(np.full((50, 50), 9, np.uint8))
    assert (found["sharpness"], found["noise_sd"], found["corner_contrast"]) == (0, 0, 0)
    assert found["perceptual_hash"] == "0" * 16


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 2), (3, 3), (16, 33)])
def test_small_pictures(shape):
    found = describe(random.integers(0, 99, shape).astype(np.uint16))
    assert found["corner_contrast"] is None
    assert (found["noise_sd"] is None) == (min(shape) < 3)
    assert len(found["perceptual_hash"]) == 16


def written(pixels, place, level=4095, height=14):
    mask = Pillow.new("L", pixels.shape[::-1])
    ImageDraw.Draw(mask).text(place, "DOE^JANE 1970-01-01", fill=255, font=ImageFont.load_default(height))
    shares = np.asarray(mask) / 255
    return np.uint16(pixels * (1 - shares) + level * shares)


@pytest.mark.parametrize("level", [0, 4095])
@pytest.mark.parametrize("place", [(4, 2), (330, 2), (200, 10), (4, 380), (330, 380)], ids=str)
def test_planted_writing_is_found(place, level):
    assert describe(written(SCENE, place, level))["corner_contrast"] > 0.05


def test_no_writing_where_none_is():
    circle = np.hypot(*(np.indices(SCENE.shape) - np.array(SCENE.shape).reshape(2, 1, 1) / 2)) < 190
    noisy = np.uint16(np.clip(SCENE + random.normal(0, 100, SCENE.shape), 0, 4095))
    halves = np.where(np.indices(SCENE.shape)[1] < 250, 0, SCENE).astype(np.uint16)
    for pixels in (SCENE, noisy, np.uint16(SCENE * circle), halves):
        assert describe(pixels)["corner_contrast"] < 0.005


def test_writing_in_large_pictures():
    large = np.asarray(Pillow.fromarray(SCENE).resize((2500, 2000), Pillow.Resampling.BICUBIC))
    assert describe(large)["corner_contrast"] == 0
    assert describe(written(large, (20, 20), height=50))["corner_contrast"] > 0.02


def bits_between(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_near_copies_have_near_hashes():
    plain = describe(SCENE)["perceptual_hash"]
    small = np.asarray(Pillow.fromarray(SCENE).resize((250, 200), Pillow.Resampling.BOX))
    noisy = np.uint16(np.clip(SCENE + random.normal(0, 60, SCENE.shape), 0, 4095))
    for pixels in (small, noisy, np.uint16(SCENE * 0.5 + 800), np.uint8(SCENE // 16)):
        assert bits_between(describe(pixels)["perceptual_hash"], plain) <= 4


def test_different_pictures_have_different_hashes():
    others = [np.rot90(SCENE), SCENE[::-1], np.roll(SCENE, 150, 1), SCENE[::-1].T]
    hashes = [describe(np.ascontiguousarray(pixels))["perceptual_hash"] for pixels in (SCENE, *others)]
    apart = [bits_between(one, other) for number, one in enumerate(hashes) for other in hashes[:number]]
    assert min(apart) >= 16


@settings(deadline=None)  # the first call compiles
@given(st.floats(0.01, 1e6), st.floats(-1e3, 1e3))
def test_a_brighter_picture_is_the_same_picture(scale, offset):
    blocks = SCENE[:64, :64] / 4095
    other = perceptual_hash(blocks * scale + offset)
    assert bits_between(other, perceptual_hash(blocks)) <= 2


def test_exact_hash_tells_apart_what_differs():
    arrays = [np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), np.zeros((2, 3), np.uint16), np.ones((2, 3))]
    assert len({exact_hash(array) for array in arrays}) == 4
    assert exact_hash(SCENE) == exact_hash(np.asfortranarray(SCENE))
