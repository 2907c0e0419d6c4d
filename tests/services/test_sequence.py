"""The sequence diagram: its title is the finding."""

import pandas as pd
import pytest

from eda_utils import plots, services
from eda_utils.core.errors import PeerError, RequestError


def texts(ax):
    return [item.get_text() for item in ax.texts]


def test_repeated_messages_are_drawn_once(archive, some_files):
    log = []
    path = next(some_files.iterdir())
    services.send([path] * 7, archive, log=log)
    ax = plots.association(log)
    assert "C-STORE-RQ × 7" in texts(ax)
    assert ax.get_title(loc="left") == "1 association, 18 messages: C-STORE answered with success"
    assert ax.figure.alt_text.startswith("Sequence diagram")
    assert plots.association(pd.DataFrame(log)).get_title(loc="left") == ax.get_title(loc="left")


def test_failures_are_told(archive, tmp_path):
    log = []
    with pytest.raises(PeerError):
        services.echo(archive.address._replace(title="WRONG"), log=log)
    assert plots.association(log).get_title(loc="left") == "1 association, 2 messages: rejected"


def test_long_logs_are_cut():
    row = {"sender": "A", "receiver": "B", "message": "A-RELEASE-RQ"}
    assert "… 60 more rows" in texts(plots.association([row] * 100))
    assert plots.association([]).texts


def test_something_else_is_refused():
    with pytest.raises(RequestError, match="log: has no sender, receiver and message"):
        plots.association([{"a": 1}])
