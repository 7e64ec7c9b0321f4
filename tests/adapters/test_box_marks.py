from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.envelope import (
    AES_256_GCM,
    AES_256_GCM_SIV,
    CHACHA20_POLY1305,
    CLASS_CODES,
)
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.vault import EnvelopeVault
from regulars.application.errors import StorageUnavailable
from regulars.application.events import EventId
from regulars.application.keys import KeyName, KeyState, StoredKey, marks_of
from regulars.application.ports import Clock, Erased, KeyUnavailable, Revealed, Spot, Tampered
from regulars.domain.personal import DATA_CLASS, DataClass, Personal, Sealed
from tests.adapters.personal_values import personal
from tests.adapters.vaults import (
    ANNA,
    CONTACT,
    NO_HISTORY,
    RING,
    SPOT,
    Noon,
    marking,
    stored,
    vault,
)

ALGORITHMS = [AES_256_GCM, AES_256_GCM_SIV, CHACHA20_POLY1305]

PLACES: Mapping[str, Sequence[Any]] = {
    "subject": ["anna", "bob", "ann", "a"],
    "type": ["CustomerRegistered", "CustomerDetailsUpdated"],
    "schema": [1, 2, 11],
    "event_id": [SPOT.event_id, EventId(bytes(16)), EventId(SPOT.event_id[:-1] + b"\1")],
    "box": ["contact", "profile", "extra"],
}
spots = st.builds(Spot, **{name: st.sampled_from(values) for name, values in PLACES.items()})
"""Places that differ in one part, or in all of them."""

states = st.sampled_from(KeyState)


def flipped(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data) ^ 1 << bit).to_bytes(len(data))


def erased(key: StoredKey) -> StoredKey:
    return evolve(key, state=KeyState.ERASED, wrapped=None, erased_at=2)


def all_erased(keys: MemoryKeyStore, *subjects: str, tenant: str = "shop") -> MemoryKeyStore:
    """A store in which every class of these subjects had four versions, all of them destroyed."""
    names = [KeyName(tenant, subject, kind) for subject in subjects for kind in DataClass]
    marks = keys.get_many([marks_of(tenant)])[marks_of(tenant)]
    return MemoryKeyStore(
        [
            *marks,
            *(
                evolve(stored(version, KeyState.ERASED), name=name)
                for name in names
                for version in range(1, 5)
            ),
        ]
    )


@given(value=personal, spot=spots, other=spots, gone=st.booleans())
def test_a_box_opens_at_its_own_spot_only_and_is_erased_there_only(
    value: Personal, spot: Spot, other: Spot, *, gone: bool
) -> None:
    keys = MemoryKeyStore()
    box = vault(keys).seal(value, spot)
    vault(keys).seal(value, other)
    if gone:
        keys = all_erased(keys, "anna", "bob", "ann", "a")

    outcome = vault(keys).open(box, other)

    if spot != other:
        assert isinstance(outcome, Tampered)
    else:
        assert outcome == (Erased() if gone else Revealed(value))


@pytest.mark.parametrize(
    "place", [(name, value) for name, values in PLACES.items() for value in values[1:]], ids=str
)
@pytest.mark.parametrize("gone", [False, True], ids=["alive", "erased"])
def test_every_part_of_the_place_holds_a_box(place: tuple[str, Any], *, gone: bool) -> None:
    keys = MemoryKeyStore()
    elsewhere = SPOT._replace(**dict([place]))
    box = vault(keys).seal(CONTACT, SPOT)
    vault(keys).seal(CONTACT, elsewhere)

    keys = all_erased(keys, "anna", "bob", "ann", "a") if gone else keys

    assert isinstance(vault(keys).open(box, elsewhere), Tampered)


@pytest.mark.parametrize("gone", [False, True], ids=["alive", "erased"])
def test_a_box_of_one_tenant_is_tampering_in_every_other(*, gone: bool) -> None:
    keys = MemoryKeyStore()
    box = vault(keys, "shop").seal(CONTACT, SPOT)
    vault(keys, "other").seal(CONTACT, SPOT)
    keys = all_erased(keys, "anna", tenant="other") if gone else keys

    assert isinstance(vault(keys, "other").open(box, SPOT), Tampered)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("others", ["alive", "erased", "absent"])
def test_a_changed_bit_anywhere_in_a_box_is_tampering_whatever_became_of_its_siblings(
    algorithm: int, version: int, others: str
) -> None:
    versions = {number: stored(number, secret=bytes([number]) * 32) for number in range(1, version)}
    active = stored(version)
    siblings = [
        evolve(stored(number, KeyState.ERASED), name=ANNA._replace(data_class=kind))
        for kind in DataClass
        for number in range(1, 5)
        if kind is not DataClass.CONTACT
    ]
    kept: Mapping[str, list[StoredKey]] = {
        "alive": list(versions.values()),
        "erased": [*map(erased, versions.values()), *siblings],
        "absent": [],
    }
    safe = vault(MemoryKeyStore([*kept[others], active]), algorithm=algorithm)
    box = safe.seal(CONTACT, SPOT)
    assert safe.open(box, SPOT) == Revealed(CONTACT)

    for bit in range(len(box.envelope) * 8):
        outcome = safe.open(Sealed(flipped(box.envelope, bit)), SPOT)
        assert isinstance(outcome, Tampered), bit


