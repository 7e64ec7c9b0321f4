"""
Retention carried out: whose data is over, by which rule, and its erasure, by any clock.

What is over is read from the log itself, so that no view that lags has anybody erased. Merged
customers are one person, of whom only the one who speaks for all is ever erased.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from secrets import token_hex
from typing import Final, TypeAlias, cast

from regulars.application.certificate import Certificate
from regulars.application.crowd import READ, Crowd
from regulars.application.door import Request
from regulars.application.erasure_subjects import Whose
from regulars.application.erasures import Erasures
from regulars.application.errors import StorageUnavailable
from regulars.application.events import Event, microseconds
from regulars.application.handling import Commands
from regulars.application.ports import Clock, Storage
from regulars.application.subscription import SPAN, before_next, reading
from regulars.application.unnamed_orders import UnnamedOrders
from regulars.domain.erasure import EraseCustomer
from regulars.domain.keeping import Expired, expired
from regulars.domain.records import CustomerMergeReverted, CustomersMerged
from regulars.domain.retention import Retention
from regulars.domain.subject import Subject
from regulars.domain.values import CustomerId, ErasureId

RETAINER: Final = "retention"
"""Who asks for the erasure of what is over."""

Progress: TypeAlias = Callable[[int, int], None]
"""Hears how many of how many events were looked at."""

_MERGES: Final = frozenset[type[Event]]((CustomersMerged, CustomerMergeReverted))
_MOST: Final = 200_000

_Again: TypeAlias = Callable[[], list[Expired]]
"""Looks once more at what is over of somebody, with all that was recorded by then."""


class Retaining:
    """
    The retention of one tenant's personal data; safe to share like the core.

    `rules` say what is kept for how long. At most `most` customers and others who are no order,
    and as many orders, are in memory at once; where there are more of the former, the log is read
    again for the others. `span` is how many positions one read looks at: so long has who writes to
    wait.
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
        self._unnamed = UnnamedOrders(lock, storage)
        self._most = most
        self._span = span

    def due(
        self, *, at: datetime | None = None, progress: Progress = lambda _done, _of: None
    ) -> Iterator[Expired]:
        """
        What is over at a moment, now if none is given, by subject and class, and by which rule.

        Subjects are customers, who serves orders, and orders that no customer is named for. Goes
        by all that is in the log, also what occurred after that moment. What is held or restricted
        is kept, and nothing is over twice. Costs a pass over the log, and one over its orders.

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
        Erase what `due` tells, one after another. Returns how many erasures that took.

        `told` gets the certificate of each. Run again, it does what is left, and then nothing.
        What somebody gives or does meanwhile counts; who is merged meanwhile may be left for the
        next run. Nobody is locked out: new data of who was erased is taken in again. Where one
        erasure fails, as when a sink does, the others are done, and then its error is raised.

        Raises:
            ValueError: the moment has no time zone.
            StorageUnavailable: a store does not answer; what was done stands.
        """
        when, erasures, failed = self._moment(at), 0, list[Exception]()
        for whose, _, again in self._over(when, progress):
            try:
                self._ask(whose, again)
                done = self._erasures.carry_on(whose)
            except StorageUnavailable:
                raise  # nor will it answer for the others
            except Exception as error:  # noqa: BLE001 - a host's sink may raise anything
                failed.append(error)
                continue
            for certificate in done:
                erasures += 1
                told(certificate)
        if failed:
            raise failed[0]
        return erasures

    def _moment(self, at: datetime | None) -> datetime:
        when = self._clock.now() if at is None else at
        microseconds(when)
        return when

    def _due(self, at: datetime, progress: Progress) -> Iterator[Expired]:
        for _, found, _ in self._over(at, progress):
            yield from found

    def _over(
        self, at: datetime, progress: Progress
    ) -> Iterator[tuple[Whose, list[Expired], _Again]]:
        """Of whom something is over, what of them, and how to look again."""
        passes = 0
        for crowd in self._crowds(progress):
            passes += 1
            for whose in list(crowd.kept):
                found = self._expired(crowd, whose, at)
                if found:
                    yield whose, found, partial(self._expired_by_now, crowd, whose, at)
        for page in self._unnamed.pages(
            lambda done, head: progress(passes * head + done, (passes + 1) * head)
        ):
            for order, kept in page.items():
                found = expired(self._rules, order, kept, at)
                if found:
                    yield order, found, partial(self._expired_of, order, at)

    def _expired(self, crowd: Crowd, whose: Whose, at: datetime) -> list[Expired]:
        kept = crowd.person(whose)
        return [] if kept is None else expired(self._rules, whose, kept, at)

    def _expired_by_now(self, crowd: Crowd, whose: Whose, at: datetime) -> list[Expired]:
        while self._read_on(crowd):
            pass
        return self._expired(crowd, whose, at)

    def _expired_of(self, order: Subject, at: datetime) -> list[Expired]:
        return expired(self._rules, order, self._unnamed.kept(order), at)

    def _ask(self, whose: Whose, again: _Again) -> None:
        """Ask for the erasure of what is over, in a transaction with the look at what is."""
        with self._lock, self._commands.together():
            by_rule: dict[Retention, list[Expired]] = {}
            for one in again():
                by_rule.setdefault(one.rule, []).append(one)
            asked = tuple(
                EraseCustomer(
                    customer=whose,
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

    def _crowds(self, progress: Progress) -> Iterator[Crowd]:
        """Everybody but orders, as many at once as may be in memory."""
        waiting, passes = [Crowd(into=self._merged())], 0
        while waiting:
            crowd = waiting.pop()
            while head := self._read_on(crowd):
                while crowd.people() > self._most:
                    waiting.append(crowd.halve())
                # One pass more is over the orders that no customer is named for.
                progress(passes * head + crowd.position, (passes + 2 + len(waiting)) * head)
            yield crowd
            passes += 1

    def _merged(self) -> Mapping[Whose, CustomerId]:
        """Who was merged into whom by now."""
        into: dict[Whose, CustomerId] = {}
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

    def _read_on(self, crowd: Crowd) -> int:
        """Fold what comes next. Returns the head of the log, 0 if the crowd is at it."""
        with self._lock, self._storage.snapshot():
            log = self._storage.log
            head = log.head()
            if crowd.position >= head:
                return 0
            upto = min(crowd.position + self._span, head)
            found = list(log.occurrences(after=crowd.position, upto=upto, types=READ))
            if not found:
                upto = before_next(log, upto, head)
            crowd.remember(log, found)
        crowd.fold(found, most=self._most)
        crowd.position = upto
        return head
