"""The picture shows where text is, and not what it says."""

import numpy as np
from written import TEXT, smooth, write_text

from eda_utils.plots import show_burned_in
from eda_utils.plots.privacy import _covered
from eda_utils.privacy import text_boxes


def test_title_counts_the_lines(make_dicom):
    ax = show_burned_in(make_dicom(write_text(smooth())[0]), ocr=False)
    assert ax.get_title(loc="left") == "1 line of text"
    assert len(ax.patches) == 1
    assert TEXT not in ax.figure.alt_text
    assert show_burned_in(make_dicom(smooth()), ocr=False).get_title(loc="left") == "No text found"


def test_what_is_covered_is_no_text_any_more():
    picture, place = write_text(smooth(), size=24)
    covered = _covered(picture, text_boxes(picture))
    assert text_boxes(covered).empty
    assert len(np.unique(covered[place])) < 60
    assert np.array_equal(covered[60:], picture[60:])
    assert not np.array_equal(covered, picture)


def test_the_frame_with_text_is_shown(make_dicom):
    frames = np.stack([smooth(seed=number) for number in range(3)])
    frames[2] = write_text(frames[2])[0]
    ax = show_burned_in(make_dicom(frames, NumberOfFrames=3), ocr=False)
    shown = ax.images[0].get_array()[60:]
    assert abs(np.corrcoef(shown.ravel(), frames[2, 60:].ravel())[0, 1]) > 0.98
