"""Cohorts from the command line."""

import re

import numpy as np
import pandas as pd
import pytest

from eda_utils.cli.app import main


@pytest.fixture
def folder(make_dicom, tmp_path):
    rng = np.random.default_rng(0)
    for n in range(12):
        pixels = rng.integers(0, 4000, (32, 32)).astype(np.uint16)
        make_dicom(pixels, name=f"{n}.dcm", PatientID=f"P{n // 2}", KVP="80", Manufacturer="ACME")
    return tmp_path


def test_split_prints_its_proof(folder, tmp_path_factory, capsys):
    labels = tmp_path_factory.mktemp("labels")
    table = pd.DataFrame({"file": [f"{n}.dcm" for n in range(12)], "Mass": [0, 0, 1, 1] * 3})
    table.to_csv(labels / "labels.csv", index=False)
    arguments = ["--labels", str(labels / "labels.csv"), "--stratify", "Mass", "--parts", "train=0.5", "test=0.5"]
    assert main(["split", str(folder), "-o", str(labels / "split.csv"), "-q", *arguments]) == 0
    out = capsys.readouterr().out
    assert "0 of 6 patients in more than one part" in out
    split = pd.read_csv(labels / "split.csv")
    assert split["part"].value_counts().to_dict() == {"train": 6, "test": 6}
    assert main(["split", str(folder), "-o", str(labels / "x.csv"), "-q", "--parts", "train"]) == 2
    assert "--parts: train has no share" in capsys.readouterr().err


@pytest.mark.slow
def test_compare_writes_a_page(folder, tmp_path_factory, capsys):
    page = tmp_path_factory.mktemp("pages") / "drift.html"
    assert main(["compare", str(folder), str(folder), "-o", str(page), "-q"]) == 0
    assert re.search(r"drift.html  \(0 of \d+ fields drift\)", capsys.readouterr().out)
    assert "How two sets of images differ" in page.read_text(encoding="utf-8")
    assert main(["compare", str(folder), "no_such_folder", "-o", str(page), "-q"]) == 2
