"""Where a box or a wrapped key stands, a bit is changed: it neither opens nor counts as erased."""

from collections.abc import Iterator
from typing import Any

import pytest

from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.keys import KeyName, KeyState
from regulars.application.ports import Erased, Revealed, Spot, Tampered
from regulars.domain.personal import DataClass
from tests.adapters.vaults import ANNA, CONTACT, RING, SECRET, SPOT, stored, vault


def one_bit_off(value: Any) -> Iterator[Any]:  # noqa: ANN401 - texts, numbers and ids
    """Every value that differs in one bit, of those that a place can have."""
    if isinstance(value, bytes):
        yield from bits_off(value)
    elif isinstance(value, int):
        yield from (value ^ 1 << bit for bit in range(31))
    else:
        for changed in bits_off(value.encode()):
            try:
                yield changed.decode()
            except UnicodeDecodeError:  # no text has these bytes
                continue


def bits_off(data: bytes) -> Iterator[bytes]:
    number = int.from_bytes(data)
    yield from ((number ^ 1 << bit).to_bytes(len(data)) for bit in range(len(data) * 8))


PARTS = Spot._fields


@pytest.mark.parametrize("gone", [False, True], ids=["alive", "erased"])
@pytest.mark.parametrize("part", PARTS)
def test_a_changed_bit_of_the_place_of_a_box_is_tampering(part: str, *, gone: bool) -> None:
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)
    safe = vault(MemoryKeyStore([stored(state=KeyState.ERASED) if gone else stored()]))
    assert safe.open(box, SPOT) == (Erased() if gone else Revealed(CONTACT))

    places = [SPOT._replace(**{part: value}) for value in one_bit_off(getattr(SPOT, part))]

    assert len(places) > 20
    assert {type(safe.open(box, place)) for place in places} == {Tampered}


def test_a_changed_bit_of_the_tenant_of_a_box_is_tampering() -> None:
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)

    outcomes = [
        vault(MemoryKeyStore(), tenant).open(box, SPOT) for tenant in one_bit_off(ANNA.tenant)
    ]

    assert len(outcomes) > 20
    assert {type(outcome) for outcome in outcomes} == {Tampered}


def test_a_changed_bit_of_what_a_wrapped_key_is_for_is_tampering() -> None:
    wrapped = RING.wrap(SECRET, ANNA, 1)
    names: list[tuple[KeyName, int]] = [
        *((ANNA._replace(tenant=tenant), 1) for tenant in one_bit_off(ANNA.tenant)),
        *((ANNA._replace(subject=subject), 1) for subject in one_bit_off(ANNA.subject)),
        *((ANNA._replace(data_class=kind), 1) for kind in DataClass if kind != ANNA.data_class),
        *((ANNA, version) for version in one_bit_off(1)),
    ]

    outcomes = [RING.unwrap(wrapped, name, version, kek_id="k1") for name, version in names]

    assert len(outcomes) > 80
    assert {type(outcome) for outcome in outcomes} == {Tampered}
