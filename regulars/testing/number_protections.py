"""What every `NumberProtection` promises."""

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import define

from regulars.application.number_protection import NumberProtection
from regulars.application.ports import Clock

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANNA: Final = "+8613800000001"
BO: Final = "+8613800000002"
RIDER: Final = "+8613900000001"
OTHER: Final = "+8613900000002"


@define
class Hands:
    """A clock that a test sets."""

    at: datetime = NOON

    def now(self) -> datetime:
        """The time that was set."""
        return self.at


class NumberProtectionContract(ABC):
    """
    The promises of the `NumberProtection` port, a test each, for a subclass that pytest collects.

    Every test has an instance of its own and begins with nothing bound.
    """

    @abstractmethod
    def open(self, numbers: int, clock: Clock) -> NumberProtection:
        """Opens a provider that has so many numbers, once a test."""

    def test_two_are_bound_by_a_number_that_is_neithers(self) -> None:
        provider = self.open(1, Hands())

        binding = provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=1))

        assert binding is not None
        assert binding.until == NOON + timedelta(hours=1)
        assert provider.number(binding.ref) not in {None, RIDER, ANNA, binding.ref}
        assert not {RIDER, ANNA} & {binding.ref}
        assert RIDER not in repr(provider)

    def test_binding_again_changes_nothing_and_never_shortens(self) -> None:
        provider = self.open(2, Hands())
        first = provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=2))

        assert provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=1)) == first
        assert provider.bind("o-1", ANNA, RIDER, until=NOON + timedelta(hours=2)) == first

    def test_a_binding_is_extended_under_its_ref(self) -> None:
        clock = Hands()
        provider = self.open(1, clock)
        first = provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=1))
        later = provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=3))

        assert first is not None
        assert later is not None
        assert (later.ref, later.until) == (first.ref, NOON + timedelta(hours=3))
        clock.at = NOON + timedelta(hours=2)
        assert provider.number(first.ref) is not None

    def test_a_binding_ends_by_itself(self) -> None:
        clock = Hands()
        provider = self.open(1, clock)
        binding = provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=1))
        assert binding is not None

        clock.at = binding.until

        assert provider.number(binding.ref) is None

    def test_a_number_serves_two_pairs_that_have_nobody_in_common(self) -> None:
        provider = self.open(1, Hands())
        until = NOON + timedelta(hours=1)
        one = provider.bind("o-1", RIDER, ANNA, until=until)
        other = provider.bind("o-2", OTHER, BO, until=until)

        assert one is not None
        assert other is not None
        assert one.ref != other.ref
        assert provider.number(one.ref) == provider.number(other.ref)

    def test_whoever_has_two_lines_has_two_numbers_or_one_line(self) -> None:
        provider = self.open(2, Hands())
        until = NOON + timedelta(hours=1)
        one = provider.bind("o-1", RIDER, ANNA, until=until)
        other = provider.bind("o-2", RIDER, BO, until=until)

        assert one is not None
        assert other is not None
        assert provider.number(one.ref) != provider.number(other.ref)
        assert provider.bind("o-3", ANNA, RIDER, until=until) is None
        assert provider.bind("o-4", RIDER, OTHER, until=until) is None

    def test_somebody_elses_turn_ends_the_first_binding(self) -> None:
        provider = self.open(3, Hands())
        until = NOON + timedelta(hours=1)
        first = provider.bind("o-1", RIDER, ANNA, until=until)
        second = provider.bind("o-1", OTHER, ANNA, until=until)

        assert first is not None
        assert second is not None
        assert provider.number(first.ref) is None
        assert provider.number(second.ref) is not None
        assert second.ref != first.ref

    def test_the_first_binding_ends_even_if_there_is_no_number_for_the_second(self) -> None:
        provider = self.open(1, Hands())
        until = NOON + timedelta(hours=1)
        first = provider.bind("o-1", RIDER, ANNA, until=until)

        second = provider.bind("o-1", OTHER, ANNA, until=until)

        assert first is not None
        assert provider.number(first.ref) is None
        assert second is None or provider.number(second.ref) is not None

    def test_what_is_unbound_is_over_at_once_and_for_good(self) -> None:
        clock = Hands()
        provider = self.open(9, clock)
        binding = provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=9))
        assert binding is not None

        for _ in range(2):
            provider.unbind("o-1", at=NOON)
        provider.unbind("o-2", at=NOON)

        assert provider.number(binding.ref) is None
        again = provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=9))
        assert again is None or again.ref != binding.ref

    def test_a_binding_may_be_told_to_end_later_and_never_later_than_it_would(self) -> None:
        clock = Hands()
        provider = self.open(1, clock)
        binding = provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=2))
        assert binding is not None

        provider.unbind("o-1", at=NOON + timedelta(hours=1))
        provider.unbind("o-1", at=NOON + timedelta(hours=5))

        clock.at = NOON + timedelta(minutes=59)
        assert provider.number(binding.ref) is not None
        clock.at = NOON + timedelta(hours=1)
        assert provider.number(binding.ref) is None

    def test_without_numbers_nobody_is_bound(self) -> None:
        provider = self.open(0, Hands())

        assert provider.bind("o-1", RIDER, ANNA, until=NOON + timedelta(hours=1)) is None
        provider.unbind("o-1", at=NOON)
        assert provider.number("line-1") is None
