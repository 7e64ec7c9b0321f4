"""How far laws are tried: over 200 examples, over 10,000 where new ones are looked for."""

from collections.abc import Callable
from typing import Final, TypeVar

import pytest
from hypothesis import settings

Test = TypeVar("Test", bound=Callable[..., None])

QUICK: Final = settings().derandomize
"""Whether the same examples are tried each time, as all profiles but `long` do."""

_ENOUGH: Final = settings(max_examples=200 if QUICK else 10_000)


def law(test: Test) -> Test:
    """A test of `make test` that `make slow` takes further."""
    marked: Test = pytest.mark.law(_ENOUGH(test))
    return marked
