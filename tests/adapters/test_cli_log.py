import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from regulars import connect
from regulars.adapters.cli_verify import verdict_document
from regulars.adapters.database import Database
from regulars.adapters.snapshots import SqlSnapshots
from regulars.application.aggregates import CUSTOMER
from regulars.application.snapshots import Snapshot
from regulars.application.stray_keys import Returned, Unasked
from regulars.domain.customer import Customer
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId
from tests.adapters.cli_shop import Shop, secrets_in


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def change(statement: str) -> None:
    with closing(sqlite3.connect("regulars.db")) as database, database:
        assert database.execute(statement).rowcount


def test_events_are_listed_one_on_a_line_in_the_order_of_the_log(shop: Shop) -> None:
    lines = shop.run("events").stdout.splitlines()

    assert [int(line.split()[0]) for line in lines] == list(range(1, 27))
    assert lines[0].endswith("host  ProgramDefined  program=default name=Regulars")


def test_the_events_of_one_stream_can_be_listed_past_a_version(shop: Shop) -> None:
    lines = shop.run("events", "--stream", "order-o2", "--after", "2").stdout.splitlines()

    assert [line.split()[5] for line in lines] == ["OrderDelivered", "RefundIssued"]


def test_a_list_of_events_can_be_cut(shop: Shop) -> None:
    lines = shop.run("events", "--after", "10", "--limit", "3").stdout.splitlines()

    assert [int(line.split()[0]) for line in lines] == [11, 12, 13]


def test_the_events_of_some_types_in_some_streams_can_be_listed(shop: Shop) -> None:
    whole = [json.loads(line) for line in shop.run("events", "--json").stdout.splitlines()]

    def listed(*words: str) -> list[int]:
        return [int(line.split()[0]) for line in shop.run("events", *words).stdout.splitlines()]

    def places(types: tuple[str, ...] = (), prefix: str = "") -> list[int]:
        return [
            one["position"]
            for one in whole
            if (not types or one["type"] in types) and one["stream"].startswith(prefix)
        ]

    both = ("OrderDelivered", "PointsEarned")
    assert listed("--type", both[0]) == places((both[0],)) != []
    assert listed("--type", both[0], "--type", both[1]) == places(both)
    assert listed("--prefix", "order-o") == places(prefix="order-o") != []
    assert listed("--prefix", "order-o", "--type", both[1]) == []
    assert listed("--prefix", "order_") == []
    assert listed("--upto", "4") == [1, 2, 3, 4]
    assert len(listed("--stream", "order-o2", "--upto", "2")) == 2


def test_the_events_up_to_a_time_can_be_listed(shop: Shop) -> None:
    def occurred(*words: str) -> list[str]:
        lines = shop.run("events", "--prefix", "order-", *words, "--json").stdout.splitlines()
        return [json.loads(line)["occurred_at"] for line in lines]

    whole, until = occurred(), "2024-05-02T10:00:00+00:00"
    before = [at for at in whole if at <= until]
    assert until in before
    assert len(before) < len(whole)
    assert occurred("--occurred-by", "2024-05-02T12:00+02:00") == before
    assert occurred("--occurred-by", "2024-05-02T10:00") == before
    assert occurred("--recorded-by", "2024-05-02") == []
    assert occurred("--recorded-by", "2999-01-01") == whole


def test_a_type_or_time_that_there_is_not_is_a_mistake_of_the_command_line(shop: Shop) -> None:
    assert (
        "there is no type 'orderplace'; did you mean OrderPlaced"
        in shop.run("events", "--type", "orderplace", status=2).stderr
    )
    for option in ("--recorded-by", "--occurred-by"):
        said = shop.run("events", option, "soon", status=2).stderr
        assert f"Invalid value for {option}: 'soon' is no time" in said


def test_nothing_to_list_is_said_aside(shop: Shop) -> None:
    for words, why in [
        (("--stream", "order-none"), "no events past 0 in stream 'order-none'"),
        (("--prefix", "ordr"), "no such events past 0"),
    ]:
        said = shop.run("events", *words)

        assert (said.stdout, why in said.stderr) == ("", True)


def test_events_never_show_personal_data(shop: Shop) -> None:
    plain = shop.run("events").output
    lines = shop.run("events", "--json").stdout

    assert "contact=<sealed>" in plain
    assert secrets_in([plain, lines]) == []
    assert not any("envelope" in line for line in lines.splitlines())


@pytest.mark.parametrize("option", ["--stream", "--prefix"])
def test_no_stream_has_half_a_character_in_its_name(shop: Shop, option: str) -> None:
    assert option in shop.run("events", option, "\udcff", status=2).stderr


def test_events_in_json_have_everything_but_what_is_sealed(shop: Shop) -> None:
    lines = shop.run("events", "--stream", "customer-ada", "--json").stdout.splitlines()

    event = json.loads(lines[0])
    assert event.pop("event_id")
    assert event.pop("recorded_at")
    assert event == {
        "position": 3,
        "stream": "customer-ada",
        "version": 1,
        "type": "CustomerRegistered",
        "schema": 1,
        "occurred_at": "1970-01-01T00:00:00+00:00",
        "tenant": "default",
        "actor": "import",
        "correlation": "import/customer/ada",
        "causation": "import/customer/ada",
        "fields": {"customer": "ada", "contact": {"sealed": True}},
    }


def test_a_sound_database_is_proved_so(shop: Shop) -> None:
    verdict = shop.json("verify")

    assert (verdict["sound"], verdict["events"], verdict["streams"]) == (True, 26, 12)
    assert verdict["views"]["customers"] == 2
    assert verdict["boxes"] == {"open": 3, "erased": 0, "without_key": 0, "tampered": []}
    assert "Sound" in shop.run("verify").stdout


