"""Pixel statistics of a whole folder: one row for every image, whatever its decoder does."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core import (
    ADVICE,
    Client,
    DecodeError,
    EDAError,
    FormatError,
    mapper,
    progress_bar,
    run_apart,
    run_guarded,
    source_name,
)
from ..dicom import NATIVE_SYNTAXES, attribute, check_claims, count_frames, read_dataset, sniff
from ..image import (
    FUNCTIONAL_GROUPS,
    apply_window,
    default_window,
    frame_header,
    padding_mask,
    read_frame,
    read_picture,
    read_windows,
    to_modality,
    to_rgb,
    unit_of,
)
from ..index import check_cache_name, join, refresh, to_frame
from .histogram import PERCENTILES, count_levels, describe_levels, luminance
from .texture import describe_layout, exact_hash

MOST_FRAMES = 16  # of a cine: the first, the last and evenly between
VERSION = 1  # raise it when the same file gives another row
CHUNK = 1_000  # rows held as Python objects
BATCH = 16  # files of one task of a cluster
HERE_BYTES = 2**28  # of a file: larger ones are measured in a process of their own
TEXT, WHOLE, NUMBER = pa.large_string(), pa.int64(), pa.float64()
# the first three are for the cache: what it needs to know whether a file has changed, and whether it could be opened
SCHEMA = pa.schema(
    {
        **{"path": TEXT, "size_bytes": WHOLE, "format": TEXT, "problem": TEXT, "unit": TEXT},
        **dict.fromkeys(("frames", "frames_measured"), WHOLE),
        **dict.fromkeys(("min_value", "max_value", "mean_value", "sd_value"), NUMBER),
        **{f"p{percent:02}_value": NUMBER for percent in PERCENTILES},
        **dict.fromkeys(("entropy_bits", "padding_share", "low_share", "high_share"), NUMBER),
        **{"bits_used": WHOLE, "stored_min": NUMBER, "stored_max": NUMBER, "unique_values": WHOLE},
        **dict.fromkeys(("border_share", "edge_value", "centre_value", "background_share"), NUMBER),
        **{"sharpness": NUMBER, "noise_sd": NUMBER, "planes_equal": pa.bool_(), "corner_contrast": NUMBER},
        **dict.fromkeys(("exact_hash", "perceptual_hash"), TEXT),
    }
)


def measure_images(
    index: pd.DataFrame,
    *,
    workers: int | None = None,
    client: Client | str | None = None,
    cache: str | Path | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Measure the pixels of every image of an index; no image is left out and none ends the run.

    Parameters
    ----------
    index : DataFrame
        From `index_folder`. Measured are DICOM files that have Rows and no problem, and pictures; slides are not.
    workers : int, optional
        Processes to measure in. By default native pixels are measured here, and compressed ones and files above 256 MB
        in one process beside, since a decoder can crash or hang. What takes longer than 60 s or (on Linux) more than
        4 GB is given up.
    client : distributed.Client or str, optional
        A Dask cluster, or the address of its scheduler. Its workers must see the same files.
    cache : str or Path, optional
        A Parquet file that keeps the table, readable by its owner only. Files whose size and modification time are as
        they were are not decoded again; a cache that is damaged or of another version is rebuilt.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    DataFrame
        One row per image, in the order of `index`. Values are modality values, after rescale or Modality LUT, without
        padding and without what is not finite; of colour they are luminance, 0.299 R + 0.587 G + 0.114 B in whole
        levels. All are exact unless said.

        - ``path``; ``problem``: why it could not be measured; ``unit``, ``frames``
        - ``frames_measured``: of more than 16 frames the first, the last and others evenly between
        - ``min_value``, ``max_value``, ``mean_value``, ``sd_value``, ``p01_value``, ``p25_value``, ``p50_value``,
          ``p75_value``, ``p99_value``, ``entropy_bits`` (of the histogram of all values), ``unique_values``: of all
          measured frames together
        - ``padding_share``: of all pixels; ``low_share``, ``high_share``: pixels that have the lowest, the highest
          value, as in saturated images
        - ``stored_min``, ``stored_max``, ``bits_used``: stored values (of colour, all samples), and the bits that whole
          ones need
        - ``background_share``: pixels within 1 % of the range p01 to p99 around the most frequent value
        - ``exact_hash``: the same for the same modality values (of colour, the same RGB) in the same shape, however
          they are stored and compressed

        Of the middle one of the measured frames:

        - ``border_share``: the area that outer rows and columns of one value make up
        - ``edge_value``, ``centre_value``: mean of the outermost ring, about 2 %, as the air round a body, and of the
          middle half of both sides, in blocks of a grid of 64 × 64; from 1,024 rows on, of every second, third ... row
        - ``sharpness``: standard deviation of the Laplacian over ``sd_value``, in about 16,000 pixels of rows spread
          over the image; noise raises it too
        - ``noise_sd``: from the median of Immerkær's difference in the same pixels, in the unit of the values
        - ``planes_equal``: a colour image whose three planes are the same (in all measured frames)
        - ``corner_contrast``: evidence of writing in the pixels: the density of strokes in the densest cell (1/32 of
          the height × 1/16 of the width, at least 16 × 32 pixels, of which eight rows are looked at) of the upper and
          lower eighth, corners included. A stroke is a step of more than a quarter of the range p01 to p99, and of 8
          times the noise, that is soon undone in the same row. Text in ultrasound gives 0.05 to 0.3, radiographs
          without writing below 0.003. Missing below 32 × 32 pixels.
        - ``perceptual_hash``: 64 bits of the displayed picture (window and polarity applied), of which few differ
          between near duplicates; all 0 if that is even

    Raises
    ------
    RequestError
        If `workers` is below 1 or given together with `client`, or the cache is not a Parquet file.

    References
    ----------
    J. Immerkær, Fast noise variance estimation, Computer Vision and Image Understanding 64 (1996) 300. J. L.
    Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000 (variance of the Laplacian).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> import eda_utils as eda
    >>> from eda_utils import measure_images
    >>> table = measure_images(eda.index_folder(get_testdata_file("CT_small.dcm")))
    >>> table[["unit", "min_value", "max_value", "bits_used"]].values.tolist()
    [['HU', -896.0, 1167.0, 12]]
    """
    cache = cache and check_cache_name(cache)
    rows = index[_is_measurable(index)]
    paths = rows["path"].tolist()
    files = {path: facts for path, *facts in zip(paths, rows["size_bytes"], _is_native(rows), strict=True)}
    with mapper(workers and min(workers, 1), client) as each:
        if client is not None:
            measure = partial(_measure_there, each=each)
        else:
            measure = partial(_measure_apart, workers=workers) if workers else _measure_here
        read = partial(_read_all, files=files, measure=measure, progress=progress)
        table = refresh(cache, paths, ["measure_images", VERSION], read, progress) if cache else read(paths)
    frame = to_frame(table.drop_columns(["size_bytes", "format"]))
    frame["planes_equal"] = frame["planes_equal"].astype("boolean")  # to convert the frame would copy every column
    return frame


