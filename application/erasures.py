"""
Erasures asked for, carried on and told of; holds that they wait for, and lives that follow them.

An erasure is first asked for, in an event; whatever stops it after that, `resume` carries it on.
How one is carried out is in `erasing.py`.
"""

from collections import Counter
from collections.abc import Callable, Collection
from secrets import token_hex
from typing import Final

from regulars.application.aggregates import erasure_stream
from regulars.application.batch import Receipt
from regulars.application.certificate import Certificate, certificates
from regulars.application.door import Request
from regulars.application.erasing import Erasing, Step
from regulars.application.erasure_subjects import (
    NobodyKnown,
    Whose,
    in_order,
    is_known,
    named,
    refuse_customers_order,
    refuse_untold,
    speaker_of,
    state_of,
)
from regulars.application.events import Recorded
from regulars.application.holds import READ, Hold, standing
from regulars.application.keys import KeyState
from regulars.domain.erasure import (
    AuthoriseNewLife,
    Command,
    EraseCustomer,
    Erasure,
    PlaceHold,
    ReleaseHold,
)
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject
from regulars.domain.values import ErasureId

EVERY_CLASS: Final = tuple(DataClass)

_STREAMS: Final = "erasure"


class Erasures:
    """
    The erasures, holds and new lives of one tenant's customers; safe to share like the core.

    Whoever serves orders, and an order that nobody is named for, is a `Subject` in place of the
    customer's id: erased with the same steps and evidence, and held in the same way.

    Its parts are those of `erasing`, which carries out what is asked for here. `sinks` are all
    places that keep what was derived from personal data.
    """

    def __init__(self, erasing: Erasing) -> None:
        self._erasing = erasing
        self._lock = erasing.lock
        self._storage = erasing.storage
        self._keys = erasing.keys
        self._commands = erasing.commands
        self._clock = erasing.clock
        self._tenant = erasing.tenant
        self.sinks: Final = tuple(erasing.sinks)

    def erase(  # noqa: PLR0913 - who, whose, what and why, each by name
        self,
        customer: str | Subject,
        *,
        by: str,
        basis: str,
        classes: Collection[DataClass] = EVERY_CLASS,
        erasure: str | None = None,
        unknown: bool = False,
        told: Callable[[Step], None] = lambda _: None,
    ) -> Certificate:
        """
        Destroy a customer's personal data of these classes, and what was derived from it.

        So is that of everybody who was merged into them.
        What they ordered, paid, earned and allowed stays. Classes under a legal hold are kept,
        restricted, and erased when it ends; classes that were erased before stay so. Returns what
        was done; if this is cut short, `resume` does the rest. `basis` is a code for why.
        `erasure` is an id of the host's choosing for this erasure; `told` hears of each step. With
        `unknown`, also an id that nothing was told of is barred.

        Raises:
            InvalidId: an id is blank, too long or no text.
            NobodyKnown: nothing was ever told of them.
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
            classes=in_order(classes),
            basis=basis,
        )
        if not unknown:
            self._require_known(whose)
        self._execute(wanted, by=by)
        told(Step.REQUESTED)
        self._erasing.carry_on(whose, told)
        return self.of(whose)[-1]

    def resume(self, *, told: Callable[[Step], None] = lambda _: None) -> list[Certificate]:
        """
        Carry on every erasure, and new life, that was cut short. Returns the erasures that were.

        Keys of what is erased that came back, as with a backup, are destroyed again. Costs a pass
        over the log; to be called when a process starts, or now and then. Where one cannot be
        carried on, as when a sink fails, the others are, and then its error is raised.

        Raises:
            StorageUnavailable: a store does not answer; what was done stands.
        """
        every, done, failed = self.all(), list[Certificate](), list[Exception]()
        stopped = {one.customer for one in every if one.waiting}
        for customer in dict.fromkeys(one.customer for one in every):
            try:
                self._erasing.destroy_again(customer)
                self._erasing.begin_lives(customer)
                done += self.carry_on(customer, told=told) if customer in stopped else []
            except Exception as error:  # noqa: BLE001 - a host's sink may raise anything
                failed.append(error)
        if failed:
            raise failed[0]
        return done

    def carry_on(
        self, customer: str | Subject, *, told: Callable[[Step], None] = lambda _: None
    ) -> list[Certificate]:
        """
        Do what waits of a customer's erasures, as `resume` does of all. Returns those that did.

        Raises:
            StorageUnavailable: a store does not answer; what was done stands.
        """
        waiting = {one.erasure for one in self.of(customer) if one.waiting}
        self._erasing.carry_on(named(customer), told)
        return [one for one in self.of(customer) if one.erasure in waiting]

    def hold(
        self, customer: str | Subject, *, by: str, basis: str, classes: Collection[DataClass]
    ) -> None:
        """
        Keep a customer's data of these classes, whoever asks for its erasure, until `release`.

        Each `basis` is a hold of its own: what another one keeps already is held by both.

        Raises:
            NobodyKnown: nothing was ever told of them.
            ErasureUnderWay: it is being erased.
            OrderHasCustomer: an order is to be held by itself, and is a customer's.
            StorageUnavailable: a store does not answer; called again, it completes.
        """
        whose, all_of, at = named(customer), in_order(classes), self._clock.now()
        self._require_known(whose)
        self._execute(PlaceHold(customer=whose, at=at, classes=all_of, basis=basis), by=by)
        with self._lock:
            self._keys.hold(self._erasing.names(whose, all_of))

    def release(
        self, customer: str | Subject, *, by: str, basis: str, classes: Collection[DataClass]
    ) -> None:
        """
        End the hold of this basis. Once no other keeps them, classes that wait are erased at once.

        Raises:
            StorageUnavailable: a store does not answer; called again, it completes.
        """
        whose, all_of, at = named(customer), in_order(classes), self._clock.now()
        self._execute(ReleaseHold(customer=whose, at=at, classes=all_of, basis=basis), by=by)
        with self._lock, self._storage.transaction():
            held = state_of(self._storage.log, whose).held
            free = [one for one in all_of if one not in held]
            self._keys.release(self._erasing.names(whose, free))
        self._erasing.carry_on(whose, lambda _: None)

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
            NobodyKnown: nothing was ever told of them.
            ErasureNotTold: keys of theirs were destroyed by an erasure that this log lacks.
            StorageUnavailable: a store does not answer; called again, it completes.
        """
        whose, at = named(customer), self._clock.now()
        wanted = AuthoriseNewLife(customer=whose, at=at, classes=in_order(classes), basis=basis)
        self._require_known(whose)
        self._execute(wanted, by=by)
        with self._lock, self._storage.snapshot():
            refuse_untold(self._storage.log, whose, classes, self._tenant, self._keys.get_many)
        self._erasing.begin_lives(whose)

    def knows(self, customer: str | Subject) -> bool:
        """Whether anything was ever told of them. Costs a pass over the log where it was not."""
        whose, log = named(customer), self._storage.log
        with self._lock, self._storage.snapshot():
            return is_known(log, whose, self._tenant, self._keys.get_many)

    def state(self, customer: str | Subject) -> Erasure:
        """
        What is held, erased, and asked to be erased, of a customer's data.

        What is `pending` is restricted, or about to be destroyed: read for a legal duty alone.
        """
        with self._lock, self._storage.snapshot():
            return state_of(self._storage.log, named(customer))

    def living(self, customer: str | Subject) -> dict[DataClass, int]:
        """How many keys there are that open data of a customer, by class; none are left out."""
        names = self._erasing.names(named(customer), EVERY_CLASS)
        with self._lock:
            found = self._keys.get_many(names)
        keys = (key for versions in found.values() for key in versions)
        return dict(Counter(one.name.data_class for one in keys if one.state != KeyState.ERASED))

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

    def holds(self, customer: str | Subject | None = None) -> list[Hold]:
        """
        The legal holds that stand, of one subject or of all: then for a pass over the log.

        Those of the absorbed are those of who speaks for them.
        """
        with self._lock, self._storage.snapshot():
            log = self._storage.log
            if customer is not None:
                return standing(log.stream(erasure_stream(speaker_of(log, named(customer)))))
            found = standing(log.read(types=READ, prefix=_STREAMS))
            return [one for one in found if speaker_of(log, one.customer) == one.customer]

    def _require_known(self, whose: Whose) -> None:
        if not self.knows(whose):
            raise NobodyKnown(whose=whose)

    def _execute(self, command: Command, *, by: str) -> Receipt:
        with self._lock:
            with self._storage.snapshot():
                refuse_customers_order(self._storage.log, command.customer)
            return self._commands.execute(Request(commands=(command,), by=by))
