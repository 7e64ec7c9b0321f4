"""
A town of canaries goes through all that a service does, and none of them is found anywhere.

Searched are the files with their write-ahead log and those without a name, the tables, all that
was said, logged and raised, and what each command of the command line prints and writes.
"""

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine

from regulars import Crm, connect
from regulars.adapters.cli import regulars
from regulars.adapters.database import Database
from regulars.adapters.key_ring import create_key_file
from regulars.adapters.policy_file import policy_text
from regulars.adapters.recorder import Recorder
from regulars.application.boxed import BOXED
from regulars.domain.customer import UpdateCustomerDetails
from regulars.domain.reading import DEFAULT_POLICY
from regulars.testing import canaries_of, canary_people
from regulars.testing.number_protections import NOON
from tests.acceptance.canary_town import (
    CanaryTown,
    customer_of,
    order_of,
    told_at_last,
    told_by,
    told_of_the_shop,
)
from tests.acceptance.overheard import Overheard
from tests.adapters.history_archive import Archive, csv_text, json_text
from tests.postgres_server import new_database

COMMANDS: Final = (
    "report",
    "profile c0",
    "balance c0 --explain",
    "balance c0 --schedule",
    "liability --as-of 2025-02-28",
    "explain order o0",
    "explain balance c0",
    "explain lot c0 o0",
    "why-not spring c-1 --order o0",
    "simulate order.json",
    "tier c0 --explain",
    "member c0",
    "campaign show spring --margin 15",
    "campaign grant spring --round 1 --amount 1",
    "coupons of c0",
    "coupons offer spring",
    "referral c0",
    "care run --on 2025-01-29",
    "events",
    "events --stream customer-c0",
    "reveal c2 --class payment --purpose service --as support:s-cli",
    "reveal c2 --class identity --purpose service --as support:s-cli",
    "access-log",
    "access-log --customer c0",
    "reinstate support:s-cli --by privacy_officer:po-1 --reason ticket-12",
    "consent grant c2 --purpose care --evidence form-88 --until 2027-12-31",
    "consent withdraw c2 --purpose care",
    "consent show c0",
    "object c2 --purpose marketing",
    "restrict c2 --class profile --reason ticket-12",
    "lift c2 --reason settled",
    "index fill --contacts unique",
    "find --phone {phone} --purpose service --as support:s-cli",
    "find --email {email} --purpose legal_duty --as privacy_officer:po-1 --reason ticket-12",
    "find --phone '+420 604 728 999' --purpose service --as support:s-cli",
    "find --phone {phone} --purpose delivery --as courier:r-1",
    "find --phone '{phone} or so' --purpose service --as support:s-cli",
    "index rotate",
    "index status",
    "export c2 given/c2.json --as customer:c2",
    "export r-1 given/r-1.json --of courier --as privacy_officer:po-1",
    "hold c0 --class payment --class contact --basis case-17",
    "holds",
    "holds c0",
    "merge c1 --into c2 --evidence same-person",
    "merge c1 --into c2 --evidence two-people --revert",
    "requests receive q-cli c0 --right access",
    "requests extend q-cli --reason many-orders",
    "requests answer q-cli",
    "requests list --customer c0 --answered",
    "retention due",
    "retention due --at 2040-01-01",
    "erase c0 --class payment --basis asked --yes",
    "release c0 --basis case-17 --yes",
    "hold --courier r-1 --class contact --basis case-18",
    "holds --courier r-1",
    "release --courier r-1 --basis case-18 --yes",
    "new-life c0 --basis came-back",
    "erase --courier r-1 --basis left --yes",
    "erase --merchant m-1 --basis left --yes",
    "erase --order nobodys-0 --basis asked --yes",
    "new-life --courier r-1 --basis came-back",
    "erase c1 --basis asked --yes --certificate c1.json",
    "erasures",
    "erasures --resume",
    "retention run",
    "policy show",
    "policy check policy.toml",
    "program list",
    "program show",
    "program check program.toml",
    "points notices --days 10",
    "points migrate c2 90 --ref old-shop/17",
    "points adjust c2 -5 --reason ticket-12 --approver lead:4 --id fix-7",
    "points transfer c2 c0 20 --id gift-7",
    "points close c2 --reason left",
    "what-if program.toml --plot what-if{json}.svg",
    "rebuild",
    "verify",
    "keys status",
    "keys rotate",
    "keys rewrap",
    "keys retire {kek}",
    "keys renounce --yes",
    "log status",
    "log check",
    "log export log.jsonl --replace",
    "log import log.jsonl --database sqlite:///imported{json}.db",
    "log backup backup.db --replace",
    "log restore backup.db --database sqlite:///restored{json}.db",
    "log migrate",
    "log tenants",
    "import history --keep-extra --database sqlite:///past{json}.db",
)
"""
Every command but `demo`, which brings its own people. What is `given` are people's copies.

A masked contact or address is not among them: it keeps the domain of an e-mail address, and the
town that somebody lives in.
"""

