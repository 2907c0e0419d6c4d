"""What a folder holds, in small tables computed from its index."""

import os
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from ..core import CHAIN, NOT_STATED, RequestError, format_bytes, is_url, need
from ..dicom import identifiers, is_phi, mask_identifiers, redact_table, uid_name
from .schema import FILE_COLUMNS, TEXT
from .storage import index_parts, write_index

SERIES_KEYS = ["PatientID", "StudyInstanceUID", "SeriesInstanceUID"]
SERIES_FACTS = ("Modality", "SeriesDescription", "Manufacturer", "Rows", "Columns", "NumberOfFrames")
FOLDER_FACTS = (*SERIES_KEYS, "StudyDate", "Rows", "NumberOfFrames")
TOO_SMALL_TO_SEE = 64 * 64


def summarize_series(index: pd.DataFrame | str | Path) -> pd.DataFrame:
    """Count instances, images, frames and bytes of every DICOM series, with what they have in common.

    Parameters
    ----------
    index : DataFrame, str or Path
        From `index_folder`; the folder of an index that is larger than memory is read piece by piece.

    Returns
    -------
    DataFrame
        One row per series: ``PatientID StudyInstanceUID SeriesInstanceUID Modality SeriesDescription Manufacturer
        instances images frames size_bytes sizes`` (the different Rows × Columns) and ``path`` of its first file. An
        instance without Rows, such as a report, is no image.

    References
    ----------
    PS3.3 A.1.2.3 and C.7.3.1: a series belongs to one study and one modality.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.summarize_series(eda.index_folder(get_testdata_file("CT_small.dcm")))["images"].tolist()
    [1]
    """
    columns = [*FILE_COLUMNS, *SERIES_KEYS, *SERIES_FACTS, "SOPInstanceUID"]
    parts = [_series_of(part) for part in index_parts(index, columns)]
    return parts[0] if len(parts) == 1 else _together(pd.concat(parts))


def _series_of(index):
    need(index, *SERIES_KEYS, *SERIES_FACTS, "SOPInstanceUID")
    instances = index[(index["kind"] == "dicom") & index["problem"].isna() & index["SOPInstanceUID"].notna()]
    is_image = instances["Rows"].notna()
    rows = instances.assign(
        instances=1,
        images=is_image.astype(int),
        Modality=instances["Modality"].astype(TEXT),
        frames=instances["NumberOfFrames"].fillna(1).clip(lower=1).where(is_image, 0),
        sizes=instances["Rows"].astype("string") + " × " + instances["Columns"].astype("string"),
    )
    return _together(rows)


def _together(rows):
    """Add up what is known of each series, of its instances or of its parts."""
    first = {name: (name, "first") for name in ("Modality", "SeriesDescription", "Manufacturer")}
    sums = {name: (name, "sum") for name in ("instances", "images", "frames", "size_bytes")}
    groups = rows.groupby(SERIES_KEYS, dropna=False, sort=False)
    return groups.agg(**first, **sums, sizes=("sizes", _different), path=("path", "first")).reset_index()


def _different(texts):
    """The different sizes, also of texts that list several."""
    sizes = ", ".join(text for text in texts.dropna().unique() if text).split(", ")
    return ", ".join(dict.fromkeys(sizes))


def study_years(index: pd.DataFrame) -> str:
    """Return the years of the studies as "1997–2016", the empty text where no date is valid."""
    years = pd.to_numeric(index["StudyDate"].astype("string").str[:4], errors="coerce")
    years = years[years.between(1890, 2100)]
    if years.empty:
        return ""
    low, high = int(years.min()), int(years.max())
    return str(low) if low == high else f"{low}–{high}"


