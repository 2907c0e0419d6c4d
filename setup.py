"""Puts the notebooks into the wheel, inside the package; an editable install finds them where they are."""

from pathlib import Path
from shutil import copyfile

from setuptools import setup
from setuptools.command.build_py import build_py


class WithNotebooks(build_py):
    """Copies them after the modules. `package-dir` could too, but would hide an editable install from editors."""

    def run(self):
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib, "eda_utils", "notebooks")
            folder.mkdir(exist_ok=True)
            for notebook in Path("notebooks").glob("*.ipynb"):
                copyfile(notebook, folder / notebook.name)


setup(cmdclass={"build_py": WithNotebooks})
