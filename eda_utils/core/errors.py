"""What can be wrong with one file, folder or request, said in three clauses."""

from .text import printable


class EDAError(Exception):
    """One thing could not be done: which file, what is wrong, what to do.

    The text never quotes a header value or file content, so that it can be logged and put into a report.

    Parameters
    ----------
    which
        The file's name without its folder, or the name of the argument.
    wrong
        What is wrong, in DICOM's words.
    advice
        What to do, as an imperative.

    Examples
    --------
    >>> print(NoPixelDataError("report.dcm", "has no Pixel Data (7FE0,0010)", "look at its header instead"))
    report.dcm: has no Pixel Data (7FE0,0010); look at its header instead.
    """

    def __init__(self, which: object, wrong: str, advice: str) -> None:
        super().__init__(printable(f"{which}: {wrong}; {advice}."))
        self.which, self.wrong, self.advice = str(which), wrong, advice

    def __reduce__(self):  # worker processes send errors home by pickle
        return type(self), (self.which, self.wrong, self.advice)


class MissingError(EDAError, FileNotFoundError):
    """The file, folder or notebook does not exist."""


class InstallationError(EDAError, RuntimeError):
    """A file that comes with this package is gone."""


class MissingExtraError(EDAError, ImportError):
    """A library is not installed that only part of the package needs."""


class AccessError(EDAError, PermissionError):
    """The file or folder may not be opened."""


class FormatError(EDAError, ValueError):
    """The content is not what it must be: not DICOM, not an image, cut short."""


class LimitError(FormatError):
    """A file asks for more bytes, levels or time than any true one needs."""


class NoPixelDataError(EDAError, ValueError):
    """The file is sound and holds no picture: a report, a waveform, a directory."""


class DecodeError(EDAError, ValueError):
    """Pixel data is there and cannot be decoded."""


class FrameError(EDAError, IndexError):
    """The frame, row or column asked for lies outside of the image."""


class RequestError(EDAError, ValueError):
    """An argument makes no sense: a window, a fraction, a column that is not there."""


class NotebookError(EDAError, RuntimeError):
    """The notebook could not be run to its end."""


class PeerError(EDAError, ConnectionError):
    """The other side of a connection is not there, refuses, answers with a failure or not in time."""


def check_frame(name: str, frame: int, frames: int) -> None:
    """Raise FrameError if there is no such frame."""
    if not 0 <= frame < frames:
        raise FrameError(name, f"frame {frame} is outside of its {frames}", f"give a frame from 0 to {frames - 1}")
