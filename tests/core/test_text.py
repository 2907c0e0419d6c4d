"""Sizes have a unit, messages no values."""

from eda_utils.core.text import format_bytes, without_values
from eda_utils.samples.fetch import CANARY


def test_bytes():
    assert [format_bytes(size) for size in (0, 999, 1000, 1.5e9, 2e13)] == ["0 B", "999 B", "1 kB", "1.5 GB", "20 TB"]


def test_messages_lose_what_they_quote():
    text = without_values(
        "Invalid value for VR UI: 'Kanarinsky'. Please see <http://x> in file /home/me/Kanarinsky.dcm"
    )
    assert CANARY not in text
    assert text.startswith("Invalid value for VR UI: '…'")
