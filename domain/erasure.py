"""
The erasure of a subject's personal data, class by class: asked for, held back, done, lived past.

A class is erased once, however often it is asked for; held by law it is kept restricted instead,
and erased when the last of its holds ends. Then none of it is taken in until a new life is
authorised; what goes because its time is over begins one by itself.
A subject is a customer, or a `Subject` that is none, which has events of its own.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.codes import require_code
from regulars.domain.empty import empty
from regulars.domain.evidence import DestroyedKey, Purged, Traces
from regulars.domain.personal import DataClass
from regulars.domain.subject import (
    Subject,
    SubjectErasureCompleted,
    SubjectErasureRequested,
    SubjectHoldPlaced,
    SubjectHoldReleased,
    SubjectLifeAuthorised,
)
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
    """Data of these classes need no longer be kept by the hold of this basis."""

    customer: CustomerId
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class NewLifeAuthorised:
    """Data of these classes, once erased, is taken in again. What was erased stays so."""

    customer: CustomerId
    classes: tuple[DataClass, ...]
    basis: str


Requested: TypeAlias = ErasureRequested | SubjectErasureRequested
Completed: TypeAlias = CustomerErased | SubjectErasureCompleted
HoldPlaced: TypeAlias = LegalHoldPlaced | SubjectHoldPlaced
HoldReleased: TypeAlias = LegalHoldReleased | SubjectHoldReleased
LifeAuthorised: TypeAlias = NewLifeAuthorised | SubjectLifeAuthorised
Event: TypeAlias = Requested | Completed | HoldPlaced | HoldReleased | LifeAuthorised


@define
class Erasure:
    """
    The state of one subject's erasures, written by `fold` alone.

    `pending` are the classes that were asked for and are not erased, with by which erasure.
    `held` are those that are kept, with the basis of each hold that stands.
    `renewing` are the erasures after which a new life begins by itself, with their basis.
    """

    asked: set[ErasureId] = empty(set[ErasureId])
    pending: dict[DataClass, ErasureId] = empty(dict[DataClass, ErasureId])
    erased: set[DataClass] = empty(set[DataClass])
    held: dict[DataClass, set[str]] = empty(dict[DataClass, set[str]])
    renewing: dict[ErasureId, str] = empty(dict[ErasureId, str])


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


def still_holding(bases: Collection[str], released: str) -> set[str]:
    """
    Which of the holds by these bases stand once the one of a basis was released.

    None do where it has none of them: it was told when a release ended all, and said why.
    """
    return {one for one in bases if one != released} if released in bases else set()


def fold(state: Erasure, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    match event:
        case ErasureRequested() | SubjectErasureRequested():
            state.asked.add(event.erasure)
            state.pending.update(dict.fromkeys(event.classes, event.erasure))
            if event.new_life:
                state.renewing[event.erasure] = event.basis
        case CustomerErased() | SubjectErasureCompleted():
            for one in event.classes:
                state.pending.pop(one, None)
                state.erased.add(one)
        case LegalHoldPlaced() | SubjectHoldPlaced():
            for one in event.classes:
                state.held.setdefault(one, set()).add(event.basis)
        case LegalHoldReleased() | SubjectHoldReleased():
            for one in event.classes:
                left = still_holding(state.held.pop(one, ()), event.basis)
                if left:
                    state.held[one] = left
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
    """Have data of these classes kept, whoever asks for its erasure; each `basis` is a hold."""

    customer: CustomerId | Subject
    at: datetime
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class ReleaseHold:
    """End the hold of these classes that has this basis; those of another basis stand."""

    customer: CustomerId | Subject
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
        return f"{_said(self.customer)}: another erasure has the id {self.erasure}"


@frozen(kw_only=True)
class ErasureUnderWay(Refusal):
    """What is being erased can no longer be held."""

    customer: CustomerId | Subject
    data_class: DataClass

    def __str__(self) -> str:
        return f"{_said(self.customer)}: {self.data_class.value} data is being erased"


def _said(whose: CustomerId | Subject) -> str:
    return str(whose) if isinstance(whose, Subject) else f"customer {whose}"


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
        case ReleaseHold():
            return _release(command, state)
        case AuthoriseNewLife():
            erased = _those(command.classes, state.erased)
            return [_life(command.customer, erased, command.basis)] if erased else []
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
    whose, held = command.customer, _those(wanted, state.held)
    if isinstance(whose, Subject):
        return [
            SubjectErasureRequested(
                subject=whose,
                erasure=command.erasure,
                classes=wanted,
                restricted=held,
                basis=command.basis,
                new_life=command.new_life,
            )
        ]
    return [
        ErasureRequested(
            customer=whose,
            erasure=command.erasure,
            classes=wanted,
            restricted=held,
            basis=command.basis,
            new_life=command.new_life,
        )
    ]


def _complete(command: CompleteErasure, state: Erasure) -> Sequence[Event]:
    done = _those(command.classes, set(due(state).get(command.erasure, ())))
    if not done:
        return []
    erased, basis = _completed(command, done), state.renewing.get(command.erasure)
    return [erased] if basis is None else [erased, _life(command.customer, done, basis)]


def _completed(command: CompleteErasure, done: tuple[DataClass, ...]) -> Completed:
    whose = command.customer
    if isinstance(whose, Subject):
        return SubjectErasureCompleted(
            subject=whose,
            erasure=command.erasure,
            classes=done,
            keys=command.keys,
            purged=command.purged,
            readable_for=command.readable_for,
            traces=command.traces,
        )
    return CustomerErased(
        customer=whose,
        erasure=command.erasure,
        classes=done,
        keys=command.keys,
        purged=command.purged,
        readable_for=command.readable_for,
        traces=command.traces,
    )


def _life(
    whose: CustomerId | Subject, classes: tuple[DataClass, ...], basis: str
) -> LifeAuthorised:
    if isinstance(whose, Subject):
        return SubjectLifeAuthorised(subject=whose, classes=classes, basis=basis)
    return NewLifeAuthorised(customer=whose, classes=classes, basis=basis)


def _hold(command: PlaceHold, state: Erasure) -> Sequence[Event]:
    whose, basis = command.customer, command.basis
    known = {one for one, bases in state.held.items() if basis in bases}
    new = _those(command.classes, {*DataClass} - known - state.erased)
    for one in new:
        if one in state.pending and one not in state.held:
            raise ErasureUnderWay(customer=whose, data_class=one)
    if not new:
        return []
    if isinstance(whose, Subject):
        return [SubjectHoldPlaced(subject=whose, classes=new, basis=basis)]
    return [LegalHoldPlaced(customer=whose, classes=new, basis=basis)]


def _release(command: ReleaseHold, state: Erasure) -> Sequence[Event]:
    whose, basis = command.customer, command.basis
    held = _those(command.classes, [one for one in state.held if basis in state.held[one]])
    if not held:
        return []
    if isinstance(whose, Subject):
        return [SubjectHoldReleased(subject=whose, classes=held, basis=basis)]
    return [LegalHoldReleased(customer=whose, classes=held, basis=basis)]


def _those(classes: Collection[DataClass], among: Collection[DataClass]) -> tuple[DataClass, ...]:
    return tuple(one for one in DataClass if one in classes and one in among)
