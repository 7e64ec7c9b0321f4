"""The data for tests that lie beside the repository, where they are there at all."""

from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[2].parent / "shared" / "data"


def shared_data(name: str) -> Path:
    """A file or folder of these data; the test that asks for an absent one is skipped."""
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"../shared/data/{name} is not here")
    return path
