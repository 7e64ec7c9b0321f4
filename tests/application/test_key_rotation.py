from collections.abc import Sequence
from contextlib import nullcontext

import pytest
from attrs import evolve

from regulars.adapters.key_ring import KeyRing
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.key_rotation import CannotRetire, CannotRotate, KeyRotation
from regulars.application.keys import KeyState, Rewrapped, StoredKey
from regulars.application.ports import Erased, Revealed
from tests.adapters.vaults import ANNA, CONTACT, SPOT, stored, vault

OLD = {"k1": bytes(range(32))}
BOTH = KeyRing({**OLD, "k2": bytes(32)}, active="k2")


def sealed(keys: MemoryKeyStore, people: int) -> list[tuple[str, object]]:
    safe = vault(keys, ring=KeyRing(OLD, active="k1"))
    names = [f"customer/{number}" for number in range(people)]
    return [(name, safe.seal(CONTACT, SPOT._replace(subject=name))) for name in names]


class Stopping(MemoryKeyStore):
    """Stops the process after so many batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.left = batches

    def rewrap(self, keys: Sequence[Rewrapped]) -> int:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().rewrap(keys)


class Overtaken(MemoryKeyStore):
    """While a batch is wrapped anew, somebody destroys its first key."""

    def rewrap(self, keys: Sequence[Rewrapped]) -> int:
        first = keys[0].key
        gone = evolve(first, state=KeyState.ERASED, wrapped=None, erased_at=2)
        self._keys[first.name][first.version] = gone
        return super().rewrap(keys)


def test_every_key_is_wrapped_anew_and_every_box_opens_without_the_old_one() -> None:
    keys = MemoryKeyStore()
    boxes = sealed(keys, 25)
    rotation = KeyRotation(keys, BOTH, alone=nullcontext, begin_anew=lambda: False)
    told: list[tuple[int, int]] = []
    assert (rotation.status().waiting, rotation.status().missing) == (26, ())

    done = rotation.rewrap(batch=10, progress=lambda done, of: told.append((done, of)))

    assert (done.active, done.rewrapped, done.stuck) == ("k2", 26, ())
    assert told == [(10, 26), (20, 26), (26, 26)]
    assert rotation.status().waiting == 0
    safe = vault(keys, ring=KeyRing({"k2": bytes(32)}, active="k2"))
    for name, box in boxes:
        assert safe.open(box, SPOT._replace(subject=name)) == Revealed(CONTACT)  # type: ignore[arg-type] # it is one


def test_a_rewrap_that_was_stopped_goes_on_where_it_was() -> None:
    keys = Stopping(batches=2)
    sealed(keys, 25)
    rotation = KeyRotation(keys, BOTH, alone=nullcontext, begin_anew=lambda: False)
    with pytest.raises(KeyboardInterrupt):
        rotation.rewrap(batch=10)
    assert rotation.status().waiting == 6

    keys.left = 10

    assert rotation.rewrap(batch=10).rewrapped == 6
    assert rotation.rewrap(batch=10).rewrapped == 0


def test_a_key_that_is_destroyed_meanwhile_stays_destroyed() -> None:
    keys = Overtaken([stored()])
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)

    done = KeyRotation(keys, BOTH, alone=nullcontext, begin_anew=lambda: False).rewrap()

    assert done.rewrapped == 0
    assert vault(keys).open(box, SPOT) == Erased()


def test_a_key_that_cannot_be_unwrapped_is_left_and_told_of() -> None:
    good, damaged, lost = stored(1), stored(2), stored(3)
    keys = MemoryKeyStore(
        [
            good,
            evolve(damaged, wrapped=good.wrapped),
            evolve(lost, kek="k0"),
            evolve(stored(4, KeyState.ERASED)),
        ]
    )

    done = KeyRotation(keys, BOTH, alone=nullcontext, begin_anew=lambda: False).rewrap()

    assert done.rewrapped == 1
    assert done.stuck == (
        ("the key-encryption key k0 is not in the key ring", 1),
        ("the stored key was wrapped for another place", 1),
    )
    assert KeyRotation(
        keys, BOTH, alone=nullcontext, begin_anew=lambda: False
    ).status().missing == ("k0",)


def test_a_log_whose_keys_are_lost_is_given_up_once() -> None:
    given_up = iter([True, False])
    keys = MemoryKeyStore()
    rotation = KeyRotation(keys, BOTH, alone=nullcontext, begin_anew=lambda: next(given_up))

    assert [rotation.renounce() for _ in range(2)] == [True, False]


class HalfScanned(MemoryKeyStore):
    """Gives out a row that no store should hold."""

    def scan(self, kek: str, *, after: StoredKey | None, limit: int) -> list[StoredKey]:
        return [evolve(key, wrapped=None) for key in super().scan(kek, after=after, limit=limit)]


def test_a_stored_key_that_is_not_whole_is_told_of() -> None:
    done = KeyRotation(
        HalfScanned([stored()]), BOTH, alone=nullcontext, begin_anew=lambda: False
    ).rewrap()

    assert done.stuck == (("the stored key is not whole", 1),)


def test_an_erased_key_waits_for_nothing() -> None:
    keys = MemoryKeyStore([stored(1, KeyState.ERASED)])
    rotation = KeyRotation(keys, BOTH, alone=nullcontext, begin_anew=lambda: False)

    assert (rotation.status().waiting, rotation.status().missing) == (0, ())
    assert rotation.rewrap().rewrapped == 0
    assert [one.keys for one in rotation.status().counts] == [1]


def test_a_key_encryption_key_that_is_needed_is_not_retired() -> None:
    with pytest.raises(CannotRetire, match="k1 still wraps data keys") as refused:
        KeyRotation(
            MemoryKeyStore([stored()]), BOTH, alone=nullcontext, begin_anew=lambda: False
        ).retire("k1")

    assert refused.value.kek == "k1"


def test_keys_that_were_handed_in_are_rotated_where_they_come_from() -> None:
    rotation = KeyRotation(MemoryKeyStore(), BOTH, alone=nullcontext, begin_anew=lambda: False)

    with pytest.raises(CannotRotate, match="not in a file"):
        rotation.rotate()
    with pytest.raises(CannotRotate, match="not in a file"):
        rotation.retire("k1")


def test_a_superseded_key_is_wrapped_anew_as_well() -> None:
    keys = MemoryKeyStore([stored(1, KeyState.SUPERSEDED), stored(2)])
    before = keys.get_many([ANNA])[ANNA]

    KeyRotation(keys, BOTH, alone=nullcontext, begin_anew=lambda: False).rewrap()

    after = keys.get_many([ANNA])[ANNA]
    assert [one.state for one in after] == [one.state for one in before]
    assert {one.kek for one in after} == {"k2"}
