"""Where the real parts are: samples, corpus, programs."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("EDA_CORPUS", ROOT.parent / "shared" / "corpus"))
SAMPLES = ROOT / "data" / "samples"


def missing(part):
    """Skip for want of a real part; where everything must be tested, fail."""
    if os.environ.get("EDA_TEST_ALL") == "1":
        pytest.fail(f"{part} is missing and EDA_TEST_ALL is 1")
    pytest.skip(f"{part} is missing")


def program(name):
    """Return the path of an installed program."""
    return shutil.which(name) or missing(name)


def foreign_files():
    """All files to parametrise over that are on this machine without a download: samples and corpus."""
    folders = [folder for folder in (SAMPLES, CORPUS) if folder.is_dir()]
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def file_id(path):
    return "/".join(path.parts[-3:])
