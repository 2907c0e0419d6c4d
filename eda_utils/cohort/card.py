"""A card of a data set: what is in it, whom it shows and what is wrong with it, with no small group in it."""

import re
from html import escape

import pandas as pd

from ..core import NOT_STATED, summarize_findings
from ..index import is_image, study_years
from .labels import binary_labels, label_columns
from .prevalence import bands, patient_numbers, wilson

LEAST_CELL = 5  # patients: a smaller group is not shown, because it can be somebody
HIDDEN = f"<{LEAST_CELL}"
MOST_ROWS = 20
TO_FILL = (
    *("Title, version and date", "Licence and terms of use", "Consent or ethics approval"),
    *("Who collected it, where, when and why", "How the labels were made, by whom, and how well they agree"),
    *("Intended use, and uses that are out of scope", "Contact"),
)


def dataset_card(index: pd.DataFrame, stats: pd.DataFrame | None = None, findings: pd.DataFrame | None = None) -> str:
    """Write the card of a data set in Markdown, from its tables.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`, `join_labels` or `split_patients`: labels and parts are told if they are there.
    stats : DataFrame, optional
        From `measure_images`.
    findings : DataFrame, optional
        Such as from `flag_issues` and `find_leaks`, also one below the other.

    Returns
    -------
    str
        Markdown. Counted are patients (files, where no patient is stated); groups of fewer than 5 are hidden, and so is
        the next smallest one where a single hidden number could be found out from the sum. `write_card` writes it.

    References
    ----------
    M. Pushkarna et al., Data Cards, FAccT 2022. Hiding cells below a threshold, and complementary ones: A. Hundepool et
    al., Statistical Disclosure Control, 2012, chapter 4.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils.cohort import dataset_card
    >>> dataset_card(eda.index_folder(get_testdata_file("CT_small.dcm"))).splitlines()[:3]
    ['# Data set card', '', '## Composition']
    """
    usable = index[index["problem"].isna()] if "problem" in index else index
    usable = usable.assign(_patient=patient_numbers(usable))
    sections = [
        ("Composition", _composition(index, usable)),
        ("Equipment", _group_table(usable, ["Manufacturer", "ManufacturerModelName"])),
        ("Age and sex", _demographics(usable)),
        ("Labels", _labels(usable)),
        ("Parts", _group_table(usable, ["part"]) if "part" in usable else None),
        ("Pixels", _pixels(usable, stats)),
        ("Known defects", _defects(findings, index)),
        ("To be filled by whoever publishes it", pd.DataFrame({"what": TO_FILL, "answer": "to be filled"})),
    ]
    texts = [f"## {title}\n\n{_markdown(table)}" for title, table in sections if table is not None and len(table)]
    unit = "patients" if _has_patients(usable) else "files, because no patient is stated"
    note = f"Counted are {unit}. Groups of fewer than {LEAST_CELL} are hidden, with others that would tell them."
    return "\n\n".join(["# Data set card", *texts, note]) + "\n"


def _has_patients(usable):
    return "PatientID" in usable and usable["PatientID"].notna().any()


def hide_small(counts):
    """Return counts as text with those from 1 to 4 hidden, and the next one where a single hidden count is left.

    Parameters
    ----------
    counts : Series of int

    Returns
    -------
    Series of str

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.cohort.card import hide_small
    >>> hide_small(pd.Series([1200, 40, 3, 9])).tolist()
    ['1,200', '40', '<5', 'hidden']
    """
    small = counts.between(1, LEAST_CELL - 1)
    texts = counts.map("{:,}".format).astype(object)
    texts[small] = HIDDEN
    others = counts[(counts >= LEAST_CELL)]
    if small.sum() == 1 and len(others):
        texts[others.idxmin()] = "hidden"
    return texts


