"""Where an image is written on: glyphs of one height in a row, found by their shape and without reading them."""

import numpy as np
import pandas as pd

from ..core import need_extra
from ..image import Image

BOX_COLUMNS = ("row", "column", "height", "width", "glyphs", "score")
STROKE = 9  # pixels: a stroke is narrower, so that an opening of this side removes it
LOWEST, HIGHEST = 5, 56  # pixels of a glyph, on each level of the pyramid
LEVEL_SIDE = 700  # a level is halved while it has more: glyphs are larger where the image is
LARGEST_SIDE = 2800  # pixels: beyond, glyphs below 10 pixels are not looked for
CONTRAST = 14  # grey levels of 255 between a stroke and its ground
WORD_GAP = 1.5  # heights: what is farther is another line
CLEAR_ALONE = 20  # how many times its ground the contrast of a single glyph is
MOST_GLYPHS = 20_000  # of one level: beyond, it is texture


def text_boxes(image: Image | np.ndarray) -> pd.DataFrame:
    """Find lines of text in an image by the shape of their letters.

    Looked for are glyphs of one height, stroke and contrast side by side, bright or dark, on ground that is flat
    compared with them. Single letters, such as the marker of a side, and text that is not level are not found.

    Parameters
    ----------
    image : Image or array
        (row, column) or (row, column, 3). Values are taken from the 0.1st to the 99.9th percentile, not windowed.

    Returns
    -------
    DataFrame
        One row per line: ``row column height width`` of its box in pixels; ``glyphs``; ``score`` from 0 to 1.

    References
    ----------
    B. Epshtein et al., Detecting text in natural scenes with stroke width transform, CVPR 2010, for the rules by which
    glyphs become lines.

    Examples
    --------
    >>> import numpy as np
    >>> from PIL import Image, ImageDraw
    >>> from eda_utils.privacy import text_boxes
    >>> picture = Image.new("L", (200, 100))
    >>> ImageDraw.Draw(picture).text((20, 30), "DOE JANE 1951", fill=200)
    >>> len(text_boxes(np.asarray(picture)))
    1
    """
    found = []
    for shown, factor in _levels(image):
        found += [[*(factor * number for number in line[:4]), *line[4:]] for line in _lines(_find_glyphs(shown))]
    return _joined(without_inner(pd.DataFrame(found, columns=list(BOX_COLUMNS))))


def letter_boxes(image, lines):
    """Return the boxes of single glyphs that are as high as the `lines` of text found in an image.

    Words of one or two letters are no lines; where there are lines, they are hardly anything else.

    Parameters
    ----------
    image, lines
        As `text_boxes` takes and returns them.

    Returns
    -------
    DataFrame
        ``row column height width``.
    """
    least, most = 0.6 * lines["height"].min(), 1.4 * lines["height"].max()
    found = [pd.DataFrame(columns=["top", "left", "height", "width"], dtype=int)]
    for shown, factor in _levels(image) if len(lines) else ():
        glyphs = _find_glyphs(shown)
        glyphs = glyphs[glyphs["clear"] > CLEAR_ALONE][["top", "left", "height", "width"]] * factor
        found.append(glyphs[glyphs["height"].between(least, most)])
    return pd.concat(found, ignore_index=True).rename(columns={"top": "row", "left": "column"}).astype(int)


def _levels(image):
    """Grey pictures with bright writing, ever smaller, each with how much."""
    for shown in _renditions(np.asarray(getattr(image, "pixels", image)), getattr(image, "padding", None)):
        factor = 1
        while max(shown.shape) > LARGEST_SIDE:
            shown, factor = _halved(shown), 2 * factor
        yield shown, factor
        while max(shown.shape) > LEVEL_SIDE:
            shown, factor = _halved(shown), 2 * factor
            yield shown, factor


def _renditions(pixels, padding):
    """Bright writing in the brightest channel, dark writing turned bright in the darkest one."""
    channels = [pixels] if pixels.ndim == 2 else [pixels.max(-1), pixels.min(-1)]
    bright, dark = _scaled(channels[0], padding), _scaled(channels[-1], padding)
    return bright, 255 - dark


