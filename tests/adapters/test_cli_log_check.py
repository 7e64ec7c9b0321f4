from pathlib import Path

import pytest

from regulars import connect
from tests.adapters.cli_shop import Shop
from tests.adapters.log_files import changed


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def change(*statements: str) -> None:
    changed(Path("regulars.db"), *statements)


def test_the_status_tells_how_the_log_and_its_views_stand(shop: Shop) -> None:
    status = shop.json("log", "status")

    assert (status["head"], status["events"], status["streams"]) == (26, 26, 12)
    assert status["types"]["OrderPlaced"] == 5
    assert sum(status["types"].values()) == 26
    assert status["first_recorded_at"] <= status["last_recorded_at"]
    assert status["views"][0] == {"view": "customers", "position": 26, "lag": 0}
    assert status["size"] == Path("regulars.db").stat().st_size


def test_times_are_shown_as_those_of_events_are(shop: Shop) -> None:
    changed(Path("regulars.db"), "UPDATE events SET recorded_at = 1767225600000000")

    said = shop.run("log", "status").stdout

    assert "First recorded  2026-01-01T00:00:00Z" in said
    assert "Last recorded   2026-01-01T00:00:00Z" in said


def test_a_view_that_is_behind_is_shown_with_its_lag(shop: Shop) -> None:
    change("UPDATE view_checkpoints SET position = 20 WHERE view = 'sales'")

    views = shop.json("log", "status")["views"]
    lines = shop.run("log", "status").stdout.splitlines()

    assert {"view": "sales", "position": 20, "lag": 6} in views
    assert ["sales", "20", "6"] in [line.split() for line in lines]


def test_a_follower_that_keeps_its_position_here_is_shown_with_its_lag(shop: Shop) -> None:
    change(
        "INSERT INTO follower_checkpoints VALUES ('default', 'number-protection', 20),"
        " ('default', 'number-protection-bound', 3), ('other', 'billing', 4)",
        "CREATE TABLE recorder_tracking (tenant, application, notification_id)",
        "INSERT INTO recorder_tracking VALUES ('default', 'cafe', 1), ('default', 'cafe', 3)",
    )

    followers = shop.json("log", "status")["followers"]
    lines = shop.run("log", "status").stdout.splitlines()

    assert followers == [
        told("number-protection", "default", 20, 6),
        told("default", "cafe", 3, None),
    ]
    assert ["number-protection", "default", "20", "6"] in [line.split() for line in lines]
    assert ["default", "cafe", "3", "-"] in [line.split() for line in lines]


def told(follower: str, follows: str, position: int, lag: int | None) -> dict[str, object]:
    found = {"follower": follower, "follows": follows, "position": position, "lag": lag}
    return {**found, "ahead": False}


def test_a_follower_of_the_host_is_shown_with_its_lag_until_it_is_forgotten(shop: Shop) -> None:
    with connect("sqlite:///regulars.db", keyless=True) as crm:
        crm.positions.keep("billing", 24)
        crm.positions.keep("mail", 26)

    followers = shop.json("log", "status")["followers"]
    lines = shop.run("log", "status").stdout.splitlines()
    with connect("sqlite:///regulars.db", keyless=True) as crm:
        crm.positions.forget("mail")

    assert followers == [told("billing", "default", 24, 2), told("mail", "default", 26, 0)]
    assert ["billing", "default", "24", "2"] in [line.split() for line in lines]
    assert shop.json("log", "status")["followers"] == followers[:1]


def test_a_follower_that_the_log_never_came_to_is_named(shop: Shop) -> None:
    change("INSERT INTO follower_checkpoints VALUES ('default', 'billing', 27)")

    (follower,) = shop.json("log", "status")["followers"]
    lines = shop.run("log", "status").stdout.splitlines()

    assert follower == {**told("billing", "default", 27, 0), "ahead": True}
    assert "billing default 27 ahead of the log" in [" ".join(line.split()) for line in lines]


def test_status_and_check_tell_the_same_hash(shop: Shop) -> None:
    (told,) = {shop.json("log", command)["hash"] for command in ("status", "check")}

    for command in ("status", "check"):
        assert told in shop.run("log", command).stdout


def test_a_log_without_events_has_a_status(shop: Shop) -> None:
    shop.keep("orders.csv", "order_id,placed_at,currency,total\n")
    shop.run("import", "orders.csv", "--database", "sqlite:///new.db")
    changed(Path("new.db"), "DELETE FROM events")

    said = shop.run("log", "status", "--database", "sqlite:///new.db").stdout
    status = shop.json("log", "status", "--database", "sqlite:///new.db")

    assert "Last recorded   -" in said
    assert (status["events"], status["first_recorded_at"]) == (0, None)


def test_a_sound_log_is_said_to_be_so(shop: Shop) -> None:
    found = shop.json("log", "check")

    assert (found["sound"], found["amiss"], found["faults"]) == (True, 0, [])
    assert "Sound" in shop.run("log", "check").stdout


def test_every_fault_is_named_also_behind_an_event_that_cannot_be_read(shop: Shop) -> None:
    change(
        "UPDATE events SET body = CAST('{}' AS BLOB) WHERE position IN (6, 9)",
        "DELETE FROM events WHERE stream = 'order-o2' AND version = 3",
    )

    found = shop.json("log", "check", status=1)
    said = shop.run("log", "check", status=1).stdout

    assert (found["sound"], found["amiss"]) == (False, 3)
    assert [fault["position"] for fault in found["faults"]][:2] == [6, 9]
    assert found["faults"][2]["stream"] == "order-o2"
    assert found["faults"][2]["reason"] == "it has version 4, and 3 is next"
    assert "event 6 of " in said
    assert "Not sound" in said


def test_of_very_many_faults_the_rest_is_counted(shop: Shop) -> None:
    change(
        "WITH RECURSIVE n(i) AS (SELECT 27 UNION ALL SELECT i + 1 FROM n WHERE i < 150)"
        " INSERT INTO events SELECT i, tenant, 'x' || i, 1, type, 9, randomblob(16), occurred_at,"
        " recorded_at, actor, correlation, causation, fingerprint, body"
        " FROM n JOIN events ON position = 1"
    )

    said = shop.run("log", "check", status=1).stdout

    assert said.splitlines()[-2:] == ["and 24 more", "Not sound."]
