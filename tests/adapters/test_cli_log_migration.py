import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from regulars.adapters.schema import FORMAT
from tests.adapters.cli_shop import Shop
from tests.adapters.older_formats import record_in_first_format, revisions
from tests.adapters.table_schemas import schema_of

URL = "sqlite:///regulars.db"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    record_in_first_format(URL, tenant="default")
    return Shop(tmp_path)


def test_a_command_refuses_an_older_database_and_names_the_way_out(shop: Shop) -> None:
    for command in ("report", "events", "verify"):
        said = shop.run(command, status=3).stderr
        assert said.startswith(f"Error: {URL}: its tables are of format 1")
        assert said.endswith("run `regulars log migrate`\n")


def test_migrating_is_the_way_out(shop: Shop) -> None:
    before = shop.json("log", "check")
    assert before["events"] > 0

    said = shop.run("log", "migrate").stdout

    assert said.startswith(f"{URL}: migrated from format 1 to {FORMAT} by regulars_0002")
    assert shop.json("log", "check") == before
    assert shop.json("log", "status")["hash"] == before["hash"]
    assert shop.run("log", "migrate").stdout == (
        f"{URL}: its tables are of format {FORMAT}, nothing is to be done\n"
    )


def test_a_check_ends_with_status_1_only_if_there_is_something_to_do(shop: Shop) -> None:
    document = {
        "before": 1,
        "after": FORMAT,
        "revisions": revisions(*range(2, FORMAT + 1)),
        "migrated": False,
    }
    assert shop.json("log", "migrate", "--check", status=1) == document
    assert "would be migrated" in shop.run("log", "migrate", "--check", status=1).stdout

    assert shop.json("log", "migrate") == document | {"migrated": True}

    done = document | {"before": FORMAT, "revisions": []}
    assert shop.json("log", "migrate", "--check") == done
    assert shop.json("log", "migrate") == done


def test_the_sql_is_printed_and_not_run(shop: Shop) -> None:
    before = schema_of(URL)

    script = shop.run("log", "migrate", "--sql").stdout

    assert shop.json("log", "migrate", "--sql") == {"sql": script}
    assert schema_of(URL) == before
    with closing(sqlite3.connect("regulars.db")) as database:
        database.executescript(script)
    assert shop.json("log", "migrate")["revisions"] == []


def test_one_cannot_check_and_print(shop: Shop) -> None:
    said = shop.run("log", "migrate", "--check", "--sql", status=2).stderr

    assert "--check and --sql exclude each other" in said


def test_there_is_nothing_to_migrate_where_there_is_no_database(shop: Shop) -> None:
    for option in ("--json", "--check", "--sql"):
        said = shop.run("log", "migrate", option, "--database", "sqlite:///none.db", status=3)
        assert "there is no such file" in said.stderr
    assert not Path("none.db").exists()
