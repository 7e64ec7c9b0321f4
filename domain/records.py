"""
The records of one person: which customer was merged into which, and whom a customer absorbed.

A part of a customer. Every record keeps its stream, its boxes and its keys; who absorbed it speaks
for both.
"""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from attrs import define, frozen

from regulars.domain.empty import empty
from regulars.domain.values import CustomerId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class CustomersMerged:
    """The customer is the same person as `into`. `evidence` is a code for how that is known."""

    customer: CustomerId
    into: CustomerId
    evidence: str


@frozen(kw_only=True)
class CustomerAbsorbed:
    """
    The customer speaks for `absorbed` too, and for `further`, whom that one had absorbed.

    `consents` are those, by purpose and channel, that only the absorbed one had given. `erasures`
    is how many of the customer's had been asked for by then.
    """

    customer: CustomerId
    absorbed: CustomerId
    further: tuple[CustomerId, ...]
    consents: tuple[tuple[str, str | None], ...]
    erasures: int
    evidence: str


@frozen(kw_only=True)
class CustomerMergeReverted:
    """The customer speaks for themselves again, and is not `out_of`; `evidence` is a code."""

    customer: CustomerId
    out_of: CustomerId
    evidence: str


@frozen(kw_only=True)
class CustomerSeparated:
    """The customer speaks no more for `absorbed`, nor for `further`, who go with that one."""

    customer: CustomerId
    absorbed: CustomerId
    further: tuple[CustomerId, ...]
    evidence: str


Event: TypeAlias = CustomersMerged | CustomerAbsorbed | CustomerMergeReverted | CustomerSeparated


@define
class Absorbed:
    """What came with a record that was absorbed; see `CustomerAbsorbed`."""

    further: tuple[CustomerId, ...]
    consents: tuple[tuple[str, str | None], ...]
    erasures: int


@define
class Records:
    """
    Whom a customer was merged `into`, and whom they `absorbed`; written by `fold` alone.

    `separated` were absorbed once, and are not any more.
    """

    into: CustomerId | None = None
    absorbed: dict[CustomerId, Absorbed] = empty(dict[CustomerId, Absorbed])
    separated: set[CustomerId] = empty(set[CustomerId])

    @property
    def others(self) -> tuple[CustomerId, ...]:
        """Every record that the customer speaks for beside their own, oldest merge first."""
        return tuple(
            one for absorbed, came in self.absorbed.items() for one in (absorbed, *came.further)
        )


def fold(state: Records, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case CustomersMerged(into=into):
            state.into = into
        case CustomerAbsorbed(absorbed=absorbed):
            state.absorbed[absorbed] = Absorbed(event.further, event.consents, event.erasures)
            state.separated.discard(absorbed)
        case CustomerMergeReverted():
            state.into = None
        case CustomerSeparated(absorbed=absorbed):
            state.absorbed.pop(absorbed, None)
            state.separated.add(absorbed)
        case _:
            assert_never(event)


@frozen(kw_only=True)
class MergedInto(Refusal):
    """The customer was merged into another, who is the one to name instead."""

    customer: CustomerId
    into: CustomerId

    def __str__(self) -> str:
        return f"customer {self.customer} was merged into {self.into}: name that one instead"


def require_own(customer: CustomerId, state: Records) -> None:
    """
    Refuse what is said of a customer for whom another speaks.

    Raises:
        MergedInto: names who does.
    """
    if state.into is not None:
        raise MergedInto(customer=customer, into=state.into)


def person_of(
    customer_id: CustomerId, records_of: Callable[[CustomerId], Records]
) -> tuple[CustomerId, ...]:
    """Who speaks for a customer, themselves perhaps, and every record that they speak for."""
    speaker = answering(customer_id, records_of)[-1]
    return (speaker, *records_of(speaker).others)


def answering(
    customer_id: CustomerId, records_of: Callable[[CustomerId], Records]
) -> tuple[CustomerId, ...]:
    """A customer, whom they were merged into, whom that one was, and so on: the last speaks."""
    found = [customer_id]
    while (into := records_of(found[-1]).into) is not None:
        found.append(into)
    return tuple(found)
