"""
Commands over several streams: a merge is decided on those of both customers or both accounts.

So is a transfer, and a claim on the prices of its programme. What counts what a customer had before
asks which ids are the same person. What is personal, and what is said of erasures, also asks
whether another speaks for the customer.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias, get_args

from regulars.application.aggregates import (
    ACCOUNT,
    CUSTOMER,
    ERASURE,
    OFFER,
    PROGRAM,
    Aggregate,
    account_stream,
    addressed,
    customer_stream,
    erasure_stream,
    offer_stream,
    program_stream,
)
from regulars.application.boxed import BOXED, is_bare
from regulars.application.events import Command, Event
from regulars.application.ports import EventLog
from regulars.application.states import Held
from regulars.domain import customer, erasure, merge, persons, records, two_accounts
from regulars.domain.claim import ClaimReward, is_repeat, priced
from regulars.domain.merge import Side
from regulars.domain.offer import Offer
from regulars.domain.records import Records, require_own
from regulars.domain.redemption import RedeemPoints
from regulars.domain.subject import Subject
from regulars.domain.values import CustomerId, OfferId

Load: TypeAlias = Callable[[str, Aggregate], Held]

_ERASURES: Final = frozenset(get_args(erasure.Command))
_OF_OTHERS: Final = frozenset(BOXED).difference(get_args(customer.Command))
"""What brings personal data to a stream that is not the customer's own."""
_OF_SEVERAL: Final = _ERASURES.union(
    _OF_OTHERS,
    (ClaimReward,),
    *map(get_args, (merge.Command, two_accounts.Command, persons.Counting)),
)
"""What may be decided on more than the stream that it goes to."""


def streams_of(command: Command) -> dict[str, Aggregate]:
    """Every stream that `command` is decided on."""
    if isinstance(command, merge.Command):
        return {
            stream: aggregate
            for one in (command.absorbed, command.survivor)
            for stream, aggregate in (
                (customer_stream(one), CUSTOMER),
                (erasure_stream(one), ERASURE),
            )
        }
    if isinstance(command, two_accounts.Command):
        return dict.fromkeys(_accounts(command), ACCOUNT)
    stream, aggregate = addressed(command)
    if isinstance(command, ClaimReward):
        return {stream: aggregate, program_stream(command.program): PROGRAM}
    if isinstance(command, persons.Counting):
        counted = [] if command.customer is None else [customer_stream(command.customer)]
        return {stream: aggregate, **dict.fromkeys(counted, CUSTOMER)}
    owner = _owner(command)
    return {stream: aggregate} if owner is None else {stream: aggregate, owner[1]: CUSTOMER}


def decided(command: Command, load: Load) -> Sequence[tuple[str, Aggregate, Sequence[Event]]]:
    """
    The events that `command` leads to, by the streams that they go to.

    Raises:
        Refusal: the command cannot be; or another speaks for the customer.
    """
    if type(command) not in _OF_SEVERAL:
        return _decided_alone(command, load)
    if isinstance(command, merge.Command):
        events = merge.decide(command, _side(command.absorbed, load), _side(command.survivor, load))
        return [(*_place(event), (event,)) for event in events]
    if isinstance(command, two_accounts.Command):
        giving, taking = (load(stream, ACCOUNT).state for stream in _accounts(command))
        return [
            (account_stream(event.program, event.customer), ACCOUNT, (event,))
            for event in two_accounts.decide(command, giving, taking)
        ]
    if isinstance(command, ClaimReward):
        stream, aggregate = addressed(command)
        if is_repeat(command, load(stream, aggregate).state.told):
            return []
        command = _priced(command, load)
    if isinstance(command, persons.Counting):
        command = persons.as_person(command, partial(_records, load=load))
    owner = _owner(command)
    if owner is not None:
        require_own(owner[0], load(owner[1], CUSTOMER).state.records)
    return _decided_alone(command, load)


def _decided_alone(
    command: Command, load: Load
) -> Sequence[tuple[str, Aggregate, Sequence[Event]]]:
    stream, aggregate = addressed(command)
    return [(stream, aggregate, aggregate.decide(command, load(stream, aggregate).state))]


def _accounts(command: two_accounts.Command) -> tuple[str, str]:
    return (
        account_stream(command.program, two_accounts.giver(command)),
        account_stream(command.program, two_accounts.taker(command)),
    )


def _priced(command: ClaimReward, load: Load) -> RedeemPoints:
    def offer(named: OfferId) -> Offer:
        state: Offer = load(offer_stream(command.program, named), OFFER).state
        return state

    return priced(command, load(program_stream(command.program), PROGRAM).state, offer)


def _records(one: CustomerId, load: Load) -> Records:
    found: Records = load(customer_stream(one), CUSTOMER).state.records
    return found


def _side(one: CustomerId, load: Load) -> Side:
    return Side(
        customer=load(customer_stream(one), CUSTOMER).state,
        erasure=load(erasure_stream(one), ERASURE).state,
    )


def _place(event: merge.Event) -> tuple[str, Aggregate]:
    if isinstance(event, erasure.Event):
        return erasure_stream(event.customer), ERASURE
    return customer_stream(event.customer), CUSTOMER


def _owner(command: Command) -> tuple[CustomerId, str] | None:
    """The customer, and their stream, whom a command to another stream takes for their own."""
    kind = type(command)
    if kind in _ERASURES or (kind in _OF_OTHERS and not is_bare(command)):
        named: CustomerId | Subject | None = getattr(command, "customer", None)
        if named is not None and not isinstance(named, Subject):
            return named, customer_stream(named)
    return None


def records_in(log: EventLog) -> Callable[[CustomerId], Records]:
    """Reads the records of a customer from a log."""

    def records_of(customer_id: CustomerId) -> Records:
        found = Records()
        for _, event, _ in log.facts(customer_stream(customer_id)):
            if isinstance(event, records.Event):
                records.fold(found, event)
        return found

    return records_of
