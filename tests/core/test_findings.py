"""Findings have one form, whoever makes them."""

import pandas as pd
import pytest

from eda_utils.core.errors import RequestError
from eda_utils.core.findings import FINDING_COLUMNS, SEVERITIES, findings_table, summarize_findings
from eda_utils.quality.issues import flag_issues


def row(path="a.dcm", kind="some_check", severity="note"):
    return path, kind, severity, "what", "evidence", "advice"


def test_the_most_severe_come_first():
    rows = [row("c"), row("b", "z_check", "error"), row("a", "z_check", "error"), row("d", "a_check", "error")]
    table = findings_table([*rows, row(severity="warning")])
    assert table["path"].tolist() == ["d", "a", "b", "a.dcm", "c"]
    assert table["severity"].tolist() == ["error"] * 3 + ["warning", "note"]
    assert table.index.tolist() == list(range(5))


def test_equal_findings_keep_their_order():
    rows = [(*row()[:4], f"evidence {number}", "advice") for number in range(50)]
    assert findings_table(rows)["evidence"].tolist() == [cells[4] for cells in rows]


@pytest.mark.parametrize("rows", [[], [row()], iter(()), pd.DataFrame()])
def test_types_are_the_same_when_empty(rows):
    table = findings_table(rows)
    assert tuple(table.columns) == FINDING_COLUMNS
    assert tuple(table["severity"].cat.categories) == SEVERITIES
    assert table["severity"].cat.ordered
    texts = table.drop(columns="severity")
    assert all(isinstance(dtype, pd.StringDtype) for dtype in texts.dtypes)
    assert all(texts[column].str.len().sum() >= 0 for column in texts)


def test_severities_compare():
    table = findings_table([row(severity=severity) for severity in reversed(SEVERITIES)])
    assert (table["severity"] <= "warning").tolist() == [True, True, False]


def test_tables_join():
    tables = [findings_table([row()]), findings_table([]), findings_table([row("b.dcm", "other_check", "error")])]
    joined = findings_table(pd.concat(tables).assign(more=1))
    assert joined["path"].tolist() == ["b.dcm", "a.dcm"]
    assert joined.dtypes.equals(tables[0].dtypes)


def test_an_unknown_severity_is_refused():
    with pytest.raises(RequestError) as caught:
        findings_table([row(), row(severity="fatal")])
    assert str(caught.value) == "findings: a severity is unknown; give one of error, warning, note."


@pytest.mark.parametrize("rows", [[(*row()[:5], None)], pd.DataFrame({"path": ["a.dcm"]})])
def test_a_missing_cell_is_refused(rows):
    with pytest.raises(RequestError) as caught:
        findings_table(rows)
    expected = "findings: a cell is missing; give each row path, kind, severity, what, evidence, advice."
    assert str(caught.value) == expected


def test_summary_ranks_by_severity_then_files():
    rows = [row(path, "rare_error", "error") for path in "a"] + [row(path, "note_kind") for path in "abcd"]
    rows += [row(path, "frequent_error", "error") for path in "bcd"] * 2
    summary = summarize_findings(findings_table(rows), pd.DataFrame({"path": list("abcde")}))
    assert summary["kind"].tolist() == ["frequent_error", "rare_error", "note_kind"]
    assert summary["files"].tolist() == [3, 1, 4]
    assert summary["share"].tolist() == [0.6, 0.2, 0.8]
    assert "path" not in summary


def test_summary_says_every_wording_of_a_kind_once():
    rows = [("a", "uid_missing", "error", what, "evidence", "advice") for what in ("SOP", "Series", "SOP")]
    assert summarize_findings(findings_table(rows))["what"].tolist() == ["SOP; Series"]


def test_summary_of_nothing_has_its_columns():
    summary = summarize_findings(findings_table([]), pd.DataFrame({"path": []}))
    assert summary.columns.tolist() == ["severity", "kind", "what", "files", "share", "example", "advice"]
    assert summary.empty


def test_summary_loses_no_finding_of_the_samples(index):
    findings = flag_issues(index)
    summary = summarize_findings(findings, index)
    assert set(summary["kind"]) == set(findings["kind"])
    assert summary["files"].sum() == len(findings.drop_duplicates(["kind", "path"]))
