"""
The gate: the one way to a personal value. It asks the rules, records the access, and then gives.

What is recorded and what it depends on are read and written in one transaction; a value leaves it
only once the record is kept.
"""

from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime

from attrs import evolve

from regulars.application.aggregates import (
    ACTOR,
    ERASURE,
    ORDER,
    actor_stream,
    erasure_stream,
    erasure_stream_of,
    order_stream,
)
from regulars.application.door import Request
from regulars.application.fields import check_id
from regulars.application.handling import Commands
from regulars.application.looks import class_sought, customer_of, look_of, looks_of, subject_sought
from regulars.application.portable import ExportDenied, Given, Portable, gathered
from regulars.application.ports import Clock, Erased, EventLog, Revealed, Vault
from regulars.application.reading import (
    MOST_AT_ONCE,
    Card,
    CardField,
    DataOf,
    LookupDenied,
    Masked,
    NotKept,
    Outcome,
    Sought,
    TooManyAtOnce,
    Visit,
)
from regulars.application.shelves import Load, Shelves, customer_in, person_in, records_in
from regulars.domain.actor import Conduct, Look, RecordAccess, read_within
from regulars.domain.customer import Customer
from regulars.domain.erasure import Erasure
from regulars.domain.masks import masked
from regulars.domain.order import Order, Stage
from regulars.domain.personal import DataClass
from regulars.domain.protection import Party
from regulars.domain.reading import (
    Consent,
    Denial,
    Denied,
    OrderState,
    Question,
    ReadingPolicy,
    Shown,
    may_find,
    may_read,
)
from regulars.domain.records import require_own
from regulars.domain.rights import RecordExport
from regulars.domain.values import CustomerId


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
        self._log = log
        self._vault = vault
        self._commands = commands
        self._clock = clock
        self.policy = policy
        self._shelves = Shelves(log, capacity)

    @contextmanager
    def _together(self) -> Generator[Load]:
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
            Refusal: an id, the purpose or the reason cannot be, or it is not clear what is meant.
            StorageUnavailable: the access cannot be recorded, so that nothing is given.
        """
        _check(visit)
        if len(sought) > MOST_AT_ONCE:
            raise TooManyAtOnce(asked=len(sought))
        if not sought:
            return []
        with self._together() as load:
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
        _check(visit)
        with self._together() as load:
            at, actor = self._clock.now(), visit.actor
            conduct: Conduct = load(actor_stream(actor), ACTOR).state
            denial = may_find(self.policy, actor.role, visit.purpose, suspended=conduct.suspended)
            found = () if denial else self._findable(holders(), visit, load, at)
            looks = looks_of(found, denial)
            self._record(visit, at, looks, wanted=0 if denial else len(looks))
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
        with self._together() as load:
            person = customer_in(load, person_in(load, customer)[0])
            now = self._clock.now()
            sought = [
                one for of in DataClass for one in self._on_card(customer, of, visit, load, now)
            ]
            outcomes = self.read(sought, visit)
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
                    person.consents, key=lambda one: (one[0], one[1] or "")
                )
                if person.consents.about(purpose, channel, now, text=text) is Consent.GIVEN
            ),
            objections=tuple(sorted(person.rights.objections)),
            restricted=tuple(one for one in DataClass if person.rights.restricts(one)),
            accepted=person.rights.accepted,
            asks_again=text is not None and person.rights.accepted != text,
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
        with self._together() as load:
            at = self._clock.now()
            require_own(customer, customer_in(load, customer).records)
            records = person_in(load, customer)
            whole = [
                one for of in DataClass for one in self._on_card(customer, of, visit, load, at)
            ]
            theirs = gathered(self._log, records)
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
            customer=customer,
            records=records,
            made_at=at,
            given=tuple(
                Given(found=found, outcome=outcome) for found, outcome in given if found is not None
            ),
            person=person,
            theirs=theirs,
            policy=self.policy,
        )

    def _on_card(
        self, customer: CustomerId, data_class: DataClass, visit: Visit, load: Load, at: datetime
    ) -> list[DataOf]:
        whole = DataOf(customer=customer, data_class=data_class)
        conduct: Conduct = load(actor_stream(visit.actor), ACTOR).state
        asked = self._asked(whole, visit, load, at, suspended=conduct.suspended)
        if isinstance(may_read(self.policy, asked), Denied):
            return [whole]
        return [
            evolve(whole, customer=record, field=slot)
            for record in records_in(load, customer)
            for of, slot in self._shelves.of(record, load)
            if of is data_class
        ]

    def _read(self, sought: Sequence[Sought], visit: Visit, load: Load) -> list[Outcome]:
        at, actor = self._clock.now(), visit.actor
        conduct: Conduct = load(actor_stream(actor), ACTOR).state
        asked = [self._asked(one, visit, load, at, suspended=conduct.suspended) for one in sought]
        verdicts = [may_read(self.policy, one) for one in asked]
        wanted = sum(isinstance(verdict, Shown) for verdict in verdicts)
        limit = self.policy.limit(actor.role)
        if limit is not None and read_within(conduct, limit, at) + wanted > limit.reads:
            too_many = Denied(Denial.TOO_MANY)
            verdicts = [too_many if isinstance(one, Shown) else one for one in verdicts]
        outcomes = [
            verdict if isinstance(verdict, Denied) else self._opened(one, verdict, load)
            for one, verdict in zip(sought, verdicts, strict=True)
        ]
        self._record(visit, at, tuple(map(look_of, sought, outcomes)), wanted=wanted)
        return outcomes

    def _record(self, visit: Visit, at: datetime, looks: tuple[Look, ...], *, wanted: int) -> None:
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
        customer, whose = customer_of(sought), subject_sought(sought)
        person, records = Customer(), tuple[CustomerId, ...]()
        if customer is not None:
            records = person_in(load, customer)
            person = customer_in(load, records[0])
            whose = f"customer/{records[0]}"
        erasure: Erasure = load(erasure_stream_of(whose), ERASURE).state
        data_class = class_sought(sought)
        order = Order() if visit.order is None else load(order_stream(visit.order), ORDER).state
        bought, actor = order.placed, visit.actor
        return Question(
            role=actor.role,
            data_class=data_class,
            purpose=visit.purpose,
            order=_order_state(order),
            consent=person.consent(visit.purpose, visit.channel, at, text=self.policy.text),
            own=actor.id in records,
            party=bought is not None
            and bought.customer in records
            and subject_sought(sought) in {f"customer/{one}" for one in records},
            seller=bought is not None and bought.merchant == actor.id,
            courier=order.protection.named.get(Party.COURIER) == actor.id,
            # What waits for its erasure, or is held back from it, is kept and not used.
            restricted=person.rights.restricts(data_class) or data_class in erasure.pending,
            objected=visit.purpose in person.rights.objections,
            suspended=suspended,
        )

    def _opened(self, sought: Sought, shown: Shown, load: Load) -> Outcome:
        found = self._shelves.found(sought, load)
        if found is None:
            return NotKept()
        customer, whose = customer_of(sought), subject_sought(sought)
        if customer is not None:
            whose = f"customer/{person_in(load, customer)[0]}"
        erasure: Erasure = load(erasure_stream_of(whose), ERASURE).state
        if found.data_class in erasure.erased:
            return Erased()  # whatever keys somebody brought back
        opened = self._vault.open(found.box, found.spot)
        if isinstance(opened, Revealed) and shown is Shown.MASKED:
            return Masked(masked(opened.value))
        return opened


def _check(visit: Visit) -> None:
    check_id("role", visit.actor.role)
    check_id("id", visit.actor.id)


def _order_state(order: Order) -> OrderState:
    if order.placed is None:
        return OrderState.NONE
    ended = order.cancelled or order.stage is Stage.COMPLETED
    return OrderState.CLOSED if ended else OrderState.OPEN
