"""Whether the UIDs of a folder tell its instances, series and studies apart."""

from itertools import chain, compress

import pandas as pd
from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.tag import Tag

from ..core import TEXT, findings_table, need, plural

LEVELS = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")  # type 1 in PS3.3 C.12.1, C.7.3.1 and C.7.2.1
UIDS = (*LEVELS, "FrameOfReferenceUID")
TEXTS = (*UIDS, "PatientID", "Modality", "SOPClassUID", "TransferSyntaxUID")
# What all copies of an instance agree in; different contents can be of one size
SAME = {"SeriesInstanceUID": "series", "StudyInstanceUID": "study", "PatientID": "patient"}
SAME |= {"InstanceNumber": "Instance Number", "Rows": "rows"}
DIRECTORY = "1.2.840.10008.1.3.10"
NO_PATIENT = (  # PS3.4 GG.3: they belong to no patient, hence to no study and no series
    *(f"1.2.840.10008.5.1.4.{number}.1" for number in (38, 39, 43, 44, 45)),  # hanging protocols, palettes, implants
    *(f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("200.1", "200.3", "200.7", "201.1")),  # protocols, inventories
)
STUDY = "ask the source which study is right; until then group by study and series"
PATIENT = "ask the source whether they are spellings of one; until then keep the study in one part of a split"
MODALITY = "group by series and Modality (0008,0060)"
FRAME = "do not stack it into one volume: group by Frame of Reference UID (0020,0052) too"
# A whole, what it has one of, that in the plural; kind, severity and advice where it has several.
# PS3.3 A.1.2.3, A.1.2.2, C.7.3.1.1.1, C.7.4.1.1.1
SINGLE = (
    ("SeriesInstanceUID", "StudyInstanceUID", "Study Instance UIDs", "series_in_several_studies", "error", STUDY),
    ("StudyInstanceUID", "PatientID", "Patient IDs", "study_with_several_patients", "error", PATIENT),
    ("SeriesInstanceUID", "Modality", "modalities", "series_with_several_modalities", "error", MODALITY),
    (
        *("SeriesInstanceUID", "FrameOfReferenceUID", "Frame of Reference UIDs"),
        *("series_with_several_frames_of_reference", "note", FRAME),
    ),
)


def check_uids(index: pd.DataFrame) -> pd.DataFrame:
    """Find the instances, series and studies that their UIDs do not tell apart.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`. Its DICOM files without a problem are compared by their rows here; no file is opened.

    Returns
    -------
    DataFrame
        Findings as `findings_table` describes them: one per instance, series or study concerned, and one per attribute
        that is missing or no UID. ``path`` is the first file; no other column can hold an identifier.

    Raises
    ------
    ValueError
        If the index lacks a column (RequestError).

    References
    ----------
    PS3.5 9: a UID stands for one thing everywhere; 9.1: how it is written. PS3.3 A.1.2.2 and A.1.2.3: one patient per
    study, one study per series; C.7.3.1.1.1 and C.7.4.1.1.1: one modality and one Frame of Reference per series.

    Examples
    --------
    >>> import pandas as pd
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils import quality
    >>> index = eda.index_folder(get_testdata_file("CT_small.dcm"))
    >>> quality.check_uids(pd.concat([index, index.assign(path="copy.dcm")]))[["kind", "evidence"]].values.tolist()
    [['instance_copied', '2 files of the same size']]
    """
    need(index, "path", "size_bytes", "kind", "problem", *TEXTS, *SAME)
    files = _instances(index)
    coded = {keyword: pd.factorize(files[keyword]) for keyword in (*UIDS, "PatientID", "Modality")}
    codes = files.assign(**{keyword: numbers for keyword, (numbers, _) in coded.items()})  # -1: it is missing
    several = (_several(codes, *rule) for rule in SINGLE)
    invalid = (_invalid(codes, keyword, coded[keyword][1]) for keyword in UIDS)
    return findings_table(chain(_missing(codes), _shared(codes), *invalid, *several))


def _instances(index):
    """The composite instances: a DICOMDIR (PS3.10 8.6) has none of the attributes itself, only in its records."""
    is_dicom = (index["kind"] == "dicom") & index["problem"].isna()
    files = index.loc[is_dicom, [*dict.fromkeys(("path", "size_bytes", *TEXTS, *SAME))]].drop_duplicates("path")
    texts = files[[*TEXTS]].astype(TEXT)
    files[[*TEXTS]] = texts.mask(texts == "")
    is_stated = files.drop(columns=["path", "size_bytes", "TransferSyntaxUID"]).notna().any(axis=1)
    return files[is_stated & (files["SOPClassUID"] != DIRECTORY)].reset_index(drop=True)


