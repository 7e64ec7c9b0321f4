"""
The erasure of a subject's personal data, class by class: asked for, held back, done, lived past.

A class is erased once, however often it is asked for; held by law it is kept restricted instead,
and erased when the hold ends. Then none of it is taken in until a new life is authorised; what
goes because its time is over begins one by itself.
A subject is a customer, or a `Subject` that is none, which has events of its own and no holds.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import Factory, define, frozen

from regulars.domain.codes import require_code
from regulars.domain.evidence import DestroyedKey, Purged, Traces
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject
from regulars.domain.values import CustomerId, ErasureId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class ErasureRequested:
    """
    Data of these classes is to be destroyed; `restricted` are those among them that are held.

    `basis` is a code for why, such as `gdpr-17-1-b`, never a person's words. With `new_life`, data
    of them is taken in again as soon as they are erased.
    """

    customer: CustomerId
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    restricted: tuple[DataClass, ...]
    basis: str
    new_life: bool = False


@frozen(kw_only=True)
class CustomerErased:
    """
    The keys of these classes are destroyed, and what was derived from them is gone.

    `keys` are all that ever were; `purged` what each place of derived data let go of. Who had a
    key in memory could still read for `readable_for` seconds.
    """

    customer: CustomerId
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    keys: tuple[DestroyedKey, ...]
    purged: tuple[Purged, ...]
    readable_for: int
    traces: Traces


@frozen(kw_only=True)
class LegalHoldPlaced:
    """Data of these classes must be kept, for a reason that `basis` is the code of."""

    customer: CustomerId
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class LegalHoldReleased:
    """Data of these classes need no longer be kept."""

    customer: CustomerId
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class NewLifeAuthorised:
    """Data of these classes, once erased, is taken in again. What was erased stays so."""

    customer: CustomerId
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class SubjectErasureRequested:
    """Data of these classes is to be destroyed; `basis` is a code for why."""

    subject: Subject
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class SubjectErasureCompleted:
    """The keys of these classes are destroyed, with the evidence; see `CustomerErased`."""

    subject: Subject
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    keys: tuple[DestroyedKey, ...]
    purged: tuple[Purged, ...]
    readable_for: int
    traces: Traces


@frozen(kw_only=True)
class SubjectLifeAuthorised:
    """Data of these classes, once erased, is taken in again. What was erased stays so."""

    subject: Subject
    classes: tuple[DataClass, ...]
    basis: str


Requested: TypeAlias = ErasureRequested | SubjectErasureRequested
Completed: TypeAlias = CustomerErased | SubjectErasureCompleted
Event: TypeAlias = (
    Requested
    | Completed
    | LegalHoldPlaced
    | LegalHoldReleased
    | NewLifeAuthorised
    | SubjectLifeAuthorised
)


@define
class Erasure:
    """
    The state of one subject's erasures, written by `fold` alone.

    `pending` are the classes that were asked for and are not erased, with by which erasure.
    `renewing` are the erasures after which a new life begins by itself, with their basis.
    """

    asked: set[ErasureId] = Factory(set[ErasureId])
    pending: dict[DataClass, ErasureId] = Factory(dict[DataClass, ErasureId])
    erased: set[DataClass] = Factory(set[DataClass])
    held: set[DataClass] = Factory(set[DataClass])
    renewing: dict[ErasureId, str] = Factory(dict[ErasureId, str])


def due(state: Erasure) -> dict[ErasureId, tuple[DataClass, ...]]:
    """The classes that can be erased now, by the erasure that asked for them."""
    return {
        erasure: classes
        for erasure in dict.fromkeys(state.pending.values())
        if (
            classes := tuple(
                one
                for one in DataClass
                if state.pending.get(one) == erasure and one not in state.held
            )
        )
    }


def fold(state: Erasure, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    match event:
        case ErasureRequested() | SubjectErasureRequested():
            state.asked.add(event.erasure)
            state.pending.update(dict.fromkeys(event.classes, event.erasure))
            if isinstance(event, ErasureRequested) and event.new_life:
                state.renewing[event.erasure] = event.basis
        case CustomerErased() | SubjectErasureCompleted():
            for one in event.classes:
                state.pending.pop(one, None)
                state.erased.add(one)
        case LegalHoldPlaced(classes=classes):
            state.held.update(classes)
        case LegalHoldReleased(classes=classes):
            state.held.difference_update(classes)
        case NewLifeAuthorised() | SubjectLifeAuthorised():
            state.erased.difference_update(event.classes)
        case _:
            assert_never(event)


@frozen(kw_only=True)
class EraseCustomer:
    """
    Ask for data of these classes to be destroyed, under an id that no other erasure has.

    `new_life` has data of them taken in again afterwards: nobody asked to be forgotten.
    """

    customer: CustomerId | Subject
    at: datetime
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    basis: str
    new_life: bool = False


@frozen(kw_only=True)
class CompleteErasure:
    """Tell what was done about these classes, with the evidence."""

    customer: CustomerId | Subject
    at: datetime
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    keys: tuple[DestroyedKey, ...]
    purged: tuple[Purged, ...]
    readable_for: int
    traces: Traces


@frozen(kw_only=True)
class PlaceHold:
    """Have data of these classes kept, whoever asks for its erasure."""

    customer: CustomerId
    at: datetime
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class ReleaseHold:
    """Have data of these classes kept no longer than for its own sake."""

    customer: CustomerId
    at: datetime
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class AuthoriseNewLife:
    """Let data of these classes be taken in again after it was erased."""

    customer: CustomerId | Subject
    at: datetime
    classes: tuple[DataClass, ...]
    basis: str


Command: TypeAlias = EraseCustomer | CompleteErasure | PlaceHold | ReleaseHold | AuthoriseNewLife


@frozen(kw_only=True)
class ErasureIdTaken(Refusal):
    """Another erasure of this subject was asked for under this id."""

    customer: CustomerId | Subject
    erasure: ErasureId

    def __str__(self) -> str:
        whose = self.customer if isinstance(self.customer, Subject) else f"customer {self.customer}"
        return f"{whose}: another erasure has the id {self.erasure}"


@frozen(kw_only=True)
class ErasureUnderWay(Refusal):
    """What is being erased can no longer be held."""

    customer: CustomerId
    data_class: DataClass

    def __str__(self) -> str:
        return f"customer {self.customer}: {self.data_class.value} data is being erased"


def decide(command: Command, state: Erasure) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's, when the command cannot be; or the basis is no code.
    """
    if not isinstance(command, CompleteErasure):
        require_code("basis", command.basis)
    match command:
        case EraseCustomer():
            return _erase(command, state)
        case CompleteErasure():
            return _complete(command, state)
        case PlaceHold():
            return _hold(command, state)
        case ReleaseHold(customer=customer, basis=basis):
            held = _those(command.classes, state.held)
            released = LegalHoldReleased(customer=customer, classes=held, basis=basis)
            return [released] if held else []
        case AuthoriseNewLife():
            return _revive(command, state)
        case _:
            assert_never(command)