def _scaled(values, padding):
    values = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    inside = values[::4, ::4] if padding is None else values[~padding][::16]
    inside = inside if inside.size else values
    low, high = np.percentile(inside, (0.1, 99.9))
    if high <= low:
        low, high = values.min(), max(values.max(), values.min() + 1)
    return (np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def _halved(shown):
    rows, columns = (side // 2 * 2 for side in shown.shape)
    blocks = shown[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2)
    return blocks.mean((1, 3)).astype(np.uint8)


def _lines(glyphs):
    """Row, column, height, width, glyphs and score of every line."""
    if len(glyphs) < 3:
        return
    for members in _chains(glyphs):
        line = glyphs.iloc[members]
        score = _score(line)
        if score > 0:
            top, left = line["top"].min(), line["left"].min()
            yield top, left, line["bottom"].max() - top, line["right"].max() - left, len(line), score


def _find_glyphs(shown):
    """Connected strokes of the size of a glyph on flat ground, each with its box, contrast and stroke width."""
    need_extra("privacy")
    from scipy.ndimage import binary_erosion, find_objects, label, maximum_filter, white_tophat

    hat = white_tophat(shown, STROKE)
    mask = hat > np.maximum(maximum_filter(hat, STROKE) * 0.45, CONTRAST)
    labels, count = label(mask, np.ones((3, 3)))
    boxes = [(rows.start, rows.stop, columns.start, columns.stop) for rows, columns in find_objects(labels)]
    table = pd.DataFrame(boxes, columns=["top", "bottom", "left", "right"]).astype(int)
    height, width = table["bottom"] - table["top"], table["right"] - table["left"]
    flat = labels[mask]
    table["area"] = np.bincount(flat, minlength=count + 1)[1:]
    table["contrast"] = np.bincount(flat, hat[mask], minlength=count + 1)[1:] / table["area"].clip(lower=1)
    is_edge = mask & ~binary_erosion(mask)
    table["stroke"] = 2 * table["area"] / np.bincount(labels[is_edge], minlength=count + 1)[1:].clip(min=1)
    table["height"], table["width"] = height, width
    fits = height.between(LOWEST, HIGHEST) & (width <= 2.2 * height + 2)
    fits &= (table["area"] >= 0.1 * height * width) & (table["area"] >= height)
    kept = table[fits]
    if len(kept) > MOST_GLYPHS:
        return kept[:0]
    is_kept = np.zeros(count + 1, bool)
    is_kept[kept.index + 1] = True
    kept = kept.assign(clear=kept["contrast"] / (_ground(hat, is_kept[labels], kept) + 0.5))
    return kept[kept["clear"] > 3].reset_index(drop=True)


def _ground(hat, is_glyph, glyphs):
    """The mean of what is left of the top hat around each glyph, where no glyph is."""
    from scipy.ndimage import maximum_filter

    near = maximum_filter(is_glyph, 3)
    sums = _summed(np.where(near, 0, hat)), _summed(~near)
    pad = (glyphs["height"] // 2 + 1).to_numpy()
    rows, columns = hat.shape
    edges = [glyphs["top"] - pad, glyphs["bottom"] + pad, glyphs["left"] - pad, glyphs["right"] + pad]
    limits = zip(edges, (rows, rows, columns, columns), strict=True)
    top, bottom, left, right = (edge.clip(0, most).to_numpy() for edge, most in limits)
    total, count = (s[bottom, right] - s[top, right] - s[bottom, left] + s[top, left] for s in sums)
    return total / np.maximum(count, 1)


def _summed(values):
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.int32)
    np.cumsum(np.cumsum(values, axis=0, dtype=np.int32), axis=1, out=table[1:, 1:])
    return table


def _chains(glyphs):
    """Rows of neighbours that are alike."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, two = _pairs(glyphs)
    links = coo_array((np.ones(len(one)), (one, two)), shape=(len(glyphs),) * 2)
    chain = connected_components(links, directed=False)[1]
    return [members for members in glyphs.groupby(chain).indices.values() if len(members) >= 3]


def _pairs(glyphs):
    from scipy.spatial import cKDTree

    values = {name: glyphs[name].to_numpy(float) for name in glyphs}
    centres = np.column_stack([(values["left"] + values["right"]) / 2, (values["top"] + values["bottom"])])
    reach = values["height"].max() * 2.5
    pairs = cKDTree(centres).query_pairs(min(reach, 120), output_type="ndarray")
    one, two = pairs.T if len(pairs) else np.empty((2, 0), int)

    def both(name):
        return values[name][one], values[name][two]

    def ratio(name):
        first, second = both(name)
        return np.maximum(first, second) / np.maximum(np.minimum(first, second), 1e-3)

    high = np.maximum(*both("height"))
    gap = np.maximum(*both("left")) - np.minimum(*both("right"))
    shared = np.minimum(*both("bottom")) - np.maximum(*both("top"))
    alike = (ratio("height") < 1.6) & (ratio("contrast") < 1.7) & (ratio("stroke") < 1.8)
    near = (gap < 1.1 * high) & (gap > -0.3 * high) & (shared > 0.6 * np.minimum(*both("height")))
    return one[alike & near], two[alike & near]


def _score(line):
    """How much a row of glyphs looks like text: many, on one line, of several shapes, clear of what is around them.

    The fewer they are the clearer they must be. In text of 29 images that hold some the median of `clear` is 240, in
    chains of the texture of 110 others it is 4.5, and 10 is exceeded by one of twenty.
    """
    number, height = len(line), line["height"].median()
    level = max((abs(line[edge] - line[edge].median()) <= max(0.13 * height, 1)).mean() for edge in ("top", "bottom"))
    solid = (line["area"] > 0.85 * line["height"] * line["width"]).mean()
    shapes = len(set(zip(line["width"], line["area"], strict=True)))  # ticks of a ruler have one
    uneven = max(line[name].std() / line[name].mean() for name in ("stroke", "contrast"))
    surplus = line["clear"].median() / (8 + 60 / number)
    if level < 0.6 or solid > 0.5 or shapes < 2 or uneven > 0.4 or surplus < 1:
        return 0
    return round(float(level * min(1, number / 6) * (1 - 0.5 / surplus)), 3)


def without_inner(boxes):
    """Return lines without those that lie in others of higher score, as the same line is found on several levels."""
    boxes = boxes.sort_values(["score", "glyphs"], ascending=False, ignore_index=True)
    kept = []
    for box in boxes.itertuples():
        if not any(_overlap(box, other) > 0.4 for other in kept):
            kept.append(box)
    chosen = boxes.loc[[box.Index for box in kept]]
    types = dict.fromkeys(BOX_COLUMNS[:5], int) | {"score": float}
    return chosen.sort_values(["row", "column"], ignore_index=True).astype(types)


def _joined(boxes):
    """Words of one line."""
    lines = []
    for word in boxes.sort_values("column").itertuples(index=False):
        line = next((line for line in lines if _is_next(line, word)), None)
        if line is None:
            lines.append(word)
            continue
        row, right = min(line.row, word.row), max(line.column + line.width, word.column + word.width)
        height = max(line.row + line.height, word.row + word.height) - row
        glyphs, score = line.glyphs + word.glyphs, max(line.score, word.score)
        lines[lines.index(line)] = type(word)(row, line.column, height, right - line.column, glyphs, score)
    table = pd.DataFrame(lines, columns=list(BOX_COLUMNS)).astype(boxes.dtypes)
    return table.sort_values(["row", "column"], ignore_index=True)


def _is_next(line, word):
    low, high = sorted([line.height, word.height])
    shared = min(line.row + line.height, word.row + word.height) - max(line.row, word.row)
    return shared > 0.6 * low and high < 1.6 * low and word.column - (line.column + line.width) < WORD_GAP * high


def _overlap(one, two):
    """The shared area, as a share of the smaller."""
    rows = min(one.row + one.height, two.row + two.height) - max(one.row, two.row)
    columns = min(one.column + one.width, two.column + two.width) - max(one.column, two.column)
    shared = max(rows, 0) * max(columns, 0)
    return shared / max(min(one.height * one.width, two.height * two.width), 1)