def _missing(codes):
    has_series = ~codes["SOPClassUID"].isin(NO_PATIENT)
    for keyword in LEVELS:
        lacking = codes[(codes[keyword] < 0) & (has_series | (keyword == "SOPInstanceUID"))]
        if len(lacking):
            advice = f"ask the source for these files again: the cells of {keyword} that are empty"
            what, evidence = f"{_name(keyword)} is missing", _share(lacking, codes)
            yield lacking["path"].iloc[0], "uid_missing", "error", what, evidence, advice


def _invalid(codes, keyword, values):
    values = pd.Series(values, dtype=TEXT)
    wrong = {  # PS3.5 9.1
        "longer than 64 characters": values.str.len() > 64,
        "with other characters than digits and dots": values.str.contains(r"[^0-9.]"),
        "with an empty component or a leading zero": values.str.contains(r"(?:^|\.)(?:0[0-9]|\.|$)"),
    }
    counts = {reason: codes[keyword].isin(values.index[is_wrong]).sum() for reason, is_wrong in wrong.items()}
    concerned = codes[codes[keyword].isin(values.index[pd.DataFrame(wrong).any(axis=1)])]
    if len(concerned):
        told = ", ".join(f"{count:,} {reason}" for reason, count in counts.items() if count)
        what, evidence = f"{_name(keyword)} is no valid UID", f"{_share(concerned, codes)}: {told}"
        advice = "replace it by the same valid UID everywhere before DICOM systems get these files"
        yield concerned["path"].iloc[0], "uid_invalid", "error", what, evidence, advice


def _shared(codes):
    shared = codes[(codes["SOPInstanceUID"] >= 0) & codes["SOPInstanceUID"].duplicated(keep=False)]
    shared = shared.assign(TransferSyntaxUID=pd.factorize(shared["TransferSyntaxUID"])[0])
    shared["version"] = shared.groupby(["TransferSyntaxUID", "size_bytes"]).ngroup()
    groups = shared.groupby("SOPInstanceUID", sort=False)
    counts = groups[["size_bytes", "TransferSyntaxUID", *SAME, "version"]].nunique()
    # PS3.3 C.7.6.1.1.5: compression keeps the UID, unless there is loss; so sizes differ from syntax to syntax only
    is_reused = (counts.pop("version") > counts["TransferSyntaxUID"]) | (counts[[*SAME]] > 1).any(axis=1)
    differs = (counts > 1).itertuples(index=False)
    for path, number, *how in zip(groups["path"].first(), groups.size(), is_reused, differs, strict=True):
        yield _shared_by(path, number, *how)


def _shared_by(path, number, is_reused, differs):
    told = ", ".join(compress(("size", "transfer syntax", *SAME.values()), differs))
    evidence = f"{number:,} files that differ in {told}" if told else f"{number:,} files of the same size"
    if is_reused:
        what = "different contents have one SOP Instance UID (0008,0018)"
        advice = "see with compare_headers what differs; keep the right one, or ask the source for new UIDs"
        return path, "instance_uid_reused", "error", what, evidence, advice
    advice = "keep one of them: copies count twice, and can be in training and test"
    return path, "instance_copied", "warning", "an instance is in several files", evidence, advice


def _several(codes, whole, part, nouns, kind, severity, advice):
    stated = codes[(codes[whole] >= 0) & (codes[part] >= 0)]
    parts = stated.drop_duplicates([whole, part]).groupby(whole, sort=False).size()
    parts = parts[parts > 1]
    groups = stated[stated[whole].isin(parts.index)].groupby(whole, sort=False)
    for path, number, count in zip(groups["path"].first(), groups.size(), parts, strict=True):
        evidence = f"{number:,} files, {count:,} {nouns}"
        yield path, kind, severity, f"a {SAME[whole]} has several {nouns}", evidence, advice


def _name(keyword):
    return f"{dictionary_description(keyword)} {Tag(tag_for_keyword(keyword))}"


def _share(some, files):
    return f"{len(some):,} of {plural(len(files), 'DICOM file')}"
