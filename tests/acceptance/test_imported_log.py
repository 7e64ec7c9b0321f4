"""A log that comes without its keys: nothing is sealed over it, and none of its boxes accused."""

from pathlib import Path

import pytest

import regulars
from regulars.adapters.log_export import export_log
from regulars.adapters.log_import import import_log
from tests.adapters.cli_shop import Shop
from tests.domain.story import NOON
from tests.postgres_server import new_database

ADA, BOB = regulars.CustomerId("ada"), regulars.CustomerId("bob")
REGISTER = regulars.RegisterCustomer(
    customer=ADA, at=NOON, contact=regulars.Contact(name="Ada King")
)
NEWER = regulars.UpdateCustomerDetails(
    customer=ADA, at=NOON, contact=regulars.Contact(name="Ada L.")
)


def brought(folder: Path, to: str) -> str:
    """The log of a shop, in a database of that kind that has none of its keys."""
    shop = f"sqlite:///{folder / 'shop.db'}"
    with regulars.connect(shop, environment={}) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")
    export_log(shop, folder / "log.jsonl")
    copy = f"sqlite:///{folder / 'copy.db'}" if to == "sqlite" else new_database()
    import_log(copy, folder / "log.jsonl")
    return copy


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_nothing_is_sealed_over_boxes_without_keys_until_they_are_given_up(
    tmp_path: Path, to: str
) -> None:
    copy = brought(tmp_path, to)
    keys = tmp_path / "shop.db.keys"
    with regulars.connect(copy, keys=keys, environment={}) as crm:
        with pytest.raises(regulars.UnusableKeys, match="regulars keys renounce"):
            crm.execute(NEWER, by="shop")
        with pytest.raises(regulars.UnusableKeys):
            crm.execute_all([regulars.Request(commands=(NEWER,), by="shop") for _ in range(2)])
        assert crm.keys.status().counts == ()
        crm.execute(regulars.RegisterCustomer(customer=BOB, at=NOON), by="shop")
        assert crm.verify().boxes_without_key == 1

        assert crm.keys.renounce()
        crm.execute(NEWER, by="shop")

        verdict = crm.verify()
        assert not crm.keys.renounce()
    assert (verdict.boxes_open, verdict.boxes_without_key) == (1, 1)
    assert verdict.boxes_tampered == ()


def test_nothing_is_given_up_where_nothing_is_lost(tmp_path: Path) -> None:
    with regulars.connect(f"sqlite:///{tmp_path / 'shop.db'}", environment={}) as crm:
        assert not crm.keys.renounce()
        crm.execute(REGISTER, by="shop", id="r-1")
        assert not crm.keys.renounce()
        assert crm.verify().boxes_open == 1


def test_who_erased_nobody_knows_of_is_refused_in_the_copy_too(tmp_path: Path) -> None:
    shop = f"sqlite:///{tmp_path / 'shop.db'}"
    with regulars.connect(shop, environment={}) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")
        crm.erasures.erase(ADA, by="officer", basis="asked")
    export_log(shop, tmp_path / "log.jsonl")
    import_log(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path / "log.jsonl")

    with regulars.connect(f"sqlite:///{tmp_path / 'copy.db'}", environment={}) as crm:
        crm.keys.renounce()
        with pytest.raises(regulars.SubjectErased):
            crm.execute(NEWER, by="shop")


def test_keys_are_given_up_on_the_command_line_after_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(tmp_path, "sqlite")
    monkeypatch.chdir(tmp_path)
    shop, copy = Shop(tmp_path), ("--database", "sqlite:///copy.db", "--keys", "shop.db.keys")

    assert "add --yes" in shop.run("keys", "renounce", "--json", *copy, status=2).stderr
    assert "Aborted" in shop.run("keys", "renounce", *copy, status=1, given=b"n\n").stderr
    assert shop.json("keys", "renounce", "--yes", *copy) == {"renounced": True}
    assert shop.run("keys", "renounce", "--yes", *copy).stdout == "Nothing was given up\n"
