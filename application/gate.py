"""
The gate: the one way to a personal value. It asks the rules, records the access, and then gives.

What is recorded and what it depends on are read and written in one transaction; a value leaves it
only once the record is kept.
"""

from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from attrs import evolve

from regulars.application.aggregates import (
    ACTOR,
    ERASURE,
    actor_stream,
    erasure_stream,
    erasure_stream_of,
)
from regulars.application.door import Request
from regulars.application.fields import check_id
from regulars.application.handling import Commands
from regulars.application.looks import class_sought, look_of, looks_of
from regulars.application.portable import ExportDenied, Given, Portable, gathered
from regulars.application.ports import (
    Clock,
    Erased,
    EventLog,
    KeyUnavailable,
    Revealed,
    Tampered,
    Vault,
)
from regulars.application.reading import (
    MOST_AT_ONCE,
    Card,
    CardField,
    DataOf,
    LookupDenied,
    Masked,
    NotKept,
    Outcome,
    SeveralKept,
    Sought,
    TooManyAtOnce,
    Visit,
)
from regulars.application.shelves import (
    Load,
    Shelves,
    answering_in,
    customer_in,
    person_in,
    records_in,
)
from regulars.application.stray_keys import took
from regulars.application.visits import destination_of, meant, question_of
from regulars.domain.actor import Conduct, Look, RecordAccess, read_within
from regulars.domain.customer import Customer
from regulars.domain.erasure import Erasure
from regulars.domain.masks import masked
from regulars.domain.personal import DataClass
from regulars.domain.reading import (
    SAID,
    Consent,
    Denial,
    Denied,
    Question,
    ReadingPolicy,
    Shown,
    Verdict,
    may_find,
    may_read,
)
from regulars.domain.records import require_own
from regulars.domain.rights import RecordExport
from regulars.domain.values import CustomerId

_NOT_ASKED: Final = KeyUnavailable("the key counts as erased, and the log tells of no erasure")


