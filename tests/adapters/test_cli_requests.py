from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


def test_a_request_is_received_extended_and_answered(shop: Shop) -> None:
    at = ("--at", "2026-01-31T12:00")
    received = shop.json("requests", "receive", "q-1", "ada", "--right", "access", *at)
    extended = shop.json("requests", "extend", "q-1", "--reason", "many-orders", *at)
    answered = shop.json("requests", "answer", "q-1", "--refused", "--reason", "gdpr-12-5", *at)

    assert received == {
        "request": "q-1",
        "customer": "ada",
        "person": "ada",
        "right": "access",
        "received_at": "2026-01-31T12:00:00+00:00",
        "due_at": "2026-02-28T12:00:00+00:00",
        "overdue": received["overdue"],
        "extended": None,
        "answered_at": None,
        "granted": None,
        "reason": None,
    }
    assert (extended["due_at"], extended["extended"]) == (
        "2026-04-30T12:00:00+00:00",
        "many-orders",
    )
    assert (answered["granted"], answered["reason"], answered["overdue"]) == (
        False,
        "gdpr-12-5",
        False,
    )


def test_what_is_overdue_ends_with_status_1(shop: Shop) -> None:
    assert "Nobody waits" in shop.run("requests", "list").stdout
    shop.run("requests", "receive", "q-1", "ada", "--right", "erasure", "--at", "2020-01-01")

    said = shop.run("requests", "list", status=1).stdout
    found = shop.json("requests", "list", "--customer", "ada", status=1)["requests"]
    shop.run("requests", "answer", "q-1")

    assert "overdue" in said
    assert [(one["request"], one["overdue"]) for one in found] == [("q-1", True)]
    assert shop.json("requests", "list")["requests"] == []
    assert "given, too late" in shop.run("requests", "list", "--answered").stdout


def test_what_cannot_be_is_said_in_one_line(shop: Shop) -> None:
    unknown = shop.run("requests", "answer", "q-9", status=3)
    late = shop.run(
        *("requests", "receive", "q-1", "ada", "--right", "access"),
        *("--at", "2026-01-01", "--due", "2026-05-01"),
        status=3,
    )

    assert "q-9: none was received" in unknown.stderr
    assert "at the latest" in late.stderr
