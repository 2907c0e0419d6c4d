"""Questions to our archive, answered as PS3.4 C.2.2.2 says."""

from datetime import date

import pandas as pd
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from eda_utils import services
from eda_utils.core.errors import RequestError

PATIENTS = [
    ("A1", "Adams^Ann", "20200131"),
    ("A2", "ADAMS^Bob", "20210301"),
    ("B[1", "Çelik^Zoë", "20220401"),
    ("C", "", ""),
]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    with services.start_archive(tmp_path_factory.mktemp("archive")) as archive:
        datasets = []
        for number, name, day in PATIENTS:
            dataset = dcmread(get_testdata_file("CT_small.dcm"))
            dataset.SpecificCharacterSet = "ISO_IR 192"
            dataset.PatientID, dataset.PatientName, dataset.StudyDate = number, name, day
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            datasets.append(dataset)
        assert services.send(datasets, archive)["problem"].isna().all()
        yield archive


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, "A1 A2 B[1 C"),
        ({"PatientID": "A1"}, "A1"),
        ({"PatientID": "A*"}, "A1 A2"),
        ({"PatientID": "?[*"}, "B[1"),
        ({"PatientID": "a1"}, ""),
        ({"PatientName": "adams*"}, "A1 A2"),
        ({"PatientName": "Çelik^Zoë"}, "B[1"),
        ({"StudyDate": "20200131"}, "A1"),
        ({"StudyDate": "20200101-20211231"}, "A1 A2"),
        ({"StudyDate": (date(2021, 1, 1), None)}, "A2 B[1"),
        ({"StudyDate": (None, "2020-12-31")}, "A1"),
        ({"PatientID": "'; DROP TABLE instances; --"}, ""),
        ({"Modality": "CT", "PatientID": "C"}, "C"),
    ],
)
def test_matching(asked, keys, found):
    table = services.query(asked, "study", **keys)
    assert sorted(table["PatientID"]) == found.split()


def test_a_list_of_uids(asked):
    uids = services.query(asked)["StudyInstanceUID"].tolist()[:2]
    assert sorted(services.query(asked, StudyInstanceUID=uids)["StudyInstanceUID"]) == sorted(uids)


def test_types_and_counts(asked):
    table = services.query(asked, fields=["SOPClassesInStudy", "NumberOfStudyRelatedSeries"])
    assert isinstance(table["StudyDate"].dtype, type(pd.Series(dtype="datetime64[ns]").dtype))
    assert table["NumberOfStudyRelatedInstances"].tolist() == [1] * 4
    assert table["SOPClassesInStudy"].unique().tolist() == ["1.2.840.10008.5.1.4.1.1.2"]
    assert services.query(asked, "image", fields=["Rows"])["Rows"].tolist() == [128] * 4


def test_nonsense_is_refused(asked):
    with pytest.raises(RequestError, match="level: is none of patient, study, series, image; give one of them"):
        services.query(asked, "film")
    with pytest.raises(RequestError, match="PatientNmae: is no keyword of PS3"):
        services.query(asked, PatientNmae="A")