def summarize_folder(index: pd.DataFrame | str | Path) -> pd.DataFrame:
    """Count what a folder holds, from patients down to frames.

    Parameters
    ----------
    index : DataFrame, str or Path
        From `index_folder`; the folder of an index that is larger than memory is read piece by piece.

    Returns
    -------
    DataFrame
        Columns ``what`` and ``value``; no identifiers, dates as years.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.summarize_folder(eda.index_folder(get_testdata_file("CT_small.dcm"))).set_index("what").value["studies"]
    '1'
    """
    counts, different, dates = Counter(), defaultdict(set), []
    for part in index_parts(index, [*FILE_COLUMNS, *FOLDER_FACTS]):
        need(part, *FOLDER_FACTS)
        usable = part[part["problem"].isna()]
        dicom = usable[usable["kind"] == "dicom"]
        counts.update(_count_part(part, usable, dicom))
        for key in SERIES_KEYS:
            different[key].update(dicom[key].dropna().unique())
        dates.append(dicom["StudyDate"].drop_duplicates())
    size = counts.pop("size_bytes")
    patients, studies, series = (len(different[key]) for key in SERIES_KEYS)
    facts = {"files found": counts["files found"], "described": counts["described"]}
    facts |= {"listed with a problem": facts["files found"] - facts["described"]}
    facts |= {"patients": patients, "studies": studies, "series": series, **counts}
    rows = {name: f"{count:,}" for name, count in facts.items()}
    rows["size on disk"] = format_bytes(size)
    rows["years of the studies"] = study_years(pd.DataFrame({"StudyDate": pd.concat(dates)})) or NOT_STATED
    return pd.DataFrame({"what": rows.keys(), "value": rows.values()})


def _count_part(part, usable, dicom):
    images = dicom[dicom["Rows"].notna()]
    return {
        "files found": len(part),
        "described": len(usable),
        "DICOM images": len(images),
        "frames in them": int(images["NumberOfFrames"].fillna(1).clip(lower=1).sum()),
        "other pictures": int((usable["kind"] == "image").sum()),
        "whole-slide images": int((usable["kind"] == "slide").sum()),
        "size_bytes": int(part["size_bytes"].sum()),
    }


def count_files(index: pd.DataFrame | str | Path, *columns: str) -> pd.DataFrame:
    """Count the readable files for each combination of attributes.

    Parameters
    ----------
    index : DataFrame, str or Path
        From `index_folder`; the folder of an index that is larger than memory is read piece by piece.
    *columns : str
        Such as ``"Manufacturer", "ManufacturerModelName"``. Identifying attributes are refused.

    Returns
    -------
    DataFrame
        The columns and ``files``, most frequent first; "not stated" where an attribute is absent. UIDs of the
        standard appear by name.

    Raises
    ------
    ValueError
        If a column can identify a person (RequestError).
    """
    if any(is_phi(column) for column in columns):
        raise RequestError("count_files", "an identifying attribute was asked for", "use pandas on the index itself")
    parts = [_count_values(part, list(columns)) for part in index_parts(index, ["problem", *columns])]
    if len(parts) == 1:
        return parts[0]
    total = pd.concat(parts).groupby(list(columns), sort=False)["files"].sum()
    return total.sort_values(ascending=False, kind="stable").reset_index()


def _count_values(index, columns):
    need(index, *columns)
    stated = index.loc[index["problem"].isna(), columns].astype(object)
    for column in stated.columns.intersection(["SOPClassUID", "TransferSyntaxUID"]):
        stated[column] = [uid_name(uid) if isinstance(uid, str) else uid for uid in stated[column]]
    stated = stated.where(stated.notna(), NOT_STATED)
    return stated.value_counts().rename("files").reset_index()


def list_problems(index: pd.DataFrame) -> pd.DataFrame:
    """List every file that could not be read or was read with a warning, and why.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.

    Returns
    -------
    DataFrame
        Columns ``file`` (below the folder that all have in common, patients' names masked), ``kind``, ``size``,
        ``problem`` and ``warning``.
    """
    concerned = index[index["problem"].notna() | index["warning"].notna()]
    files = shown_paths(index).loc[concerned.index].array
    sizes = [format_bytes(size) for size in concerned["size_bytes"]]
    told = concerned[["problem", "warning"]].astype(object).where(concerned[["problem", "warning"]].notna(), "")
    return pd.DataFrame({"file": files, "kind": concerned["kind"].array, "size": sizes, **told.to_dict("list")})


