from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from regulars.adapters.database import Database
from regulars.adapters.keys import KEYS, SqlKeyStore
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.errors import StorageUnavailable
from regulars.application.keys import KeyName, KeyState, KeyStore, Rewrapped, StoredKey, marks_of
from regulars.domain.personal import DataClass
from tests.postgres_server import new_database

ANNA = KeyName("shop", "anna", DataClass.CONTACT)
ANNAS_PAYMENT = KeyName("shop", "anna", DataClass.PAYMENT)
BO = KeyName("shop", "bo", DataClass.CONTACT)
BOS_PAYMENT = KeyName("shop", "bo", DataClass.PAYMENT)
ELSEWHERE = KeyName("market", "anna", DataClass.CONTACT)


def key(name: KeyName = ANNA, version: int = 1, wrapped: bytes = b"wrapped") -> StoredKey:
    return StoredKey(
        name=name,
        version=version,
        state=KeyState.ACTIVE,
        wrapped=wrapped,
        kek="kek-1",
        created_at=1_700_000_000_000_000,
    )


def erased(key: StoredKey) -> StoredKey:
    return evolve(key, state=KeyState.ERASED, wrapped=None, erased_at=key.created_at + 1)


@frozen
class Doors:
    """A key store, and another way into the same one."""

    one: KeyStore
    other: KeyStore


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def doors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Doors]:
    if request.param == "memory":
        keys = MemoryKeyStore()
        yield Doors(keys, keys)
        return
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'keys.db'}" if sqlite else new_database()
    one, other = Database(url), Database(url)
    yield Doors(SqlKeyStore(one), SqlKeyStore(other))
    one.close()
    other.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    yield database
    database.close()


def check_that_a_key_comes_back_whole(keys: KeyStore) -> None:
    bob = KeyName("shop", "bob", DataClass.PROFILE)
    held = evolve(key(bob), held=True, state=KeyState.SUPERSEDED)

    assert keys.provision(held) == held
    assert keys.get_many([bob]) == {bob: [held]}


def check_that_the_first_to_provision_wins(keys: KeyStore) -> None:
    first = keys.provision(key(wrapped=b"first"))

    assert keys.provision(key(wrapped=b"second")) == first
    assert keys.get_many([ANNA]) == {ANNA: [first]}


def check_that_versions_come_oldest_first(keys: KeyStore) -> None:
    for version in (10, 2, 1):
        keys.provision(key(version=version))

    assert [stored.version for stored in keys.get_many([ANNA])[ANNA]] == [1, 2, 10]


def check_that_names_differ_in_every_part(keys: KeyStore) -> None:
    names = [
        ANNA,
        ANNA._replace(tenant="other"),
        ANNA._replace(subject="Anna"),
        ANNA._replace(data_class=DataClass.ADDRESS),
    ]
    stored = {name: [keys.provision(key(name))] for name in names}

    assert keys.get_many(names) == stored
    assert keys.get_many(names[:2]) == {name: stored[name] for name in names[:2]}


def check_that_an_erased_key_is_not_an_absent_one(keys: KeyStore) -> None:
    tombstone = keys.provision(erased(key()))

    assert keys.provision(key()) == tombstone
    assert keys.get_many([ANNA, ANNA._replace(subject="nobody")]) == {ANNA: [tombstone]}


def check_that_keys_are_scanned_one_after_another(keys: KeyStore) -> None:
    stored = [
        keys.provision(key(name, version))
        for name in (
            ANNA,
            ANNA._replace(data_class=DataClass.PROFILE),
            ANNA._replace(subject="bob"),
            ANNA._replace(tenant="vault"),
        )
        for version in (1, 2, 10)
    ]
    keys.provision(evolve(key(ANNA, 3), kek="kek-2"))
    keys.provision(erased(key(ANNA, 4)))

    assert keys.scan("kek-1", after=None, limit=100) == stored
    assert keys.scan("kek-1", after=stored[1], limit=3) == stored[2:5]
    assert keys.scan("kek-1", after=stored[-1], limit=3) == []
    assert keys.scan("kek-3", after=None, limit=3) == []


def check_that_a_key_is_wrapped_anew_unless_it_changed(keys: KeyStore) -> None:
    one, other = keys.provision(key()), keys.provision(key(version=2, wrapped=b"other"))
    gone = keys.provision(erased(key(version=3)))
    stale = evolve(other, wrapped=b"before")

    moved = keys.rewrap(
        [Rewrapped(key=each, wrapped=b"anew", kek="kek-2") for each in (one, stale, gone)]
    )

    assert moved == 1
    assert keys.get_many([ANNA]) == {ANNA: [evolve(one, wrapped=b"anew", kek="kek-2"), other, gone]}
    assert keys.rewrap([]) == 0


