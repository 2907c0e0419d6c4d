"""What a peer sends becomes a file: whole or not at all, under a name that is made here."""

import os
import re
import tempfile
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from ..core import PARSE_ERRORS, quiet

PART = ".part-"
SUCCESS, OUT_OF_RESOURCES, MISMATCH, DUPLICATE = 0x0000, 0xA700, 0xA900, 0x0111
UID_TEXT = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def name_of(uid):
    """Return the file name for a UID, or None where it is no UID and could be a path.

    Examples
    --------
    >>> from eda_utils.services.received import name_of
    >>> name_of("1.2.3"), name_of("../../etc/passwd")
    ('1.2.3.dcm', None)
    """
    text = str(uid)
    return f"{text}.dcm" if len(text) <= 64 and UID_TEXT.fullmatch(text) else None


def write_part(folder, name, content):
    """Write bytes to a temporary file, then rename it: a file with its final name is always whole."""
    number, part = tempfile.mkstemp(prefix=PART, dir=folder)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        Path(part).replace(Path(folder, name))
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise
    return Path(folder, name)


def read_header(content):
    """Return the header of the bytes of a DICOM file, or None where they are no instance that can be kept."""
    try:
        with quiet():
            header = dcmread(BytesIO(content), stop_before_pixels=True)
            return header if name_of(header.SOPInstanceUID) and UID(header.SOPClassUID) else None
    except (*PARSE_ERRORS, InvalidDicomError, AttributeError):
        return None


def store(event, folder, keep=None):
    """Handle a C-STORE request: write its instance below `folder` and return the status (PS3.4 B.2.3).

    Parameters
    ----------
    event : pynetdicom.events.Event
    folder : Path
    keep : callable, optional
        Takes header, name and content, writes them, and returns a status; by default the file is written.
    """
    content = event.encoded_dataset()
    header = read_header(content)
    if header is None or header.SOPInstanceUID != event.request.AffectedSOPInstanceUID:
        return MISMATCH
    try:
        name = name_of(header.SOPInstanceUID)
        if keep:
            return keep(header, name, content)
        write_part(folder, name, content)
    except OSError:  # a full disk
        return OUT_OF_RESOURCES
    return SUCCESS
