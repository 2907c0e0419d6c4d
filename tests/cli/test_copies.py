"""Copies from the command line."""

import pytest
from identified import identified, write
from written import smooth, write_text

from eda_utils.cli.app import main
from eda_utils.cli.copies import RETAINED
from eda_utils.privacy.deidentification import OPTIONS
from eda_utils.samples.fetch import CANARY


def test_deidentify_tells_what_was_done(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    write(identified(), tmp_path / "in" / f"{CANARY}.dcm")
    assert main(["deidentify", str(tmp_path / "in"), str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == "1 file: 1 copied, 0 not\n"
    (tmp_path / "in" / "notes.txt").write_text(CANARY)
    assert main(["deidentify", str(tmp_path / "in"), str(tmp_path / "more"), "--retain", "dates"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("2 files: 1 copied, 1 not\n     1 is no DICOM file (a text file)")
    assert "     1 date_or_time\n" in out
    assert CANARY.lower() not in out.lower()
    assert main(["deidentify", str(tmp_path / "in"), str(tmp_path / "out")]) == 2


def test_options_are_those_of_the_function():
    assert tuple(OPTIONS) == RETAINED


@pytest.mark.slow
def test_pixels_are_cleaned_when_asked(make_dicom, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    make_dicom(write_text(smooth())[0], "in/a.dcm", BurnedInAnnotation="YES")
    assert main(["deidentify", str(tmp_path / "in"), str(tmp_path / "kept")]) == 1
    assert "burned_in" in capsys.readouterr().out
    assert main(["deidentify", str(tmp_path / "in"), str(tmp_path / "clean"), "--clean-pixels"]) == 0
    assert "1 file: 1 copied, 0 not" in capsys.readouterr().out
