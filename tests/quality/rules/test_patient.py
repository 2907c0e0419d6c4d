"""Each rule on age, sex, dates and identity finds what was planted, and quotes nothing of it."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st
from parts import examples
from planted import flagged

NO_AGE = {"PatientAge": None}
REMOVED = {"PatientIdentityRemoved": "YES"}
TODAY = date.today()

CASES = [
    ({"PatientSex": "W"}, "sex_invalid", "warning", "another value"),
    ({"PatientAge": "51"}, "age_invalid", "warning", "not of the form nnnY"),
    ({"PatientAge": "413Y", "PatientBirthDate": None}, "age_implausible", "warning", "above 120 years"),
    ({"PatientAge": "000Y"}, "age_contradicts_dates", "warning", "60 years apart"),
    ({"PatientAge": "030M"}, "age_contradicts_dates", "warning", "58 years apart"),
    ({**NO_AGE, "StudyDate": TODAY + timedelta(days=9)}, "study_date_implausible", "warning", "after today"),
    ({"StudyDate": date(1880, 1, 1), "PatientBirthDate": None}, "study_date_implausible", "warning", "before 1900"),
    ({**NO_AGE, "StudyDate": date(1949, 1, 1)}, "study_before_birth", "error", "born after the study"),
    (
        {**REMOVED, "PatientName": "Kanarinsky^Olga"},
        *("name_despite_removal", "error", "a name that is neither the Patient ID nor a usual placeholder"),
    ),
    ({"BurnedInAnnotation": "YES"}, "burned_in_annotation", "note", "declared by the header"),
]
RIGHT = [
    {"PatientSex": None},
    {"PatientSex": "O"},
    NO_AGE,
    {"PatientAge": "059Y"},
    {"PatientAge": "003D", "PatientBirthDate": date(2010, 6, 28)},
    {**NO_AGE, "StudyDate": TODAY},
    {"StudyDate": None},
    {"BurnedInAnnotation": "NO"},
    *(
        {**REMOVED, "PatientName": name}
        for name in (None, "p1", "ANONYMOUS", "Case 007", "XXXX^YYYY", "^", "DE-IDENTIFIED")
    ),
    {**REMOVED, "PatientName": "subject-a"},
]


@pytest.mark.parametrize(("header", "code", "severity", "evidence"), CASES)
def test_what_was_planted_is_found(header, code, severity, evidence):
    assert flagged(header) == [(code, severity, evidence)]


@pytest.mark.slow
@pytest.mark.parametrize("header", RIGHT)
def test_what_is_plausible_is_no_finding(header):
    assert flagged(header) == []


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(50))
@given(st.dates(date(1901, 1, 1), date(1999, 1, 1)), st.integers(0, 119))
def test_the_age_that_the_dates_make_is_no_finding(born, years):
    study = born + timedelta(days=round(years * 365.25) + 30)
    if study < TODAY:
        assert flagged({"PatientBirthDate": born, "StudyDate": study, "PatientAge": f"{years:03}Y"}) == []
