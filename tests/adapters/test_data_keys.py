from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from regulars.adapters.data_keys import RecentKeys, Versions
from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.vault import EnvelopeVault
from regulars.application.errors import SubjectErased
from regulars.application.keys import KeyName, KeyState, StoredKey, marks_of
from regulars.application.ports import (
    Erased,
    KeyUnavailable,
    Revealed,
)
from regulars.domain.personal import DataClass
from tests.adapters.vaults import ANNA, CONTACT, SPOT, Timer, stored, vault


class Asked(MemoryKeyStore):
    """Counts how often it is asked for a person's keys."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def get_many(self, names: Collection[KeyName]) -> dict[KeyName, list[StoredKey]]:
        self.times += marks_of("shop") not in names
        return super().get_many(names)


class Replaced(MemoryKeyStore):
    def erase(self, name: KeyName) -> None:
        self._keys[name] = {1: stored(state=KeyState.ERASED)}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'regulars.db'}")
    yield database
    database.close()


def test_a_superseded_key_opens_and_digests_but_seals_no_more() -> None:
    before = vault(MemoryKeyStore([stored()]))
    old, digest = before.seal(CONTACT, SPOT), before.digest(CONTACT, "anna")
    keys = MemoryKeyStore([stored(1, KeyState.SUPERSEDED)])
    after = vault(keys)

    box = after.seal(CONTACT, SPOT)

    assert box.envelope[5:9] == b"\x00\x00\x00\x02"
    assert after.open(old, SPOT) == after.open(box, SPOT) == Revealed(CONTACT)
    assert after.digest(CONTACT, "anna") == digest
    assert [key.version for key in keys.get_many([ANNA])[ANNA]] == [1, 2]


def test_a_warm_key_is_not_asked_for_again() -> None:
    keys = Asked()
    safe = vault(keys)

    for _ in range(10):
        assert safe.open(safe.seal(CONTACT, SPOT), SPOT) == Revealed(CONTACT)
        safe.digest(CONTACT, "anna")

    assert keys.times == 1


def test_a_key_leaves_memory_when_it_is_too_old() -> None:
    keys, timer = Asked(), Timer()
    safe = vault(keys, timer=timer)
    box = safe.seal(CONTACT, SPOT)

    timer.seconds = 59
    safe.open(box, SPOT)
    assert keys.times == 1
    timer.seconds = 60
    safe.open(box, SPOT)

    assert keys.times == 2


def test_the_key_used_longest_ago_leaves_memory_when_there_are_too_many() -> None:
    keys = Asked()
    safe = vault(keys, capacity=2)
    for subject in ("anna", "bob", "anna", "carol"):
        safe.seal(CONTACT, SPOT._replace(subject=subject))
    asked = keys.times

    safe.seal(CONTACT, SPOT._replace(subject="anna"))
    assert keys.times == asked
    safe.seal(CONTACT, SPOT._replace(subject="bob"))

    assert keys.times == asked + 1


def test_an_erasure_elsewhere_is_seen_when_the_key_is_too_old() -> None:
    timer = Timer()
    keys = Replaced()
    safe = vault(keys, timer=timer)
    box = safe.seal(CONTACT, SPOT)
    keys.erase(ANNA)

    timer.seconds = 60

    assert safe.open(box, SPOT) == Erased()
    with pytest.raises(SubjectErased):
        safe.seal(CONTACT, SPOT)


def test_a_key_that_sealed_as_often_as_it_may_gives_way_to_another_version() -> None:
    keys = MemoryKeyStore()
    safe = vault(keys, max_seals=3)

    boxes = [safe.seal(CONTACT, SPOT) for _ in range(8)]

    assert [int.from_bytes(box.envelope[5:9]) for box in boxes] == [1, 1, 1, 2, 2, 2, 3, 3]
    assert [key.state for key in keys.get_many([ANNA])[ANNA]] == [
        KeyState.SUPERSEDED,
        KeyState.SUPERSEDED,
        KeyState.ACTIVE,
    ]
    assert {safe.open(box, SPOT) for box in boxes} == {Revealed(CONTACT)}


def test_two_processes_that_find_a_key_used_up_agree_on_the_next(
    database: Database, tmp_path: Path
) -> None:
    other = Database(f"sqlite:///{tmp_path / 'regulars.db'}")
    safes = [vault(SqlKeyStore(each), max_seals=2) for each in (database, other)]

    boxes = [safe.seal(CONTACT, SPOT) for _ in range(4) for safe in safes]

    stored_versions = SqlKeyStore(database).get_many([ANNA])[ANNA]
    assert [key.version for key in stored_versions] == list(range(1, len(stored_versions) + 1))
    assert [key.state for key in stored_versions].count(KeyState.ACTIVE) == 1
    assert {safes[0].open(box, SPOT) for box in boxes} == {Revealed(CONTACT)}
    other.close()


def test_never_are_more_keys_in_memory_than_there_may_be() -> None:
    recent = RecentKeys(3, 60, Timer())
    versions = Versions(outcomes={}, latest=None, first=Erased())

    for number in range(50):
        recent.put(f"customer/{number}", DataClass.CONTACT, versions, since=recent.mark())

    held = [n for n in range(50) if recent.get(f"customer/{n}", DataClass.CONTACT) is not None]
    assert held == [47, 48, 49]


def seal_and_fail(database: Database, safe: EnvelopeVault) -> None:
    with database.transaction():
        safe.seal(CONTACT, SPOT)
        raise RuntimeError


def test_a_key_of_a_transaction_that_failed_is_forgotten(database: Database) -> None:
    keys = SqlKeyStore(database)
    safe = vault(keys)
    with pytest.raises(RuntimeError):
        seal_and_fail(database, safe)

    safe.rolled_back()
    box = safe.seal(CONTACT, SPOT)

    assert len(keys.get_many([ANNA])[ANNA]) == 1
    assert vault(keys).open(box, SPOT) == Revealed(CONTACT)


def test_a_vault_that_does_not_hear_of_the_failure_seals_what_nobody_opens(
    database: Database,
) -> None:
    keys = SqlKeyStore(database)
    safe = vault(keys)
    with pytest.raises(RuntimeError):
        seal_and_fail(database, safe)

    box = safe.seal(CONTACT, SPOT)

    assert isinstance(vault(keys).open(box, SPOT), KeyUnavailable)
