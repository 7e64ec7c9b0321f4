import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen, run
from typing import NoReturn

import click
import pytest
from click.testing import CliRunner

from regulars import connect
from regulars.adapters.cli import regulars
from regulars.adapters.key_ring import UnusableKeys
from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import Contact
from regulars.domain.values import BEGINNING, CustomerId
from tests.adapters.cli_shop import Shop
from tests.architecture.repository import ROOT


def commands_of(group: click.Group, *above: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, *above, name)
        else:
            yield (*above, name), command


COMMANDS = dict(commands_of(regulars))
READERS = (
    ("report",),
    ("profile", "ada"),
    ("balance", "ada"),
    ("events",),
    ("rebuild",),
    ("verify",),
    ("log", "status"),
    ("log", "check"),
)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path)


def process(*words: str, script: str = "", **environment: str) -> CompletedProcess[str]:
    command = ["-c", script] if script else ["-m", "regulars"]
    return run(
        [sys.executable, *command, *words],
        env=ENVIRONMENT | environment,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_of_a_command_tells_every_option_and_shows_examples(
    shop: Shop, words: tuple[str, ...]
) -> None:
    said = shop.run(*words, "--help").stdout

    options = [
        option
        for parameter in COMMANDS[words].params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, parameter.help)
    ]
    # What is in a file needs no database.
    in_a_file = words[0] == "policy" or words == ("program", "check")
    assert "--json" in options
    assert ("--database" in options) == (not in_a_file)
    flat = " ".join(said.split())
    assert [option for option in options if not option or option not in flat] == []
    assert f"Examples:\n    regulars {' '.join(words)}" in said


def test_the_help_of_all_lists_every_command_and_status(shop: Shop) -> None:
    said = shop.run("--help").stdout

    assert [name for name in regulars.commands if f"\n  {name} " not in said] == []
    assert "..." not in said.partition("Commands:")[2]
    assert "130  interrupted" in said


@pytest.mark.parametrize("words", READERS)
def test_a_database_that_is_not_there_is_not_made(shop: Shop, words: tuple[str, ...]) -> None:
    said = shop.run(*words, status=3)

    assert said.stderr == "Error: sqlite:///regulars.db: there is no such file\n"
    assert shop.files() == set()


@pytest.mark.parametrize("words", READERS)
def test_a_command_that_reads_makes_no_file(shop: Shop, words: tuple[str, ...]) -> None:
    shop.keep(
        "orders.csv",
        "order_id,customer_id,placed_at,currency,total\no1,ada,2024-05-01T10:00:00Z,USD,5\n",
    )
    shop.run("import", "orders.csv")
    Path("regulars.db.keys").unlink()

    shop.run(*words)

    assert shop.files() == {"orders.csv", "regulars.db"}


def test_an_empty_file_is_no_database_and_stays_empty(shop: Shop) -> None:
    file = shop.keep("regulars.db", "")

    said = shop.run("report", status=3)

    assert said.stderr == "Error: sqlite:///regulars.db: is an empty file\n"
    assert file.stat().st_size == 0


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("qqq",), 2, "No such command 'qqq'; see regulars --help"),
        (("report", "--nonsense"), 2, "see regulars report --help"),
        (("report", "--timezone", "Mars"), 2, "there is no time zone 'Mars'"),
        (("report", "--timezone", "../etc/passwd"), 2, "there is no time zone"),
        (("import", "x.csv", "--timezone", "Mars"), 2, "there is no time zone 'Mars'"),
        (("report", "--currency", "dollars"), 2, "'dollars' is no code"),
        (("report", "--as-of", "yesterday"), 2, "'yesterday' is no time"),
        (("balance", "ada", "--as-of", "10000-01-01"), 2, "'10000-01-01' is no time"),
        (("balance", "ada", "--as-of", "0001-01-01T00:00+10:00"), 2, "is no time"),
        (("log",), 2, "Missing command; see regulars log --help"),
        (("log", "nonsense"), 2, "No such command 'nonsense'; see regulars log --help"),
        (("log", "export"), 2, "Missing argument 'FILE'; see regulars log export --help"),
        (("log", "import", "notes.txt"), 3, "notes.txt: line 1 does not begin an exported log"),
        (("log", "import", "missing"), 3, "missing: No such file"),
        (("log", "restore", "missing"), 3, "missing: No such file"),
        (("log", "restore", "notes.txt"), 3, "notes.txt: cannot be copied: file is not a database"),
        (("log", "restore", "empty.db"), 3, "empty.db: is an empty file"),
        (("log", "backup", "x.db"), 3, "sqlite:///regulars.db: there is no such file"),
        (("log", "backup", "x", "--database", "postgresql://u:secret@h/db"), 3, "with pg_dump"),
        (("import",), 2, "name the files to import"),
        (("import", "missing"), 3, "missing: there is no such file or folder"),
        (("import", "--orders", "missing.csv"), 3, "missing.csv: there is no such file"),
        (("import", "--orders", "notes.txt"), 3, "notes.txt: is neither .csv"),
        (("import", "orders.csv"), 3, "orders.csv: has no column"),
        (("report", "--database", "nonsense"), 3, "nonsense: is not a database URL"),
        (("report", "--database", "mysql://u:secret@h/db"), 3, "u:***@h/db: only"),
        (("report", "--database", "sqlite:///notes.txt"), 3, "is not an SQLite database"),
        (("import", "orders.csv", "--database", "sqlite:///no/shop.db"), 3, "no folder no"),
        (("import", "orders.csv", "--keys", "notes.txt"), 3, "notes.txt: line 1 is not"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    shop: Shop, words: tuple[str, ...], status: int, message: str
) -> None:
    shop.keep("notes.txt", "nothing\n")
    shop.keep("orders.csv", "order\n1\n")
    shop.keep("empty.db", "")

    said = shop.run(*words, status=status)

    lines = [line for line in said.stderr.splitlines() if not line.startswith("Warning: ")]
    assert (said.stdout, len(lines)) == ("", 1), said.output
    assert lines[0].startswith("Error: ")
    assert message in lines[0]


