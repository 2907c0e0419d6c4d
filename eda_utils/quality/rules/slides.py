"""What is wrong with slides, each check on the table of all of them."""

import numpy as np
import pandas as pd

from ...core import findings_table
from .check import Check, told

MOST_INK, MOST_BLUR, MOST_FOLD, MOST_CAST = 0.001, 0.05, 0.002, 0.1  # shares
LEAST_TISSUE = 0.005  # of the slide
COHORT, STAIN_ANGLE, STAIN_SPREAD = 5, 8.0, 4.0  # slides; degrees; robust standard deviations
STAINS = ("hematoxylin", "eosin")


def slide_unreadable(slides):
    """The slide cannot be read (OpenSlide, TIFF 6.0)."""
    return told(slides, slides["problem"] != "", "{problem}")


def slide_without_mpp(slides):
    """The slide does not say how many microns a pixel is, or nothing plausible (PS3.3 C.7.6.16.2.1)."""
    return told(slides, slides["mpp"].isna() & (slides["problem"] == ""), "no value from 0.05 to 20 µm")


def slide_without_tissue(slides):
    """There is hardly any stained tissue on the slide (optical density, Ruifrok and Johnston 2001)."""
    return told(slides, slides["tissue_share"] < LEAST_TISSUE, "{tissue_share} of the slide")


def slide_ink(slides):
    """Pen marks lie on the slide: their colour counts as a stain (Macenko et al. 2009)."""
    return told(slides, slides["ink_share"] > MOST_INK, "{percent} % of the slide", percent=slides["ink_share"] * 100)


def slide_out_of_focus(slides):
    """A part of the tissue is out of focus (Lahrmann et al. 2013)."""
    percent = slides["blurred_share"] * 100
    return told(slides, slides["blurred_share"] > MOST_BLUR, "{percent} % of the tiles looked at", percent=percent)


def slide_fold(slides):
    """Tissue lies double in folds (Kothari et al. 2013)."""
    percent = slides["fold_share"] * 100
    return told(slides, slides["fold_share"] > MOST_FOLD, "{percent} % of the tissue", percent=percent)


def slide_bubble(slides):
    """There are bubbles under the coverslip (optical density without colour)."""
    return told(slides, slides["bubbles"] > 0, "rings: {bubbles}")


def slide_coverslip_edge(slides):
    """The edge of the coverslip crosses the slide (optical density without colour)."""
    return told(slides, slides["coverslip_edge"], "a dark line over half of the slide")


def slide_light_cast(slides):
    """Clear glass is not white: light or white balance of the scanner are off (PS3.3 C.8.12.5)."""
    evidence = "the channels of glass differ by {percent} %"
    return told(slides, slides["light_cast"] > MOST_CAST, evidence, percent=slides["light_cast"] * 100)


def slide_stain_outlier(slides: pd.DataFrame) -> pd.Series:
    """A stain has another colour than on the other slides (Macenko et al. 2009)."""
    angles = stain_angles(slides)
    centre = np.nanmedian(angles) if np.isfinite(angles).any() else 0
    spread = 1.4826 * np.nanmedian(np.abs(angles - centre)) if np.isfinite(angles).any() else 0
    is_far = angles > max(STAIN_ANGLE, centre + STAIN_SPREAD * spread)
    return told(slides, is_far, "{angle} degrees from the median of all", angle=angles)


def slide_label(slides):
    """A picture of the label or of the whole glass is in the file: it can show a name (PS3.15 E.3.1)."""
    return told(slides, slides["possible_phi"], "label or macro picture")


SLIDE_CHECKS = (
    Check(slide_unreadable, "error", "problem", "copy it again with all of its files, or leave it out"),
    Check(slide_without_mpp, "warning", "mpp", "ask for the scanner's value, then open_slide(path, mpp=...)"),
    Check(slide_without_tissue, "warning", "tissue_share", "look at it; leave it out, or scan it again"),
    Check(slide_ink, "warning", "ink_share", "leave tiles with ink out: see tile_grid"),
    Check(slide_out_of_focus, "warning", "blurred_share", "leave these tiles out (focus_map), or scan it again"),
    Check(slide_fold, "note", "fold_share", "look at it: keratin can look alike; leave folds out of what you count"),
    Check(slide_bubble, "note", "bubbles", "leave the place out"),
    Check(slide_coverslip_edge, "note", "coverslip_edge", "leave the place out"),
    Check(slide_light_cast, "warning", "light_cast", "give its own glass as background when stains are separated"),
    Check(slide_stain_outlier, "warning", "hematoxylin", "normalize_stains, or keep it apart"),
    Check(slide_label, "note", "possible_phi", "before you share it, make a copy without these pictures"),
)


def stain_angles(slides: pd.DataFrame) -> np.ndarray:
    """Return by how many degrees the colours of the stains differ from the median of all slides.

    Parameters
    ----------
    slides : DataFrame
        From `quality.measure_slides`.

    Returns
    -------
    numpy.ndarray of float
        The larger angle of hematoxylin and eosin; not-a-number without stain, or where fewer than five slides have one.
    """
    known = slides["hematoxylin"].notna().to_numpy()
    angles = np.full(len(slides), np.nan)
    if known.sum() < COHORT:
        return angles
    vectors = np.array([[slides[name].iloc[row] for name in STAINS] for row in np.flatnonzero(known)])
    usual = np.median(vectors, axis=0)
    usual /= np.linalg.norm(usual, axis=1, keepdims=True)
    angles[known] = np.degrees(np.arccos(np.clip((vectors * usual).sum(axis=2), -1, 1))).max(axis=1)
    return angles


def flag_slides(slides: pd.DataFrame) -> pd.DataFrame:
    """Find what is wrong with slides: each check over the whole table.

    Parameters
    ----------
    slides : DataFrame
        From `quality.measure_slides`.

    Returns
    -------
    DataFrame
        One row per finding: ``path kind severity what evidence advice``, as from `flag_issues`.

    Examples
    --------
    >>> import eda_utils as eda
    >>> slides = eda.quality.measure_slides("data/samples/pathology", progress=False)
    >>> eda.quality.flag_slides(slides)["kind"].tolist()
    ['slide_label']
    """
    return findings_table(pd.concat([check.find(slides) for check in SLIDE_CHECKS]))
