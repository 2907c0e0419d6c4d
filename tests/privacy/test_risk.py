"""The card says first what is worst, in one sentence, and shows nobody."""

import pandas as pd
import pytest

from eda_utils import privacy
from eda_utils.core.findings import findings_table
from eda_utils.privacy import risk_card
from eda_utils.privacy.audit_folder import KINDS
from eda_utils.privacy.risk import SAID
from eda_utils.samples.fetch import CANARY

INDEX = pd.DataFrame({"path": list("abcd")})
MORE = "an audit finds what it looks for, so look at a sample yourself"


def found(*rows):
    return findings_table([(path, kind, *KINDS[kind][:2], "", KINDS[kind][2]) for path, kind in rows])


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], f"Nothing that leads to a patient was found in 4 files; {MORE}."),
        (
            [("a", "person_name"), ("b", "person_name"), ("a", "burned_in_identifier"), ("c", "private")],
            "Do not send this folder as it is: 2 of 4 files hold names of persons, "
            "1 the patient's name or number in the pixels.",
        ),
        ([("a", "burned_in_text")], "Look at this folder before you send it: 1 of 4 files holds text in the pixels."),
        (
            [("a", "original_uid")],
            f"Nothing grave was found: 1 of 4 files holds UIDs that lead back to the archive; {MORE}.",
        ),
    ],
)
def test_sentences(rows, sentence):
    card = risk_card(found(*rows), INDEX)
    assert card.sentence == sentence
    assert card.table["files"].sum() == len({(path, kind) for path, kind in rows})
    assert str(card).startswith(sentence)


def test_of_samples(samples, index):
    card = risk_card(privacy.audit(index, progress=False), index)
    assert card.sentence.startswith("Do not send this folder as it is: ")
    for shown in (str(card), card._repr_html_(), repr(card)):
        assert CANARY.lower() not in shown.lower()
        assert str(samples) not in shown
    assert card.table["severity"].is_monotonic_increasing
    assert card.table["files"].max() <= len(index)


def test_every_grave_kind_is_said():
    assert {kind for kind, (severity, *_) in KINDS.items() if severity == "error"} <= set(SAID)
