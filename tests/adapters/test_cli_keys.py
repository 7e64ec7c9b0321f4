from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop

FILE = Path("regulars.db.keys")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REGULARS_KEYS", raising=False)
    return Shop(tmp_path).opened()


def test_keys_are_counted_by_kind_state_and_what_they_are_wrapped_under(shop: Shop) -> None:
    found = shop.json("keys", "status")

    kek = found["active"]
    assert (found["at_hand"], found["missing"], found["waiting"]) == ([kek], [], 0)
    assert sorted(
        (one["kind"], one["state"], one["kek"], one["keys"]) for one in found["counts"]
    ) == [
        ("address", "active", kek, 1),
        ("contact", "active", kek, 1),
        ("content", "active", kek, 1),
        ("marks", "active", kek, 1),
    ]
    lines = [line.split() for line in shop.run("keys", "status").stdout.splitlines()]
    assert ["marks", "active", kek, "1"] in lines


def test_what_tells_where_the_keys_are_is_counted_as_none(shop: Shop) -> None:
    apart = ("--database", "sqlite:///new.db", "--keys-database", "sqlite:///keys.db")
    shop.run("import", shop.history(), *apart)

    found = shop.json("keys", "status", *apart)

    assert {(one["kind"], one["state"]) for one in found["counts"]} == {
        (kind, "active") for kind in ("address", "contact", "content", "marks")
    }


def test_a_key_encryption_key_is_rotated_emptied_and_retired(shop: Shop) -> None:
    old = shop.json("keys", "status")["active"]

    rotated = shop.json("keys", "rotate")
    new = rotated["active"]
    assert rotated["before"] == old
    assert shop.json("keys", "status")["waiting"] == 4

    refused = shop.run("keys", "retire", old, status=3)
    assert "still wraps data keys" in refused.stderr
    assert shop.json("keys", "rewrap") == {"active": new, "rewrapped": 4, "stuck": {}}
    assert shop.json("keys", "rewrap")["rewrapped"] == 0
    assert shop.json("keys", "retire", old) == {"retired": old}

    assert old not in FILE.read_text()
    assert shop.json("verify")["boxes"] == {
        "open": 3,
        "erased": 0,
        "without_key": 0,
        "tampered": [],
    }


def test_the_same_is_told_in_words(shop: Shop) -> None:
    old = shop.json("keys", "status")["active"]

    assert "wraps from now on" in shop.run("keys", "rotate").stdout
    assert "Wrapped 4 data keys under" in shop.run("keys", "rewrap").stdout
    assert f"{old} is no longer in the key file" in shop.run("keys", "retire", old).stdout


def test_keys_that_cannot_be_unwrapped_are_told_of(shop: Shop) -> None:
    old = shop.json("keys", "status")["active"]
    shop.run("keys", "rotate")
    kept = [line for line in FILE.read_text().splitlines() if not line.startswith(old)]
    FILE.write_text("\n".join(kept))

    found = shop.json("keys", "rewrap", status=1)

    assert found["stuck"] == {f"the key-encryption key {old} is not in the key ring": 4}
    assert "Left 4 as they are" in shop.run("keys", "rewrap", status=1).stdout
    assert shop.json("keys", "status")["missing"] == [old]
    assert "Not at hand, and needed" in shop.run("keys", "status").stdout


def test_keys_from_the_environment_are_rotated_where_they_come_from(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_KEYS", FILE.read_text())

    refused = shop.run("keys", "rotate", status=3)

    assert "not in a file that can be changed" in refused.stderr
    assert "Traceback" not in refused.stderr
