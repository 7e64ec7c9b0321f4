"""
Erasures carried out: keys fenced and destroyed, what was derived from them purged, all recorded.

An erasure is first asked for, in an event; whatever stops it after that, `resume` carries it on.
Each step may be taken twice, and none is taken for an erasure that somebody else has completed.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from secrets import token_hex
from typing import Final

from attrs import frozen

from regulars.application.aggregates import erasure_stream
from regulars.application.batch import Receipt
from regulars.application.certificate import Certificate, certificates
from regulars.application.door import Request
from regulars.application.erasure_sinks import ORDER, ErasureSink, stream_of
from regulars.application.erasure_subjects import (
    Whose,
    destroyed,
    key_subject,
    named,
    refuse_customers_order,
    returned,
    state_of,
)
from regulars.application.events import Command, Recorded, microseconds
from regulars.application.handling import Commands
from regulars.application.holds import READ, Hold, standing
from regulars.application.keys import KeyName, KeyState, KeyStore
from regulars.application.merging import records_in
from regulars.application.ports import Clock, Storage, Vault
from regulars.domain.erasure import (
    AuthoriseNewLife,
    CompleteErasure,
    EraseCustomer,
    Erasure,
    NewLifeAuthorised,
    PlaceHold,
    ReleaseHold,
    due,
)
from regulars.domain.evidence import Purged, Traces
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject
from regulars.domain.values import CustomerId, ErasureId

ERASER: Final = "erasure"
"""Who records that an erasure is complete."""

EVERY_CLASS: Final = tuple(DataClass)

_STREAMS: Final = "erasure"
_AT_ONCE: Final = 500


class Step(Enum):
    """What an erasure has just done, in the order in which it does it."""

    REQUESTED = "requested"
    FENCED = "fenced"
    DESTROYED = "destroyed"
    SCRUBBED = "scrubbed"
    PURGED = "purged"
    COMPLETED = "completed"


@frozen(kw_only=True)
class _Task:
    """Classes of one subject that one erasure is to destroy now, and the keys they go by."""

    customer: Whose
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    names: tuple[KeyName, ...]
    at: int


class Erasures:
    """
    The erasures, holds and new lives of one tenant's customers; safe to share like the core.

    Whoever serves orders, and an order that nobody is named for, is a `Subject` in place of the
    customer's id: erased with the same steps and evidence, and held by nobody.

    `sinks` are all places that keep what was derived from personal data. `scrub` has bytes that
    were overwritten leave the files, and tells what became of those of the key store.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        lock: AbstractContextManager[object],
        *,
        storage: Storage,
        vault: Vault,
        keys: KeyStore,
        commands: Commands,
        clock: Clock,
        tenant: str,
        sinks: Sequence[ErasureSink],
        scrub: Callable[[], Traces],
    ) -> None:
        self._lock = lock
        self._storage = storage
        self._vault = vault
        self._keys = keys
        self._commands = commands
        self._clock = clock
        self._tenant = tenant
        self._scrub = scrub
        self.sinks: Final = tuple(sinks)

    def erase(  # noqa: PLR0913 - who, whose, what and why, each by name
        self,
        customer: str | Subject,
        *,
        by: str,
        basis: str,
        classes: Collection[DataClass] = EVERY_CLASS,
        erasure: str | None = None,
        told: Callable[[Step], None] = lambda _: None,
    ) -> Certificate:
        """
        Destroy a customer's personal data of these classes, and what was derived from it.

        So is that of everybody who was merged into them.
        What they ordered, paid, earned and allowed stays. Classes under a legal hold are kept,
        restricted, and erased when it ends; classes that were erased before stay so. Returns what
        was done; if this is cut short, `resume` does the rest. `basis` is a code for why.
        `erasure` is an id of the host's choosing for this erasure; `told` hears of each step.

        Raises:
            InvalidId: an id is blank, too long or no text.
            ErasureIdTaken: another erasure of this customer has that id.
            MergedInto: another speaks for the customer, and is the one to erase.
            OrderHasCustomer: an order is to be erased by itself, and is a customer's.
            StorageUnavailable: a store does not answer; what was done stands.
        """
        whose = named(customer)
        wanted = EraseCustomer(
            customer=whose,
            at=self._clock.now(),
            erasure=ErasureId(erasure or token_hex(8)),
            classes=tuple(one for one in DataClass if one in classes),
            basis=basis,
        )
        if not wanted.classes:
            raise ValueError("an erasure needs a class of personal data")
        with self._lock, self._storage.snapshot():
            refuse_customers_order(self._storage.log, whose)
        self._execute(wanted, by=by)
        told(Step.REQUESTED)
        self._carry_on(whose, told)
        return self.of(whose)[-1]

    def resume(self, *, told: Callable[[Step], None] = lambda _: None) -> list[Certificate]:
        """
        Carry on every erasure that was cut short. Returns those that were.

        Keys of what is erased that came back, as with a backup, are destroyed again. Costs a pass
        over the log; to be called when a process starts, or now and then.

        Raises:
            StorageUnavailable: a store does not answer; what was done stands.
        """
        every = self.all()
        for customer in dict.fromkeys(one.customer for one in every):
            self._destroy_again(customer)
        stopped = dict.fromkeys(one.customer for one in every if one.waiting)
        return [one for customer in stopped for one in self.carry_on(customer, told=told)]

    def carry_on(
        self, customer: str | Subject, *, told: Callable[[Step], None] = lambda _: None
    ) -> list[Certificate]:
        """
        Do what waits of a customer's erasures, as `resume` does of all. Returns those that did.

        Raises:
            StorageUnavailable: a store does not answer; what was done stands.
        """
        waiting = {one.erasure for one in self.of(customer) if one.waiting}
        self._carry_on(named(customer), told)
        return [one for one in self.of(customer) if one.erasure in waiting]

    def hold(self, customer: str, *, by: str, basis: str, classes: Collection[DataClass]) -> None:
        """
        Keep a customer's data of these classes, whoever asks for its erasure, until `release`.

        Raises:
            ErasureUnderWay: it is being erased.
            StorageUnavailable: a store does not answer; called again, it completes.
        """
        whose, all_of = CustomerId(customer), tuple(classes)
        at = self._clock.now()
        self._execute(PlaceHold(customer=whose, at=at, classes=all_of, basis=basis), by=by)
        with self._lock:
            self._keys.hold(self._names(whose, all_of))

    def release(
        self, customer: str, *, by: str, basis: str, classes: Collection[DataClass]
    ) -> None:
        """
        End a hold. What was asked to be erased meanwhile is erased at once.

        Raises:
            StorageUnavailable: a store does not answer; called again, it completes.
        """
        whose, all_of = CustomerId(customer), tuple(classes)
        at = self._clock.now()
        self._execute(ReleaseHold(customer=whose, at=at, classes=all_of, basis=basis), by=by)
        with self._lock:
            self._keys.release(self._names(whose, all_of))
        self._carry_on(whose, lambda _: None)

    def authorise_new_life(
        self,
        customer: str | Subject,
        *,
        by: str,
        basis: str,
        classes: Collection[DataClass] = EVERY_CLASS,
    ) -> None:
        """
        Take in a customer's data of these classes again, under new keys that read nothing old.

        Raises:
            StorageUnavailable: a store does not answer; called again, it completes.
        """
        whose, at = named(customer), self._clock.now()
        wanted = AuthoriseNewLife(customer=whose, at=at, classes=tuple(classes), basis=basis)
        self._execute(wanted, by=by)
        with self._lock, self._storage.transaction():
            state = self.state(whose)
            lives = [one for one in classes if one not in state.erased | state.pending.keys()]
            self._vault.begin_lives([(key_subject(whose), one) for one in lives])

    def state(self, customer: str | Subject) -> Erasure:
        """
        What is held, erased, and asked to be erased, of a customer's data.

        Nobody may read what is `pending`: it is restricted, or about to be destroyed.
        """
        with self._lock, self._storage.snapshot():
            return state_of(self._storage.log, named(customer))

    def living(self, customer: str | Subject) -> dict[DataClass, int]:
        """How many keys there are that open data of a customer, by class; none are left out."""
        names = self._names(named(customer), EVERY_CLASS)
        with self._lock:
            found = self._keys.get_many(names)
        keys = [key for versions in found.values() for key in versions]
        living = [key for key in keys if key.state is not KeyState.ERASED]
        return dict(Counter(key.name.data_class for key in living))

    def of(self, customer: str | Subject) -> list[Certificate]:
        """The certificates of a customer's erasures, oldest first."""
        with self._lock, self._storage.snapshot():
            return certificates(self._storage.log.stream(erasure_stream(named(customer))))

    def all(self) -> list[Certificate]:
        """The certificates of every customer's erasures. Costs a pass over the log."""
        with self._lock, self._storage.snapshot():
            found = list(self._storage.log.read(prefix=_STREAMS))
        streams: dict[str, list[Recorded]] = {}
        for recorded in found:
            streams.setdefault(recorded.stream, []).append(recorded)
        return [one for stream in streams.values() for one in certificates(stream)]

    def holds(self, customer: str | None = None) -> list[Hold]:
        """The legal holds that stand, of one customer or of all: then for a pass over the log."""
        with self._lock, self._storage.snapshot():
            log = self._storage.log
            if customer is not None:
                return standing(log.stream(erasure_stream(CustomerId(customer))))
            return standing(log.read(types=READ, prefix=_STREAMS))

    def _execute(self, command: Command, *, by: str) -> Receipt:
        with self._lock:
            return self._commands.execute(Request(commands=(command,), by=by))

    def _carry_on(self, customer: Whose, told: Callable[[Step], None]) -> None:
        self._destroy_again(customer)
        for erasure, classes in due(self.state(customer)).items():
            names = self._names(customer, classes)
            at = microseconds(self._clock.now())
            self._work(
                _Task(customer=customer, erasure=erasure, classes=classes, names=names, at=at), told
            )

    def _destroy_again(self, customer: Whose) -> None:
        """Destroy keys of classes that are erased already, which only a backup can have brought."""
        with self._lock:
            with self._storage.transaction():
                erased = self.state(customer).erased
                found = returned(self.of(customer), erased, self._keys.get_many)
                classes = [one.data_class for one in found if not one.new_life]
                if not classes:
                    return
                names = self._names(customer, classes)
                at = microseconds(self._clock.now())
                self._keys.fence(names, at=at)
                self._keys.destroy(names, at=at)
            self._vault.heed_erasures()
            self._scrub()

    def _work(self, task: _Task, told: Callable[[Step], None]) -> None:
        for step, change in (
            (Step.FENCED, self._keys.fence),
            (Step.DESTROYED, self._keys.destroy),
        ):
            with self._lock, self._storage.transaction():
                if self._is_over(task):
                    return
                change(task.names, at=task.at)
            told(step)
        with self._lock:
            self._vault.heed_erasures()
            traces = self._scrub()
        told(Step.SCRUBBED)
        with self._lock:
            try:
                with self._storage.transaction():
                    if not self._is_over(task):
                        self._complete(task, traces, told)
            except BaseException:
                # What was recorded inside is gone with the transaction.
                self._commands.forget()
                raise
            self._scrub()  # of what the sinks let go
        told(Step.COMPLETED)

    def _complete(self, task: _Task, traces: Traces, told: Callable[[Step], None]) -> None:
        found = [key for keys in self._keys.get_many(task.names).values() for key in keys]
        # A host may hold keys without telling us: a class of theirs is not done yet.
        kept = {key.name.data_class for key in found if key.state is not KeyState.ERASED}
        classes = tuple(one for one in task.classes if one not in kept)
        if not classes:
            return
        subjects = tuple(dict.fromkeys(name.subject for name in task.names))
        purged = tuple(
            Purged(place=sink.name, entries=sink.forget(subjects, classes)) for sink in self.sinks
        )
        told(Step.PURGED)
        receipt = self._execute(
            CompleteErasure(
                customer=task.customer,
                at=self._clock.now(),
                erasure=task.erasure,
                classes=classes,
                keys=tuple(destroyed(found, classes)),
                purged=purged,
                readable_for=round(self._vault.max_age),
                traces=traces,
            ),
            by=ERASER,
        )
        for event in receipt.events:
            if isinstance(event, NewLifeAuthorised):
                whose = key_subject(event.customer)
                self._vault.begin_lives([(whose, one) for one in event.classes])

    def _is_over(self, task: _Task) -> bool:
        """Whether others have completed it: what was sealed since is another life's."""
        return due(self.state(task.customer)).get(task.erasure) != task.classes

    def _names(self, customer: Whose, classes: Collection[DataClass]) -> tuple[KeyName, ...]:
        records = () if isinstance(customer, Subject) else self._records(customer)
        own = [
            KeyName(self._tenant, key_subject(one), data_class)
            for one in (records or (customer,))
            for data_class in classes
        ]
        orders = [
            KeyName(self._tenant, subject, one)
            for subject in self._orders(records)
            for one in classes
        ]
        with self._lock:
            return (*own, *self._keys.get_many(orders))

    def _records(self, customer: CustomerId) -> tuple[CustomerId, ...]:
        """The customer and everybody who was merged into them, none of whom leaves meanwhile."""
        with self._lock, self._storage.snapshot():
            return (customer, *records_in(self._storage.log)(customer).others)

    def _orders(self, records: Collection[CustomerId]) -> Iterator[str]:
        """The orders of these customers that have keys of their own, as subjects."""
        with self._lock:
            found = list(self._keys.subjects(self._tenant, prefix=ORDER))
        for start in range(0, len(found), _AT_ONCE):
            streams = {stream_of(subject): subject for subject in found[start : start + _AT_ONCE]}
            with self._lock, self._storage.snapshot():
                recorded = self._storage.log.streams(streams)
            for stream, events in recorded.items():
                if any(getattr(one.event, "customer", None) in records for one in events):
                    yield streams[stream]
