import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def test_a_database_that_is_lost_is_back_with_everything(shop: Shop) -> None:
    shop.run("log", "backup", "saved.db")
    before = shop.json("log", "status"), shop.json("report"), shop.json("profile", "ada")
    Path("regulars.db").unlink()

    said = shop.run("log", "restore", "saved.db").stdout

    assert said.startswith("Restored 26 events from saved.db\nHash ")
    assert (shop.json("log", "status"), shop.json("report"), shop.json("profile", "ada")) == before
    assert shop.json("verify")["boxes"]["open"] == 3


def test_a_restore_says_which_key_file_belongs_to_it(shop: Shop) -> None:
    key = Path("regulars.db.keys").read_text(encoding="utf-8").split()[-3]
    copy = ("--database", "sqlite:///copy.db")
    shop.run("log", "backup", "saved.db")

    said = shop.run("log", "restore", "saved.db", *copy).stdout
    told = shop.json("log", "restore", "saved.db", "--replace", *copy)

    assert f"Its personal data opens with the key file that holds {key}\n" in said
    assert "Expected at copy.db.keys" in said
    assert (told["keys"], told["key_file"]) == ([key], "copy.db.keys")
    assert shop.run("verify", *copy, status=3).stderr.startswith("Error: copy.db.keys: is missing")
    assert shop.json("verify", *copy, "--keys", "regulars.db.keys")["sound"]


def test_a_backup_tells_what_it_holds(shop: Shop) -> None:
    said = shop.run("log", "backup", "saved.db").stdout
    told = shop.json("log", "backup", "saved.db", "--replace")

    assert said.startswith("Backed up 26 events to saved.db, ")
    assert told["file"] == "saved.db"
    assert told["hash"] == shop.json("log", "check")["hash"]
    assert told["size"] == Path("saved.db").stat().st_size


def test_a_database_without_personal_data_needs_no_keys(shop: Shop) -> None:
    shop.keep("orders.csv", "order_id,placed_at,currency,total\no1,2024-05-01T10:00:00Z,USD,5\n")
    new = ("--database", "sqlite:///new.db")
    shop.run("import", "orders.csv", *new)
    shop.run("log", "backup", "saved.db", *new)

    said = shop.run("log", "restore", "saved.db", "--replace", *new).stdout

    assert said.endswith(
        "It holds no keys: if personal data is sealed in it, nobody can read that\n"
    )


def test_a_backup_tells_that_the_keys_lie_apart(shop: Shop) -> None:
    apart = ("--database", "sqlite:///new.db", "--keys-database", "sqlite:///keys.db")
    shop.run("import", shop.history(), *apart)

    said = shop.run("log", "backup", "saved.db", *apart[:2]).stdout
    told = shop.json("log", "backup", "saved.db", "--replace", *apart[:2])

    assert said.endswith("Its data keys are kept in another database: back that one up as well\n")
    assert (told["keys"], told["keys_apart"]) == ([], True)


def test_nothing_is_replaced_unless_that_is_asked_for(shop: Shop) -> None:
    shop.run("log", "backup", "saved.db")

    again = shop.run("log", "backup", "saved.db", status=3)
    over = shop.run("log", "restore", "saved.db", status=3)

    assert again.stderr.startswith("Error: saved.db: something stands there")
    assert over.stderr.startswith("Error: regulars.db: something stands there")


def test_what_stands_in_a_damaged_file_moves_no_cursor(shop: Shop) -> None:
    with closing(sqlite3.connect("odd.db")) as odd:
        odd.execute("CREATE TABLE odd (odd)")
        odd.execute("PRAGMA writable_schema = ON")
        odd.execute("UPDATE sqlite_master SET sql = '', name = char(27) || '[31m'")
        odd.commit()
    url = ("--database", "sqlite:///odd.db")

    for words in (("restore", "odd.db", "--replace"), ("backup", "x.db", *url), ("check", *url)):
        said = shop.run("log", *words, status=3).stderr
        assert "malformed database schema (\N{REPLACEMENT CHARACTER}[31m)" in said
