"""The catalogue: any text as key gives an answer, never an error, never another question."""

from hypothesis import given, strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file

from eda_utils.services.catalogue import add_instance, find_matches, find_names, known_names, open_catalogue
from eda_utils.services.queries import make_identifier


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_any_key_is_answered(tmp_path_factory, text):
    catalogue = open_catalogue(tmp_path_factory.mktemp("any"))
    header = dcmread(get_testdata_file("CT_small.dcm"), stop_before_pixels=True)
    header.StudyDescription = text
    add_instance(catalogue, header, "1.2.dcm")
    found = find_matches(catalogue, make_identifier("STUDY", {"StudyDescription": "*", "PatientID": header.PatientID}))
    assert [str(answer.get("StudyDescription") or "") for answer in found] == [str(header.StudyDescription)]
    find_names(catalogue, make_identifier("STUDY", {"PatientID": text}))
    assert known_names(catalogue) == {"1.2.dcm"}
    catalogue.close()