def relative_paths(index: pd.DataFrame) -> pd.Series:
    """Return the paths of an index below the folder that they all have in common; of archives only the members."""
    if index.empty:
        return index["path"]
    shown = index["path"].map(lambda path: path.partition(CHAIN)[0] if is_url(path) else path)
    try:
        folder = os.path.commonpath([os.path.dirname(path) for path in shown])
    except ValueError:  # files and URLs
        return shown
    return shown.map(lambda path: os.path.relpath(path, folder))


def shown_paths(index):
    """Return the paths of an index below the folder that they have in common, with what names a patient masked."""
    known = identifiers(index)
    return relative_paths(index).map(lambda path: mask_identifiers(path, known))


def write_tables(folder: str | Path, index: pd.DataFrame, **tables: pd.DataFrame) -> list[Path]:
    """Write an index, and tables made of it, as CSV with identifiers masked.

    Parameters
    ----------
    folder : str or Path
        It is made if it is not there.
    index : DataFrame
        From `index_folder`.
    **tables : DataFrame
        With ``path`` as in the index, by the names of their files.

    Returns
    -------
    list of Path
        Of ``index.csv`` and one a table.
    """
    Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    shown = dict(zip(index["path"], shown_paths(index), strict=True))
    written = [write_index(redact_table(index).assign(path=shown.values()), Path(folder, "index.csv"))]
    for name, table in tables.items():
        paths = table["path"].map(lambda path: shown.get(path, ""))  # a finding about no file has none
        written.append(write_index(table.assign(path=paths), Path(folder, f"{name}.csv")))
    return written


def is_image(index: pd.DataFrame) -> pd.Series:
    """Tell which rows of an index are images that can be shown whole; of a slide in DICOM a frame is one tile."""
    return index["problem"].isna() & index["Rows"].notna() & ~is_slide(index)


def is_slide(index: pd.DataFrame) -> pd.Series:
    """Tell which rows of an index are files of whole-slide images, in DICOM or not."""
    classes = index["SOPClassUID"] if "SOPClassUID" in index else pd.Series(None, index.index, dtype=object)
    return (index["kind"] == "slide") | classes.isin([VLWholeSlideMicroscopyImageStorage])


def sample_images(index: pd.DataFrame, *, most: int = 24) -> pd.DataFrame:
    """Choose images that show the variety of a folder: modalities in turn, and every kind before any kind twice.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.
    most : int
        How many rows at the most.

    Returns
    -------
    DataFrame
        Rows of the index, sorted by modality. A kind is a modality, manufacturer, photometric interpretation and
        series; larger ones come first, and of a series its middle. Images of less than 64 × 64 pixels come last. The
        same folder always gives the same sample.
    """
    keys = ["Modality", "Manufacturer", "PhotometricInterpretation"]
    need(index, *keys, "SeriesInstanceUID", "Rows", "Columns")
    usable = index[is_image(index)]
    usable = usable.loc[(usable["Rows"] * usable["Columns"]).sort_values(ascending=False, kind="stable").index]
    series = usable.groupby([*keys, "SeriesInstanceUID"], dropna=False, sort=False)
    from_middle = (series.cumcount() - series["path"].transform("size") // 2).abs()
    ranked = usable.loc[from_middle.sort_values(kind="stable").index]
    for group in (keys, ["Modality"]):  # first of each kind, then modalities in turn
        ranked = ranked.loc[ranked.groupby(group, dropna=False, sort=False).cumcount().sort_values(kind="stable").index]
    is_tiny = (ranked["Rows"] * ranked["Columns"] < TOO_SMALL_TO_SEE).sort_values(kind="stable")
    return ranked.loc[is_tiny.index].head(most).sort_values("Modality", kind="stable")
