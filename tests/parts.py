"""Where the real parts are: samples, corpus, programs."""

import functools
import importlib
import inspect
import io
import os
import re
import shutil
import sys
import traceback
import warnings
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image as Pillow
from pydicom import dcmread
from pydicom.data import get_testdata_file

from eda_utils.dicom import sniff

ROOT = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("EDA_CORPUS", ROOT.parent / "shared" / "corpus"))
SAMPLES = ROOT / "data" / "samples"
IS_QUICK = os.environ.get("EDA_TEST_QUICK") == "1"


def missing(part):
    """Skip for want of a real part; where everything must be tested, fail."""
    if os.environ.get("EDA_TEST_ALL") == "1":
        pytest.fail(f"{part} is missing and EDA_TEST_ALL is 1")
    pytest.skip(f"{part} is missing")


def examples(count):
    """How many examples a property is tried on: as many as it asks for, few where somebody waits."""
    return min(count, 25) if IS_QUICK else count


def program(name):
    """Return the path of a program of the system; pynetdicom has some of the same names beside Python."""
    elsewhere = [place for place in os.environ["PATH"].split(os.pathsep) if Path(place) != Path(sys.executable).parent]
    return shutil.which(name, path=os.pathsep.join(elsewhere)) or missing(name)


def package(name):
    """Return an installed package that the project can do without."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return missing(name)


def foreign_files():
    """All files to parametrise over that are on this machine without a download: samples and corpus."""
    folders = [folder for folder in (SAMPLES, CORPUS) if folder.is_dir()]
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


@functools.cache
def kinds_of_files():
    """One file of every format, modality, photometric interpretation, depth and problem among them: enough to draw."""
    from eda_utils import index_folder

    index = index_folder(foreign_files(), progress=False)
    kinds = index.drop_duplicates(["format", "Modality", "PhotometricInterpretation", "BitsStored", "problem"])
    return [Path(path) for path in kinds["path"]]


def file_id(path):
    return "/".join(Path(path).parts[-3:])


def for_each(things, name=file_id):
    """Make one test of a check: it is tried on all things, and one message says which of them fail, and how.

    Parameters
    ----------
    things : callable
        Gives what the check takes first; the other parameters of the check are fixtures.
    name : callable
    """

    def decorate(check):
        fixtures = list(inspect.signature(check).parameters.values())[1:]

        @functools.wraps(check)
        def test(**given):
            tried = some_of(list(things())) or missing("what this is tried on")
            failed = {name(thing): why for thing in tried if (why := _complaint(check, thing, given))}
            assert not failed, "\n\n".join(f"{thing}\n{why}" for thing, why in failed.items())

        test.__signature__ = inspect.Signature(fixtures)
        return test

    return decorate


def some_of(things):
    """All of them, or 25 from the first to the last where somebody waits."""
    return things[:: -(-len(things) // examples(len(things)))] if things else things


def _complaint(check, thing, given):
    try:
        check(thing, **given)
    except Exception as error:  # noqa: BLE001
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{Path(place.filename).name}:{place.lineno}: {type(error).__name__}: {error}"
    finally:
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")
    return ""


ROLES = ("Doctor", "Phantom", "Staff")
NAMING = ("PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "InstitutionName", "InstitutionAddress")


def identifiers(paths):
    """Return what tells who the patients of DICOM files are, as anybody would write it, read by pydicom alone."""
    found = set()
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(path, force=True, stop_before_pixels=True)
            for element in chain(dataset.file_meta, dataset.iterall()):
                found.update(_written(element))
    return sorted(found)


def _written(element):
    value = str(element.value or "")
    if element.VR == "PN":
        return [
            part
            for part in re.split(r"[\^=, ]+", value)
            if len(part) >= 5 and part not in ("Doctor", "Phantom", "Staff")
        ]
    if element.VR == "DA" and len(value) == 8 and not value.endswith("0101"):
        return [value, f"{value[:4]}-{value[4:6]}-{value[6:]}", f"{value[6:]}.{value[4:6]}.{value[:4]}"]
    if element.keyword.endswith(("InstanceUID", "FrameOfReferenceUID")) and len(value) >= 16:
        return [value]
    return [value] if element.keyword in NAMING and len(value) >= 5 else []


def leaks(text, identifiers):
    """Return the identifiers that stand in a text or page, outside of its pictures."""
    text = re.sub(r"[A-Za-z0-9+/=]{200,}", "", str(text)).lower()  # base64
    return [value for value in identifiers if value.lower() in text]


def picture(kind, side=64):
    """Return the bytes of a small picture."""
    buffer = io.BytesIO()
    Pillow.new("RGB", (side, side), "teal").save(buffer, kind)
    return buffer.getvalue()


def mixed_folder(folder):
    """Write a few files of everything: plain, odd, long and damaged DICOM, pictures, text, nothing."""
    ct = Path(get_testdata_file("CT_small.dcm")).read_bytes()
    long, buffer = dcmread(io.BytesIO(ct)), io.BytesIO()
    long.add_new(0x00090010, "LO", "ACME")
    long.add_new(0x00091001, "OB", bytes(100_000))
    long.save_as(buffer)
    odd = {
        name: Path(get_testdata_file(name)).read_bytes()
        for name in ("MR_small_bigendian.dcm", "ExplVR_LitEndNoMeta.dcm", "image_dfl.dcm", "rtplan.dcm")
    }
    files = {"ct": ct, "long": buffer.getvalue(), "cut": ct[:600], "short.dcm": ct[:-999], **odd}
    files |= {"empty": b"", "notes.txt": b"hello", "noise": bytes(range(256)) * 8, "photo.png": picture("PNG")}
    files |= {
        "sub/ct.dcm": ct,
        "sub/deep/scan.tif": picture("TIFF"),
        "sub/deep/gr\u00fc\u00df \u65e5.jpg": picture("JPEG"),
    }
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Path(folder)


def by_name(table, start, end=""):
    """Return an index sorted, with names for paths: the same files in two places give the same."""
    names = [path.removeprefix(start).removesuffix(end).lstrip("/") for path in table["path"]]
    named = table.assign(path=pd.array(names, table["path"].dtype))
    return named.sort_values("path", ignore_index=True)


def dicom_files():
    """All but the sample whose header is cut on purpose."""
    cut = SAMPLES / "PAT0001" / "ST0003" / "SE0001" / "IM0004"
    return [path for path in foreign_files() if sniff(path)[0] == "dicom" and path != cut]
