"""The aggregates of the model: which stream a command goes to, and what folds and decides there."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, get_args
from urllib.parse import quote

from attrs import Factory, frozen

from regulars.application.events import Command, Event
from regulars.domain import (
    account,
    actor,
    campaign,
    customer,
    erasure,
    hindsight,
    loyalty,
    merchant,
    offer,
    order,
    program,
    referral,
    subject_request,
)
from regulars.domain.claim import ClaimReward
from regulars.domain.subject import Subject
from regulars.domain.values import (
    CampaignId,
    CustomerId,
    MerchantId,
    OfferId,
    OrderId,
    ProgramId,
    SubjectRequestId,
)


def as_told(_event: object, at: datetime, _state: object) -> datetime:
    """An event occurred when its command says."""
    return at


def _as_folded(self: "Aggregate") -> Callable[[Any, Any, datetime], None]:
    return self.fold


@frozen(kw_only=True, eq=False)
class Aggregate:
    """
    How one kind of stream is folded and decided on. The state's type is the aggregate's own.

    `fold_version` is raised whenever the fold comes to make other states of the same events; a
    test fails where that is forgotten. `snapshot_every` is after how many events a stream is
    worth another snapshot (docs/adr/0012-snapshots-that-nothing-needs.md); None keeps none.
    `moment` tells when an event occurred that came of a command of that moment, in a state that
    has not folded it yet. `hindsight` folds the events that occurred by a past moment, where what
    was recorded among them may be missing.
    """

    state: type[Any]
    events: tuple[type[Event], ...]
    fold: Callable[[Any, Any, datetime], None]
    fold_version: int
    decide: Callable[[Any, Any], Sequence[Event]]
    snapshot_every: int | None
    moment: Callable[[Any, datetime, Any], datetime] = as_told
    hindsight: Callable[[Any, Any, datetime], None] = Factory(_as_folded, takes_self=True)


CUSTOMER: Final = Aggregate(
    state=customer.Customer,
    events=get_args(customer.Event),
    fold=customer.fold,
    fold_version=4,
    decide=customer.decide,
    snapshot_every=100,
)
MERCHANT: Final = Aggregate(
    state=merchant.Merchant,
    events=get_args(merchant.Event),
    fold=merchant.fold,
    fold_version=3,
    decide=merchant.decide,
    snapshot_every=100,
)
ORDER: Final = Aggregate(
    state=order.Order,
    events=get_args(order.Event),
    fold=order.fold,
    fold_version=7,
    decide=order.decide,
    snapshot_every=None,
)
PROGRAM: Final = Aggregate(
    state=program.Program,
    events=get_args(program.Event),
    fold=program.fold,
    fold_version=8,
    decide=program.decide,
    snapshot_every=100,
)
ACCOUNT: Final = Aggregate(
    state=account.Account,
    events=get_args(loyalty.Event),
    fold=loyalty.fold,
    fold_version=24,
    decide=loyalty.decide,
    snapshot_every=250,
    moment=loyalty.moment,
    hindsight=hindsight.fold_account,
)
ERASURE: Final = Aggregate(
    state=erasure.Erasure,
    events=get_args(erasure.Event),
    fold=erasure.fold,
    fold_version=5,
    decide=erasure.decide,
    snapshot_every=None,
)
ACTOR: Final = Aggregate(
    state=actor.Conduct,
    events=get_args(actor.Event),
    fold=actor.fold,
    fold_version=2,
    decide=actor.decide,
    snapshot_every=250,
)
OFFER: Final = Aggregate(
    state=offer.Offer,
    events=get_args(offer.Event),
    fold=offer.fold,
    fold_version=3,
    decide=offer.decide,
    snapshot_every=250,
    hindsight=hindsight.fold_offer,
)
CAMPAIGN: Final = Aggregate(
    state=campaign.Campaign,
    events=get_args(campaign.Event),
    fold=campaign.fold,
    fold_version=7,
    decide=campaign.decide,
    snapshot_every=250,
    hindsight=hindsight.fold_campaign,
)
REFERRAL: Final = Aggregate(
    state=referral.Referral,
    events=get_args(referral.Event),
    fold=referral.fold,
    fold_version=2,
    decide=referral.decide,
    snapshot_every=None,
)
SUBJECT_REQUEST: Final = Aggregate(
    state=subject_request.SubjectRequest,
    events=get_args(subject_request.Event),
    fold=subject_request.fold,
    fold_version=1,
    decide=subject_request.decide,
    snapshot_every=None,
)

_KINDS: Final = {
    "customer": CUSTOMER,
    "merchant": MERCHANT,
    "order": ORDER,
    "program": PROGRAM,
    "account": ACCOUNT,
    "erasure": ERASURE,
    "erasure_of": ERASURE,
    "actor": ACTOR,
    "offer": OFFER,
    "campaign": CAMPAIGN,
    "referral": REFERRAL,
    "request": SUBJECT_REQUEST,
}


def customer_stream(customer_id: CustomerId) -> str:
    """The stream of a customer."""
    return f"customer-{customer_id}"


def merchant_stream(merchant_id: MerchantId) -> str:
    """The stream of a merchant."""
    return f"merchant-{merchant_id}"


def order_stream(order_id: OrderId) -> str:
    """The stream of an order."""
    return f"order-{order_id}"


def program_stream(program_id: ProgramId) -> str:
    """The stream of a programme."""
    return f"program-{program_id}"


@lru_cache(maxsize=1_000)
def _quoted(name: str) -> str:
    return quote(name, safe="")


def account_stream(program_id: ProgramId, customer_id: CustomerId) -> str:
    """The stream of a loyalty account. The programme is quoted, so that no two accounts clash."""
    return f"account-{_quoted(program_id)}/{customer_id}"


def erasure_stream(whose: CustomerId | Subject) -> str:
    """The stream of the erasures of a customer, or of a subject that is none."""
    return f"erasure_of-{whose}" if isinstance(whose, Subject) else f"erasure-{whose}"


def erasure_stream_of(subject: str) -> str:
    """The stream of the erasures of whom keys belong to: `customer/` and an id, or another."""
    kind, _, named = subject.partition("/")
    return f"erasure-{named}" if kind == "customer" else f"erasure_of-{subject}"


def actor_stream(reader: actor.Actor) -> str:
    """The stream of a reader of personal data. The role is quoted, as a programme is."""
    return f"actor-{_quoted(reader.role)}/{reader.id}"


def offer_stream(program_id: ProgramId, offer_id: OfferId) -> str:
    """The stream of an offer and its coupons. The programme is quoted, as that of an account."""
    return f"offer-{_quoted(program_id)}/{offer_id}"


def campaign_stream(program_id: ProgramId, campaign_id: CampaignId) -> str:
    """The stream of a campaign. The programme is quoted, as that of an account."""
    return f"campaign-{_quoted(program_id)}/{campaign_id}"


def referral_stream(program_id: ProgramId, referee: CustomerId) -> str:
    """The stream of a customer's referral. The programme is quoted, as that of an account."""
    return f"referral-{_quoted(program_id)}/{referee}"


