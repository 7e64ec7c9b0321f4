"""
The deciders of points, replayed over the orders of the log by another programme.

Orders, refunds and told occasions are taken as they were. Beside each recorded account stands
another, which the same policies and the same `decide` fill by the other programme.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from attrs import Factory, define, evolve, frozen

from regulars.application.aggregates import ACCOUNT, ORDER, PROGRAM, order_stream
from regulars.application.events import Event, Recorded, Retired, moment
from regulars.application.replay_parts import Part
from regulars.domain import loyalty, program, two_accounts
from regulars.domain.account import Account
from regulars.domain.account_merge import (
    LoyaltyAccountAbsorbed,
    LoyaltyAccountMerged,
    LoyaltyAccountSeparated,
    MergeAccounts,
)
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.empty import empty
from regulars.domain.holders import taker
from regulars.domain.loyalty import Command, PointsEarned
from regulars.domain.order import Order, OrderCancelled, OrderDelivered
from regulars.domain.policies import (
    earn_on_delivery,
    earn_on_occasion,
    evaluate_tier,
    occasion_lot,
    older_occasion_lot,
    reverse_on_refund,
)
from regulars.domain.policies_referral import REFEREE, REFERRER, earned_by, take_back_both
from regulars.domain.program import Program
from regulars.domain.purchase import OrderPlaced
from regulars.domain.referral import ReferralClawedBack
from regulars.domain.refund import RefundIssued
from regulars.domain.reversal import PointsReversed
from regulars.domain.told_occasions import OccasionRecorded
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId

READ: Final[frozenset[type[Event]]] = frozenset(
    {
        *PROGRAM.events,
        *ACCOUNT.events,
        OrderPlaced,
        OrderDelivered,
        OrderCancelled,
        RefundIssued,
        ReferralClawedBack,
    }
)
"""The events that a replay reads."""

_Made: TypeAlias = tuple[loyalty.Event, datetime]


class Told(Protocol):
    """Where the history stands; `Crm` is one."""

    def head(self) -> int:
        """The highest position ever given."""
        ...

    def events(
        self,
        *,
        upto: int | None = None,
        stream: str | None = None,
        types: Collection[type[Event]] | None = None,
    ) -> Iterator[Recorded]:
        """Events in the order of the log, or of one stream; see `Crm.events`."""
        ...


@frozen(kw_only=True)
class Period:
    """From `since` on and before `until`; None is no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@frozen(kw_only=True)
class Compared:
    """
    The points of one customer for what lay in the period, less what refunds took back since.

    `recorded` are those that the rules in force gave for `orders` and for occasions that were
    told; `other` those of the other rules.
    """

    customer: str
    orders: int
    recorded: int
    other: int

    @property
    def difference(self) -> int:
        """What the others give more, below zero if it is less."""
        return self.other - self.recorded


@define
class _Twins:
    """An account as it is, beside what it would be. `lots` are those of the period."""

    recorded: Account = Factory(Account)
    other: Account = Factory(Account)
    orders: int = 0
    lots: set[LotId] = empty(set[LotId])


