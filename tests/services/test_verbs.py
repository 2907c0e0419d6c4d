"""The picture of the verbs: all nine, and nothing written over something else."""

from itertools import combinations

from eda_utils import services

VERBS = ("produce", "store", "display", "send", "query", "process", "retrieve", "print", "manage workflow")


def test_all_nine_are_there():
    ax = services.plot_verbs()
    written = [text.get_text() for text in ax.texts]
    assert [verb for verb in VERBS if verb not in written] == []
    assert all(verb in ax.figure.alt_text for verb in VERBS)


def test_no_words_lie_over_each_other():
    ax = services.plot_verbs()
    ax.figure.canvas.draw()
    boxes = [(text.get_text(), text.get_window_extent().padded(-1)) for text in ax.texts if text.get_text()]
    assert [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if a.overlaps(b)] == []
