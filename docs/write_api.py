"""Write the reference of every public name into docs/api/: pdoc shows what a module holds, so lazy names are loaded."""

from inspect import ismodule
from pathlib import Path

import pdoc

import eda_utils

rooms = [room for name in dir(eda_utils) if ismodule(room := getattr(eda_utils, name))]
for face in (eda_utils, *rooms):
    for name in face.__all__:
        setattr(face, name, getattr(face, name))
pdoc.render.configure(docformat="numpy", show_source=False)
pdoc.pdoc("eda_utils", output_directory=Path(__file__).with_name("api"))