def _erase(command: EraseCustomer, state: Erasure) -> Sequence[Event]:
    # Who asks to be forgotten is, also where only its time was over: no new life begins then.
    asked = {
        one
        for one, erasure in state.pending.items()
        if command.new_life or erasure not in state.renewing
    }
    wanted = _those(command.classes, {*DataClass} - state.erased - asked)
    if not wanted:
        return []
    if command.erasure in state.asked:
        raise ErasureIdTaken(customer=command.customer, erasure=command.erasure)
    whose, erasure, basis = command.customer, command.erasure, command.basis
    if isinstance(whose, Subject):
        return [
            SubjectErasureRequested(subject=whose, erasure=erasure, classes=wanted, basis=basis)
        ]
    held = _those(wanted, state.held)
    return [
        ErasureRequested(
            customer=whose,
            erasure=erasure,
            classes=wanted,
            restricted=held,
            basis=basis,
            new_life=command.new_life,
        )
    ]


def _complete(command: CompleteErasure, state: Erasure) -> Sequence[Event]:
    done = _those(command.classes, set(due(state).get(command.erasure, ())))
    if not done:
        return []
    whose = command.customer
    if isinstance(whose, Subject):
        return [
            SubjectErasureCompleted(
                subject=whose,
                erasure=command.erasure,
                classes=done,
                keys=command.keys,
                purged=command.purged,
                readable_for=command.readable_for,
                traces=command.traces,
            )
        ]
    erased = CustomerErased(
        customer=whose,
        erasure=command.erasure,
        classes=done,
        keys=command.keys,
        purged=command.purged,
        readable_for=command.readable_for,
        traces=command.traces,
    )
    basis = state.renewing.get(command.erasure)
    if basis is None:
        return [erased]
    return [erased, NewLifeAuthorised(customer=whose, classes=done, basis=basis)]


def _revive(command: AuthoriseNewLife, state: Erasure) -> Sequence[Event]:
    whose, erased = command.customer, _those(command.classes, state.erased)
    if not erased:
        return []
    if isinstance(whose, Subject):
        return [SubjectLifeAuthorised(subject=whose, classes=erased, basis=command.basis)]
    return [NewLifeAuthorised(customer=whose, classes=erased, basis=command.basis)]


def _hold(command: PlaceHold, state: Erasure) -> Sequence[Event]:
    new = _those(command.classes, {*DataClass} - state.held - state.erased)
    if not new:
        return []
    for one in new:
        if one in state.pending:
            raise ErasureUnderWay(customer=command.customer, data_class=one)
    return [LegalHoldPlaced(customer=command.customer, classes=new, basis=command.basis)]


def _those(classes: Collection[DataClass], among: Collection[DataClass]) -> tuple[DataClass, ...]:
    return tuple(one for one in DataClass if one in classes and one in among)
