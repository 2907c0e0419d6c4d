"""Notebook 09 against a real archive: the same text, with one parameter."""

from parts import ROOT, leaks

from eda_utils import services
from eda_utils.report import render_notebook
from eda_utils.samples.fetch import CANARY

NOTEBOOK = ROOT / "notebooks" / "09_dicom_services.ipynb"


def test_it_runs_against_orthanc(orthanc, samples, secrets, tmp_path):
    given = {"folder": str(samples), "peer": orthanc.address, "web": orthanc.url}
    page = render_notebook(NOTEBOOK, tmp_path / "a.html", parameters=given, progress=False).read_text(encoding="utf-8")
    assert CANARY.lower() not in page.lower()
    assert leaks(page, secrets) == []
    assert page.count("no DICOMweb address given") == 1, "in the code alone"
    assert len(services.query(orthanc.address, "series", Modality="SEG")) >= 1