def check_that_only_an_active_key_is_superseded(keys: KeyStore) -> None:
    one, other = keys.provision(key()), keys.provision(key(version=2))
    gone = keys.provision(erased(key(version=3)))

    for version in (1, 1, 3, 4):
        keys.supersede(ANNA, version)
    keys.supersede(ANNA._replace(subject="nobody"), 1)

    superseded = evolve(one, state=KeyState.SUPERSEDED)
    assert keys.get_many([ANNA]) == {ANNA: [superseded, other, gone]}


def check_that_keys_of_all_tenants_are_counted(keys: KeyStore) -> None:
    for name in (ANNA, ANNA._replace(tenant="other"), marks_of("shop")):
        keys.provision(key(name))
    keys.provision(evolve(erased(key(version=2)), kek=None))

    counts = {(one.kind, one.state, one.kek): one.keys for one in keys.counts()}

    assert counts == {
        ("contact", KeyState.ACTIVE, "kek-1"): 2,
        ("contact", KeyState.ERASED, None): 1,
        ("marks", KeyState.ACTIVE, "kek-1"): 1,
    }


CONTRACT = [
    check_that_keys_are_scanned_one_after_another,
    check_that_a_key_is_wrapped_anew_unless_it_changed,
    check_that_only_an_active_key_is_superseded,
    check_that_keys_of_all_tenants_are_counted,
    check_that_a_key_comes_back_whole,
    check_that_the_first_to_provision_wins,
    check_that_versions_come_oldest_first,
    check_that_names_differ_in_every_part,
    check_that_an_erased_key_is_not_an_absent_one,
]


@pytest.mark.parametrize("check", CONTRACT)
def test_a_key_store_keeps_its_promise(check: Callable[[KeyStore], None], doors: Doors) -> None:
    check(doors.one)


def test_names_without_keys_are_left_out_however_many_are_asked_for(doors: Doors) -> None:
    names = [ANNA._replace(subject=f"subject {number}") for number in range(1_200)]
    for name in (names[0], names[-1]):
        doors.one.provision(key(name))

    assert doors.one.get_many(names).keys() == {names[0], names[-1]}
    assert doors.one.get_many([]) == {}


def test_two_who_provision_at_once_get_the_same_key(doors: Doors) -> None:
    start = Barrier(2)

    def provision_all(keys: KeyStore, mark: bytes) -> list[StoredKey]:
        start.wait()
        names = [ANNA._replace(subject=str(number)) for number in range(50)]
        return [keys.provision(key(name, wrapped=mark)) for name in names]

    with ThreadPoolExecutor() as threads:
        one = threads.submit(provision_all, doors.one, b"one")
        other = threads.submit(provision_all, doors.other, b"other")

    assert one.result() == other.result()
    assert all(doors.other.get_many([won.name]) == {won.name: [won]} for won in one.result())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.binary(max_size=4), st.booleans())
    )
)
def test_a_key_store_is_a_dictionary_that_only_grows(
    doors: Doors, steps: list[tuple[str, int, bytes, bool]]
) -> None:
    tenant = str(uuid4())
    model: dict[KeyName, dict[int, StoredKey]] = {}
    for subject, version, wrapped, gone in steps:
        name = KeyName(tenant, subject, DataClass.CONTACT)
        wanted = key(name, version, wrapped)
        wanted = erased(wanted) if gone else wanted
        won = model.setdefault(name, {}).setdefault(version, wanted)

        assert doors.one.provision(wanted) == won

    names = [KeyName(tenant, subject, DataClass.CONTACT) for subject in "ab"]
    assert doors.other.get_many(names) == {
        name: [kept for _, kept in sorted(versions.items())] for name, versions in model.items()
    }


class LastWins(MemoryKeyStore):
    def provision(self, key: StoredKey) -> StoredKey:
        self._keys.setdefault(key.name, {})[key.version] = key
        return key


class BlindToTenants(MemoryKeyStore):
    def provision(self, key: StoredKey) -> StoredKey:
        return super().provision(evolve(key, name=key.name._replace(tenant="shop")))


class ErasedLooksAbsent(MemoryKeyStore):
    def get_many(self, names: Collection[KeyName]) -> dict[KeyName, list[StoredKey]]:
        found = super().get_many(names)
        return {name: living for name in found if (living := [k for k in found[name] if k.wrapped])}


