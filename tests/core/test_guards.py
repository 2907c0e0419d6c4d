"""What libraries say stays inside, without the values that it quotes."""

import contextlib
import logging
import warnings

from eda_utils.core.guards import quiet
from eda_utils.samples.fetch import CANARY


def test_warnings_are_collected_without_values():
    with quiet() as notes:
        warnings.warn("Invalid value for VR UI: 'secret'", stacklevel=1)
        warnings.warn("Invalid value for VR UI: 'other'", stacklevel=1)
    assert notes == ["Invalid value for VR UI: '…'"]


def test_loggers_are_quiet_within_and_as_they_were_after(caplog):
    logger = logging.getLogger("pydicom.pixels.decoders.base")
    with quiet(), quiet():
        logger.error("a value: %s", CANARY)
    with contextlib.suppress(KeyError), quiet():
        raise KeyError
    assert caplog.text == ""
    logger.error("heard")
    assert "heard" in caplog.text
