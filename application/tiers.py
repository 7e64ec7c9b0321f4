"""Tiers: which one a customer holds and why, what becomes of it, and what it brings."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from attrs import evolve, frozen

from regulars.application.aggregates import account_stream
from regulars.application.events import Occurrence
from regulars.application.questions import Look, Question, asked_at
from regulars.domain import tiers
from regulars.domain.benefits import Benefit, has_priority, offered
from regulars.domain.due import available
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer_terms import Offered
from regulars.domain.reversal import PointsReversed
from regulars.domain.tier_outlook import Outlook, outlook
from regulars.domain.tiers import (
    Assessment,
    EvaluateTier,
    TierGraceStarted,
    ended,
    tier_at,
)
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId

_DEFAULT: Final = ProgramId("default")


@frozen(kw_only=True)
class Counted:
    """An award that a tier was counted from: the positions of its event and its refunds'."""

    lot: LotId
    value: int
    events: tuple[int, ...]


@frozen(kw_only=True)
class Because:
    """
    Why a tier is what it is.

    By `what`, the name of an event; its `position` is None where it is due, but not recorded yet.
    `least` is what the tier asks for by the ladder that `assessment` names, None for no tier.
    Where money counts, it and what was counted are minor units of `currency`.
    """

    what: str
    position: int | None
    least: int | None
    currency: str | None
    assessment: Assessment
    evidence: tuple[Counted, ...]


@frozen(kw_only=True)
class TierHeld:
    """
    The tier of a customer at a moment, since when and until when at least.

    The end is exclusive. In the grace it is that of the grace.
    """

    program: ProgramId
    customer: CustomerId
    at: datetime
    tier: str | None = None
    since: datetime | None = None
    ends: datetime | None = None
    in_grace: bool = False
    because: Because | None = None


@frozen(kw_only=True)
class TierAt(Question[TierHeld]):
    """The tier of a customer, with its evidence; none, and no reason, for who never had one."""

    customer: CustomerId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> TierHeld:
        """The tier, whether or not it was looked at since its term ended."""
        member = _Member(look, self.program, self.customer)
        held = TierHeld(program=member.program_id, customer=member.customer, at=member.at)
        last = member.last()
        if last is None:
            return held
        position, event = last
        in_grace = isinstance(event, TierGraceStarted)
        return evolve(
            held,
            tier=event.tier,
            since=event.valid_from,
            ends=event.until if isinstance(event, TierGraceStarted) else event.valid_to,
            in_grace=in_grace,
            because=member.because(position, event),
        )


@frozen(kw_only=True)
class ProjectedTier(Question[Outlook]):
    """
    The tier `at` a moment to come, at the end of its term if None, if nothing more happens.

    With what is lacking to keep it, and to reach the next one.
    """

    customer: CustomerId
    program: ProgramId = _DEFAULT
    at: datetime | None = None

    def answer(self, look: Look) -> Outlook:
        """
        The outlook.

        Raises:
            ValueError: that moment lies before the one that is asked about.
        """
        member = _Member(look, self.program, self.customer)
        return outlook(member.account.tier, member.asked(), member.available, self.at)


@frozen(kw_only=True)
class Privileges:
    """
    The benefits of a tier at a moment.

    `offered` is what `quote` counts for an order of that moment, and `first` whether it is to be
    delivered before others.
    """

    tier: str | None
    benefits: tuple[Benefit, ...] = ()
    offered: tuple[Offered, ...] = ()
    first: bool = False


@frozen(kw_only=True)
class TierBenefits(Question[Privileges]):
    """What a customer has by the tier, for an order that is yet to be placed."""

    customer: CustomerId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> Privileges:
        """The benefits, by those in force."""
        member = _Member(look, self.program, self.customer)
        return member.privileges(member.at)


@frozen(kw_only=True)
class OrderBenefits(Question[Privileges]):
    """What an order has by the tier that its customer had when it was placed."""

    order: OrderId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> Privileges:
        """The benefits in force when it was placed; none of an order of nobody known."""
        order = look.order(self.order)
        if order.placed is None or order.placed.customer is None or order.placed_at is None:
            return Privileges(tier=None)
        return _Member(look, self.program, order.placed.customer).privileges(order.placed_at)


class _Member:
    """A customer's part in a programme, as a look has it."""

    def __init__(self, look: Look, program: ProgramId, customer: CustomerId) -> None:
        self.program_id = program
        self.customer = customer
        self.program = look.program(program)
        self.account = look.account(program, customer)
        self.at = asked_at(look, self.account)
        self.available = partial(available, self.account)
        self._look = look

    def asked(self, at: datetime | None = None) -> EvaluateTier:
        """What asks about the tier at a moment."""
        return EvaluateTier(
            program=self.program_id,
            customer=self.customer,
            at=at or self.at,
            ladders=tuple(self.program.ladders),
        )

    def privileges(self, at: datetime) -> Privileges:
        """The benefits of the tier at a moment."""
        tier = tier_at(self.account.tier, self.asked(at), self.available)
        found = self.program.benefits_of(tier, at)
        return Privileges(
            tier=tier, benefits=found, offered=offered(found), first=has_priority(found)
        )

    def last(self) -> tuple[int | None, tiers.Event] | None:
        """What was said last of the tier, and where; nowhere yet if it is due by now."""
        _, due = ended(self.asked(), self.account.tier, self.available)
        if due:
            return None, due[-1]
        told = [
            (one.position, one.event)
            for one in self._events()
            if isinstance(one.event, tiers.Event) and one.event.valid_from <= self.at
        ]
        return told[-1] if told else None

    def because(self, position: int | None, event: tiers.Event) -> Because:
        """Why that was said."""
        found = event.assessment
        events: dict[LotId, list[int]] = {one.lot: [] for one in found.evidence}
        for one in self._events():
            if isinstance(one.event, PointsEarned | PointsReversed) and (
                position is None or one.position < position
            ):
                events.get(one.event.lot, []).append(one.position)
        ladders = [one.ladder for one in self.program.ladders if one.version == found.ladder]
        leasts = {level.tier: level.least for one in ladders for level in one.levels}
        return Because(
            what=type(event).__name__,
            position=position,
            least=None if event.tier is None else leasts.get(event.tier),
            currency=ladders[0].currency if ladders else None,
            assessment=found,
            evidence=tuple(
                Counted(lot=one.lot, value=one.value, events=tuple(events[one.lot]))
                for one in found.evidence
            ),
        )

    def _events(self) -> Sequence[Occurrence]:
        return self._look.events(account_stream(self.program_id, self.customer))
