"""Tenants that share a database, on the command line and in what works on the log as a whole."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import regulars
from regulars.adapters.database import Database
from regulars.adapters.tenants import UnknownTenant
from tests.adapters.cli_shop import Shop
from tests.postgres_server import new_database

AT = datetime(2024, 1, 1, tzinfo=UTC)
URL = "sqlite:///regulars.db"
NORTH = ("--tenant", "north")
OTHERS = "others have some: `regulars log tenants` tells who"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path)
    shop.run("import", shop.history(), *NORTH)
    return shop


def test_each_tenant_has_a_log_of_its_own(shop: Shop) -> None:
    shop.keep("orders.csv", "order_id,placed_at,currency,total\no9,2024-05-01T10:00:00Z,USD,5\n")
    shop.run("import", "orders.csv", "--tenant", "south")

    assert "o9" in shop.run("events", "--tenant", "south").stdout
    assert "o9" not in shop.run("events", *NORTH).stdout
    assert shop.json("verify", *NORTH)["sound"]
    assert shop.json("log", "status", *NORTH)["tenant"] == "north"
    assert shop.json("balance", "ada", *NORTH)["customer"] == "ada"


@pytest.mark.parametrize(
    "command",
    [
        "report",
        "profile ada",
        "balance ada",
        "events",
        "rebuild",
        "verify",
        "log status",
        "log check",
        "log export log.jsonl",
        "log backup saved.db",
    ],
)
def test_a_tenant_that_has_no_event_where_others_have_is_not_called_empty(
    shop: Shop, command: str
) -> None:
    before = shop.files()

    said = shop.run(*command.split(), "--tenant", "nroth", status=3).stderr

    assert said == f"Error: {URL}: no event is of the tenant nroth, and {OTHERS}\n"
    assert shop.files() == before


def test_a_backup_is_restored_only_if_it_has_the_tenant_that_is_to_be_proven(shop: Shop) -> None:
    shop.run("log", "backup", "saved.db", *NORTH)
    copy = ("--database", "sqlite:///copy.db")

    said = shop.run("log", "restore", "saved.db", *copy, status=3).stderr
    shop.run("log", "restore", "saved.db", *copy, *NORTH)

    assert said == f"Error: saved.db: no event is of the tenant default, and {OTHERS}\n"
    assert shop.json("log", "check", *copy, *NORTH)["events"] == 26


def test_a_log_moves_with_its_tenant(shop: Shop) -> None:
    copy = ("--database", "sqlite:///copy.db")
    shop.run("log", "export", "log.jsonl", *NORTH)

    assert "is not that of the tenant default" in (
        shop.run("log", "import", "log.jsonl", *copy, status=3).stderr
    )
    shop.run("log", "import", "log.jsonl", *copy, *NORTH)
    assert shop.json("log", "check", *copy, *NORTH) == shop.json("log", "check", *NORTH)


def test_a_name_that_is_none_is_no_tenant(shop: Shop) -> None:
    said = shop.run("events", "--tenant", " ", status=2).stderr

    assert "tenant: an id is 1 to 200 characters" in said


@pytest.mark.parametrize("new_url", [new_database, lambda: "sqlite:///new.db"])
def test_of_a_database_without_events_every_tenant_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_url: Callable[[], str]
) -> None:
    monkeypatch.chdir(tmp_path)
    url = new_url()
    Database(url).close()

    assert regulars.check_log(url, tenant="north").sound
    assert regulars.export_log(url, "log.jsonl", tenant="north").events == 0


def test_one_tenant_is_told_nothing_of_another_and_who_looks_after_all_sees_each(
    shop: Shop,
) -> None:
    with closing(regulars.connect(URL, tenant="south", keyless=True)) as crm:
        crm.execute(regulars.RegisterMerchant(merchant=regulars.MerchantId("m"), at=AT), by="x")

    with pytest.raises(UnknownTenant) as refused:
        regulars.log_status(URL)
    assert "north" not in f"{refused.value!r} {refused.value}"

    assert shop.json("log", "tenants") == {
        "tenants": [{"tenant": "north", "events": 26}, {"tenant": "south", "events": 3}]
    }
    lines = [line.split() for line in shop.run("log", "tenants").stdout.splitlines()]
    assert lines[1:4] == [["Tenant", "Events"], ["north", "26"], ["south", "3"]]


@pytest.mark.parametrize("tenant", ["", " ", "a\0b", "n" * 201])
def test_a_tenant_is_an_id_wherever_a_host_names_one(shop: Shop, tenant: str) -> None:
    shop.run("log", "export", "log.jsonl", *NORTH)
    opens: tuple[Callable[[], object], ...] = (
        lambda: regulars.connect(URL, tenant=tenant),
        lambda: regulars.check_log(URL, tenant=tenant),
        lambda: regulars.import_log("sqlite:///new.db", "log.jsonl", tenant=tenant),
    )

    for open_it in opens:
        with pytest.raises(regulars.InvalidId, match="tenant"):
            open_it()

    assert not Path("new.db").exists()
