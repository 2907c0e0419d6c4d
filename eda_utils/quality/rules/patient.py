"""Rules on what a header says about the patient: age, sex, dates, and what should have been removed."""

import numpy as np
import pandas as pd

from .check import Check, told

FIRST_YEAR, OLDEST = 1900, 120
IN_A_YEAR = {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}  # PS3.5 6.2, VR AS
PSEUDONYM = r"\d|ANON|REMOV|DE-?ID|UNKNOWN|PATIENT|SUBJECT|TEST|NONE|NULL|MASK|XXX"


def sex_invalid(images):
    """Patient's Sex (0010,0040) is not M, F or O (PS3.3 C.7.1.1)."""
    sex = images["PatientSex"]
    return told(images, sex.notna() & ~sex.isin(["M", "F", "O"]), "another value")


def _years(images):
    """PatientAge in years; not-a-number where it is not three digits and a unit."""
    age = images["PatientAge"].astype(object)
    different = age.drop_duplicates().dropna()
    parts = different.str.extract(r"^(\d{3})([DWMY])$")
    years = parts[0].astype(float) / parts[1].map(IN_A_YEAR).astype(float)
    return age.map(dict(zip(different, years, strict=True))).astype(float)


def age_invalid(images):
    """Patient's Age (0010,1010) is not three digits and D, W, M or Y (PS3.5 6.2, VR AS)."""
    return told(images, images["PatientAge"].notna() & _years(images).isna(), "not of the form nnnY")


def age_implausible(images):
    """Patient's Age (0010,1010) is above 120 years (PS3.3 C.7.2.2)."""
    return told(images, _years(images) > OLDEST, f"above {OLDEST} years")


def age_contradicts_dates(images):
    """Patient's Age (0010,1010) is not what the dates of birth and study make (PS3.3 C.7.2.2)."""
    made = (images["StudyDate"] - images["PatientBirthDate"]).dt.days / IN_A_YEAR["D"]
    years = _years(images)
    wrong = ((years - made).abs() > 2) & (made >= 0)  # a year for rounding, one for dates of which the year is kept
    return told(images, wrong, "{difference} years apart", difference=(years - made).abs().round())


def study_date_implausible(images):
    """Study Date (0008,0020) lies in the future or before 1900 (PS3.3 C.7.2.1)."""
    date, today = images["StudyDate"], pd.Timestamp.now() + pd.Timedelta(days=1)
    era = np.where(date > today, "after today", f"before {FIRST_YEAR}")
    return told(images, (date > today) | (date < pd.Timestamp(FIRST_YEAR, 1, 1)), "{era}", era=era)


def study_before_birth(images):
    """Study Date (0008,0020) is before the Patient's Birth Date (PS3.3 C.7.1.1, C.7.2.1)."""
    return told(images, images["StudyDate"] < images["PatientBirthDate"], "born after the study")


def name_despite_removal(images):
    """Patient Identity Removed (0012,0062) is YES and a name is still there (PS3.3 C.7.1.1)."""
    claims = images["PatientIdentityRemoved"] == "YES"
    names = images.loc[claims, "PatientName"].astype(object).dropna()
    is_code = names.str.contains(PSEUDONYM, case=False) | ~names.str.contains(r"\w{3}")
    suspects = names[~is_code & (names != images["PatientID"].astype(object).reindex(names.index))].index
    return told(images, images.index.isin(suspects), "a name that is neither the Patient ID nor a usual placeholder")


def burned_in_annotation(images):
    """Burned In Annotation (0028,0301) is YES: the pixels can name the patient (PS3.3 C.7.6.1)."""
    return told(images, images["BurnedInAnnotation"] == "YES", "declared by the header")


DATES = "ask the source which is right, or whether dates were shifted to remove identity; leave ages out until then"
REMOVE = "do not publish it: make a copy with deidentify"
CHECKS = (
    Check(sex_invalid, "warning", "PatientSex", "map it to M, F, O or missing before you stratify"),
    Check(age_invalid, "warning", "PatientAge", "read the number with care: its unit is a guess"),
    Check(age_implausible, "warning", "PatientAge", "take it as missing"),
    Check(age_contradicts_dates, "warning", "PatientAge PatientBirthDate StudyDate", DATES),
    Check(study_date_implausible, "warning", "StudyDate", DATES),
    Check(study_before_birth, "error", "PatientBirthDate StudyDate", DATES),
    Check(name_despite_removal, "error", "PatientIdentityRemoved PatientName PatientID", REMOVE),
    Check(burned_in_annotation, "note", "BurnedInAnnotation", "look at the pixels before you publish or train on them"),
)
