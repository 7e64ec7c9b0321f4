"""Given, when, then: one aggregate's life so far, and what one more command makes of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, Protocol, Self, TypeAlias, TypeVar

from attrs import Factory, define

from regulars.domain import (
    actor,
    campaign,
    customer,
    erasure,
    loyalty,
    merchant,
    offer,
    order,
    program,
    referral,
    subject_request,
)
from regulars.domain.account import Account
from regulars.domain.values import Refusal

NOON: Final = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


class Timed(Protocol):
    """Whatever is said at a moment."""

    @property
    def at(self) -> datetime: ...


State = TypeVar("State")
Command = TypeVar("Command", bound=Timed)
Event = TypeVar("Event")


def _as_told(_event: object, at: datetime, _state: object) -> datetime:
    return at


def _named(told: object, names: Iterable[str]) -> list[object]:
    return [getattr(told, name) for name in names]


def _is_about(refusal: Refusal, command: object) -> None:
    names = type(refusal).__annotations__
    said = [name for name in names if isinstance(getattr(command, name, None), str)]
    assert _named(refusal, said) == _named(command, said)


@define
class Story(Generic[State, Command, Event]):
    """
    What one aggregate was told, as events. A refused command leaves no trace in it.

    Where it has a `key`, whatever is recorded of it names it by these fields, as the commands to it
    do, and the ids that a refusal names are those of its command.
    """

    state: State
    fold: Callable[[State, Event, datetime], None]
    decide: Callable[[Command, State], Sequence[Event]]
    told: list[Event] = Factory(list[Event])
    moments: list[datetime] = Factory(list[datetime])
    moment: Callable[[Event, datetime, State], datetime] = _as_told
    key: tuple[str, ...] = ()

    def given(self, *commands: Command) -> Self:
        """The story after these commands, none of which may be refused."""
        for command in commands:
            self.when(command)
        return self

    def when(self, command: Command) -> list[Event]:
        """The events that `command` adds to the story."""
        try:
            events = list(self.decide(command, self.state))
        except Refusal as refusal:
            if self.key:
                _is_about(refusal, command)
            raise
        for event in events:
            assert _named(event, self.key) == _named(command, self.key)
            self.hear(event, self.moment(event, command.at, self.state))
        return events

    def hear(self, event: Event, at: datetime) -> None:
        """Take down what was decided elsewhere, or just now."""
        self.fold(self.state, event, at)
        self.moments.append(at)
        self.told.append(event)

    def attempt(self, command: Command) -> list[Event]:
        """As `when`; no events if the command is refused."""
        try:
            return self.when(command)
        except Refusal:
            return []


CustomerStory: TypeAlias = Story[customer.Customer, customer.Command, customer.Event]
MerchantStory: TypeAlias = Story[merchant.Merchant, merchant.Command, merchant.Event]
OrderStory: TypeAlias = Story[order.Order, order.Command, order.Event]
ProgramStory: TypeAlias = Story[program.Program, program.Command, program.Event]
AccountStory: TypeAlias = Story[Account, loyalty.Command, loyalty.Event]
ErasureStory: TypeAlias = Story[erasure.Erasure, erasure.Command, erasure.Event]
ActorStory: TypeAlias = Story[actor.Conduct, actor.Command, actor.Event]
OfferStory: TypeAlias = Story[offer.Offer, offer.Command, offer.Event]
ReferralStory: TypeAlias = Story[referral.Referral, referral.Command, referral.Event]
RequestStory: TypeAlias = Story[
    subject_request.SubjectRequest, subject_request.Command, subject_request.Event
]
CampaignStory: TypeAlias = Story[campaign.Campaign, campaign.Command, campaign.Event]


def actor_story() -> ActorStory:
    return Story(actor.Conduct(), actor.fold, actor.decide)


def customer_story() -> CustomerStory:
    return Story(customer.Customer(), customer.fold, customer.decide, key=("customer",))


def merchant_story() -> MerchantStory:
    return Story(merchant.Merchant(), merchant.fold, merchant.decide, key=("merchant",))


def order_story() -> OrderStory:
    return Story(order.Order(), order.fold, order.decide, key=("order",))


def program_story() -> ProgramStory:
    return Story(program.Program(), program.fold, program.decide, key=("program",))


def account_story() -> AccountStory:
    return Story(
        Account(),
        loyalty.fold,
        loyalty.decide,
        moment=loyalty.moment,
        key=("program", "customer"),
    )


def erasure_story() -> ErasureStory:
    return Story(erasure.Erasure(), erasure.fold, erasure.decide)


def offer_story() -> OfferStory:
    return Story(offer.Offer(), offer.fold, offer.decide, key=("program", "offer"))


def campaign_story() -> CampaignStory:
    return Story(campaign.Campaign(), campaign.fold, campaign.decide, key=("program", "campaign"))


def referral_story() -> ReferralStory:
    return Story(referral.Referral(), referral.fold, referral.decide, key=("program", "referee"))


def request_story() -> RequestStory:
    return Story(
        subject_request.SubjectRequest(),
        subject_request.fold,
        subject_request.decide,
        key=("request",),
    )