def test_keys_that_are_gone_are_missed_only_by_a_database_that_has_some(shop: Shop) -> None:
    shop.opened()
    Path("regulars.db.keys").rename("safe.keys")

    said = shop.run("verify", status=3)

    assert said.stderr.startswith("Error: regulars.db.keys: is missing, and ")
    shop.run("verify", "--keys", "safe.keys")


@pytest.mark.parametrize("command", ["report", "profile ada", "balance ada", "rebuild"])
def test_what_opens_no_box_needs_no_keys(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    expected = shop.opened().json(*command.split())
    Path("regulars.db.keys").unlink()
    monkeypatch.setenv("REGULARS_KEYS", "no keys")

    told = shop.json(*command.split())

    assert {**told, "seconds": 0} == {**expected, "seconds": 0}
    assert "<sealed>" in shop.run("events").stdout


def test_a_core_without_keys_seals_nothing(shop: Shop) -> None:
    shop.opened()
    named = RegisterCustomer(
        customer=CustomerId("cid"), at=BEGINNING, contact=Contact(name="Ada Lovelace")
    )

    with connect("sqlite:///regulars.db", keyless=True) as crm:
        with pytest.raises(UnusableKeys, match="was opened without keys"):
            crm.execute(named, by="test")
        crm.execute(RegisterCustomer(customer=CustomerId("cid"), at=BEGINNING), by="test")


def test_a_damaged_database_is_told_in_one_line(shop: Shop) -> None:
    shop.opened()
    with Path("regulars.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 40)

    said = shop.run("verify", status=3)

    assert said.stderr.startswith("Error: ")
    assert said.stderr.count("\n") == 1


def test_an_interrupted_command_ends_with_the_status_of_shells(shop: Shop) -> None:
    shop.opened()
    before = shop.files()

    def interrupted(*_words: object, **_options: object) -> NoReturn:
        raise KeyboardInterrupt

    said = CliRunner().invoke(regulars, ["report"], obj=interrupted)

    assert (said.exit_code, said.stderr.count("\n")) == (130, 1)
    assert "interrupted" in said.stderr
    assert shop.files() == before


def test_what_an_answer_holds_is_the_same_in_any_encoding(shop: Shop) -> None:
    shop.keep("merchants.csv", "merchant_id,name\nm1,张三饺子馆\n")
    shop.keep(
        "orders.csv",
        "order_id,merchant_id,placed_at,currency,total\no1,m1,2024-05-01T10:00:00Z,CNY,5\n",
    )
    shop.run("import", "merchants.csv", "orders.csv")

    ascii_only = CliRunner(charset="ascii")
    document = ascii_only.invoke(regulars, ["report", "--json"], obj=connect)
    shown = process("report", PYTHONIOENCODING="ascii")

    assert "张三饺子馆" in document.stdout_bytes.decode()
    assert (shown.returncode, shown.stderr) == (0, "")


def test_a_reader_that_has_seen_enough_ends_the_command_silently(shop: Shop) -> None:
    shop.opened()
    command = [sys.executable, "-m", "regulars", "events"]

    with Popen(command, env=ENVIRONMENT, stdout=PIPE, stderr=PIPE) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.close()
        assert listing.stderr.read() == b""


def test_a_machine_without_the_extra_is_told_what_to_install() -> None:
    script = (
        "import sys; sys.modules.update(click=None, rich=None);"
        "from regulars.__main__ import main; main()"
    )

    said = process(script=script)

    assert said.returncode == 3
    assert said.stderr == "The command line needs click and rich: pip install 'regulars[cli]'\n"


def test_the_version_is_that_of_the_package(shop: Shop) -> None:
    assert shop.run("--version").stdout.startswith("regulars ")


def test_a_core_that_may_make_no_keys_reads_but_seals_nothing(shop: Shop) -> None:
    connect("sqlite:///shop.db").close()
    Path("shop.db.keys").unlink()
    named = RegisterCustomer(
        customer=CustomerId("ada"), at=BEGINNING, contact=Contact(name="Ada Lovelace")
    )

    with connect("sqlite:///shop.db", create=False) as crm:
        with pytest.raises(UnusableKeys):
            crm.execute(named, by="test")
        crm.execute(RegisterCustomer(customer=CustomerId("bob"), at=BEGINNING), by="test")

        assert crm.verify().sound
    assert shop.files() == {"shop.db"}
