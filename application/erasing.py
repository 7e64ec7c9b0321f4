"""
One erasure carried out: keys fenced and destroyed, what was derived purged, completion recorded.

Each step may be taken twice, and none is taken for an erasure that somebody else has completed.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Final

from attrs import frozen

from regulars.application.aggregates import erasure_stream
from regulars.application.certificate import certificates
from regulars.application.door import Request
from regulars.application.erasure_sinks import ErasureSink
from regulars.application.erasure_subjects import (
    Whose,
    destroyed,
    key_subject,
    renewed,
    state_of,
)
from regulars.application.events import microseconds
from regulars.application.handling import Commands
from regulars.application.holds import ended
from regulars.application.keys import KeyName, KeyState, KeyStore
from regulars.application.merging import records_in
from regulars.application.ports import Clock, Storage, Vault
from regulars.application.stray_keys import returned
from regulars.domain.erasure import CompleteErasure, Erasure, due
from regulars.domain.evidence import Purged, Traces
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject
from regulars.domain.values import CustomerId, ErasureId

ERASER: Final = "erasure"
"""Who records that an erasure is complete."""


class Step(Enum):
    """What an erasure has just done, in the order in which it does it."""

    REQUESTED = "requested"
    FENCED = "fenced"
    DESTROYED = "destroyed"
    SCRUBBED = "scrubbed"
    PURGED = "purged"
    COMPLETED = "completed"


@frozen(kw_only=True)
class Task:
    """Classes of one subject that one erasure is to destroy now, and the keys they go by."""

    customer: Whose
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    names: tuple[KeyName, ...]
    at: int


@frozen(kw_only=True)
class Erasing:
    """
    Carries out what was asked for in the log, for one tenant.

    `sinks` are all places that keep what was derived from personal data. `scrub` has bytes that
    were overwritten leave the files, and tells what became of those of the key store. `lock` is
    that of whoever shares the storage. Whatever stops it, it goes on where it was when it is called
    again.
    """

    lock: AbstractContextManager[object]
    storage: Storage
    vault: Vault
    keys: KeyStore
    commands: Commands
    clock: Clock
    tenant: str
    sinks: Sequence[ErasureSink]
    scrub: Callable[[], Traces]

    def carry_on(self, customer: Whose, told: Callable[[Step], None]) -> None:
        """Do all that waits of a subject's erasures. `told` hears of each step."""
        self.destroy_again(customer)
        for erasure, classes in due(self._state(customer)).items():
            names = self.names(customer, classes)
            at = microseconds(self.clock.now())
            self._let_go(customer, names)
            self._work(
                Task(customer=customer, erasure=erasure, classes=classes, names=names, at=at), told
            )

    def begin_lives(self, customer: Whose) -> None:
        """Make the keys of new lives that the log tells of, where there are none yet."""
        with self.lock, self.storage.transaction():
            lives = renewed(self.storage.log, customer)
            self.vault.begin_lives([(key_subject(customer), one) for one in lives])

    def destroy_again(self, customer: Whose) -> None:
        """Destroy keys of classes that are erased already, which only a backup can have brought."""
        with self.lock:
            with self.storage.transaction():
                erased = self._state(customer).erased
                told = certificates(self.storage.log.stream(erasure_stream(customer)))
                found = returned(told, erased, self.keys.get_many)
                classes = [one.data_class for one in found if not one.new_life]
                if not classes:
                    return
                names = self.names(customer, classes)
                at = microseconds(self.clock.now())
                self.keys.fence(names, at=at)
                self.keys.destroy(names, at=at)
            self.vault.heed_erasures()
            self.scrub()

    def names(self, customer: Whose, classes: Collection[DataClass]) -> tuple[KeyName, ...]:
        """The keys that data of these classes lies under, of whoever was merged into them too."""
        subjects = (customer,) if isinstance(customer, Subject) else self._records(customer)
        return tuple(
            KeyName(self.tenant, key_subject(one), data_class)
            for one in subjects
            for data_class in classes
        )

    def _let_go(self, customer: Whose, names: Collection[KeyName]) -> None:
        """End the holds of keys that a release told of in the log, and then was cut short."""
        with self.lock, self.storage.transaction():
            over = ended([*self.storage.log.stream(erasure_stream(customer))])
            free = [name for name in names if name.data_class in over]
            if free:
                self.keys.release(free)

    def _work(self, task: Task, told: Callable[[Step], None]) -> None:
        for step, change in (
            (Step.FENCED, self.keys.fence),
            (Step.DESTROYED, self.keys.destroy),
        ):
            with self.lock, self.storage.transaction():
                if self._is_over(task):
                    return
                change(task.names, at=task.at)
            told(step)
        with self.lock:
            self.vault.heed_erasures()
            traces = self.scrub()
        told(Step.SCRUBBED)
        with self.lock:
            try:
                with self.storage.transaction():
                    if not self._is_over(task):
                        self._complete(task, traces, told)
            except BaseException:
                # What was recorded inside is gone with the transaction.
                self.commands.forget()
                raise
            self.scrub()  # of what the sinks let go
        told(Step.COMPLETED)

    def _complete(self, task: Task, traces: Traces, told: Callable[[Step], None]) -> None:
        found = [key for keys in self.keys.get_many(task.names).values() for key in keys]
        # A class of which a host holds keys without telling us is not done yet.
        kept = {key.name.data_class for key in found if key.state is not KeyState.ERASED}
        classes = tuple(one for one in task.classes if one not in kept)
        if not classes:
            return
        subjects = tuple(dict.fromkeys(name.subject for name in task.names))
        purged = tuple(
            Purged(place=sink.name, entries=sink.forget(subjects, classes)) for sink in self.sinks
        )
        told(Step.PURGED)
        complete = CompleteErasure(
            customer=task.customer,
            at=self.clock.now(),
            erasure=task.erasure,
            classes=classes,
            keys=tuple(destroyed(found, classes)),
            purged=purged,
            readable_for=round(self.vault.max_age),
            traces=traces,
        )
        self.commands.execute(Request(commands=(complete,), by=ERASER))
        self.begin_lives(task.customer)

    def _is_over(self, task: Task) -> bool:
        """Whether others have completed it: what was sealed since is another life's."""
        return due(self._state(task.customer)).get(task.erasure) != task.classes

    def _state(self, customer: Whose) -> Erasure:
        with self.lock, self.storage.snapshot():
            return state_of(self.storage.log, customer)

    def _records(self, customer: CustomerId) -> tuple[CustomerId, ...]:
        """The customer and everybody who was merged into them, none of whom leaves meanwhile."""
        with self.lock, self.storage.snapshot():
            return (customer, *records_in(self.storage.log)(customer).others)
