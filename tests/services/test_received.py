"""File names: from UIDs that are UIDs."""

from hypothesis import given, strategies as st

from eda_utils.services.received import name_of, read_header


@given(st.text(max_size=80))
def test_a_name_is_never_a_path(text):
    name = name_of(text)
    assert name is None or set(name.removesuffix(".dcm")) <= set("0123456789.")
    assert name is None or (".." not in name and name[0] != ".")


def test_longer_uids_are_refused():
    assert name_of("1." + "2" * 62) is not None
    assert name_of("1." + "2" * 63) is None
    assert name_of("1.2\n") is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content):
    assert read_header(content) is None
    assert read_header(bytes(128) + b"DICM" + content) is None
