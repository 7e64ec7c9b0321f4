"""What a host may set, and that nothing else is taken for it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import regulars
from regulars.adapters.database import Database
from regulars.application.errors import StorageUnavailable


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("synchronous", "OFF"),
        ("synchronous", "off"),
        ("synchronous", "FUL"),
        ("synchronous", "full"),
        ("views", "Inline"),
        ("contacts", "Unique"),
        ("sealing", "aes-128-gcm"),
        ("busy_seconds", -1),
        ("busy_seconds", float("nan")),
        ("busy_seconds", 1e9),
        ("ahead", timedelta(microseconds=-1)),
        ("ahead", timedelta(days=366)),
    ],
)
def test_a_setting_that_is_none_of_what_it_can_be_is_refused_by_its_name(
    tmp_path: Path, setting: str, value: object
) -> None:
    file = tmp_path / "shop.db"
    wrong: dict[str, Any] = {setting: value}

    with pytest.raises(ValueError, match=f"^{setting} must be "):
        regulars.connect(f"sqlite:///{file}", **wrong)

    assert not file.exists()


@pytest.mark.parametrize(
    ("setting", "kinds"), [("busy_seconds", "int or float"), ("ahead", "timedelta or None")]
)
def test_a_setting_of_another_type_is_refused_by_its_name(
    tmp_path: Path, setting: str, kinds: str
) -> None:
    wrong: dict[str, Any] = {setting: "30"}

    with pytest.raises(TypeError, match=f"^{setting} must be {kinds}, not str$"):
        regulars.connect(f"sqlite:///{tmp_path}/shop.db", **wrong)


@pytest.mark.parametrize("url", ["sqlite:///{}", "postgresql://localhost:1/{}"])
def test_no_server_is_asked_with_a_setting_that_is_none(url: str) -> None:
    wrong: Any = "OFF"

    with pytest.raises(ValueError, match=r"^synchronous must be FULL or NORMAL, not 'OFF'$"):
        Database(url, synchronous=wrong)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite+aiosqlite:///shop.db", "names the driver aiosqlite, and pysqlite is used"),
        ("postgresql+asyncpg://localhost/shop", "names the driver asyncpg, and psycopg is used"),
        ("sqlite:///shop.db?timeout=5", "has an option behind the"),
        ("sqlite:///shop.db?cached_statements=abc", "has an option behind the"),
        ("sqlite:///shop.db?mode=ro", "has an option behind the"),
        ("sqlite:///file:shop.db?uri=true", "is a URI of SQLite: name the file by its path"),
        ("sqlite:///shop.db?plugin=none", "has an option behind the"),
        ("sqlite:///shop\0.db", "is not a database URL"),
    ],
)
def test_a_url_that_cannot_be_followed_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(StorageUnavailable, match=why) as refused:
        Database(url)

    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["sqlite:///{}", "sqlite+pysqlite:///{}", "sqlite:///{}?cached_statements=500"]
)
def test_the_driver_that_is_used_and_what_it_knows_may_be_named(tmp_path: Path, url: str) -> None:
    Database(url.format(tmp_path / "shop.db")).close()


def test_a_backup_goes_to_no_url_of_another_driver(tmp_path: Path) -> None:
    saved = tmp_path / "saved.db"
    saved.touch()

    with pytest.raises(StorageUnavailable, match="names the driver"):
        regulars.restore(f"sqlite+aiosqlite:///{tmp_path}/shop.db", saved)
