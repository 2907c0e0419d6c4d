"""The face of cli."""

from .app import main as main