DENIED: Final = (
    "find --phone '{phone} or so'",
    "find --phone {phone} --purpose delivery",
)
"""Commands whose exit status says that there is no answer."""

ON_FILES: Final = ("log backup", "log restore")
"""Commands that PostgreSQL has tools of its own for."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}" if request.param == "sqlite" else new_database()


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of keys in the current folder, in which temporary files are made too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("REGULARS_KEYS", raising=False)
    create_key_file(tmp_path / "shop.keys")
    return tmp_path / "shop.keys"


@pytest.fixture(params=[3, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def town(request: pytest.FixtureRequest, overheard: Overheard) -> CanaryTown:
    people = canary_people(request.param)
    overheard.canaries = canaries_of(people)
    return CanaryTown(people, overheard)


def opened(url: str, keys: Path, town: CanaryTown) -> Crm:
    return connect(
        url,
        keys=keys,
        environment={},
        clock=town.clock,
        numbers=town.numbers,
        contacts="unique",
    )


def driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


def in_tables(url: str, town: CanaryTown) -> None:
    town.overheard.finds += town.overheard.canaries.in_database(driver(url))


def joined(crm: Crm, url: str, town: CanaryTown) -> None:
    """What a host records together with rows of its own, kept and taken back."""
    engine = create_engine(driver(url))
    person = town.people[1]
    change = UpdateCustomerDetails(
        customer=customer_of(person), at=NOON, contact=person.contact, profile=person.profile
    )
    for ending in ("commit", "rollback"):
        with engine.connect() as connection, connection.begin() as transaction:
            if url.startswith("sqlite"):
                connection.exec_driver_sql("BEGIN")  # sqlite3 by itself does not
            with crm.joined(connection) as inside:
                town.overheard.text("inside", inside, inside.execute(change, by="app"))
            getattr(transaction, ending)()
    engine.dispose()


def test_nothing_of_the_town_is_found_where_a_host_could_look(
    url: str, keys: Path, town: CanaryTown, caplog: pytest.LogCaptureFixture
) -> None:
    overheard = town.overheard
    with opened(url, keys, town) as crm:
        town.work(crm)
        joined(crm, url, town)
        overheard.text("the core", crm, vars(crm))
        overheard.folder(keys.parent)
        assert not url.startswith("sqlite") or (keys.parent / "shop.db-wal").stat().st_size
    with closing(Database(url, create=False)) as database:
        recorder = Recorder(database, tenant="default", id_type=str)
        for sent in recorder.select_notifications(None, 99_999):
            overheard.text("a notification", sent)
            overheard.finds += overheard.canaries.in_bytes(sent.state, "its state")

    overheard.folder(keys.parent)
    in_tables(url, town)
    overheard.log(caplog)
    assert "sqlalchemy.engine.Engine" in {record.name for record in caplog.records}
    assert overheard.finds == []


def test_the_town_tells_all_that_is_personal() -> None:
    one, other = canary_people(2)

    told = [*told_by(one, other), *told_at_last(one)]

    assert {type(command) for command in told} >= BOXED.keys()


def commands_below(group: click.Group, *path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_below(command, *path, name)
        else:
            yield " ".join([*path, name])


def test_every_command_of_the_command_line_is_listened_to() -> None:
    known = {*commands_below(regulars)} - {"demo"}
    called = {name for name in known for line in COMMANDS if f"{line} ".startswith(f"{name} ")}

    assert known - called == set()
    assert len(known) > 20


def takes(option: str, line: str) -> bool:
    command: click.Command = regulars
    for word in line.split():
        if isinstance(command, click.Group):
            command = command.commands[word]
    return any(option in one.opts for one in command.params)


@pytest.mark.parametrize(
    "more",
    [pytest.param((), marks=pytest.mark.slow), ("--json",)],
    ids=["for people", "in JSON"],
)
def test_no_command_prints_or_writes_anything_of_the_town(
    url: str,
    keys: Path,
    town: CanaryTown,
    more: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_history(keys.parent / "history", town)
    (keys.parent / "given").mkdir()
    (keys.parent / "policy.toml").write_text(policy_text(DEFAULT_POLICY))
    (keys.parent / "program.toml").write_text("[[earning]]\npoints = 1\n")
    draft = '{"customer_id": "c0", "currency": "CZK", "total": "19.99"}'
    (keys.parent / "order.json").write_text(draft)
    with opened(url, keys, town) as crm:
        for person in town.people:
            for command in (*told_by(person, person), *told_at_last(person)):
                crm.execute(command, by="app")
        for command in told_of_the_shop(town.people[0]):
            crm.execute(command, by="app")
        kek = crm.keys.status().active
    words = {
        "kek": kek,
        "phone": town.people[2].contact.phone,
        "email": town.people[2].contact.email,
        "json": "-json" if more else "",
    }

    for line in COMMANDS:
        if line.startswith(ON_FILES) and not url.startswith("sqlite"):
            continue
        asked = [*(word.format_map(words) for word in shlex.split(line)), *more]
        if takes("--database", line) and "--database" not in asked:
            asked += ["--database", url]
        asked += ["--keys", str(keys)] if takes("--keys", line) else []
        result = CliRunner().invoke(regulars, asked, obj=connect)
        town.overheard.text(line, result.output, result.stdout, result.stderr)
        assert result.exit_code in {0, 1, 3}, (line, result.output)
        assert (result.exit_code == 3) == line.startswith(DENIED), (line, result.output)

    for copy in ("c2.json", "r-1.json"):
        given = keys.parent / "given" / copy
        assert town.overheard.canaries.in_text(given.read_text(), copy)
        given.unlink()
    town.overheard.folder(keys.parent)
    in_tables(url, town)
    town.overheard.log(caplog)
    assert town.overheard.finds == []


def write_history(folder: Path, town: CanaryTown) -> None:
    """What the town has done in the past, in files, and rows that cannot be recorded."""
    folder.mkdir()
    archive = Archive(folder)
    customers = [
        {
            "customer_id": customer_of(person),
            "name": person.contact.name,
            "phone": person.contact.phone,
            "email": person.contact.email,
            "birth_date": person.values["birth date"],
            "gender": person.profile.gender,
            "occupation": person.profile.occupation,
            "address": person.address.text,
            "papers": person.identity.document_number,
        }
        for person in town.people
    ]
    orders = [
        {
            "order_id": order_of(person),
            "customer_id": customer_of(person),
            "placed_at": "2024-05-01T10:00:00Z",
            "currency": "USD",
            "total": "19.99",
            "note": person.content.text or "",
        }
        for person in town.people
    ]
    reviews = [
        {"order_id": order_of(person), "stars": "5", "text": person.content.text or ""}
        for person in town.people
    ]
    wrong = town.people[0].values
    archive.keep(
        "customers.jsonl",
        json_text([*customers, customers[0] | {"customer_id": "x", "birth_date": wrong["phone"]}]),
    )
    archive.keep("orders.csv", csv_text([*orders, orders[0] | {"total": wrong["name"]}]))
    archive.keep("reviews.csv", csv_text([*reviews, reviews[0] | {"stars": wrong["address"]}]))
