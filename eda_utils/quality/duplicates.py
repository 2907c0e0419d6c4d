"""Images that are in a folder twice: the same pixels, or pictures that look the same."""

import numpy as np
import pandas as pd

from ..core import findings_table, need, plural
from .rules.check import number

NEAR_BITS = 3  # of 64: copies that were scaled or compressed with loss differ in 0 to 2, unlike pictures in 8 and more
HASH_BITS = 64
LEAST_WAVES = 2  # of a perceptual hash: below, the picture is even as it is shown
SAME_SHAPE = 0.02  # of the ratio of height to width
SAME_TONES = 0.05  # of the range of values
RANGE = ("min_value", "max_value", "p01_value", "p99_value")
TONES = ("p25_value", "p50_value", "p75_value", "edge_value", "centre_value")
HIERARCHY = {"PatientID": "patients", "StudyInstanceUID": "studies", "SeriesInstanceUID": "series"}
UNKNOWN, SAME = "files", "one series"  # there is no index; they do not differ
KEEP = "keep one of them: copies count twice"
SPLIT = "keep one of them, or all in one part of a split"
LOOK = "look at both: a copy in training and test, or two alike"
SOURCE = "ask the source whose image it is; until then leave it out"
# By match and the highest level at which the members differ: kind, severity, advice; other groups are not told
MEANING = {
    ("exact", "patients"): ("duplicate_across_patients", "error", SOURCE),
    ("exact", "studies"): ("duplicate_across_studies", "warning", SPLIT),
    ("exact", "series"): ("duplicate_in_study", "note", KEEP),
    ("exact", SAME): ("duplicate_in_series", "note", KEEP),
    ("exact", UNKNOWN): ("duplicate", "warning", SPLIT),
    ("near", "patients"): ("near_duplicate_across_patients", "warning", LOOK),
    ("near", "studies"): ("near_duplicate_across_studies", "note", LOOK),
    ("near", "series"): ("near_duplicate_in_study", "note", KEEP),
    ("near", UNKNOWN): ("near_duplicate", "note", LOOK),
}
WHAT = {"exact": "the same pixels are in ", "near": "pictures that look the same are in "}


def find_duplicates(stats: pd.DataFrame, *, near: bool = True, index: pd.DataFrame | None = None) -> pd.DataFrame:
    """Find images that are there twice, by their pixels, whatever their headers and names say.

    Parameters
    ----------
    stats : DataFrame
        From `measure_images`.
    near : bool
        Whether to look for pictures that look the same too, such as a scaled, recompressed or converted copy.
    index : DataFrame, optional
        From `index_folder`: to tell copies across patients (an error), studies and series apart. Pictures that look the
        same within one series are then left out, as neighbouring slices do; and so are those of another shape.

    Returns
    -------
    DataFrame
        Findings as `findings_table` describes them, one per group, at its first file; `duplicate_groups` names the
        others. Images of one value, or that are shown even, are alike without being copies: they are not compared, and
        one finding counts them.

    Raises
    ------
    ValueError
        If a table lacks a column (RequestError).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils.quality import find_duplicates
    >>> from eda_utils import measure_images
    >>> stats = measure_images(eda.index_folder(get_testdata_file("CT_small.dcm")))
    >>> import pandas as pd
    >>> find_duplicates(pd.concat([stats, stats.assign(path="copy.dcm")]))[["kind", "evidence"]].values.tolist()
    [['duplicate', '2 images']]
    """
    groups = duplicate_groups(stats, near=near, index=index)
    facts = {"path": ("path", "first"), "match": ("match", "first"), "files": ("path", "size"), "bits": ("bits", "max")}
    facts = groups.groupby("group", sort=False).agg(**facts)
    facts["level"] = _levels(groups, index).reindex(facts.index)
    known = facts[[key in MEANING for key in zip(facts["match"], facts["level"], strict=True)]]
    rows = [_finding(*cells) for cells in known.itertuples(index=False)]
    return findings_table([*rows, *_not_compared(stats)])


def _finding(path, match, files, bits, level):
    kind, severity, advice = MEANING[match, level]
    what = WHAT[match] + (level if level == SAME else f"several {level}")
    evidence = plural(files, "image")
    if match == "near":
        evidence += f", whose perceptual hashes differ in at most {bits} of {HASH_BITS} bits"
    return path, kind, severity, what, evidence, advice


def _levels(groups, index):
    """At which level the members of each group differ, the highest first; a missing cell is no difference."""
    numbers = pd.Index(groups["group"].unique())
    if index is None:
        return pd.Series(UNKNOWN, numbers, dtype=object)
    need(index, "path", *HIERARCHY)
    members = groups.merge(index[["path", *HIERARCHY]].drop_duplicates("path"), on="path", how="left")
    counts = members.groupby("group")[[*HIERARCHY]].nunique()
    levels = pd.Series(SAME, counts.index, dtype=object)
    for keyword, level in reversed(HIERARCHY.items()):
        levels[counts[keyword] > 1] = level
    return levels


def _not_compared(stats):
    measured = stats[stats["problem"].isna()]
    even = measured[~_is_comparable(measured)]
    if len(even):
        what, advice = "images of one value were not compared", "see the check for blank images"
        yield even["path"].iloc[0], "blank_not_compared", "note", what, plural(len(even), "image"), advice


def _is_comparable(stats):
    return stats["exact_hash"].notna() & (stats["min_value"] < stats["max_value"])


