"""Write the reference of every public name into docs/api/: pdoc shows what a module holds, so lazy names are loaded."""

from pathlib import Path

import pdoc

import eda_utils

for face in (eda_utils, pathology, services):
    for name in face.__all__:
        setattr(face, name, getattr(face, name))
pdoc.render.configure(docformat="numpy", show_source=False)
pdoc.pdoc("eda_utils", "eda_utils.pathology", "eda_utils.services", output_directory=Path(__file__).with_name("api"))
