"""Commands about pages and this machine answer in a line, and say so when there is nothing to show."""

import pytest
from parts import CORPUS

from eda_utils.cli.app import main


@pytest.mark.notebooks
def test_an_empty_folder_has_a_page_and_exit_2(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path / "empty"), "-o", str(tmp_path / "r.html"), "-q"]) == 2
    said = capsys.readouterr()
    assert said.err == "eda_utils: empty: holds no image; check the folder; the page says what was found.\n"
    assert "no file was found" in (tmp_path / "r.html").read_text()


@pytest.mark.notebooks
def test_report_on_the_corpus(tmp_path, corpus, capsys):
    """Found = described + listed, counted as `find -type f` counts."""
    assert main(["report", str(corpus), "-o", str(tmp_path / "r.html")]) == 0
    said = capsys.readouterr()
    page = (tmp_path / "r.html").read_text()
    files = sum(path.is_file() for path in CORPUS.rglob("*"))
    assert f"{files} files of" in page
    assert str(CORPUS) not in page
    assert len(page) < 15e6
    assert said.out.strip().endswith("MB)")
    assert "[11_dataset_report] 2/" in said.err


def test_strip_check(capsys):
    assert main(["strip", "--check"]) == 0


def test_samples_again(samples, capsys):
    assert main(["samples", str(samples), "--offline", "-q"]) == 0
    assert capsys.readouterr().out.strip() == str(samples.resolve())