def _is_measurable(index):
    is_dicom = (index["kind"] == "dicom") & index["problem"].isna()
    return (index["kind"] == "image") | (is_dicom & index["Rows"].notna() if "Rows" in index else is_dicom)


def _is_native(rows):
    """Whether the pixels are there as they are: reading them allocates what the file has, not much, without decoder."""
    column = rows.get("TransferSyntaxUID")
    if column is None:
        return np.zeros(len(rows), bool)
    return (column.isin(NATIVE_SYNTAXES) & (rows["size_bytes"] <= HERE_BYTES)).to_numpy(bool)


def _read_all(paths, *, files, measure, progress):
    tables, rows, problems = [SCHEMA.empty_table()], [], 0
    results = measure([(path, files[path][1]) for path in paths])
    with progress_bar(desc="measuring pixels", unit=" images", total=len(paths), progress=progress) as bar:
        for path, found in zip(paths, results, strict=True):
            rows.append({"path": path, "size_bytes": files[path][0], **_cells(found)})
            problems += "problem" in rows[-1]
            bar.update()
            bar.set_postfix(problems=f"{problems:,}", refresh=False)
            if len(rows) == CHUNK:
                tables.append(pa.Table.from_pylist(rows, SCHEMA))
                rows.clear()
    return join([*tables, pa.Table.from_pylist(rows, SCHEMA)])


def _cells(found):
    if not isinstance(found, EDAError):
        return {"format": "measured"} | found
    was_opened = not isinstance(found, OSError)  # as AccessError and MissingError are
    return {"format": "not measured" if was_opened else None, "problem": f"{found.wrong}; {found.advice}"}


def _measure_here(items):
    """Compressed pixels in a process beside, which works ahead while native ones are measured here."""
    return run_apart(measure_image, [path for path, _ in items], is_here=dict(items).get)


def _measure_apart(items, workers):
    return run_guarded(measure_image, (path for path, _ in items), workers=workers)


