"""The command line: one module for each group of commands."""

from .app import main as main
