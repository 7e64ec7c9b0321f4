"""What a courier or a merchant takes along: their contact, and all events that name them."""

from typing import Final

from regulars.application.aggregates import ACTOR, actor_stream
from regulars.application.boxed import boxes_of, subject_of
from regulars.application.erasure_subjects import NobodyKnown
from regulars.application.events import Event, Retired, moment
from regulars.application.fields import check_id
from regulars.application.gate import Gate, check_visit
from regulars.application.portable import ExportDenied, Gathered, Given, Portable
from regulars.application.ports import EventLog
from regulars.application.reading import WORDS, BoxIn, NotKept, Outcome, Visit
from regulars.application.shelf import Placed, placed
from regulars.application.shelves import Load
from regulars.application.visits import is_own
from regulars.domain.actor import AccessRecorded, Conduct, Look
from regulars.domain.customer import Customer
from regulars.domain.merchant import MenuItemPublished, MerchantDetailsUpdated, MerchantRegistered
from regulars.domain.personal import DataClass
from regulars.domain.protection import CourierAssigned, PartyNamed
from regulars.domain.reading import Denied, Question, Verdict, may_read
from regulars.domain.subject import (
    Subject,
    SubjectErasureCompleted,
    SubjectErasureRequested,
    SubjectKind,
    SubjectLifeAuthorised,
)

PARTIES: Final = frozenset({SubjectKind.COURIER, SubjectKind.MERCHANT})
"""Who serves orders, and may have a copy of what they told of themselves."""


def gathered_of(log: EventLog, party: Subject) -> Gathered:
    """
    All that concerns who serves orders, in one pass over the log: the newest contact alone.

    What they served is told by its id, and nothing of whose order it was.
    """
    theirs, subject = Gathered(), str(party)
    for recorded in log.read():
        event, at = recorded.event, moment(recorded.occurred_at)
        match event:
            case AccessRecorded(looks=looks):
                if any(look.subject == subject for look in looks):
                    theirs.accesses.append((at, event))
            case PartyNamed() if subject_of(event) == subject:
                theirs.boxes = [BoxIn(recorded=recorded, field=name) for name in boxes_of(event)]
                theirs.facts.append((at, event))
                theirs.older.learn(event)
            case _ if not isinstance(event, Retired) and _names(event, party):
                theirs.facts.append((at, event))
                theirs.older.learn(event)
            case _:
                pass
    return theirs


def _names(event: Event, party: Subject) -> bool:
    match event:
        case CourierAssigned(courier=who):
            return party == Subject(kind=SubjectKind.COURIER, id=who)
        case MerchantRegistered() | MerchantDetailsUpdated() | MenuItemPublished():
            return party == Subject(kind=SubjectKind.MERCHANT, id=event.merchant)
        case SubjectErasureRequested() | SubjectErasureCompleted() | SubjectLifeAuthorised():
            return event.subject == party
        case _:
            return False


def party_copy(gate: Gate, party: Subject, export_id: str, visit: Visit) -> Portable:
    """
    A portable copy for who serves orders: their newest contact, and what names them.

    It is recorded as an access, also where nothing is kept sealed of them.

    Raises:
        ExportDenied: who asks may not have it; the attempt is recorded.
        NobodyKnown: nothing was ever told of them.
        Refusal: as `Gate.read`.
        StorageUnavailable: as `Gate.read`.
    """
    check_id("export_id", export_id)
    check_id(party.kind.value, party.id)
    check_visit(visit)
    with gate.together() as load:
        at = gate.clock.now()
        theirs = gathered_of(gate.log, party)
        verdict = _verdict(gate, party, visit, load)
        refused = verdict if isinstance(verdict, Denied) else None
        if refused is None and not theirs.facts:
            raise NobodyKnown(whose=party)
        outcomes = gate.read(theirs.boxes, visit) if refused is None else []
        if not outcomes:
            gate.record(visit, at, (_look(party, refused or NotKept()),), wanted=0)
    denied = next((one for one in (refused, *outcomes) if isinstance(one, Denied)), None)
    if denied is not None:
        raise ExportDenied(reason=denied.reason)
    return Portable(
        export_id=export_id,
        whose=party,
        records=(),
        made_at=at,
        given=tuple(
            Given(found=_placed(one), outcome=outcome)
            for one, outcome in zip(theirs.boxes, outcomes, strict=True)
        ),
        person=Customer(),
        theirs=theirs,
        policy=gate.policy,
    )


def _placed(one: BoxIn) -> Placed:
    return placed(one.recorded, one.field, boxes_of(one.recorded.event)[one.field])


def _verdict(gate: Gate, party: Subject, visit: Visit, load: Load) -> Verdict:
    conduct: Conduct = load(actor_stream(visit.actor), ACTOR).state
    asked = Question(
        role=visit.actor.role,
        data_class=DataClass.CONTACT,
        purpose=visit.purpose,
        own=is_own(visit.actor, str(party), ()),
        suspended=conduct.suspended,
    )
    return may_read(gate.policy, asked)


def _look(party: Subject, outcome: Outcome) -> Look:
    return Look(
        subject=str(party),
        data_class=DataClass.CONTACT.value,
        outcome=WORDS[type(outcome)],
        denial=outcome.reason.value if isinstance(outcome, Denied) else None,
    )
