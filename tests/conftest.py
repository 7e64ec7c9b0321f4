"""
How far Hypothesis goes: `quick` always tries the same examples, `long` looks for new ones.

`mutation` tries few of them and leaves one that fails as it is: that one does is all there is to
know of a mutant.

Coverage is asked of the core alone, so the core's own tests have to cover it. Tracing makes
whatever runs under it twice as slow, so it is on while the core is imported and while one of
those tests runs, and off for all others, for the rest of collection and for pytest itself.

What is imported and collected stays to the end: the garbage collector is not made to look at it.
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import walk_packages
from typing import Final, Protocol, cast

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


class _Tracing(Protocol):
    """What pytest-cov measures with."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...


def _tracing(config: pytest.Config) -> _Tracing | None:
    """None where no coverage is asked for."""
    plugin = config.pluginmanager.getplugin("_cov")
    return cast("_Tracing | None", getattr(plugin, "cov_controller", None))


@contextmanager
def _traced(item: pytest.Item) -> Generator[None]:
    tracing = _tracing(item.config) if item.nodeid.startswith(_CORE) else None
    if tracing is None:
        yield
        return
    tracing.resume()
    try:
        yield
    finally:
        tracing.pause()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Import the core under coverage, and leave it off from then on; keep what comes of it."""
    if (tracing := _tracing(session.config)) is not None:
        if not session.config.getoption("numprocesses", default=None):
            for package in ("regulars.domain", "regulars.application"):
                for module in walk_packages(import_module(package).__path__, f"{package}."):
                    import_module(module.name)
        tracing.pause()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Trace what a test of the core is given."""
    with _traced(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Trace a test of the core."""
    with _traced(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Trace what ends with a test of the core."""
    with _traced(item):
        yield
