"""Names of a package that are loaded when they are first used (PEP 562)."""

from importlib import import_module

from .extras import explained


def load_lazily(package, home):
    """Return what a package needs to load its names when they are asked for.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    home : dict of str to list of str
        Module, and the names that live in it; modules themselves can be asked for too.

    Returns
    -------
    tuple
        Its ``__getattr__``, ``__dir__`` and ``__all__``.

    Examples
    --------
    >>> from eda_utils.lazy import load_lazily
    >>> find, _, names = load_lazily("eda_utils", {"errors": ["EDAError"]})
    >>> names, find("EDAError").__name__
    (['EDAError'], 'EDAError')
    """
    module_of = {name: module for module, names in home.items() for name in names}
    public = sorted(module_of)

    def find(name):
        if name in module_of:
            return getattr(import_module(f".{module_of[name]}", package), name)
        if name in home:
            return import_module(f".{name}", package)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return explained(find), lambda: [*public, *home], public