class AsTheyCame(MemoryKeyStore):
    def get_many(self, names: Collection[KeyName]) -> dict[KeyName, list[StoredKey]]:
        return {name: list(self._keys[name].values()) for name in names if name in self._keys}


class WrapsWhatChanged(MemoryKeyStore):
    def rewrap(self, keys: Sequence[Rewrapped]) -> int:
        for one in keys:
            anew = evolve(one.key, wrapped=one.wrapped, kek=one.kek)
            self._keys[one.key.name][one.key.version] = anew
        return len(keys)


class ScansFromTheStart(MemoryKeyStore):
    def scan(self, kek: str, *, after: StoredKey | None, limit: int) -> list[StoredKey]:  # noqa: ARG002 - that is the bug
        return super().scan(kek, after=None, limit=limit)


class SupersedesTheErased(MemoryKeyStore):
    def supersede(self, name: KeyName, version: int) -> None:
        if stored := self._keys.get(name, {}).get(version):
            self._keys[name][version] = evolve(stored, state=KeyState.SUPERSEDED)


@pytest.mark.parametrize(
    "broken",
    [
        WrapsWhatChanged,
        ScansFromTheStart,
        SupersedesTheErased,
        LastWins,
        BlindToTenants,
        ErasedLooksAbsent,
        AsTheyCame,
    ],
)
def test_the_contract_finds_broken_key_stores(broken: type[MemoryKeyStore]) -> None:
    failed = 0
    for check in CONTRACT:
        try:
            check(broken())
        except AssertionError:
            failed += 1

    assert failed


def test_a_provisioned_key_is_lost_with_its_transaction(database: Database) -> None:
    keys = SqlKeyStore(database)

    def fail() -> None:
        with database.transaction():
            keys.provision(key())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert keys.get_many([ANNA]) == {}


@pytest.mark.parametrize(
    "half", [{"wrapped": None}, {"state": "erased"}, {"state": "lost"}, {"version": 0}]
)
def test_the_table_takes_no_key_that_is_half_erased(
    database: Database, half: Mapping[str, object]
) -> None:
    SqlKeyStore(database).provision(key())

    with pytest.raises(IntegrityError):
        database.connection.execute(update(KEYS).values(half))


def test_a_state_that_is_not_known_makes_the_store_unavailable(database: Database) -> None:
    keys = SqlKeyStore(database)
    keys.provision(key())
    database.driver.execute("PRAGMA ignore_check_constraints = ON")
    database.connection.execute(update(KEYS).values(state="lost"))

    with pytest.raises(StorageUnavailable, match="state"):
        keys.get_many([ANNA])


def test_a_store_without_its_table_is_unavailable_in_a_transaction_too(database: Database) -> None:
    keys = SqlKeyStore(database)
    KEYS.drop(database.connection)

    with pytest.raises(StorageUnavailable, match="no such table"):
        keys.get_many([ANNA])
    with database.transaction(), pytest.raises(StorageUnavailable, match="no such table"):
        keys.provision(key())


@pytest.mark.parametrize("ask", [SqlKeyStore.get_many, SqlKeyStore.hold, SqlKeyStore.release])
@pytest.mark.parametrize("names", [[ANNA], [ANNA, BO, ANNAS_PAYMENT]], ids=["one", "several"])
def test_a_stored_key_is_found_by_its_primary_key(
    database: Database, ask: Callable[[SqlKeyStore, list[KeyName]], object], names: list[KeyName]
) -> None:
    keys, statements = SqlKeyStore(database), list[str]()
    driver: Any = database.driver
    driver.set_trace_callback(statements.append)
    ask(keys, names)
    driver.set_trace_callback(None)

    plans = [
        row[-1]
        for statement in statements
        for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    ]
    assert any("PRIMARY KEY" in plan or "autoindex_keys" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith("SCAN keys")]


def test_several_names_bring_no_others(doors: Doors) -> None:
    everyone = [ANNA, BO, ANNAS_PAYMENT, BOS_PAYMENT, ELSEWHERE]
    doors.one.provision_many([key(name) for name in everyone])

    assert list(doors.other.get_many([BOS_PAYMENT, ANNA])) == [BOS_PAYMENT, ANNA]
    doors.one.hold([BOS_PAYMENT, ANNA])
    found = doors.other.get_many(everyone)
    assert [name for name, (one,) in found.items() if one.held] == [ANNA, BOS_PAYMENT]
