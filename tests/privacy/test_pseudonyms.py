"""What takes the place of identifiers is legal, the same for the same secret, and another for another."""

from hypothesis import given, strategies as st
from pydicom.uid import UID

from eda_utils.privacy.pseudonyms import days_back, new_uid, pseudonym

SECRETS = st.binary(min_size=1)


@given(SECRETS, SECRETS, st.text(), st.text())
def test_uids(salt, other, uid, another):
    made = new_uid(salt, uid)
    assert UID(made).is_valid
    assert made.startswith("2.25.")
    assert (new_uid(salt, another) == made) == (uid == another)
    assert (new_uid(other, uid) == made) == (salt.rstrip(b"\0") == other.rstrip(b"\0"))  # HMAC pads its key


@given(SECRETS, st.binary())
def test_codes_and_days(salt, patient):
    assert pseudonym(salt, patient) == pseudonym(salt, patient) != pseudonym(salt, patient + b"1")
    assert 365 <= days_back(salt, patient) == days_back(salt, patient) < 4015
