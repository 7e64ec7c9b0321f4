"""
The garbage collector, left out of long work.

Events, rows and states hold no cycles, and walking them over and over costs as much as making
them (measured: an import and a rebuild take about half as long without).
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Generator[None]:
    """Leave the collector out until the block ends; inside another, that one decides."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def collect_young() -> None:
    """Free the cycles that were made since the last time, so that a long pause stays bounded."""
    gc.collect(0)
