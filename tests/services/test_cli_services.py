"""fetch: a study from an archive into a folder."""

from peers import contents

from eda_utils import services
from eda_utils.cli.app import main


def test_fetch(archive, some_files, tmp_path, capsys):
    services.send(some_files, archive)
    studies = services.query(archive)["StudyInstanceUID"].tolist()
    source = ["fetch", "--from", f"127.0.0.1:{archive.address.port}", "--aet", "ARCHIVE", "-q"]
    assert main([*source, "--study", *studies, "-o", str(tmp_path / "back")]) == 0
    assert contents(tmp_path / "back") == contents(some_files)
    assert capsys.readouterr().out.startswith("5 instances in ")
    assert main([*source, "--study", "1.2.3", "-o", str(tmp_path / "none")]) == 2
    assert "the archive holds no such study" in capsys.readouterr().err
    assert main([*source, "--aet", "WRONG", "--study", "1.2.3", "-o", str(tmp_path / "none")]) == 2
    assert "rejects the association" in capsys.readouterr().err


def test_a_report_of_what_was_fetched(archive, some_files, tmp_path):
    services.send(some_files, archive)
    study = services.query(archive, "series", Modality="CT")["StudyInstanceUID"][0]
    source = ["fetch", "--from", f"127.0.0.1:{archive.address.port}", "--aet", "ARCHIVE", "-q", "--study", study]
    assert main([*source, "-o", str(tmp_path / "study")]) == 0
    assert main(["report", str(tmp_path / "study"), "-o", str(tmp_path / "report.html")]) == 0
    assert study not in (tmp_path / "report.html").read_text(encoding="utf-8")
