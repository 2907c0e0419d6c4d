"""Exercises that answer back."""

import os
from collections.abc import Callable
from typing import Any

_NOT_ANSWERED = "Not answered yet: replace the three dots and run the cell again."


def check(answer: object, test: object, hint: str | Callable[[Any], str]) -> None:
    """Tell a learner whether an answer is right; never raises while teaching.

    Parameters
    ----------
    answer
        What the learner wrote; ``...`` means nothing yet.
    test : callable or object
        A function that gets the answer and returns whether it is right, or the right answer itself.
    hint : str or callable
        Shown when the answer is not right yet; a function gets the answer and can say how much of it is right.

    Raises
    ------
    AssertionError
        Only when the environment variable EDA_STRICT is 1, as in our tests, and the answer is not right.

    Examples
    --------
    >>> import eda_utils as eda
    >>> eda.check(..., 4, "two and two")
    Not answered yet: replace the three dots and run the cell again.
    >>> eda.check(5, 4, "two and two")
    Not yet. Hint: two and two
    >>> eda.check(4, 4, "two and two")
    Correct.
    """
    verdict = "Correct." if _passes(answer, test) else f"Not yet. Hint: {_hint(hint, answer)}"
    verdict = _NOT_ANSWERED if answer is ... else verdict
    print(verdict)  # noqa: T201 - a learner reads it under the cell
    if os.environ.get("EDA_STRICT") == "1" and verdict != "Correct.":
        raise AssertionError(verdict)


def _passes(answer, test):
    return _ask(lambda given: bool(test(given) if callable(test) else given == test), answer, otherwise=False)


def _hint(hint, answer):
    return _ask(hint, answer, "an answer of another type is asked for") if callable(hint) else hint


def _ask(question, answer, otherwise):
    """Whatever a learner types, a wrong type is a wrong answer and not a traceback."""
    try:
        return question(answer)
    except Exception:  # noqa: BLE001 - the answer may be anything at all
        return otherwise