def duplicate_groups(stats: pd.DataFrame, *, near: bool = True, index: pd.DataFrame | None = None) -> pd.DataFrame:
    """Name the members of every group of images that are the same or look the same.

    Parameters
    ----------
    stats, near, index
        As for `find_duplicates`.

    Returns
    -------
    DataFrame
        One row per image and group: ``group``, a number; ``match``, exact or near; ``path``; ``bits``, in how many of
        64 bits its perceptual hash differs from that of the first image of the group, at most 3. Groups of near matches
        include exact copies of their members. Exact are the same modality values in the same shape, of up to 16 frames.

    Notes
    -----
    The 64 bits are cut into four words: of two hashes that differ in at most 3 bits at least one word is equal, so that
    only images with an equal word are compared (multi-index hashing; M. Norouzi et al., CVPR 2012), and each is
    compared whole. Every member is within 3 bits of the first. Since many chests have one hash, it also has the first
    one's shape (by `index`), and its quartiles, edge and centre lie where those of the first do between percentiles 1
    and 99, within 5 %; a PNG or JPEG of a DICOM file is excused from that, because it was made with a window. Copies
    that were cropped, turned or inverted are not found.

    Examples
    --------
    >>> import pandas as pd
    >>> from eda_utils.quality import duplicate_groups
    >>> from eda_utils.quality.duplicates import RANGE, TONES
    >>> table = pd.DataFrame({"path": ["a", "b", "c"], "exact_hash": ["1f", "1f", "2e"], "problem": None, "frames": 1})
    >>> table["perceptual_hash"] = ["c3d2e1f000000000", "c3d2e1f000000000", "03d2e1f000000001"]
    >>> table[[*RANGE, *TONES]] = 0, 9, 0, 9, 1, 2, 3, 0, 5
    >>> duplicate_groups(table)[["match", "path", "bits"]].values.tolist()
    [['exact', 'a', 0], ['exact', 'b', 0], ['near', 'a', 0], ['near', 'b', 0], ['near', 'c', 3]]
    """
    need(stats, "path", "problem", "frames", "exact_hash", "perceptual_hash", *RANGE, *TONES)
    images = stats[stats["problem"].isna() & _is_comparable(stats)].drop_duplicates("path").reset_index(drop=True)
    images["copy"] = images.groupby(["exact_hash", "frames"], sort=False).ngroup()
    exact = images[images["copy"].duplicated(keep=False)]
    parts = [exact[["path"]].assign(match="exact", bits=0, key=exact["copy"])]
    if near:
        parts.append(_near(images, index))
    groups = pd.concat(parts, ignore_index=True)
    groups["group"] = groups.groupby(["match", "key"], sort=False).ngroup()
    return groups.sort_values("group", kind="stable", ignore_index=True)[["group", "match", "path", "bits"]]


def _near(images, index):
    """Members of groups in which there are different pixels."""
    hashes = np.array([int(text or "0", 16) for text in images["perceptual_hash"].fillna("")], np.uint64)
    different = np.flatnonzero(~images["copy"].duplicated() & (np.bitwise_count(hashes) >= LEAST_WAVES))
    leaders = _leaders(hashes[different], *_features(images.loc[different], index))
    of_copy = pd.Series(different[leaders], images.loc[different, "copy"])
    key = images["copy"].map(of_copy[of_copy.duplicated(keep=False).to_numpy()]).dropna().astype(int)
    bits = np.bitwise_count(hashes[key.index] ^ hashes[key.to_numpy()]).astype(int)
    return images.loc[key.index, ["path"]].assign(match="near", bits=bits, key=key)


def _features(images, index):
    """What a copy keeps, in units of what it may lose, and whether it is a picture: shape and how its values lie."""
    low, high = images["p01_value"], images["p99_value"]
    tones = [((images[name] - low) / (high - low) / SAME_TONES).to_numpy() for name in TONES]
    shapes, is_picture = np.full(len(images), np.nan), np.zeros(len(images), bool)
    if index is not None:
        need(index, "path", "kind", "Rows", "Columns")
        files = index.drop_duplicates("path").set_index("path").reindex(images["path"])
        shapes = np.log(number(files["Rows"]) / number(files["Columns"])) / SAME_SHAPE
        is_picture = (files["kind"] == "image").to_numpy()
    return np.column_stack([shapes, *tones]), is_picture


def _leaders(hashes, features, is_picture):
    """For every hash the first one that is near it and near no earlier one itself."""
    leaders = np.full(len(hashes), -1)
    words = hashes.view(np.uint16).reshape(-1, HASH_BITS // 16).T
    orders = [np.argsort(word, kind="stable") for word in words]
    pairs = [*zip(words, orders, strict=True)]
    starts, ends = ([np.searchsorted(w[order], w, side) for w, order in pairs] for side in ("left", "right"))
    for leader in range(len(hashes)):
        if leaders[leader] < 0:
            leaders[leader] = leader
            for order, start, end in zip(orders, starts, ends, strict=True):
                others = order[start[leader] : end[leader]]
                others = others[leaders[others] < 0]
                others = others[np.bitwise_count(hashes[others] ^ hashes[leader]) <= NEAR_BITS]
                if len(others):
                    differ = np.abs(features[others] - features[leader]) > 1  # what is not known differs in nothing
                    differ[is_picture[others] != is_picture[leader], 1:] = False  # one was made with a window
                    leaders[others[~differ.any(axis=1)]] = leader
    return leaders
