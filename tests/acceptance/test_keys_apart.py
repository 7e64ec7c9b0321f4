from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from attrs import evolve

import regulars
from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.log_export import export_log
from regulars.adapters.log_import import import_log
from regulars.application.keys import KeyName
from regulars.domain.personal import DataClass
from tests.adapters.cli_shop import Shop
from tests.domain.story import NOON
from tests.forked import Forked
from tests.postgres_server import new_database

ADA = regulars.CustomerId("ada")
REGISTER = regulars.RegisterCustomer(
    customer=ADA, at=NOON, contact=regulars.Contact(name="Ada King")
)


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A log, and another database for its keys."""
    if request.param == "postgresql":
        return new_database(), new_database()
    return f"sqlite:///{tmp_path / 'shop.db'}", f"sqlite:///{tmp_path / 'keys.db'}"


def names(url: str) -> set[str]:
    database = Database(url)
    try:
        counts = SqlKeyStore(database).counts()
        return {one.kind for one in counts if one.state.value == "active"}
    finally:
        database.close()


def connected(urls: tuple[str, str], folder: Path, *, create: bool = True) -> regulars.Crm:
    return regulars.connect(
        urls[0], keys_database=urls[1], keys=folder / "shop.keys", create=create, environment={}
    )


def test_the_log_holds_no_key_and_opens_with_those_kept_apart(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    with connected(urls, tmp_path) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")
    with connected(urls, tmp_path, create=False) as crm:
        verdict = crm.verify()

    assert (verdict.boxes_open, verdict.sound) == (1, True)
    assert names(urls[0]) == set()
    assert names(urls[1]) == {"contact", "marks"}


def test_an_erasure_that_a_restored_log_lost_is_asked_for_again(tmp_path: Path) -> None:
    urls = f"sqlite:///{tmp_path / 'shop.db'}", f"sqlite:///{tmp_path / 'keys.db'}"
    with connected(urls, tmp_path) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")
    copyfile(tmp_path / "shop.db", tmp_path / "backup.db")
    with connected(urls, tmp_path, create=False) as crm:
        crm.erasures.erase("ada", by="po", basis="request")
    copyfile(tmp_path / "backup.db", tmp_path / "shop.db")

    with connected(urls, tmp_path, create=False) as crm:
        lost = crm.verify().keys_unasked
        for one in lost:
            crm.erasures.erase(
                one.subject.removeprefix("customer/"),
                by="po",
                basis="again",
                classes=(one.data_class,),
            )
        verdict = crm.verify()

    assert [one.data_class for one in lost] == [DataClass.CONTACT]
    assert (verdict.boxes_erased, verdict.keys_unasked, verdict.sound) == (1, (), True)


def test_a_log_is_not_opened_without_the_keys_that_are_kept_apart(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    connected(urls, tmp_path).close()

    with pytest.raises(regulars.UnusableKeys, match="kept in another database"):
        regulars.connect(urls[0], keys=tmp_path / "shop.keys", environment={})


def test_keys_that_lie_in_the_log_are_not_looked_for_elsewhere(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    with regulars.connect(urls[0], keys=tmp_path / "shop.keys", environment={}) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")

    with pytest.raises(regulars.UnusableKeys, match="has data keys of its own"):
        connected(urls, tmp_path)


def test_the_database_of_the_log_is_no_other_by_another_name(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    for name in spellings(urls[0], tmp_path):
        with pytest.raises(regulars.UnusableKeys, match="the database of the log itself"):
            connected((urls[0], name), tmp_path)

    with regulars.connect(urls[0], keys=tmp_path / "shop.keys", environment={}) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")


def spellings(url: str, folder: Path) -> Iterator[str]:
    yield url
    if url.startswith("sqlite"):
        Database(url).close()
        file = folder / "shop.db"
        (folder / "link.db").symlink_to(file)
        (folder / "name.db").hardlink_to(file)
        yield from (f"sqlite:///{folder / name}" for name in ("link.db", "name.db", "./shop.db"))
    else:
        yield f"{url}&application_name=keys"


def test_the_keys_of_another_log_are_not_taken_for_its_own(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    with connected(urls, tmp_path) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")
    others = f"sqlite:///{tmp_path / 'others.db'}", f"sqlite:///{tmp_path / 'others-keys.db'}"
    connected(others, tmp_path).close()

    for wrong in (others[1], f"sqlite:///{tmp_path / 'new.db'}"):
        with pytest.raises(regulars.UnusableKeys, match="holds no keys of"):
            connected((urls[0], wrong), tmp_path)


def test_who_opens_without_keys_erases_nobody_and_certifies_nothing(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    with connected(urls, tmp_path) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")
    with (
        regulars.connect(urls[0], keyless=True, environment={}) as crm,
        pytest.raises(regulars.UnusableKeys, match="kept in another database"),
    ):
        crm.erasures.erase(ADA, by="officer", basis="asked")

    with connected(urls, tmp_path) as crm:
        certificate = crm.erasures.erase(ADA, by="officer", basis="asked")
    assert certificate.completions[0].keys


def test_nothing_is_made_for_who_only_looks(urls: tuple[str, str], tmp_path: Path) -> None:
    for url in urls:
        Database(url).close()

    with pytest.raises(regulars.UnusableKeys, match="none may be made"):
        connected(urls, tmp_path, create=False)


def test_a_command_that_is_refused_leaves_a_key_that_seals_nothing(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    update = regulars.UpdateCustomerDetails(customer=ADA, at=NOON, contact=REGISTER.contact)
    with connected(urls, tmp_path) as crm:
        with pytest.raises(regulars.Refusal):
            crm.execute(update, by="shop")
        crm.execute(REGISTER, by="shop", id="r-1")
        crm.execute(evolve(update, contact=regulars.Contact(name="Ada L.")), by="shop")
        verdict = crm.verify()

    assert (verdict.boxes_open, verdict.sound) == (2, True)
    keys = Database(urls[1])
    name = KeyName("default", "customer/ada", DataClass.CONTACT)
    assert [key.version for key in SqlKeyStore(keys).get_many([name])[name]] == [1]
    keys.close()


KILLED = """
import os, sys
import regulars
from attrs import evolve
from regulars.adapters.database import Database
from tests.acceptance.test_keys_apart import REGISTER

