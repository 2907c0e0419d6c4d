"""Two ways to a slide's pixels that are not tiles of a TIFF: OpenSlide, and a picture held in memory."""

import os
from threading import Lock

import numpy as np

from ..core import DecodeError, FormatError, need_extra, quiet

WHITE = (255, 255, 255)
DAMAGED = "is not a slide that can be opened"
ADVICE = "check the format and the copy"


class OpenSlideReader:
    """OpenSlide without its traps.

    After one failed read a handle of OpenSlide refuses all others, and it must not be used on both sides of a fork.
    Here a failed read is tried once more by a handle of its own, and every process opens the file for itself.
    """

    def __init__(self, path):
        self.name, self._path, self._lock, self._before_fork = path.name, path, Lock(), []
        self._handle, self._process = self._open(), os.getpid()
        handle = self._handle
        self.facts = dict(handle.properties)
        self.sizes = [(rows, columns) for columns, rows in handle.level_dimensions]
        self.downsamples = handle.level_downsamples
        profile = handle.color_profile
        self.profile = profile.tobytes() if profile else b""
        self.associated = {name: self._size_of(name) for name in handle.associated_images}

    def _open(self):
        need_extra("slides")
        import openslide

        try:
            with quiet():
                return openslide.OpenSlide(self._path)
        except (openslide.OpenSlideError, OSError):
            raise FormatError(self.name, DAMAGED, ADVICE) from None

    def _size_of(self, name):
        sides = (self.facts.get(f"openslide.associated.{name}.{side}") for side in ("height", "width"))
        return tuple(int(side) for side in sides if side)

    def _current(self):
        with self._lock:
            if self._process != os.getpid():
                self._before_fork.append(self._handle)  # to close it could wait for a lock that another thread held
                self._handle, self._process = None, os.getpid()
            if self._handle is None:
                self._handle = self._open()
            return self._handle

    def _drop(self, handle):
        with self._lock:
            if self._handle is handle:
                self._handle = None

    def _ask(self, question):
        import openslide

        handle = self._current()
        try:
            return question(handle)
        except (openslide.OpenSlideError, OSError):
            self._drop(handle)
        try:
            with self._open() as own:
                return question(own)
        except (openslide.OpenSlideError, OSError) as error:
            raise DecodeError(self.name, f"is damaged ({type(error).__name__})", "copy the file again") from None

    def read(self, level, row, col, height, width):
        """Return (height, width, 3) from a row and column of that level; what was not scanned is white."""
        down = self.downsamples[level]
        place = round(col * down), round(row * down)
        return _on_white(self._ask(lambda handle: handle.read_region(place, level, (width, height))))

    def picture(self, name):
        """Return a picture beside the tissue."""
        return _on_white(self._ask(lambda handle: handle.associated_images[name]))

    def close(self):
        """Close the file."""
        if self._handle is not None and self._process == os.getpid():
            self._handle.close()


class PictureReader:
    """One picture as a slide of one level."""

    def __init__(self, pixels):
        self._pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        self.sizes = [self._pixels.shape[:2]]

    def read(self, _level, row, col, height, width):
        """Return (height, width, 3), white outside of the picture."""
        region = np.full((height, width, 3), WHITE, np.uint8)
        found = self._pixels[max(row, 0) : max(row + height, 0), max(col, 0) : max(col + width, 0)]
        top, left = max(-row, 0), max(-col, 0)
        region[top : top + found.shape[0], left : left + found.shape[1]] = found
        return region

    def close(self):
        """Let the picture go."""
        self._pixels = None


def _on_white(region):
    from PIL import Image as Pillow

    background = Pillow.new("RGBA", region.size, (*WHITE, 255))
    return np.asarray(Pillow.alpha_composite(background, region.convert("RGBA")).convert("RGB"))