class Gate:
    """
    Reads personal data for who may, one transaction at a time. `policy` says who may.

    Where the boxes of at most `capacity` customers stand is kept in memory, sealed as they are.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        *,
        log: EventLog,
        vault: Vault,
        commands: Commands,
        clock: Clock,
        policy: ReadingPolicy,
        capacity: int = 10_000,
    ) -> None:
        self.log: Final = log
        self._vault = vault
        self._commands = commands
        self.clock: Final = clock
        self.policy = policy
        self._shelves = Shelves(log, capacity)

    @contextmanager
    def together(self) -> Generator[Load]:
        """A transaction for who reads: what streams hold now, while every access is recorded."""
        try:
            with self._commands.together() as load:
                # A key that another process destroyed opens nothing here any more.
                self._vault.heed_erasures()
                yield load
        except BaseException:
            # A stream that was not kept may get other events under the same versions.
            self._shelves.clear()
            raise

    def read(self, sought: Sequence[Sought], visit: Visit) -> list[Outcome]:
        """
        What each of `sought` holds, or why it is not shown; all of it in one access record.

        Raises:
            Refusal: an id, the purpose or the reason cannot be.
            StorageUnavailable: the access cannot be recorded, so that nothing is given.
        """
        check_visit(visit, *(one.customer for one in sought if isinstance(one, DataOf)))
        if len(sought) > MOST_AT_ONCE:
            raise TooManyAtOnce(asked=len(sought))
        if not sought:
            return []
        with self.together() as load:
            return self._read(sought, visit, load)

    def find(
        self, holders: Callable[[], Collection[CustomerId]], visit: Visit
    ) -> tuple[CustomerId, ...]:
        """
        Those of `holders` whom one who comes for this purpose may find, once that is recorded.

        `holders` is asked in the transaction of the record, and only for who may look at all. That
        nobody was found is recorded too. Whose contact is erased, or waits for it, is not found.

        Raises:
            LookupDenied: who asks may not look; the attempt is recorded.
            Refusal: as `read`; or what `holders` raises, and nothing is recorded.
            StorageUnavailable: as `read`.
        """
        check_visit(visit)
        with self.together() as load:
            at, actor = self.clock.now(), visit.actor
            conduct: Conduct = load(actor_stream(actor), ACTOR).state
            denial = may_find(self.policy, actor.role, visit.purpose, suspended=conduct.suspended)
            found = () if denial else self._findable(holders(), visit, load, at)
            looks = looks_of(found, denial)
            self.record(visit, at, looks, wanted=0 if denial else len(looks))
        if denial is not None:
            raise LookupDenied(reason=denial)
        return found

    def _findable(
        self, holders: Collection[CustomerId], visit: Visit, load: Load, at: datetime
    ) -> tuple[CustomerId, ...]:
        found: list[CustomerId] = []
        for one in sorted(holders):
            erasure: Erasure = load(erasure_stream(one), ERASURE).state
            contact = DataOf(customer=one, data_class=DataClass.CONTACT)
            asked = self._asked(contact, visit, load, at, suspended=False)
            gone = DataClass.CONTACT in erasure.erased | erasure.pending.keys()
            if not gone and not isinstance(may_read(self.policy, asked), Denied):
                found.append(one)
        return tuple(found)

    def card(self, customer: CustomerId, visit: Visit) -> Card:
        """
        All that is kept of a customer, as far as one who comes for this purpose may see it.

        Raises:
            Refusal: as `read`; nobody registered under the id is a card with nothing on it.
            StorageUnavailable: as `read`.
        """
        check_visit(visit, customer)
        with self.together() as load:
            now = self.clock.now()
            classes = [DataOf(customer=customer, data_class=of) for of in DataClass]
            sought = [one for of in classes for one in self._on_card(of, visit, load, now)]
            outcomes = self.read(sought, visit)
            # Who may see nothing of anybody does not hear what somebody has said either, nor does
            # who comes for an order: what serves it needs none of that.
            heard = visit.order is None and any(
                _is_about_them(self._verdict(of, visit, load, now)) for of in classes
            )
            person = customer_in(load, person_in(load, customer)[0]) if heard else Customer()
        text = self.policy.text
        return Card(
            customer=customer,
            fields=tuple(
                CardField(
                    customer=one.customer,
                    data_class=one.data_class,
                    field=one.field,
                    outcome=outcome,
                )
                for one, outcome in zip(sought, outcomes, strict=True)
            ),
            allowed=tuple(
                (purpose, channel)
                for purpose, channel in sorted(
                    person.consents.given, key=lambda one: (one[0], one[1] or "")
                )
                if person.consents.about(purpose, channel, now, text=text) is Consent.GIVEN
            ),
            objections=tuple(sorted(person.rights.objections)),
            restricted=tuple(one for one in DataClass if person.rights.restricts(one)),
            accepted=person.rights.accepted,
            asks_again=heard and text is not None and person.rights.accepted != text,
        )

    def export(self, customer: CustomerId, export_id: str, visit: Visit) -> Portable:
        """
        A portable copy of all that a customer gave, and what they are to be told about it.

        Raises:
            ExportDenied: who asks may not have it; the attempt is recorded.
            MergedInto: another speaks for the customer, whose copy has all of it.
            Refusal: as `read`; or nobody is registered under the id.
            StorageUnavailable: as `read`.
        """
        check_id("export_id", export_id)
        check_visit(visit, customer)
        with self.together() as load:
            at = self.clock.now()
            require_own(customer, customer_in(load, customer).records)
            records = person_in(load, customer)
            whole = [
                one
                for of in DataClass
                for one in self._on_card(DataOf(customer=customer, data_class=of), visit, load, at)
            ]
            theirs = gathered(self.log, records)
            sought: list[Sought] = [*whole, *theirs.boxes]
            outcomes = self.read(sought, visit)
            denied = next((one for one in outcomes if isinstance(one, Denied)), None)
            if denied is None:
                actor = visit.actor
                record = RecordExport(
                    customer=customer,
                    at=at,
                    export_id=export_id,
                    classes=tuple(dict.fromkeys(map(class_sought, sought))),
                    recipient=f"{actor.role}:{actor.id}",
                )
                self._commands.execute(Request(commands=(record,), by=f"{actor.role}:{actor.id}"))
            given = [
                (self._shelves.found(one, load), outcome)
                for one, outcome in zip(sought, outcomes, strict=True)
            ]
            person = customer_in(load, customer)
        if denied is not None:
            raise ExportDenied(reason=denied.reason)
        return Portable(
            export_id=export_id,
            whose=customer,
            records=records,
            made_at=at,
            given=tuple(
                Given(found=found, outcome=outcome) for found, outcome in given if found is not None
            ),
            person=person,
            theirs=theirs,
            policy=self.policy,
        )

    def _verdict(self, sought: DataOf, visit: Visit, load: Load, at: datetime) -> Verdict:
        conduct: Conduct = load(actor_stream(visit.actor), ACTOR).state
        one = meant(sought, destination_of(visit, load), load)
        asked = self._asked(one, visit, load, at, suspended=conduct.suspended)
        return may_read(self.policy, asked)

    def _on_card(self, whole: DataOf, visit: Visit, load: Load, at: datetime) -> list[DataOf]:
        if isinstance(self._verdict(whole, visit, load, at), Denied):
            return [whole]
        each = [
            evolve(whole, customer=record, field=slot)
            for record in records_in(load, whole.customer)
            for of, slot in self._shelves.of(record, load)
            if of is whole.data_class
        ]
        # Whoever reads for an order does not hear which other addresses there are.
        return [one for one in each if not isinstance(self._verdict(one, visit, load, at), Denied)]

    def _read(self, sought: Sequence[Sought], visit: Visit, load: Load) -> list[Outcome]:
        at, actor = self.clock.now(), visit.actor
        conduct: Conduct = load(actor_stream(actor), ACTOR).state
        destination = destination_of(visit, load)
        wished = [meant(one, destination, load) for one in sought]
        asked = [self._asked(one, visit, load, at, suspended=conduct.suspended) for one in wished]
        verdicts = [may_read(self.policy, one) for one in asked]
        wanted = sum(isinstance(verdict, Shown) for verdict in verdicts)
        limit = self.policy.limit(actor.role)
        if limit is not None and read_within(conduct, limit, at) + wanted > limit.reads:
            too_many = Denied(Denial.TOO_MANY)
            verdicts = [too_many if isinstance(one, Shown) else one for one in verdicts]
        outcomes = [
            verdict if isinstance(verdict, Denied) else self._opened(one, verdict, load)
            for one, verdict in zip(wished, verdicts, strict=True)
        ]
        self.record(visit, at, tuple(map(look_of, sought, outcomes)), wanted=wanted)
        return outcomes

    def record(self, visit: Visit, at: datetime, looks: tuple[Look, ...], *, wanted: int) -> None:
        """Record an access inside of `together`, of which `wanted` looks count to the limit."""
        actor = visit.actor
        record = RecordAccess(
            actor=actor,
            at=at,
            purpose=visit.purpose,
            looks=looks,
            wanted=wanted,
            limit=self.policy.limit(actor.role),
            order=visit.order,
            reason=visit.reason,
            bulk=len(looks) >= self.policy.bulk_from,
        )
        self._commands.execute(Request(commands=(record,), by=f"{actor.role}:{actor.id}"))

    def _asked(
        self, sought: Sought, visit: Visit, load: Load, at: datetime, *, suspended: bool
    ) -> Question:
        return question_of(sought, visit, load, at, self.policy, suspended=suspended)

    def _opened(self, sought: Sought, shown: Shown, load: Load) -> Outcome:
        try:
            found = self._shelves.found(sought, load)
        except SeveralKept as several:
            return several  # which there are is an answer too
        if found is None:
            return NotKept()
        speaker = answering_in(load, found.spot.subject)[-1]
        erasure: Erasure = load(erasure_stream_of(speaker), ERASURE).state
        opened, of = self._vault.open(found.box, found.spot), found.data_class
        if of in erasure.erased and not isinstance(opened, Tampered):
            return Erased()  # whatever keys somebody brought back
        if isinstance(opened, Erased) and not took(
            self.log, found.spot.subject, of, self._vault.version_of(found.box)
        ):
            return _NOT_ASKED  # whatever keys somebody took away
        if isinstance(opened, Revealed) and shown is Shown.MASKED:
            return Masked(masked(opened.value))
        return opened


def _is_about_them(verdict: Verdict) -> bool:
    return not isinstance(verdict, Denied) or verdict.reason in SAID


def check_visit(visit: Visit, *customers: CustomerId) -> None:
    """See that the ids of a visit and of those whom it is about are ids; raises `InvalidId`."""
    check_id("role", visit.actor.role)
    check_id("id", visit.actor.id)
    if visit.order is not None:
        check_id("order", visit.order)
    for customer in customers:
        check_id("customer", customer)
