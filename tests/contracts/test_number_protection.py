from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from regulars.adapters.memory_numbers import MemoryNumbers
from regulars.application.number_protection import (
    Binding,
    NoNumbers,
    NumberProtection,
    NumbersUnavailable,
)
from regulars.application.ports import Clock
from regulars.testing import NumberProtectionContract
from regulars.testing.number_protections import ANNA, BO, NOON, OTHER, RIDER, Hands
from tests.contracts.broken_promises import failed_by

HOUR = timedelta(hours=1)


def pool(numbers: int) -> list[str]:
    return [f"+8617000000{number:03}" for number in range(numbers)]


class TestMemoryNumbers(NumberProtectionContract):
    def open(self, numbers: int, clock: Clock) -> MemoryNumbers:
        return MemoryNumbers(pool(numbers), clock=clock)


class GivesOneNumberToAll(MemoryNumbers):
    def _free(self, two: frozenset[str], now: datetime) -> str | None:  # noqa: ARG002 - that is what is broken
        return next(iter(self._pool), None)


class GivesARealNumber(MemoryNumbers):
    def number(self, ref: str) -> str | None:
        return None if super().number(ref) is None else RIDER


class NeverUnbinds(MemoryNumbers):
    def unbind(self, key: str, *, at: datetime) -> None:
        pass


class UnbindsTooSoon(MemoryNumbers):
    def unbind(self, key: str, *, at: datetime) -> None:  # noqa: ARG002 - that is what is broken
        super().unbind(key, at=NOON)


class BindsAnew(MemoryNumbers):
    def bind(self, key: str, a: str, b: str, *, until: datetime) -> Binding | None:
        return super().bind(f"{key}{next(self._refs)}", a, b, until=until)


def breaks(kind: type[MemoryNumbers]) -> Iterator[str]:
    class Broken(NumberProtectionContract):
        def open(self, numbers: int, clock: Clock) -> NumberProtection:
            return kind(pool(numbers), clock=clock)

    return failed_by(Broken)


@pytest.mark.parametrize(
    "broken", [GivesOneNumberToAll, GivesARealNumber, NeverUnbinds, UnbindsTooSoon, BindsAnew]
)
def test_the_contract_finds_a_broken_provider(broken: type[MemoryNumbers]) -> None:
    assert any(breaks(broken))


def test_a_sound_provider_is_not_called_broken() -> None:
    assert list(breaks(MemoryNumbers)) == []


def test_whoever_calls_a_shared_number_reaches_whom_they_are_bound_to() -> None:
    numbers = MemoryNumbers(pool(1), clock=Hands())
    numbers.bind("o-1", RIDER, ANNA, until=NOON + HOUR)
    numbers.bind("o-2", OTHER, BO, until=NOON + HOUR)

    reached = {by: numbers.reached(pool(1)[0], by=by) for by in (RIDER, ANNA, OTHER, BO, "nobody")}

    assert reached == {RIDER: ANNA, ANNA: RIDER, OTHER: BO, BO: OTHER, "nobody": None}


def test_a_number_goes_back_to_the_pool_after_a_quarantine_only() -> None:
    clock = Hands()
    numbers = MemoryNumbers(pool(1), clock=clock, quarantine=HOUR)
    numbers.bind("o-1", RIDER, ANNA, until=NOON + HOUR)
    numbers.unbind("o-1", at=NOON)
    numbers.bind("o-2", OTHER, BO, until=NOON + HOUR)

    assert numbers.bind("o-3", RIDER, BO, until=NOON + HOUR) is None
    clock.at = NOON + HOUR - timedelta(microseconds=1)
    assert numbers.bind("o-3", RIDER, "+8613700000001", until=NOON + 3 * HOUR) is None
    clock.at = NOON + HOUR
    assert numbers.bind("o-3", RIDER, "+8613700000001", until=NOON + 3 * HOUR) is not None
    assert numbers.reached(pool(1)[0], by=OTHER) is None


def test_who_has_no_numbers_says_so_and_why_it_may_fail() -> None:
    none: NumberProtection = NoNumbers()
    none.unbind("o-1", at=NOON)

    assert none.bind("o-1", RIDER, ANNA, until=NOON) is None
    assert none.number("line-1") is None
    assert str(NumbersUnavailable(why="timed out")).endswith("timed out")
