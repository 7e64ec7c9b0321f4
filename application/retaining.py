"""
Retention carried out: whose data is over, by which rule, and its erasure, by any clock.

What is over is read from the log itself, so that no view that lags has anybody erased. Merged
customers are one person, of whom only the one who speaks for all is ever erased.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from secrets import token_hex
from typing import Final, TypeAlias, cast, get_args
from zlib import crc32

from attrs import Factory, define

from regulars.application.aggregates import order_stream
from regulars.application.certificate import Certificate
from regulars.application.door import Request
from regulars.application.erasures import Erasures
from regulars.application.events import Event, Occurrence, microseconds, moment
from regulars.application.handling import Commands
from regulars.application.ports import Clock, Storage
from regulars.application.subscription import SPAN, reading
from regulars.domain import keeping
from regulars.domain.erasure import CustomerErased, EraseCustomer
from regulars.domain.keeping import Expired, Kept, expired
from regulars.domain.order import OrderCompleted
from regulars.domain.purchase import OrderPlaced
from regulars.domain.records import CustomerMergeReverted, CustomersMerged
from regulars.domain.retention import Retention
from regulars.domain.values import CustomerId, ErasureId, OrderId

RETAINER: Final = "retention"
"""Who asks for the erasure of what is over."""

Progress: TypeAlias = Callable[[int, int], None]
"""Hears how many of how many events were looked at."""

_READ: Final[frozenset[type[Event]]] = frozenset(get_args(keeping.Event))
_MERGES: Final = frozenset[type[Event]]((CustomersMerged, CustomerMergeReverted))
_MOST: Final = 200_000


@define
class _Crowd:
    """
    What is kept of some customers up to a position.

    They are those whose checksum, divided by `of`, leaves `number`; one who was merged into
    another, as `into` has it, counts as that one. `orders` tells whose the latest orders are, for
    events that do not say it.
    """

    into: Mapping[CustomerId, CustomerId]
    of: int = 1
    number: int = 0
    position: int = 0
    kept: dict[CustomerId, Kept] = Factory(dict[CustomerId, Kept])
    orders: OrderedDict[OrderId, CustomerId | None] = Factory(
        OrderedDict[OrderId, CustomerId | None]
    )

    def has(self, customer: CustomerId) -> bool:
        """Whether a customer is among them."""
        while customer in self.into:
            customer = self.into[customer]
        return crc32(customer.encode()) % self.of == self.number

    def people(self) -> int:
        """How many they are, of whom each may have several records."""
        return sum(one not in self.into for one in self.kept)

    def halve(self) -> "_Crowd":
        """Let go of about half of them. Returns a crowd of these, of whom nothing was read."""
        other = _Crowd(into=self.into, of=2 * self.of, number=self.number + self.of)
        self.of *= 2
        for customer in [one for one in self.kept if not self.has(one)]:
            del self.kept[customer]
        return other

    def fold(self, customer: CustomerId, event: keeping.Event, at: int) -> None:
        """Record what happened, if it concerns one of them."""
        if self.has(customer):
            state = self.kept.get(customer)
            if state is None:
                state = self.kept[customer] = Kept()
            keeping.fold(state, event, moment(at))
            if isinstance(event, CustomerErased):
                for other in self._others(state):
                    keeping.forget(other, event)

    def person(self, customer: CustomerId) -> Kept | None:
        """
        What is kept of a customer and whoever was merged into them.

        None if another speaks for them. So it is for now of whoever was merged while this was
        read with one who is not among these customers.
        """
        state = self.kept[customer]
        if state.into is not None or not all(map(self.has, state.others)):
            return None
        return keeping.joined(state, self._others(state))

    def _others(self, state: Kept) -> list[Kept]:
        return [self.kept[one] for one in state.others if one in self.kept]


class Retaining:
    """
    The retention of one tenant's personal data; safe to share like the core.

    `rules` say what is kept for how long. At most `most` customers, and as many orders, are in
    memory at once; where there are more customers, the log is read again for the others. `span` is
    how many positions one read looks at: so long has who writes to wait.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        lock: AbstractContextManager[object],
        *,
        storage: Storage,
        commands: Commands,
        erasures: Erasures,
        clock: Clock,
        rules: Sequence[Retention],
        most: int = _MOST,
        span: int = SPAN,
    ) -> None:
        self._lock = lock
        self._storage = storage
        self._commands = commands
        self._erasures = erasures
        self._clock = clock
        self._rules = tuple(rules)
        self._most = most
        self._span = span

    def due(
        self, *, at: datetime | None = None, progress: Progress = lambda _done, _of: None
    ) -> Iterator[Expired]:
        """
        What is over at a moment, now if none is given, by customer and class, and by which rule.

        Goes by all that is in the log, also what occurred after that moment. What is held or
        restricted is kept, and nothing is over twice. Costs a pass over the log.

        Raises:
            ValueError: the moment has no time zone.
            StorageUnavailable: the store does not answer.
        """
        return self._due(self._moment(at), progress)

    def run(
        self,
        *,
        at: datetime | None = None,
        progress: Progress = lambda _done, _of: None,
        told: Callable[[Certificate], None] = lambda _: None,
    ) -> int:
        """
        Erase what `due` tells, customer by customer. Returns how many erasures that took.

        `told` gets the certificate of each. Run again, it does what is left, and then nothing.
        What somebody gives or does meanwhile counts; who is merged meanwhile may be left for the
        next run. Nobody is locked out: new data of who was
        erased is taken in again.

        Raises:
            ValueError: the moment has no time zone.
            StorageUnavailable: a store does not answer; what was done stands.
        """
        when, erasures = self._moment(at), 0
        for crowd in self._crowds(progress):
            over = [one for one in crowd.kept if self._expired(crowd, one, when)]
            for customer in over:
                self._ask(crowd, customer, when)
                for certificate in self._erasures.carry_on(customer):
                    erasures += 1
                    told(certificate)
        return erasures

    def _moment(self, at: datetime | None) -> datetime:
        when = self._clock.now() if at is None else at
        microseconds(when)
        return when

    def _due(self, at: datetime, progress: Progress) -> Iterator[Expired]:
        for crowd in self._crowds(progress):
            for customer in crowd.kept:
                yield from self._expired(crowd, customer, at)

    def _expired(self, crowd: _Crowd, customer: CustomerId, at: datetime) -> list[Expired]:
        kept = crowd.person(customer)
        return [] if kept is None else expired(self._rules, customer, kept, at)

    def _ask(self, crowd: _Crowd, customer: CustomerId, at: datetime) -> None:
        """Ask for the erasure of what is over, in a transaction with the look at what is."""
        with self._lock, self._commands.together():
            while self._read_on(crowd):
                pass
            by_rule: dict[Retention, list[Expired]] = {}
            for one in self._expired(crowd, customer, at):
                by_rule.setdefault(one.rule, []).append(one)
            asked = tuple(
                EraseCustomer(
                    customer=customer,
                    at=self._clock.now(),
                    erasure=ErasureId(token_hex(8)),
                    classes=tuple(one.data_class for one in over),
                    basis=rule.basis,
                    new_life=True,
                )
                for rule, over in by_rule.items()
            )
            if asked:
                self._commands.execute(Request(commands=asked, by=RETAINER))

    def _crowds(self, progress: Progress) -> Iterator[_Crowd]:
        """All customers, as many at once as may be in memory."""
        waiting, passes = [_Crowd(into=self._merged())], 0
        while waiting:
            crowd = waiting.pop()
            while head := self._read_on(crowd):
                while crowd.people() > self._most:
                    waiting.append(crowd.halve())
                progress(passes * head + crowd.position, (passes + 1 + len(waiting)) * head)
            yield crowd
            passes += 1

    def _merged(self) -> Mapping[CustomerId, CustomerId]:
        """Who was merged into whom by now."""
        into: dict[CustomerId, CustomerId] = {}
        read = reading(self._storage, types=_MERGES)
        at = 0
        while True:
            with self._lock:
                page = read(at)
            for _, one in page.items:
                if isinstance(one.event, CustomersMerged):
                    into[one.event.customer] = one.event.into
                else:
                    into.pop(cast("CustomerMergeReverted", one.event).customer, None)
            if page.upto == at:
                return into
            at = page.upto

    def _read_on(self, crowd: _Crowd) -> int:
        """Fold what comes next. Returns the head of the log, 0 if the crowd is at it."""
        with self._lock, self._storage.snapshot():
            log = self._storage.log
            head = log.head()
            if crowd.position >= head:
                return 0
            upto = min(crowd.position + self._span, head)
            found = list(log.occurrences(after=crowd.position, upto=upto, types=_READ))
            self._learn(found, crowd.orders)
        for one in found:
            # Of what is read, the completion of an order alone does not say whose it is.
            event = cast("keeping.Event", one.event)
            customer = (
                crowd.orders.pop(event.order, None)
                if isinstance(event, OrderCompleted)
                else event.customer
            )
            if customer is not None:
                crowd.fold(customer, event, one.occurred_at)
        while len(crowd.orders) > self._most:
            crowd.orders.popitem(last=False)
        crowd.position = upto
        return head

    def _learn(
        self, found: Sequence[Occurrence], orders: OrderedDict[OrderId, CustomerId | None]
    ) -> None:
        """Tell whose the orders are that were completed, also those placed long before."""
        for one in found:
            if isinstance(one.event, OrderPlaced):
                orders[one.event.order] = one.event.customer
        forgotten = {
            order_stream(one.event.order)
            for one in found
            if isinstance(one.event, OrderCompleted) and one.event.order not in orders
        }
        for stream in self._storage.log.streams(forgotten).values():
            for one in stream:
                if isinstance(one.event, OrderPlaced):
                    orders[one.event.order] = one.event.customer
