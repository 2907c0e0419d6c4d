"""Names are loaded when they are asked for, and a wrong one is told as Python tells it."""

import subprocess
import sys

import pytest

import eda_utils


def test_nothing_is_loaded_before_it_is_asked_for():
    code = "import sys, eda_utils; assert 'eda_utils.image' not in sys.modules; eda_utils.load_image; "
    code += "assert 'eda_utils.image' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("package", [eda_utils, eda_utils.pathology, eda_utils.services], ids=lambda at: at.__name__)
def test_every_name_is_there_and_no_other(package):
    assert set(package.__all__) <= set(dir(package))
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
        package.nothing  # noqa: B018
