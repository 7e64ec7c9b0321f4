"""
How far Hypothesis goes: `quick` always tries the same examples, `long` looks for new ones.

`mutation` tries few of them and leaves one that fails as it is: that one does is all there is to
know of a mutant.

Coverage is asked of the core alone, so the core's own tests have to cover it. All others run
untraced: tracing makes whatever it follows, and all below, twice as slow.
"""

from typing import Final

import pytest
from hypothesis import Phase, settings

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True, database=None)
settings.register_profile(
    "mutation",
    settings.get_profile("quick"),
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile("long", max_examples=1_000, deadline=None, derandomize=False)
settings.load_profile("quick")

_CORE: Final = (
    "tests/application/",
    "tests/domain/",
    "tests/contracts/test_sparse_log.py",
    "tests/contracts/test_subscription.py",
)
"""Subscriptions are the core's own, and are tested by their contract."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trace the tests of the core alone."""
    for item in items:
        if not item.nodeid.startswith(_CORE):
            item.add_marker("no_cover")
