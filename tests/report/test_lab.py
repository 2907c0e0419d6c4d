"""JupyterLab is started on a notebook, with every folder that it writes to inside of ours."""

import json
from pathlib import Path

import pytest

from eda_utils.core.errors import MissingError
from eda_utils.report.lab import SETTINGS, lab_command


def test_the_state_stays_in_the_folder(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "a.ipynb").write_text("{}")
    command, environment = lab_command(folder / "a.ipynb", options=["--no-browser"])
    written = [
        name for name in environment if name.startswith(("JUPYTER", "IPYTHON")) and name != "JUPYTER_CONFIG_PATH"
    ]
    assert len(written) >= 6
    assert all(Path(environment[name]).is_relative_to(tmp_path / ".jupyter") for name in written)
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert "--LabApp.default_url=/lab/tree/notebooks/a.ipynb" in command
    assert command[-1] == "--no-browser"


def test_a_build_that_cannot_encrypt_still_starts(monkeypatch, tmp_path):
    (tmp_path / "a.ipynb").write_text("{}")
    assert "--KernelManager.transport_encryption=auto" in lab_command(tmp_path / "a.ipynb", root=tmp_path)[0]
    monkeypatch.setattr("zmq.has", lambda _: False)
    assert "--KernelManager.transport_encryption=disabled" in lab_command(tmp_path / "a.ipynb", root=tmp_path)[0]


def test_no_news_and_no_updates_are_fetched():
    settings = json.loads((SETTINGS / "labconfig" / "default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"] == {"fetchNews": "false", "checkForUpdates": False}
    assert settings["@jupyterlab/notebook-extension:tracker"]["windowingMode"] == "none"


def test_an_unknown_notebook():
    with pytest.raises(MissingError, match="there is no such notebook"):
        lab_command("77")