def test_a_changed_bit_in_a_box_is_tampering_also_when_its_own_key_was_destroyed() -> None:
    keys = MemoryKeyStore()
    box = vault(keys).seal(CONTACT, SPOT)
    safe = vault(all_erased(keys, "anna"))
    assert safe.open(box, SPOT) == Erased()

    for bit in range(len(box.envelope) * 8):
        assert isinstance(safe.open(Sealed(flipped(box.envelope, bit)), SPOT), Tampered), bit


@frozen
class Other:
    """A key that a header may name instead: its class, its version, and what became of it."""

    kind: DataClass
    version: int
    state: KeyState


others = st.builds(Other, st.sampled_from(DataClass), st.integers(1, 4), states)


@given(value=personal, version=st.integers(1, 4), mine=states, other=others)
def test_a_box_that_names_another_key_is_tampering_whatever_became_of_that_key(
    value: Personal, version: int, mine: KeyState, other: Other
) -> None:
    own = ANNA._replace(data_class=DATA_CLASS[type(value)])
    keys = MemoryKeyStore([of(own, number) for number in range(1, version + 1)])
    box = vault(keys).seal(value, SPOT)
    named = ANNA._replace(data_class=other.kind)
    later = MemoryKeyStore([of(own, version, mine), of(named, other.version, other.state)])
    head = box.envelope[:4] + bytes([CLASS_CODES[other.kind]]) + other.version.to_bytes(4)

    outcome = vault(later).open(Sealed(head + box.envelope[9:]), SPOT)

    if (named, other.version) != (own, version):
        assert isinstance(outcome, Tampered)
    else:
        assert outcome == (Erased() if mine is KeyState.ERASED else Revealed(value))


def of(name: KeyName, version: int, state: KeyState = KeyState.ACTIVE) -> StoredKey:
    key = evolve(stored(version), name=name, wrapped=RING.wrap(bytes(32), name, version))
    return erased(key) if state is KeyState.ERASED else evolve(key, state=state)


def test_a_whole_box_whose_version_is_not_in_the_store_is_unavailable() -> None:
    keys = MemoryKeyStore([evolve(stored(1), state=KeyState.SUPERSEDED), stored(2)])
    box = vault(keys).seal(CONTACT, SPOT)
    restored = vault(MemoryKeyStore([stored(1)]))

    assert restored.open(box, SPOT) == KeyUnavailable("the key is not in this key store")


def test_a_whole_box_is_not_accused_when_a_new_key_has_the_number_of_its_own() -> None:
    older = vault(MemoryKeyStore()).seal(CONTACT, SPOT)
    anew = vault(MemoryKeyStore())
    newer = anew.seal(CONTACT, SPOT)

    assert isinstance(anew.open(older, SPOT), KeyUnavailable)
    assert anew.open(newer, SPOT) == Revealed(CONTACT)


def strict(keys: MemoryKeyStore, clock: Clock | None = None) -> EnvelopeVault:
    """A vault over exactly these keys."""
    return EnvelopeVault("shop", keys, RING, history=NO_HISTORY, clock=clock or Noon())


def test_the_key_of_the_marks_is_made_once_with_the_first_box() -> None:
    keys = MemoryKeyStore()
    first = strict(keys).seal(CONTACT, SPOT)
    second = strict(keys).seal(CONTACT, SPOT)

    [made] = keys.get_many([marks_of("shop")])[marks_of("shop")]

    assert (made.version, made.state) == (1, KeyState.ACTIVE)
    for box in (first, second):
        assert strict(keys).open(box, SPOT) == Revealed(CONTACT)


def test_without_the_key_of_the_marks_nothing_is_told_of_a_box() -> None:
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)
    mark = marking()
    lost = [
        strict(MemoryKeyStore([stored()])),
        strict(MemoryKeyStore([stored(), erased(mark)])),
        EnvelopeVault(
            "shop",
            MemoryKeyStore([stored(), evolve(mark, kek="k9")]),
            RING,
            history=NO_HISTORY,
            clock=Noon(),
        ),
    ]

    assert all(isinstance(safe.open(box, SPOT), KeyUnavailable) for safe in lost)
    for safe in lost[1:]:
        with pytest.raises(StorageUnavailable, match="no box of shop can be marked"):
            safe.seal(CONTACT, SPOT)


def test_a_changed_bit_in_the_stored_key_of_the_marks_is_tampering() -> None:
    mark = marking()
    assert mark.wrapped is not None
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)

    for bit in range(len(mark.wrapped) * 8):
        changed = evolve(mark, wrapped=flipped(mark.wrapped, bit))
        safe = strict(MemoryKeyStore([erased(stored()), changed]))
        assert isinstance(safe.open(box, SPOT), Tampered)
