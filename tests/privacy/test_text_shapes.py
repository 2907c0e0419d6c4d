"""Text is found by its shape: where we wrote it, and nowhere else."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from written import TEXT_FREE, smooth, write_text

from eda_utils import load_image
from eda_utils.privacy import text_boxes
from eda_utils.privacy.text_shapes import BOX_COLUMNS, letter_boxes


def is_covered(boxes, place, share=0.6):
    """Whether the boxes cover most of the width of what was written, and lie there."""
    rows, columns = place
    covered = np.zeros(columns.stop, bool)
    for box in boxes.itertuples():
        assert box.row >= rows.start - 4
        assert box.row + box.height <= rows.stop + 4
        covered[max(box.column, 0) : box.column + box.width] = True
    return covered[columns].mean() > share


@pytest.mark.parametrize("size", [10, 14, 20, 32, 48])
@pytest.mark.parametrize("value", [255, 200, 0])
@pytest.mark.parametrize("row", [4, 100])
def test_planted_text(size, value, row):
    pixels, place = write_text(smooth((256, 700)), size=size, value=value, row=row)
    boxes = text_boxes(pixels)
    assert tuple(boxes.columns) == BOX_COLUMNS
    assert is_covered(boxes, place)
    assert boxes["score"].between(0, 1).all()


@pytest.mark.slow
@given(st.integers(0, 200), st.integers(0, 60), st.integers(0, 9))
@settings(max_examples=20)
def test_wherever_it_stands(row, column, seed):
    pixels, place = write_text(smooth(seed=seed), row=row, column=column)
    assert is_covered(text_boxes(pixels), place)


@pytest.mark.parametrize("color", [(255, 255, 0), (0, 0, 255), (255, 0, 0), (0, 160, 0)])
@pytest.mark.parametrize("ground", [0, 255])
def test_colours(color, ground):
    pixels, place = write_text(np.full((200, 320, 3), ground, np.uint8), value=np.array(color))
    assert is_covered(text_boxes(pixels), place)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT_FREE)
def test_images_without_text(samples, name):
    assert text_boxes(load_image(samples / name)).empty


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TEXT_FREE if not name.startswith(("PAT0010", "p"))])
def test_text_in_images_of_patients(samples, name):
    image = load_image(samples / name)
    pixels, place = write_text(image.pixels.astype(np.int32), size=image.shape[0] // 25, value=int(image.pixels.max()))
    boxes = text_boxes(dataclasses.replace(image, pixels=pixels))
    assert len(boxes)
    assert is_covered(boxes, place, share=0.3)


def ruler():
    pixels = np.zeros((300, 300), np.uint8)
    pixels[10:290:12, 5:12] = pixels[280:288, 10:290:8] = 255
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((100, 100), np.uint8),
        np.full((40, 40, 3), 7, np.uint8),
        np.zeros((3, 3), np.int16),
        np.full((64, 64), np.nan),
        smooth(),
        np.random.default_rng(0).integers(0, 4000, (300, 300)),
        np.indices((128, 128)).sum(0) % 2 * 255,
        np.add.outer(np.arange(200), np.arange(200)),
        ruler(),
    ],
    ids=["zero", "even", "tiny", "nan", "smooth", "noise", "checks", "ramp", "ruler"],
)
def test_no_text(pixels):
    boxes = text_boxes(pixels)
    assert tuple(boxes.columns) == BOX_COLUMNS
    assert boxes.empty


def test_single_letters_of_the_size_of_lines():
    pixels, _ = write_text(np.zeros((200, 400), np.uint8))
    pixels, place = write_text(pixels, "F", row=120, column=200)
    lines = text_boxes(pixels)
    assert not (lines["row"] > 60).any()
    letters = letter_boxes(pixels, lines)
    assert ((letters["row"] - place[0].start).abs() <= 1).any()
    assert letter_boxes(pixels, lines[:0]).empty
