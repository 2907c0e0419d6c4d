"""One base class, one form of text, and no header value in it."""

import pickle

import pytest

from eda_utils.core import errors

CLASSES = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.EDAError)]


@pytest.mark.parametrize("kind", CLASSES)
def test_text_has_three_clauses(kind):
    assert str(kind("a.dcm", "is cut inside its header", "copy the file again")) == (
        "a.dcm: is cut inside its header; copy the file again."
    )


@pytest.mark.parametrize("kind", CLASSES)
def test_comes_home_from_a_worker(kind):
    error = pickle.loads(pickle.dumps(kind("a.dcm", "wrong", "advice")))
    assert type(error) is kind
    assert (error.which, error.wrong, error.advice) == ("a.dcm", "wrong", "advice")


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not errors.EDAError])
def test_refines_a_builtin(kind):
    builtins = [base for base in kind.__mro__ if base.__module__ == "builtins"]
    assert builtins[0] not in (Exception, BaseException, object)
