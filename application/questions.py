"""Questions that states of streams answer, now or as of any moment: of one account, one order."""

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar, cast

from attrs import frozen

from regulars.application.aggregates import (
    ACCOUNT,
    OFFER,
    ORDER,
    PROGRAM,
    Aggregate,
    account_stream,
    offer_stream,
    order_stream,
    program_stream,
)
from regulars.application.events import Event, Occurrence, Retired, microseconds, moment
from regulars.application.ports import EventLog
from regulars.application.queries import AsOf, Query, ReplayedRows, ViewRows
from regulars.application.views import View
from regulars.domain.account import Account
from regulars.domain.offer import Offer
from regulars.domain.order import Order
from regulars.domain.program import Program
from regulars.domain.values import BEGINNING, CustomerId, OfferId, OrderId, ProgramId

Asked = TypeVar("Asked")
Answer_co = TypeVar("Answer_co", covariant=True)

_FARTHER: Final = 16


class Look(Protocol):
    """
    What a question may see: streams as they were at the moment that it is asked about.

    The states are the core's own: who looks at them writes nothing into them.
    """

    @property
    def at(self) -> datetime:
        """That moment. What falls due by it is for the question to count in."""
        ...

    def program(self, program: ProgramId) -> Program:
        """A programme; empty where none is defined."""
        ...

    def account(self, program: ProgramId, customer: CustomerId) -> Account:
        """A customer's account; not opened where there is none."""
        ...

    def order(self, order: OrderId) -> Order:
        """An order; not placed where there is none."""
        ...

    def offer(self, program: ProgramId, offer: OfferId) -> Offer:
        """An offer and its coupons; empty where none is defined."""
        ...

    def state(self, stream: str, aggregate: Aggregate, /) -> Any:  # noqa: ANN401 - each aggregate has its own
        """The state of any stream, which is of that kind; a new one where nothing had happened."""
        ...

    def events(self, stream: str, /) -> Sequence[Occurrence]:
        """What had happened in a stream, in the order in which it was recorded."""
        ...

    def everywhere(self, types: Collection[type[Event]], /) -> Iterator[Occurrence]:
        """What had happened of these types in any stream; costs a pass over all of them."""
        ...

    def ask(self, query: Query[Asked], /) -> Asked:
        """What views answer, as of the same moment; a question names its `views` for it."""
        ...


def asked_at(look: Look, account: Account) -> datetime:
    """
    The moment that an account is asked about: not before its newest event.

    What was told ahead of the clock counts now, as it does for whatever is decided next.
    """
    return max(look.at, account.as_of)


class Question(Generic[Answer_co]):
    """
    A question that the states of streams answer, right at any moment whatever was recorded.

    A `Query` reads rows of views instead, of many customers at once. The type parameter is the
    type of the answer. `views` are those that it asks besides.
    """

    views: ClassVar[tuple[View[Any, Any], ...]] = ()

    @abstractmethod
    def answer(self, look: Look) -> Answer_co:
        """The answer, from nothing but `look`."""


@frozen
class Streams:
    """The streams as of `at`: a `Look`, by who gives a stream's state and its events."""

    at: datetime
    state: Callable[[str, Aggregate], Any]
    events: Callable[[str], Sequence[Occurrence]]
    everywhere: Callable[[Collection[type[Event]]], Iterator[Occurrence]]
    rows: Callable[[Query[Any]], ViewRows]

    def ask(self, query: Query[Asked]) -> Asked:
        """What views answer."""
        return query.answer(self.rows(query))

    def program(self, program: ProgramId) -> Program:
        """A programme."""
        return cast("Program", self.state(program_stream(program), PROGRAM))

    def account(self, program: ProgramId, customer: CustomerId) -> Account:
        """A customer's account."""
        return cast("Account", self.state(account_stream(program, customer), ACCOUNT))

    def order(self, order: OrderId) -> Order:
        """An order."""
        return cast("Order", self.state(order_stream(order), ORDER))

    def offer(self, program: ProgramId, offer: OfferId) -> Offer:
        """An offer and its coupons."""
        return cast("Offer", self.state(offer_stream(program, offer), OFFER))


def present(
    log: EventLog,
    rows: Callable[[Query[Any]], ViewRows],
    state: Callable[[str, Aggregate], Any],
    at: datetime,
) -> Streams:
    """The streams now, which is `at`, by their states that are kept, and the rows of a query."""
    return Streams(
        at,
        state,
        lambda stream: log.streams([stream]).get(stream, ()),
        lambda types: log.occurrences(types=types),
        rows,
    )


def past(log: EventLog, as_of: AsOf) -> Streams:
    """
    The streams as of a time or a position, folded from the log.

    As of a position, what is asked about is the moment of the last event up to there.

    Raises:
        ValueError: a time has no time zone.
    """
    if isinstance(as_of, int):
        at = _moment_at(log, as_of)
        return _replayed(log, as_of, at, lambda one: one.position <= as_of)
    by = microseconds(as_of)
    return _replayed(log, as_of, as_of, lambda one: one.occurred_at <= by)


def _replayed(
    log: EventLog, as_of: AsOf, at: datetime, is_told: Callable[[Occurrence], bool]
) -> Streams:
    @cache
    def events(stream: str) -> Sequence[Occurrence]:
        return [one for one in log.streams([stream]).get(stream, ()) if is_told(one)]

    @cache
    def state(stream: str, aggregate: Aggregate) -> Any:  # noqa: ANN401 - each aggregate has its own
        state, fold = aggregate.state(), aggregate.hindsight
        for one in events(stream):
            if not isinstance(one.event, Retired):
                fold(state, one.event, moment(one.occurred_at))
        return state

    def everywhere(types: Collection[type[Event]]) -> Iterator[Occurrence]:
        return filter(is_told, log.occurrences(types=types))

    return Streams(at, state, events, everywhere, lambda query: ReplayedRows(log, query, as_of))


def _moment_at(log: EventLog, position: int) -> datetime:
    upto, reach = min(position, log.head()), 1
    while upto > 0:
        last = deque(log.occurrences(after=max(0, upto - reach), upto=upto), maxlen=1)
        if last:
            return moment(last[0].occurred_at)
        # Positions are missing where somebody else's events are, or a transaction was undone.
        upto, reach = upto - reach, reach * _FARTHER
    return BEGINNING