def request_stream(request_id: SubjectRequestId) -> str:
    """The stream of what a person asked for about their data."""
    return f"request-{request_id}"


def _to_customer(command: customer.Command) -> str:
    return customer_stream(command.customer)


def _to_merchant(command: merchant.Command) -> str:
    return merchant_stream(command.merchant)


def _to_order(command: order.Command) -> str:
    return order_stream(command.order)


def _to_program(command: program.Command) -> str:
    return program_stream(command.program)


def _to_account(command: loyalty.Command | ClaimReward) -> str:
    return account_stream(command.program, command.customer)


def _to_erasure(command: erasure.Command) -> str:
    return erasure_stream(command.customer)


def _to_actor(command: actor.Command) -> str:
    return actor_stream(command.actor)


def _to_offer(command: offer.Command) -> str:
    return offer_stream(command.program, command.offer)


def _to_campaign(command: campaign.Command) -> str:
    return campaign_stream(command.program, command.campaign)


def _to_referral(command: referral.Command) -> str:
    return referral_stream(command.program, command.referee)


def _to_request(command: subject_request.Command) -> str:
    return request_stream(command.request)


_ADDRESSES: Final[dict[type[Any], tuple[Callable[[Any], str], Aggregate]]] = {
    kind: (stream, aggregate)
    for commands, stream, aggregate in (
        (customer.Command, _to_customer, CUSTOMER),
        (merchant.Command, _to_merchant, MERCHANT),
        (order.Command, _to_order, ORDER),
        (program.Command, _to_program, PROGRAM),
        (loyalty.Command | ClaimReward, _to_account, ACCOUNT),
        (erasure.Command, _to_erasure, ERASURE),
        (actor.Command, _to_actor, ACTOR),
        (offer.Command, _to_offer, OFFER),
        (campaign.Command, _to_campaign, CAMPAIGN),
        (referral.Command, _to_referral, REFERRAL),
        (subject_request.Command, _to_request, SUBJECT_REQUEST),
    )
    for kind in get_args(commands)
}


def addressed(command: Command) -> tuple[str, Aggregate]:
    """The stream that `command` goes to, and its aggregate."""
    stream, aggregate = _ADDRESSES[type(command)]
    return stream(command), aggregate


def aggregate_of(stream: str) -> Aggregate | None:
    """The aggregate whose events a stream holds; None if it is none of the model's."""
    return _KINDS.get(stream.partition("-")[0])