ended, armed = Database._end, False

def end(self, error):
    if armed and self.name.endswith("shop.db") and self._depth == 1:
        os._exit(9)  # the log never commits; what the keys committed stands
    ended(self, error)

Database._end = end
crm = regulars.connect(sys.argv[1], keys_database=sys.argv[2], keys=sys.argv[3], environment={})
crm.execute(evolve(REGISTER, customer=regulars.CustomerId("bob"), contact=None), by="shop")
armed = True
crm.execute(REGISTER, by="shop", id="r-1")
"""


def test_a_crash_before_the_log_commits_leaves_the_key_and_no_box(tmp_path: Path) -> None:
    urls = (f"sqlite:///{tmp_path / 'shop.db'}", f"sqlite:///{tmp_path / 'keys.db'}")
    connected(urls, tmp_path).close()
    with Forked("-c", KILLED, *urls, str(tmp_path / "shop.keys")) as killed:
        assert killed.wait() == 9
    assert names(urls[1]) == {"contact", "marks"}

    with connected(urls, tmp_path) as crm:
        assert crm.verify().boxes_open == 0
        crm.execute(REGISTER, by="shop", id="r-1")
        verdict = crm.verify()

    assert (verdict.boxes_open, verdict.sound) == (1, True)


def test_a_copy_of_the_log_opens_with_the_same_keys_and_not_without(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    with connected(urls, tmp_path) as crm:
        crm.execute(REGISTER, by="shop", id="r-1")
    copy, log = f"sqlite:///{tmp_path / 'copy.db'}", tmp_path / "log.jsonl"
    export_log(urls[0], log)
    import_log(copy, log)

    with pytest.raises(regulars.UnusableKeys, match="kept in another database"):
        regulars.connect(copy, keys=tmp_path / "shop.keys", environment={})
    with connected((copy, urls[1]), tmp_path, create=False) as crm:
        assert crm.verify().boxes_open == 1
    export_log(copy, tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == log.read_bytes()


def test_a_log_whose_keys_are_elsewhere_is_not_brought_where_others_have_theirs(
    tmp_path: Path,
) -> None:
    urls = f"sqlite:///{tmp_path / 'shop.db'}", f"sqlite:///{tmp_path / 'keys.db'}"
    connected(urls, tmp_path).close()
    export_log(urls[0], tmp_path / "log.jsonl")
    other = f"sqlite:///{tmp_path / 'other.db'}"
    with regulars.connect(other, tenant="b", keys=tmp_path / "shop.keys", environment={}) as crm:
        crm.execute(REGISTER, by="shop")

    with pytest.raises(regulars.UnusableKeys, match="a database for it alone"):
        import_log(other, tmp_path / "log.jsonl")

    with pytest.raises(regulars.UnknownTenant):
        export_log(other, tmp_path / "nothing.jsonl")


def test_the_command_line_is_told_where_the_keys_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path)
    apart = ("--keys-database", "sqlite:///apart.db")
    shop.run("import", shop.history(), *apart)

    assert shop.json("keys", "status", *apart)["waiting"] == 0
    assert shop.json("keys", "rotate", *apart)["active"]
    assert shop.json("keys", "rewrap", *apart)["rewrapped"] == 4
    assert shop.json("verify", *apart)["sound"]
    assert "kept in another database" in shop.run("verify", status=3).stderr