def test_keys_that_a_restore_brought_back_are_named_with_what_to_run(shop: Shop) -> None:
    with closing(sqlite3.connect("regulars.db")) as database, database:
        database.execute("CREATE TABLE backup AS SELECT * FROM keys WHERE data_class = 'contact'")
    shop.run("erase", "ada", "--yes")
    change("INSERT OR REPLACE INTO keys SELECT * FROM backup")

    found = shop.json("verify", status=1)["keys_returned"]
    said = shop.run("verify", status=1).stdout
    shop.run("erasures", "--resume")

    resume = "regulars erasures --resume"
    assert found == [{"customer": "ada", "class": "contact", "keys": 1, "run": resume}]
    assert resume in " ".join(said.split())
    assert shop.json("verify")["sound"]


def test_a_key_that_was_marked_as_erased_by_hand_is_named(shop: Shop) -> None:
    change("UPDATE keys SET state = 'erased', wrapped = NULL WHERE data_class = 'contact'")

    found = shop.json("verify", status=1)["keys_unasked"]
    said = " ".join(shop.run("verify", status=1).stdout.split())

    erase = "regulars erase ada --class contact"
    assert {"subject": "customer/ada", "class": "contact", "keys": 1, "run": erase} in found
    assert f"customer/ada, contact: 1 key marked as erased that no erasure took: {erase}" in said
    assert 0 < said.index("erase those again") < said.index("restore the key store")


@pytest.mark.usefixtures("shop")
def test_whose_erasure_the_log_lost_is_named_with_how_to_ask_again() -> None:
    with connect("sqlite:///regulars.db") as crm:
        verdict = crm.verify()
    lost = Unasked(subject="courier/c 7", data_class=DataClass.CONTACT, keys=1)

    told = verdict_document(evolve(verdict, keys_unasked=(lost,)))["keys_unasked"]

    assert "regulars erase --courier 'c 7' --class contact" in str(told)


@pytest.mark.usefixtures("shop")
def test_keys_older_than_a_new_life_are_destroyed_with_it() -> None:
    courier = Subject(kind=SubjectKind.COURIER, id="c 7")
    contact = DataClass.CONTACT
    with connect("sqlite:///regulars.db") as crm:
        verdict = crm.verify()

    def told(whose: CustomerId | Subject) -> object:
        found = Returned(customer=whose, data_class=contact, keys=1, new_life=True)
        return verdict_document(evolve(verdict, keys_returned=(found,)))["keys_returned"]

    assert "'run': 'regulars erase ada --class contact'" in str(told(CustomerId("ada")))
    assert "regulars erase --courier 'c 7' --class contact" in str(told(courier))


def test_a_view_that_was_changed_is_found_and_can_be_rebuilt(shop: Shop) -> None:
    change("UPDATE view_accounts_3 SET balance = balance + 1000 WHERE customer = 'ada'")

    verdict = shop.json("verify", status=1)
    said = shop.run("verify", status=1).stdout
    shop.run("rebuild", "accounts")

    assert verdict["drifts"] == [{"view": "accounts", "rows": 1, "keys": ["default/ada"]}]
    assert "view accounts: default/ada" in said
    assert shop.json("verify")["sound"]


def test_a_snapshot_that_is_not_what_its_events_add_up_to_is_found_and_dropped(shop: Shop) -> None:
    with closing(Database("sqlite:///regulars.db")) as database:
        SqlSnapshots(database).keep("customer-ada", CUSTOMER, Snapshot(1, Customer()))

    verdict = shop.json("verify", status=1)
    said = shop.run("verify", status=1).stdout
    shop.run("rebuild")

    assert verdict["snapshots"] == {"kept": 1, "drifted": ["customer-ada"]}
    assert "snapshot of customer-ada" in said
    assert shop.json("verify")["snapshots"] == {"kept": 0, "drifted": []}


def test_an_event_that_was_taken_out_is_found(shop: Shop) -> None:
    change("DELETE FROM events WHERE stream = 'order-o2' AND version = 3")

    verdict = shop.json("verify", status=1)

    assert len(verdict["gaps"]) == 1
    assert "Not sound" in shop.run("verify", status=1).stdout


def test_an_event_that_cannot_be_read_is_named(shop: Shop) -> None:
    change("UPDATE events SET body = CAST('{}' AS BLOB) WHERE position = 6")

    said = shop.json("verify", status=1)

    assert said == {"sound": False, "undecodable": said["undecodable"]}
    assert said["undecodable"].startswith("event 6 is no ")
    assert "event 6 is no" in shop.run("verify", status=1).stdout
    assert shop.run("events", status=3).stderr.startswith("Error: event 6 is no ")


def test_all_views_are_rebuilt_if_none_is_named(shop: Shop) -> None:
    rebuilt = shop.json("rebuild")

    assert rebuilt["events"] == 26
    assert rebuilt["views"][:2] == ["customers", "accounts"]
    assert shop.run("rebuild", "items").stdout.startswith("Rebuilt items from 26 events")


def test_a_view_that_nobody_knows_is_a_mistake_of_the_command_line(shop: Shop) -> None:
    said = shop.run("rebuild", "nonsense", status=2)

    assert said.stderr.startswith("Error: there is no view nonsense; there are customers, ")


def test_the_last_day_there_is_has_an_end(shop: Shop) -> None:
    shop.opened()

    for option in ("--occurred-by", "--recorded-by"):
        assert shop.run("events", option, "9999-12-31").stdout == shop.run("events").stdout


def test_what_is_like_no_type_is_sent_to_the_page_of_events(shop: Shop) -> None:
    said = shop.run("events", "--type", "zzz", status=2).stderr

    assert "there is no type 'zzz'; did you mean one of docs/events.md?" in said