def _measure_there(items, each):
    """On a cluster; where workers die with a batch, its files go there one by one, then the one at fault is known."""
    from distributed import KilledWorker

    batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)][::-1]
    while batches:
        try:
            for found in each(_measure_batch, batches[::-1]):
                batches.pop()
                yield from found
        except KilledWorker:
            batch = batches.pop()
            if len(batch) == 1:
                name = source_name(batch[0][0])
                yield DecodeError(name, "every worker of the cluster that decoded it died", ADVICE)
            else:
                batches += [[item] for item in reversed(batch)]


def _measure_batch(items):
    return list(_measure_here(items))


@np.errstate(over="ignore", invalid="ignore")  # an absurd slope makes infinite values
def measure_image(path):
    """Measure one image: a row of `measure_images` without its path.

    Parameters
    ----------
    path : str
        A DICOM file or a picture.

    Returns
    -------
    dict

    Raises
    ------
    EDAError
        As `load_image`.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> from eda_utils.quality.measure import measure_image
    >>> measure_image(get_testdata_file("MR_small.dcm"))["bits_used"]
    12
    """
    kind, what = sniff(path)
    if kind not in _OPENERS:
        raise FormatError(source_name(path), f"is {what} and no image", "index the folder again")
    frames, read = _OPENERS[kind](path)
    chosen = np.unique(np.linspace(0, frames - 1, min(frames, MOST_FRAMES)).round().astype(int)).tolist()
    parts, hashes, planes = [], [], []
    for number in chosen:
        frame = read(number)
        levels, fingerprint, has_equal_planes = _count_frame(frame)
        if number == chosen[len(chosen) // 2]:
            middle = levels, frame.to_shown
        parts.append(levels._replace(ranks=None))  # one frame in memory, not all
        hashes.append(fingerprint)
        planes.append(has_equal_planes)
    row = {"unit": frame.unit, "frames": frames, "frames_measured": len(chosen), "planes_equal": all(planes)}
    row["exact_hash"] = hashes[0] if len(hashes) == 1 else exact_hash(np.array(hashes))
    statistics = describe_levels(parts)
    layout = describe_layout(middle[0], statistics, middle[1]) if "sd_value" in statistics else {}
    return row | statistics | layout


class Pixels(NamedTuple):
    """One frame as it is stored, or as RGB, and what its values mean."""

    stored: np.ndarray
    unit: str
    to_modality: Callable | None = None
    to_padding: Callable | None = None
    to_shown: Callable | None = None


def _count_frame(frame):
    stored = frame.stored
    if stored.ndim == 2:
        levels = count_levels(stored, frame.to_modality, frame.to_padding, overwrite=True)
        return levels, exact_hash(levels.ranks, levels.values), False
    levels = count_levels(luminance(stored), overwrite=True)._replace(stored=(int(stored.min()), int(stored.max())))
    return levels, exact_hash(stored), _has_equal_planes(stored[::16, ::16]) and _has_equal_planes(stored)


def _has_equal_planes(rgb):
    return all(np.array_equal(rgb[..., 0], rgb[..., plane]) for plane in (1, 2))


def _open_dicom(path):
    dataset = read_dataset(path, pixels=True)
    return count_frames(dataset), partial(_read_dicom, dataset, source_name(path))


def _read_dicom(dataset, name, number):
    check_claims(dataset, name, number)
    pixels = to_rgb(dataset, name, read_frame(dataset, name, number))
    if pixels.ndim == 3:
        return Pixels(pixels, "luminance")
    is_enhanced = any(groups in dataset for groups in FUNCTIONAL_GROUPS)
    header = frame_header(dataset, number) if is_enhanced else dataset  # to copy it takes milliseconds
    unit = unit_of(header, to_modality(header, pixels[:1, :1])[1])
    means = (lambda stored: to_modality(header, stored)[0]), partial(padding_mask, header), partial(_to_shown, header)
    return Pixels(pixels, unit, *means)


def _to_shown(header, means):
    windows, _ = read_windows(header)
    shown = apply_window(means, default_window(windows, means, None, 16))
    photometric = attribute(header, "PhotometricInterpretation")
    is_inverted = photometric == "MONOCHROME1" or attribute(header, "PresentationLUTShape") == "INVERSE"
    return 1 - shown if is_inverted else shown


def _open_picture(path):
    first, frames, *_ = read_picture(path, 0)
    return frames, partial(_read_picture, path, first)


def _read_picture(path, first, number):
    pixels = read_picture(path, number)[0] if number else first
    return Pixels(pixels, "luminance" if pixels.ndim == 3 else "stored value")


_OPENERS = {"dicom": _open_dicom, "image": _open_picture}
