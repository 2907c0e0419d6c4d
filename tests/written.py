"""Images with text that we wrote ourselves, so that we know where it is."""

import numpy as np
from PIL import Image as Pillow, ImageDraw, ImageFont
from pydicom.dataset import Dataset

from eda_utils.samples.fetch import CANARY

TEXT = f"{CANARY} VERA 14.06.1951"


def write_text(pixels, text=TEXT, *, row=8, column=8, size=16, value=None):
    """Return the pixels with text, and the slices that it fills."""
    shape = pixels.shape[:2]
    mask = Pillow.new("L", shape[::-1])
    ImageDraw.Draw(mask).text((column, row), text, fill=255, font=ImageFont.load_default(size))
    share = np.asarray(mask) / 255
    rows, columns = (np.flatnonzero(share.any(axis)) for axis in (1, 0))
    share = share if pixels.ndim == 2 else share[..., None]
    value = np.iinfo(pixels.dtype).max if value is None else value
    written = (pixels * (1 - share) + value * share).astype(pixels.dtype)
    return written, (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))


def smooth(shape=(256, 320), seed=0, kind=np.uint8):
    """Return grey pixels like those of soft tissue: blobs with a little noise, no text."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    blobs = gaussian_filter(rng.standard_normal(shape), 20)
    levels = 80 + 60 * blobs / np.abs(blobs).max() + rng.normal(0, 2, shape)
    return (levels * (np.iinfo(kind).max // 255)).astype(kind)


TEXT_FREE = (  # samples that hold no text: CT, MR, CR, NM, photographs
    *("PAT0001/ST0001/SE0001/IM0001", "PAT0001/ST0002/SE0001/IM0001.dcm", "PAT0004/ST0001/SE0001/IM0001"),
    *("PAT0004/ST0002/SE0001/IM0001.dcm", "PAT0005/ST0001/SE0001/IM0001", "PAT0005/ST0002/SE0001/IM0001.IMA"),
    *("PAT0005/ST0003/SE0001/IM0001", "PAT0006/ST0001/SE0001/IM0001", "PAT0007/ST0001/SE0001/IM0001"),
    *("PAT0010/ST0001/SE0001/IM0001.dcm", "photos/coffee.png", "photos/fundus_left.jpg", "pathology/ihc_colon.png"),
)


def region(top, bottom, left, right):
    item = Dataset()
    item.RegionLocationMinY0, item.RegionLocationMaxY1 = top, bottom
    item.RegionLocationMinX0, item.RegionLocationMaxX1 = left, right
    return item
