"""
The merge of two customers who are one person, and its reversal: decided on all that both have said.

What either refused counts for both, and a reversal loosens nothing. What becomes of their points is
decided on their loyalty accounts: see `account_merge`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeAlias, assert_never

from attrs import frozen

from regulars.domain.codes import require_code
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn, Given, Purpose
from regulars.domain.customer import Customer, UnknownCustomer
from regulars.domain.erasure import Erasure, LegalHoldPlaced, LegalHoldReleased
from regulars.domain.personal import DataClass
from regulars.domain.records import (
    CustomerAbsorbed,
    CustomerMergeReverted,
    CustomerSeparated,
    CustomersMerged,
    require_own,
)
from regulars.domain.rights import ProcessingObjected, ProcessingRestricted
from regulars.domain.values import CustomerId, Refusal

MERGE: Final = "merge"
"""The code for why a restriction came from another record of the same person."""

Event: TypeAlias = (
    CustomersMerged
    | CustomerAbsorbed
    | CustomerMergeReverted
    | CustomerSeparated
    | ConsentGranted
    | ConsentWithdrawn
    | ProcessingObjected
    | ProcessingRestricted
    | LegalHoldPlaced
    | LegalHoldReleased
)
"""What a merge or its reversal leads to; each belongs to its `customer`."""


@frozen(kw_only=True)
class MergeCustomers:
    """
    Let `survivor` speak for `absorbed` too, because they are one person.

    `evidence` is a code for how that is known, such as `same-phone`.
    """

    absorbed: CustomerId
    survivor: CustomerId
    at: datetime
    evidence: str


@frozen(kw_only=True)
class RevertMerge:
    """Let `absorbed` speak for themselves again; `evidence` is a code for how they are known."""

    absorbed: CustomerId
    survivor: CustomerId
    at: datetime
    evidence: str


Command: TypeAlias = MergeCustomers | RevertMerge


@frozen(kw_only=True)
class MergedWithItself(Refusal):
    """One customer is one already."""

    customer: CustomerId

    def __str__(self) -> str:
        return f"customer {self.customer} cannot be merged into {self.customer}"


@frozen(kw_only=True)
class ErasureInTheWay(Refusal):
    """Data of one of the two is erased or being erased: it would no longer be told whose."""

    customer: CustomerId
    data_class: DataClass

    def __str__(self) -> str:
        return (
            f"customer {self.customer} cannot be merged:"
            f" their {self.data_class.value} data is erased, or about to be"
        )


@frozen(kw_only=True)
class NotMerged(Refusal):
    """The one was never merged into the other."""

    absorbed: CustomerId
    survivor: CustomerId

    def __str__(self) -> str:
        return f"customer {self.absorbed} was not merged into {self.survivor}"


@frozen(kw_only=True)
class ErasedTogether(Refusal):
    """An erasure was asked for since the merge, of what both had: that cannot be undone."""

    absorbed: CustomerId
    survivor: CustomerId

    def __str__(self) -> str:
        return (
            f"customers {self.absorbed} and {self.survivor} stay merged:"
            " an erasure was asked for since"
        )


@frozen(kw_only=True)
class Side:
    """All that is known of one of the two."""

    customer: Customer
    erasure: Erasure


def decide(command: Command, absorbed: Side, survivor: Side) -> Sequence[Event]:
    """
    The events that `command` leads to, in the streams of both.

    Raises:
        MergedWithItself: the two are one customer.
        UnknownCustomer: one of them is not registered.
        MergedInto: one of them was merged into another; so is whoever would close a circle.
        ErasureInTheWay: data of one of them is erased, or about to be.
        NotMerged: there is nothing to revert.
        ErasedTogether: an erasure was asked for since the merge.
        NoCode: the evidence is no code.
    """
    require_code("evidence", command.evidence)
    sides = ((command.absorbed, absorbed), (command.survivor, survivor))
    if command.absorbed == command.survivor:
        raise MergedWithItself(customer=command.absorbed)
    for customer, side in sides:
        if not side.customer.registered:
            raise UnknownCustomer(customer=customer)
    match command:
        case MergeCustomers():
            if absorbed.customer.records.into == command.survivor:
                return []
            for customer, side in sides:
                require_own(customer, side.customer.records)
            for customer, side in sides:
                _require_unerased(customer, side.erasure)
            return _merge(command, absorbed, survivor)
        case RevertMerge():
            require_own(command.survivor, survivor.customer.records)
            return _revert(command, absorbed, survivor)
        case _:
            assert_never(command)


def _require_unerased(customer: CustomerId, state: Erasure) -> None:
    for one in DataClass:
        if one in state.erased or one in state.pending:
            raise ErasureInTheWay(customer=customer, data_class=one)


def _merge(command: MergeCustomers, absorbed: Side, survivor: Side) -> Sequence[Event]:
    who, said, theirs = command.survivor, absorbed.customer, survivor.customer
    granted = dict(_granted(theirs, said))
    return [
        CustomersMerged(customer=command.absorbed, into=who, evidence=command.evidence),
        CustomerAbsorbed(
            customer=who,
            absorbed=command.absorbed,
            further=said.records.others,
            consents=tuple(asked for asked in granted if asked not in theirs.consents.given),
            erasures=len(survivor.erasure.asked),
            evidence=command.evidence,
        ),
        *(
            ConsentGranted(
                customer=who,
                purpose=purpose,
                channel=channel,
                policy_version=given.policy_version,
                valid_until=given.valid_until,
            )
            for (purpose, channel), given in granted.items()
        ),
        *_heeded(who, theirs, said, granted),
        *_held(who, absorbed.erasure, survivor.erasure),
    ]


def _revert(command: RevertMerge, absorbed: Side, survivor: Side) -> Sequence[Event]:
    whose, who, records = command.absorbed, command.survivor, survivor.customer.records
    came = records.absorbed.get(whose)
    if came is None:
        if whose in records.separated:
            return []
        raise NotMerged(absorbed=whose, survivor=who)
    if len(survivor.erasure.asked) > came.erasures:
        raise ErasedTogether(absorbed=whose, survivor=who)
    return [
        CustomerMergeReverted(customer=whose, out_of=who, evidence=command.evidence),
        CustomerSeparated(
            customer=who, absorbed=whose, further=came.further, evidence=command.evidence
        ),
        *_withdrawn(who, {one for one in came.consents if one in survivor.customer.consents.given}),
        *_heeded(whose, absorbed.customer, survivor.customer),
        # The survivor's holds were those of both.
        *_held(whose, survivor.erasure, absorbed.erasure),
        *(
            LegalHoldReleased(customer=whose, classes=classes, basis=basis)
            for basis, classes in _lacking(absorbed.erasure, survivor.erasure)
        ),
    ]


def _heeded(
    whose: CustomerId, theirs: Customer, said: Customer, granted: Collection[Purpose] = ()
) -> Iterator[Event]:
    """
    What a customer refuses from now on because another record of theirs has `said` it.

    A consent for all that was just `granted` takes in what they had withdrawn; that is said again.
    """
    lost = {
        asked
        for asked in theirs.consents.given
        if asked not in said.consents.given and _is_among(asked, said.consents.withdrawn)
    }
    known = theirs.consents.withdrawn
    again = {one for one in known if (one[0], None) in granted}
    yield from _withdrawn(whose, lost | again | (said.consents.withdrawn - known))
    for purpose in sorted(said.rights.objections - theirs.rights.objections):
        yield ProcessingObjected(customer=whose, purpose=purpose)
    for one in (None, *DataClass):
        if one in said.rights.restricted and one not in theirs.rights.restricted:
            yield ProcessingRestricted(customer=whose, data_class=one, reason=MERGE)


def _granted(theirs: Customer, said: Customer) -> Iterator[tuple[Purpose, Given]]:
    """The consents that become a customer's own, and those of theirs that become stricter."""
    for asked, given in said.consents.given.items():
        mine = theirs.consents.given.get(asked)
        if mine is not None:
            if (strict := _stricter(mine, given)) != mine:
                yield asked, strict
        elif not _is_among(asked, theirs.consents.withdrawn):
            yield asked, given


