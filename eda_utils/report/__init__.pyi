"""Notebooks and folders as pages, the lessons' exercises, and the state of the installation."""

from .comparison import (
    compare_images as compare_images,
    render_comparison as render_comparison,
    write_card as write_card,
)
from .doctor import check_decoders as check_decoders, examine as examine
from .exercise import check as check
from .lab import open_lab as open_lab
from .notebook import find_notebook as find_notebook, strip_notebook as strip_notebook
from .requirements import check_environment as check_environment
from .run import (
    render_notebook as render_notebook,
    render_notebooks as render_notebooks,
    render_report as render_report,
)
