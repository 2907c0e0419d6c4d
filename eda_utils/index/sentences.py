"""What matters most about a folder, in sentences computed from its index."""

from html import escape
from itertools import chain, islice

import pandas as pd

from ..core import format_bytes, need, plural, printable
from ..dicom import LOSSY
from .summary import study_years

MAX_SENTENCES = 10
COLUMNS = (
    *("PatientID", "PatientName", "StudyInstanceUID", "StudyDate", "SeriesInstanceUID", "SOPInstanceUID", "Modality"),
    *("Rows", "Columns", "NumberOfFrames", "BitsStored", "PhotometricInterpretation", "WindowCenter", "PixelSpacing"),
    *("ImagerPixelSpacing", "BurnedInAnnotation", "LossyImageCompression", "TransferSyntaxUID"),
)


class Sentences(tuple):
    """Sentences that print as lines and show as a list in a notebook."""

    __slots__ = ()

    def __repr__(self):
        return "\n".join(f"- {printable(sentence)}" for sentence in self)

    def _repr_html_(self):
        return '<ul class="headlines">' + "".join(f"<li>{escape(sentence)}</li>" for sentence in self) + "</ul>"


def headlines(index: pd.DataFrame) -> Sentences:
    """Say in five to ten sentences what matters most about a folder.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`.

    Returns
    -------
    Sentences
        A tuple of str without identifiers; the contents first, then what endangers an analysis, worst first.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> eda.headlines(eda.index_folder(get_testdata_file("CT_small.dcm")))[0]
    '1 file of 39.2 kB: 1 DICOM file.'
    """
    need(index, *COLUMNS)
    if index.empty:
        return Sentences(["The folder is empty: no file was found."])
    dicom = index[(index["kind"] == "dicom") & index["problem"].isna()]
    images = dicom[dicom["Rows"].notna()]
    rules = (rule(dicom, images) for rule in _RULES)
    found = chain(_contents(index), _subjects(dicom), _problems(index), *rules)
    return Sentences(islice(found, MAX_SENTENCES))


def _contents(index):
    usable = index[index["problem"].isna()]
    nouns = {"dicom": "DICOM file", "image": "other picture", "slide": "whole-slide image"}
    sizes = usable["kind"].astype(object).value_counts()
    told = ", ".join(plural(sizes[kind], noun) for kind, noun in nouns.items() if kind in sizes) or "none is an image"
    yield f"{plural(len(index), 'file')} of {format_bytes(index['size_bytes'].sum())}: {told}."


def _subjects(dicom):
    if dicom.empty:
        return
    patients, studies = dicom["PatientID"].nunique(), dicom["StudyInstanceUID"].nunique()
    series, years = dicom["SeriesInstanceUID"].nunique(), study_years(dicom)
    told = f" from {years}" if years else ""
    modalities = dicom["Modality"].astype(object).value_counts()
    kinds = ", ".join(f"{count:,} {name}" for name, count in modalities.head(5).items())
    counts = f"{plural(patients, 'patient')}, {plural(studies, 'study')}, {plural(series, 'series')}"
    yield f"{counts}{told}; most frequent: {kinds}."


def _problems(index):
    broken = index[index["problem"].notna() & (index["kind"] != "other")]
    other = (index["kind"] == "other").sum()
    warned = index["warning"].notna().sum()
    parts = [(len(broken), "cannot be read"), (other, "no image"), (warned, "read with a warning")]
    told = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    if told:
        yield f"Look at these files before you use the rest (reasons are below): {told}."


def _inverted(_dicom, images):
    count = (images["PhotometricInterpretation"] == "MONOCHROME1").sum()
    if count:
        seen = "and a model sees bone dark in some images and bright in others"
        yield f"{_share(count, images)} are MONOCHROME1: shown without inverting they are negatives, {seen}."


def _windows(_dicom, images):
    grey = images[images["PhotometricInterpretation"].isin(["MONOCHROME1", "MONOCHROME2"])]
    count = grey["WindowCenter"].isna().sum()
    if count:
        yield f"{_share(count, grey, 'grey image')} bring no window: the pictures here use a labelled fallback."


def _spacings(_dicom, images):
    pairs = images[["PixelSpacing", "ImagerPixelSpacing"]]
    has_spacing = pairs.map(lambda pair: isinstance(pair, tuple) and min(pair) > 0).any(axis=1)
    is_ultrasound = images["Modality"] == "US"  # theirs is in the regions, which the index does not hold
    is_enhanced = images["NumberOfFrames"].fillna(1) > 1
    count = (~has_spacing & ~is_ultrasound & ~is_enhanced).sum()
    if count:
        yield f"{_share(count, images)} have no usable pixel spacing: nothing in them can be measured in millimetres."


def _names(dicom, _images):
    count = dicom["PatientName"].notna().sum()
    stated = dicom["BurnedInAnnotation"].str.upper().eq("NO").sum()
    if count:
        declared = f"only {stated:,} declare that no text is burned into the pixels: de-identify before you publish"
        yield f"{_share(count, dicom, 'DICOM file')} carry a patient's name in the header, and {declared}."


def _largest_patient(_dicom, images):
    counts = images["PatientID"].value_counts()
    if len(counts) > 1:
        advice = "split by patient, or the same person is in training and test"
        yield f"The patient with most images has {_share(counts.iloc[0], images)}: {advice}."


def _lossy(_dicom, images):
    stated = images["LossyImageCompression"].astype("string").isin(["01", "1"]).fillna(False)
    count = (stated | images["TransferSyntaxUID"].isin(LOSSY)).sum()
    if count:
        yield f"{_share(count, images)} have been compressed with loss."


def _depths(_dicom, images):
    bits = images["BitsStored"].dropna().value_counts().sort_index()
    if len(bits) > 1:
        told = ", ".join(f"{depth} ({count:,})" for depth, count in bits.items())
        yield f"Bit depths are mixed: {told} bits stored. The same number means a different grey in each."


def _sizes(_dicom, images):
    sizes = images.groupby(["Rows", "Columns"]).size()
    if len(sizes) > 1:
        areas = sorted(sizes.index, key=lambda size: size[0] * size[1])
        smallest, largest = (f"{rows:,} × {columns:,}" for rows, columns in (areas[0], areas[-1]))
        yield f"{len(sizes)} different image sizes, from {smallest} to {largest} pixels."


def _frames(_dicom, images):
    cines = images[images["NumberOfFrames"].fillna(1) > 1]
    if len(cines):
        frames = f"{cines['NumberOfFrames'].sum():,}"
        yield f"{_share(len(cines), images)} have several frames, {frames} in all: count frames, not files."


def _duplicates(dicom, _images):
    uids = dicom["SOPInstanceUID"].dropna()
    count = uids.duplicated(keep=False).sum()
    if count:
        yield f"{_share(count, dicom, 'DICOM file')} share a SOP Instance UID: copies, or broken UIDs."


def _endings(dicom, _images):
    count = (~dicom["path"].str.lower().str.endswith(".dcm")).sum()
    if count:
        yield f"{_share(count, dicom, 'DICOM file')} do not end in .dcm: a search for *.dcm would have missed them."


_RULES = (
    *(_names, _duplicates, _inverted, _spacings, _windows, _endings, _largest_patient),
    *(_lossy, _depths, _frames, _sizes),
)


def _share(count, table, noun="DICOM image"):
    return f"{count:,} of {plural(len(table), noun)} ({100 * count / max(len(table), 1):.0f} %)"
