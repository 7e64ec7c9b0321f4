"""What other rules would have given for the orders of the log, customer by customer."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from attrs import frozen

from regulars.application.collection import collection_paused
from regulars.application.events import Recorded
from regulars.application.projecting import Progress
from regulars.application.replay_parts import Part, kin
from regulars.application.replaying import READ, Compared, Period, Replay, Told
from regulars.domain.account_merge import LoyaltyAccountMerged
from regulars.domain.program import Program
from regulars.domain.tier_ladder import Basis
from regulars.domain.values import Money, ProgramId, Refusal

MOST_ORDERS: Final = 200_000
"""How many delivered orders are held in memory at once, in about 0.5 GB."""

_DEFAULT: Final = ProgramId("default")
_TOLD_EVERY: Final = 1_000


@frozen(kw_only=True)
class WhatIf:
    """What other rules would have given, customer by customer in the order of their ids."""

    customers: tuple[Compared, ...]

    @property
    def orders(self) -> int:
        """The orders of the period that were delivered to a known customer."""
        return sum(one.orders for one in self.customers)

    @property
    def recorded(self) -> int:
        """The points of all customers by the rules that were in force."""
        return sum(one.recorded for one in self.customers)

    @property
    def other(self) -> int:
        """The points of all customers by the other rules."""
        return sum(one.other for one in self.customers)

    @property
    def difference(self) -> int:
        """The differences of all customers."""
        return sum(one.difference for one in self.customers)

    @property
    def winners(self) -> int:
        """How many customers would have more."""
        return sum(one.difference > 0 for one in self.customers)

    @property
    def losers(self) -> int:
        """How many customers would have less."""
        return sum(one.difference < 0 for one in self.customers)

    def cost(self, point: Money) -> Money:
        """What the difference comes to where a point is worth `point`, exact (R6)."""
        return Money(minor=self.difference * point.minor, currency=point.currency)


@frozen(kw_only=True)
class NoReplay(Refusal):
    """A ladder by balance asks what was spent when, which nobody knows of other points."""

    def __str__(self) -> str:
        return "a ladder by balance cannot be replayed: it asks what customers would have spent"


def what_if(  # noqa: PLR0913 - the question, part by part
    told: Told,
    rules: Program,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    program_id: ProgramId = _DEFAULT,
    most_orders: int = MOST_ORDERS,
    progress: Progress | None = None,
) -> WhatIf:
    """
    What `rules` would have given for orders placed, and occasions told, in a period.

        other = as_published(read_program(Path("double.toml"), program_id=ProgramId("default")))
        found = what_if(crm, other, since=datetime(2024, 1, 1, tzinfo=UTC))

    The period begins at `since` and ends before `until`; None is no bound. Refunds count whenever
    they came. What lies outside earned as it did, and counts for order numbers and tiers.
    Where `rules` have no ladder, tiers are as recorded; where they have no policies, those hold.

    Reads the log, and where there are more than `most_orders`, once for each part of the customers
    that has fewer. Records nothing.

    Raises:
        NoReplay: the ladder of `rules` counts balances.
    """
    if any(one.ladder.basis is Basis.BALANCE for one in rules.ladders):
        raise NoReplay
    period, head = Period(since=since, until=until), told.head()
    customers: list[Compared] = []
    parts = [Part(kin(_merges(told, head, program_id)))]
    with collection_paused():
        while parts:
            replay = Replay(told, rules, program_id, period, parts.pop())
            for recorded in _followed(told, head, progress):
                replay.take(recorded)
                if replay.is_above(most_orders):
                    parts.append(replay.halve())
            customers += replay.compared()
    return WhatIf(customers=tuple(sorted(customers, key=lambda one: one.customer)))


def _merges(told: Told, head: int, program_id: ProgramId) -> Iterator[LoyaltyAccountMerged]:
    for recorded in told.events(upto=head, types={LoyaltyAccountMerged}):
        event = recorded.event
        if isinstance(event, LoyaltyAccountMerged) and event.program == program_id:
            yield event


def _followed(told: Told, head: int, progress: Progress | None) -> Iterator[Recorded]:
    for number, recorded in enumerate(told.events(upto=head, types=READ)):
        if progress is not None and number % _TOLD_EVERY == 0:
            progress(recorded.position, head)
        yield recorded
    if progress is not None:
        progress(head, head)