def _composition(index, usable):
    facts = {"files found": len(index), "files described": len(usable), "patients": usable["_patient"].nunique()}
    if not _has_patients(usable):
        del facts["patients"]
    for keyword, what in (("StudyInstanceUID", "studies"), ("SeriesInstanceUID", "series")):
        if keyword in usable and usable[keyword].notna().any():
            facts[what] = usable[keyword].nunique()
    if {"kind", "Rows", "problem"} <= set(usable):
        facts["images"] = int(is_image(usable).sum())
    rows = [(what, f"{count:,}" if count >= LEAST_CELL or not count else HIDDEN) for what, count in facts.items()]
    if "StudyDate" in usable:
        rows.append(("years of the studies", study_years(usable) or NOT_STATED))
    for keyword in ("Modality", "BodyPartExamined", "ViewPosition"):
        if keyword in usable and usable[keyword].notna().any():
            counted = _count(usable, [keyword])
            told = ", ".join(f"{value} ({count})" for value, count in counted.head(8).itertuples(index=False))
            rows.append((f"patients by {keyword}", told))
    return pd.DataFrame(rows, columns=["what", "value"])


def _count(usable, columns):
    """Patients by the values of columns, the most first, small groups hidden."""
    stated = usable[columns].astype("string").fillna(NOT_STATED)
    counts = usable["_patient"].groupby([stated[name] for name in columns], observed=True).nunique()
    counts = counts.sort_values(ascending=False, kind="stable").rename("patients").reset_index()
    return counts.assign(patients=hide_small(counts["patients"]))


def _group_table(usable, columns):
    columns = [name for name in columns if name in usable]
    return _count(usable, columns).head(MOST_ROWS) if columns else None


def _demographics(usable):
    first = usable.drop_duplicates("_patient")
    if "PatientAge" not in first and "PatientSex" not in first:
        return None
    ages = bands(first, "PatientAge").astype("string") if "PatientAge" in first else pd.Series("all", first.index)
    sexes = first["PatientSex"].astype("string").fillna(NOT_STATED) if "PatientSex" in first else "all"
    counts = pd.Series(1, first.index).groupby([ages.rename("age"), pd.Series(sexes, first.index, name="sex")]).sum()
    counts = counts.rename("patients").reset_index()
    return counts.assign(patients=hide_small(counts["patients"]))


def _labels(usable):
    names = usable.attrs.get("labels")
    if not names or not set(names) <= set(usable):
        return None
    truths = binary_labels(usable, label_columns(usable))
    people = truths.groupby(usable["_patient"]).max()
    known, positives = people.notna().sum(), people.sum().astype(int)
    rows = []  # labels are no partition: none can be found out from the others
    for name in truths:
        share, count = positives[name] / max(known[name], 1), max(known[name], 1)
        low, high = wilson(share, count)
        is_small = positives[name] in range(1, LEAST_CELL)
        can_show = not is_small and known[name] - positives[name] not in range(1, LEAST_CELL)
        said = f"{share:.1%} ({low:.1%} to {high:.1%})" if can_show else "hidden"
        rows.append((name, HIDDEN if is_small else f"{positives[name]:,}" if can_show else "hidden", said))
    return pd.DataFrame(rows, columns=["label", "patients", "share and its interval of 95 %"])


def _pixels(usable, stats):
    rows = []
    for keyword in ("Rows", "Columns", "BitsStored"):
        if keyword in usable and usable[keyword].notna().sum() >= LEAST_CELL:
            rows.append((keyword, *usable[keyword].astype(float).quantile([0.05, 0.5, 0.95]).map("{:,.0f}".format)))
    for name in ("mean_value", "sd_value", "entropy_bits", "padding_share"):
        if stats is not None and name in stats and stats[name].notna().sum() >= LEAST_CELL:
            rows.append((name, *stats[name].astype(float).quantile([0.05, 0.5, 0.95]).map("{:,.4g}".format)))
    return pd.DataFrame(rows, columns=["what", "5th percentile", "median", "95th percentile"])


def _defects(findings, index):
    if findings is None:
        return None
    if not len(findings):
        return pd.DataFrame({"what": ["No check has found anything."]})
    table = summarize_findings(findings, index)
    files = table["files"].where(table["files"] >= LEAST_CELL).map("{:,.0f}".format, na_action="ignore").fillna(HIDDEN)
    return pd.DataFrame({"severity": table["severity"].astype(str), "what": table["what"], "files": files})


def _markdown(table):
    rows = [[_cell(value) for value in row] for row in table.astype(object).itertuples(index=False)]
    lines = [[str(name) for name in table], ["---"] * table.shape[1], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value):
    """Values of a header are text, never markup."""
    text = escape(" ".join(str(value).split()), quote=False)
    return re.sub(r"([|*_`\[\]\\])", r"\\\1", text)