def _stricter(one: Given, other: Given) -> Given:
    """What both consents allow: until the first of them ends, and under a text of both."""
    ends = [end for end in (one.valid_until, other.valid_until) if end is not None]
    same = one.policy_version == other.policy_version
    return Given(one.policy_version if same else None, min(ends, default=None))


def _is_among(asked: Purpose, withdrawn: Iterable[Purpose]) -> bool:
    """Whether a consent allows what was withdrawn: for its channel, or for one among all."""
    purpose, channel = asked
    return any(
        purpose == other and (channel == where or None in (channel, where))
        for other, where in withdrawn
    )


def _withdrawn(whose: CustomerId, asked: Iterable[Purpose]) -> Iterator[ConsentWithdrawn]:
    for purpose, channel in sorted(asked, key=lambda one: (one[0], one[1] or "")):
        yield ConsentWithdrawn(customer=whose, purpose=purpose, channel=channel)


def _held(whose: CustomerId, by: Erasure, known: Erasure) -> Iterator[LegalHoldPlaced]:
    for basis, classes in _lacking(by, known):
        yield LegalHoldPlaced(customer=whose, classes=classes, basis=basis)


def _lacking(holds: Erasure, known: Erasure) -> list[tuple[str, tuple[DataClass, ...]]]:
    """The holds that are not among those `known`, by their basis."""
    found: dict[str, tuple[DataClass, ...]] = {}
    for one in DataClass:
        for basis in holds.held.get(one, set()) - known.held.get(one, set()):
            found[basis] = (*found.get(basis, ()), one)
    return sorted(found.items())
