"""
Whom retention has in memory: what is kept of some customers, and of some who serve orders.

As many as there is room for; a crowd that becomes too large lets go of half of them.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, cast, get_args
from zlib import crc32

from attrs import define

from regulars.application.aggregates import order_stream
from regulars.application.erasure_subjects import Whose
from regulars.application.events import Event, Occurrence, Retired, moment
from regulars.application.ports import EventLog
from regulars.domain import keeping
from regulars.domain.empty import empty
from regulars.domain.erasure import CustomerErased
from regulars.domain.keeping import Bought, Kept, Named
from regulars.domain.protection import CourierAssigned, Party, PartyNamed
from regulars.domain.purchase import OrderPlaced
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId, OrderId

READ: Final[frozenset[type[Event]]] = frozenset(get_args(keeping.Event))
"""What it is told."""


@define
class Concerned:
    """Whom an order concerns: its customer, if one is named, and whoever was named to serve it."""

    customer: CustomerId | None = None
    serving: tuple[Subject, ...] = ()

    def learn(self, event: Event | Retired) -> None:
        """Record what an event of the order tells of them."""
        if isinstance(event, OrderPlaced):
            self.customer = event.customer
        elif isinstance(event, Named):
            named = _named(event)
            self.serving = tuple(dict.fromkeys((*self.serving, named)))


def _named(event: Named) -> Subject:
    if isinstance(event, CourierAssigned):
        return Subject(kind=SubjectKind.COURIER, id=event.courier)
    kind = SubjectKind.COURIER if event.party is Party.COURIER else SubjectKind.MERCHANT
    return Subject(kind=kind, id=event.who)


@define
class Crowd:
    """
    What is kept of some subjects up to a position.

    They are those whose checksum, divided by `of`, leaves `number`; one who was merged into
    another, as `into` has it, counts as that one. `orders` tells whom the latest orders concern.
    """

    into: Mapping[Whose, CustomerId]
    of: int = 1
    number: int = 0
    position: int = 0
    kept: dict[Whose, Kept] = empty(dict[Whose, Kept])
    orders: OrderedDict[OrderId, Concerned] = empty(OrderedDict[OrderId, Concerned])

    def has(self, whose: Whose) -> bool:
        """Whether somebody is among them."""
        while whose in self.into:
            whose = self.into[whose]
        return crc32(str(whose).encode()) % self.of == self.number

    def people(self) -> int:
        """How many they are, of whom each may have several records."""
        return sum(one not in self.into for one in self.kept)

    def halve(self) -> "Crowd":
        """Let go of about half of them. Returns a crowd of these, of whom nothing was read."""
        other = Crowd(into=self.into, of=2 * self.of, number=self.number + self.of)
        self.of *= 2
        for one in [one for one in self.kept if not self.has(one)]:
            del self.kept[one]
        return other

    def fold(self, found: Sequence[Occurrence], *, most: int) -> None:
        """
        Record what happened next, as far as it concerns them; `remember` goes before.

        Afterwards it remembers at most `most` orders; of the others the log is asked again.
        """
        for one in found:
            self._fold(cast("keeping.Event", one.event), one.occurred_at)
        while len(self.orders) > most:
            self.orders.popitem(last=False)

    def remember(self, log: EventLog, found: Sequence[Occurrence]) -> None:
        """Have at hand whom the orders concern that something happened of, as it was until now."""
        forgotten: dict[str, OrderId] = {}
        for one in found:
            if isinstance(one.event, Bought) and one.event.order not in self.orders:
                self.orders[one.event.order] = Concerned()
                if not isinstance(one.event, OrderPlaced):
                    forgotten[order_stream(one.event.order)] = one.event.order
        for stream, events in log.streams(forgotten).items():
            for one in events:
                if one.position <= self.position:
                    self.orders[forgotten[stream]].learn(one.event)

    def _fold(self, event: keeping.Event, at: int) -> None:
        if isinstance(event, Bought):
            order = self.orders[event.order]
            order.learn(event)
            if order.customer is not None:
                self._keep(order.customer, event, at)
            for one in order.serving:
                self._serve(one, event, at)
        elif isinstance(event, keeping.OfSubject):
            if event.subject.kind is not SubjectKind.ORDER:
                self._keep(event.subject, event, at)
        else:
            self._keep(event.customer, event, at)

    def _keep(self, whose: Whose, event: keeping.Event, at: int) -> None:
        if not self.has(whose):
            return
        state = self._of(whose)
        keeping.fold(state, event, moment(at))
        if isinstance(event, CustomerErased):
            for other in self._others(state):
                keeping.forget(other, event)

    def _serve(self, whose: Subject, event: Bought, at: int) -> None:
        if self.has(whose):
            theirs = isinstance(event, PartyNamed) and _named(event) == whose
            keeping.serve(self._of(whose), event, moment(at), theirs=theirs)

    def _of(self, whose: Whose) -> Kept:
        state = self.kept.get(whose)
        if state is None:
            state = self.kept[whose] = Kept()
        return state

    def person(self, whose: Whose) -> Kept | None:
        """
        What is kept of somebody and whoever was merged into them.

        None if another speaks for them. So it is for now of whoever was merged while this was
        read with one who is not among these.
        """
        state = self.kept[whose]
        if state.into is not None or not all(map(self.has, state.others)):
            return None
        return keeping.joined(state, self._others(state))

    def _others(self, state: Kept) -> list[Kept]:
        return [self.kept[one] for one in state.others if one in self.kept]
