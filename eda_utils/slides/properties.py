"""What a slide says about itself, as far as it can be shown: no free text, no day."""

import re

import pandas as pd

from ..dicom import estimate_quality, uid_name
from .tiff_tiles import JPEG

PLAUSIBLE_MPP = (0.05, 20.0)
CODECS = {1: "none", 5: "LZW", JPEG: "JPEG", 8: "deflate", 32946: "deflate", 32773: "PackBits", 50000: "Zstandard"}
NO_YEAR = "1900"  # what a date is replaced by when it is taken out
DATES = ("aperio.Date", "tiff.DateTime", "hamamatsu.Created", "leica.creation-date", "dicom.AcquisitionDateTime")


def describe(slide):
    """Return the table of a slide's properties: a fixed list, because free text can name a patient.

    Parameters
    ----------
    slide : Slide

    Returns
    -------
    DataFrame
        ``property`` and ``value``, both text.

    Examples
    --------
    >>> import eda_utils as eda
    >>> with eda.open_slide("data/samples/pathology/CMU-1-Small-Region.svs") as slide:
    ...     slide.properties.set_index("property")["value"]["codec"]
    'JPEG, quality about 30'
    """
    raw = slide.source.facts
    syntax = raw.get("dicom.TransferSyntaxUID")
    facts = {
        "vendor": raw.get("openslide.vendor", "none"),
        "rows": slide.shape[0],
        "columns": slide.shape[1],
        "levels": len(slide.source.sizes),
        "microns per pixel": f"{slide.mpp:.4g}" if slide.mpp else "unknown",
        "microns per pixel from": slide.mpp_source,
        "objective power": raw.get("openslide.objective-power", "unknown"),
        "codec": _codec(slide.tiles) or (uid_name(syntax) if syntax else "unknown"),
        "tile columns": raw.get("openslide.level[0].tile-width", "not tiled"),
        "tile rows": raw.get("openslide.level[0].tile-height", "not tiled"),
        "ICC profile": "yes, not applied" if slide.source.profile else "no",
        "year of the scan": year_of(raw) or "unknown",
        "pictures beside the tissue": len(slide.source.associated),
        "label or macro picture": "yes, can show a name" if slide.associated["possible_phi"].any() else "no",
        "quickhash-1": raw.get("openslide.quickhash-1", "unknown"),
    }
    return pd.DataFrame({"property": facts.keys(), "value": map(str, facts.values())})


def _codec(tiles):
    if not tiles:
        return ""
    level = tiles.levels[0]
    codec = CODECS.get(level.codec, "JPEG 2000")
    if codec != "JPEG":
        return codec
    first = next((index for index, size in enumerate(level.sizes) if size), None)
    data = level.tables or (b"" if first is None else tiles.read_bytes(0, first))
    quality = estimate_quality(data)
    return f"JPEG, quality about {quality}" if quality else "JPEG"


def read_mpp(facts):
    """Return microns per pixel and where they are from; None where a scanner could not have done it.

    A TIFF that says 72 dpi, because a program had to say something, would be 353 microns per pixel.
    """
    values = [facts.get(f"openslide.mpp-{axis}") for axis in "yx"]
    try:
        mpp = sum(map(float, values)) / 2
    except (TypeError, ValueError):
        return None, "not in the file"
    if PLAUSIBLE_MPP[0] <= mpp <= PLAUSIBLE_MPP[1]:
        return mpp, f"{facts.get('openslide.vendor', 'file')} header"
    return None, "implausible in the file"


def year_of(facts):
    """Return the year of the scan as text, "" where the file does not say; a day can identify a patient."""
    text = next((facts[key] for key in DATES if facts.get(key)), "")
    found = re.search(r"(?:^|\D)((?:19|20)\d\d)(?=\D|\d{4,}|$)", text)
    if found:
        return "" if found[1] == NO_YEAR else found[1]
    short = re.fullmatch(r"\d\d/\d\d/(\d\d)", text.strip())  # Aperio: month, day, year
    return f"20{short[1]}" if short else ""
