"""What keeps a log in order is there, and what is gone or changed is named."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

import regulars
from regulars.adapters.database import Database
from regulars.adapters.schema import FORMAT
from tests.adapters.cli_shop import Shop
from tests.adapters.older_formats import connected, make_tables
from tests.postgres_server import new_database

LET_THROUGH = """
    CREATE OR REPLACE FUNCTION events_appended() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RETURN NULL; END $$
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    file = f"sqlite:///{tmp_path}/shop.db"
    return new_database if request.param == "postgresql" else lambda: file


def change(url: str, *statements: str) -> None:
    with connected(url) as host:
        for statement in statements:
            host.execute(text(statement))


def of_kind(url: str, kind: str) -> bool:
    return make_url(url).get_backend_name() == kind


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_nothing_is_missing_in_the_tables_of_any_format(
    new_url: Callable[[], str], number: int
) -> None:
    url = new_url()
    make_tables(url, *range(1, number + 1))

    assert regulars.check_log(url).missing == ()


def test_a_host_may_have_more_than_the_format(new_url: Callable[[], str]) -> None:
    url = new_url()
    Database(url).close()
    change(url, "CREATE INDEX events_by_type ON events (type)", "CREATE TABLE tabs (tab TEXT)")

    assert regulars.check_log(url).sound


@pytest.mark.parametrize(
    ("told", "statement", "kind"),
    [
        ("trigger events_contiguous", "DROP TRIGGER events_contiguous", "sqlite"),
        ("trigger events_contiguous", "DROP TRIGGER events_contiguous ON events", "postgresql"),
        ("trigger events_contiguous", "ALTER TABLE events DISABLE TRIGGER USER", "postgresql"),
        ("index events_id", "ALTER TABLE events DROP CONSTRAINT events_id", "postgresql"),
        ("index events_version", "ALTER TABLE events DROP CONSTRAINT events_version", "postgresql"),
        ("index keys_pkey", "ALTER TABLE keys DROP CONSTRAINT keys_pkey", "postgresql"),
        ("index contact_tokens_subject", "DROP INDEX contact_tokens_subject", "sqlite"),
        ("table import_findings", "DROP TABLE import_findings", "sqlite"),
        ("table import_findings", "DROP TABLE import_findings", "postgresql"),
        (
            "function regulars_refuse_known",
            "DROP FUNCTION regulars_refuse_known(bytea[])",
            "postgresql",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, told: str, statement: str, kind: str) -> None:
    url = new_database() if kind == "postgresql" else f"sqlite:///{tmp_path}/shop.db"
    Database(url).close()
    change(url, statement)

    found = regulars.check_log(url)

    expected = {f"the {told} is missing or switched off"}
    assert not found.sound
    assert expected <= {*found.missing}
    assert all(told.split()[1] in one or "import_findings_pkey" in one for one in found.missing)


@pytest.mark.parametrize(
    ("told", "statements"),
    [
        (
            "trigger events_contiguous",
            [
                "DROP TRIGGER events_contiguous",
                "CREATE TRIGGER events_contiguous BEFORE INSERT ON events BEGIN SELECT 1; END",
            ],
        ),
        (
            "function events_appended",
            [LET_THROUGH],
        ),
    ],
)
def test_what_was_made_otherwise_is_named(tmp_path: Path, told: str, statements: list[str]) -> None:
    url = f"sqlite:///{tmp_path}/shop.db" if len(statements) > 1 else new_database()
    Database(url).close()
    change(url, *statements)

    assert regulars.check_log(url).missing == (f"the {told} is not as it was made",)


def test_a_table_that_was_made_anew_without_its_constraints_is_noticed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    Database(url).close()
    change(
        url,
        "CREATE TABLE copy AS SELECT * FROM events",
        "DROP TABLE events",
        "ALTER TABLE copy RENAME TO events",
    )

    assert {one.partition(" is ")[0] for one in regulars.check_log(url).missing} == {
        "the trigger events_contiguous",
        "the unique constraint events_version",
        "the unique constraint events_id",
    }


def test_the_command_line_tells_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path).opened()
    change("sqlite:///regulars.db", "DROP TRIGGER events_contiguous")

    found = shop.json("log", "check", status=1)
    said = shop.run("log", "check", status=1).stdout
    backup = shop.run("log", "backup", "shop.backup", status=3)

    missing = "the trigger events_contiguous is missing or switched off"
    assert (found["sound"], found["amiss"], found["missing"]) == (False, 0, [missing])
    assert f"the database: {missing}" in said
    assert missing in backup.output
    assert not (tmp_path / "shop.backup").exists()