class Replay:
    """
    What the customers of `part` would have by `rules`.

    Where `rules` have no ladder, the tier of an order is the recorded one; where they have one,
    tiers are what it leads to by the points and orders of the replay.
    """

    def __init__(
        self, told: Told, rules: Program, program_id: ProgramId, period: Period, part: Part
    ) -> None:
        self._told = told
        self._id = program_id
        self._period = period
        self._part = part
        self._recorded = recorded = Program()
        # The lists are those of the recorded programme, so they grow with it.
        self._there = Program(
            published=rules.published,
            policies=rules.policies or recorded.policies,
            ladders=rules.ladders or recorded.ladders,
        )
        self._here = evolve(self._there, published=recorded.published, policies=recorded.policies)
        self._in_force = self._here
        self._new_tiers = bool(rules.ladders)
        self._accounts: dict[CustomerId, _Twins] = defaultdict(_Twins)
        self._open: dict[OrderId, Order] = {}
        self._request: str | None = None
        self._waiting: list[tuple[OrderDelivered | RefundIssued, datetime, int]] = []
        self._held = 0

    def is_above(self, most: int) -> bool:
        """Whether more than `most` orders are held, of customers who can be told apart."""
        return self._held > most and len(self._accounts) > 1 and self._part.can_be_halved()

    def halve(self) -> Part:
        """Forget half of the customers, who are left to another replay."""
        self._part, left = self._part.halves()
        self._accounts = defaultdict(
            _Twins, {one: twins for one, twins in self._accounts.items() if self._part.has(one)}
        )
        self._open = {one: held for one, held in self._open.items() if self._has(held.placed)}
        self._held = sum(len(twins.other.awards) for twins in self._accounts.values())
        return left

    def compared(self) -> Iterator[Compared]:
        """The customers who had anything in the period, once all events were taken."""
        self._settle()
        for customer, twins in self._accounts.items():
            if twins.lots:
                yield Compared(
                    customer=customer,
                    orders=twins.orders,
                    recorded=_kept(twins.recorded, twins.lots),
                    other=_kept(twins.other, twins.lots),
                )

    def take(self, recorded: Recorded) -> None:
        """Follow the log by one event."""
        event, at = recorded.event, moment(recorded.occurred_at)
        if isinstance(event, OrderPlaced):
            if self._has(event):
                self._open[event.order] = Order(placed=event, placed_at=at)
        elif isinstance(event, OrderCancelled):
            self._open.pop(event.order, None)
        elif isinstance(event, OrderDelivered | RefundIssued):
            if recorded.causation != self._request:
                self._settle()
            self._request = recorded.causation
            self._waiting.append((event, at, recorded.version))
        else:
            self._settle()
            self._follow(event, at)

    def _settle(self) -> None:
        """
        Let what was delivered and paid back earn and be taken back.

        That of one request goes together, as it did when it was recorded.
        """
        waiting, self._waiting = self._waiting, []
        versions = {event.order: version for event, _, version in waiting}
        made: list[_Made] = []
        for event, at, _ in waiting:
            if event.customer is None or not self._part.has(event.customer):
                continue
            self._look_at(within=self._period.has(event.placed_at))
            if isinstance(event, OrderDelivered):
                made += self._record(earn_on_delivery(event, at, self._id, self))
                self._delivered(event, event.customer)
            else:
                self._open[event.order] = self._loaded(event.order, versions[event.order])
                made += self._record(reverse_on_refund(event, at, self._id, self))
        for event, _, _ in waiting:
            self._open.pop(event.order, None)
        self._react(made)

    def program(self) -> Program:
        """The programme for what is looked at, as the policies ask for it."""
        return self._in_force

    def order(self, order: OrderId) -> Order:
        """An order, as the policies ask for it."""
        return self._open[order]

    def account(self, customer: CustomerId) -> Account:
        """What a customer would have, as the policies ask for it."""
        twins = self._accounts[customer]
        if self._new_tiers:
            return twins.other
        other = twins.other
        return evolve(
            twins.recorded, patronage=other.patronage, awards=other.awards, came=other.came
        )

    def _has(self, placed: OrderPlaced | None) -> bool:
        return (
            placed is not None and placed.customer is not None and self._part.has(placed.customer)
        )

    def _look_at(self, *, within: bool) -> None:
        self._in_force = self._there if within else self._here

    def _delivered(self, event: OrderDelivered, customer: CustomerId) -> None:
        self._held += 1
        if self._period.has(event.placed_at):
            twins = self._accounts[taker(self, customer) or customer]
            twins.orders += 1
            twins.lots.add(LotId(event.order))

    def _loaded(self, order_id: OrderId, version: int) -> Order:
        state = Order()
        stream = order_stream(order_id)
        for one in self._told.events(stream=stream, upto=version, types=ORDER.events):
            ORDER.fold(state, one.event, moment(one.occurred_at))
        return state

    def _follow(self, event: Event | Retired, at: datetime) -> None:
        """Fold what is recorded of accounts and programme, and what earns beside orders."""
        if isinstance(event, loyalty.Event):
            if event.program == self._id and self._part.has(event.customer):
                loyalty.fold(self._accounts[event.customer].recorded, event, at)
                self._follow_account(event, at)
        elif isinstance(event, program.Event):
            if event.program == self._id:
                program.fold(self._recorded, event, at)
        elif isinstance(event, ReferralClawedBack):
            self._claw_back(event, at)

    def _follow_account(self, event: loyalty.Event, at: datetime) -> None:
        """Let the other account go through what became of the whole of a recorded one."""
        twins = self._accounts[event.customer]
        match event:
            case OccasionRecorded():
                self._celebrate(event, at)
            case LoyaltyAccountMerged():
                self._merge(event, at)
            case LoyaltyAccountAbsorbed(absorbed=absorbed):
                names = {lot.of: lot.lot for lot in event.lots}
                others, gone = twins.other.came.lots, self._accounts[absorbed]
                twins.lots |= {names.get(lot, lot) for lot in gone.lots}
                twins.lots |= {others.get((absorbed, lot), lot) for lot in gone.lots}
                twins.orders += gone.orders
                gone.lots, gone.orders = set(), 0
            case LoyaltyAccountSeparated():
                loyalty.fold(twins.other, event, at)
            case LoyaltyAccountClosed():
                loyalty.fold(twins.other, evolve(event, forfeited=0, allocations=()), at)
            case _:
                pass

    def _merge(self, event: LoyaltyAccountMerged, at: datetime) -> None:
        absorbed = self._accounts[event.customer].other
        if not absorbed.opened:
            loyalty.fold(absorbed, event, at)
            return
        merge = MergeAccounts(
            program=self._id, absorbed=event.customer, survivor=event.survivor, at=at
        )
        survivor = self._accounts[event.survivor].other
        self._react(self._written(two_accounts.decide(merge, absorbed, survivor), at))

    def _celebrate(self, event: OccasionRecorded, at: datetime) -> None:
        within = self._period.has(at)
        self._look_at(within=within)
        if within:
            self._accounts[event.customer].lots |= {
                occasion_lot(event.on, event.occasion),
                older_occasion_lot(event.on, event.occasion),
            }
        made = self._record(earn_on_occasion(event, at, self._id, self))
        if self._new_tiers:
            self._record(evaluate_tier(event, at, self._id, self))
        self._react(made)

    def _claw_back(self, event: ReferralClawedBack, at: datetime) -> None:
        """What both sides have of a referral came at one moment, in the period or not."""
        sides = ((event.referrer, REFERRER), (event.referee, REFEREE))
        self._look_at(
            within=any(
                lot in self._accounts[holder].lots
                for side, on in sides
                for holder, lot in earned_by(self, side, on, event.referee)
            )
        )
        self._react(self._record(take_back_both(event, at, self._id, self)))

    def _record(self, commands: Iterable[Command]) -> list[_Made]:
        """Let the other accounts have what these lead to."""
        made: list[_Made] = []
        for command in commands:
            account = self._accounts[command.customer].other
            made += self._written(loyalty.decide(command, account), command.at)
        return made

    def _written(self, events: Iterable[loyalty.Event], decided_at: datetime) -> list[_Made]:
        made: list[_Made] = []
        for event in events:
            account = self._accounts[event.customer].other
            at = loyalty.moment(event, decided_at, account)
            loyalty.fold(account, event, at)
            made.append((event, at))
        return made

    def _react(self, made: Iterable[_Made]) -> None:
        """Tiers go by what was earned and taken back, as a ladder of the other programme says."""
        for event, at in made if self._new_tiers else ():
            if isinstance(event, PointsEarned | PointsReversed | LoyaltyAccountAbsorbed):
                self._record(evaluate_tier(event, at, self._id, self))


def _kept(account: Account, lots: Collection[LotId]) -> int:
    return sum(account.awards[lot].kept for lot in lots if lot in account.awards)
