"""
Commands, events and whole histories, for Hypothesis to draw.

`…_commands` and `events` fill every field with anything that its type allows; `histories` tells
what could happen in a town: customers register, orders live and end, money goes back in parts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final, get_args

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from regulars.domain import (
    actor,
    campaign,
    customer,
    erasure,
    loyalty,
    merchant,
    merge,
    offer,
    order,
    program,
    referral,
    subject_request,
)
from regulars.domain.actor import Actor, RecordAccess, ReinstateActor
from regulars.domain.bank_card import BindBankCard, UnbindBankCard
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.customer import AddDeliveryAddress, RegisterCustomer, RemoveDeliveryAddress
from regulars.domain.merchant import (
    PublishMenuItem,
    RegisterMerchant,
    UpdateMerchantDetails,
)
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.order import CompleteOrder, MarkDelivered
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.protection import (
    AssignCourier,
    AssignVirtualNumber,
    NameParty,
    OpenOrderChat,
    Party,
    RedirectOrder,
)
from regulars.domain.purchase import PlaceOrder
from regulars.domain.referral import ClaimReferral, ReferralTerms
from regulars.domain.refund import IssueRefund
from regulars.domain.review import SubmitReview
from regulars.domain.rights import (
    LiftRestriction,
    ObjectToProcessing,
    RestrictProcessing,
    WithdrawObjection,
)
from regulars.domain.values import AddressId, CustomerId, MerchantId, OrderId, ProgramId, RefundId
from regulars.testing.history_strategies import (
    BEGINNING_OF_WEEK,
    interleaved,
    starts,
    told,
    ways,
)
from regulars.testing.order_strategies import partitions
from tests.domain.campaign_lives import campaign_lives
from tests.domain.chronicle import PROGRAM, Command, Event
from tests.domain.coupon_lives import coupon_lives
from tests.domain.fillings import (
    ANYTHING,
    SEALED,
    Filling,
    built,
    currencies,
    customer_ids,
    merchant_ids,
    order_ids,
    program_ids,
)

_CODE: Final = st.just("ticket-1")
_CHANNELS: Final = st.sampled_from([None, "sms"])


def customer_commands(
    customer_ids: SearchStrategy[CustomerId] = customer_ids, filling: Filling = ANYTHING
) -> SearchStrategy[customer.Command]:
    return _any_of(customer.Command, {**filling, CustomerId: customer_ids, "channel": _CHANNELS})


def merchant_commands(
    merchant_ids: SearchStrategy[MerchantId] = merchant_ids, filling: Filling = ANYTHING
) -> SearchStrategy[merchant.Command]:
    return _any_of(merchant.Command, {**filling, MerchantId: merchant_ids})


def order_commands(
    order_ids: SearchStrategy[OrderId] = order_ids,
    customer_ids: SearchStrategy[CustomerId] = customer_ids,
    filling: Filling = ANYTHING,
) -> SearchStrategy[order.Command]:
    return _any_of(order.Command, {**filling, OrderId: order_ids, CustomerId: customer_ids})


def program_commands(
    program_ids: SearchStrategy[ProgramId] = program_ids, filling: Filling = ANYTHING
) -> SearchStrategy[program.Command]:
    return _any_of(program.Command, {**filling, ProgramId: program_ids})


def loyalty_commands(
    customer_ids: SearchStrategy[CustomerId] = customer_ids,
    order_ids: SearchStrategy[OrderId] = order_ids,
    filling: Filling = ANYTHING,
) -> SearchStrategy[loyalty.Command]:
    codes: Filling = dict.fromkeys(("reason", "approver", "legacy_ref"), _CODE)
    filling = {**filling, **codes, CustomerId: customer_ids, OrderId: order_ids}
    return _any_of(loyalty.Command, filling)


def erasure_commands(
    customer_ids: SearchStrategy[CustomerId] = customer_ids, filling: Filling = ANYTHING
) -> SearchStrategy[erasure.Command]:
    return _any_of(
        erasure.Command, {**filling, CustomerId: customer_ids, "basis": st.just("gdpr-17")}
    )


def merge_commands(
    customer_ids: SearchStrategy[CustomerId] = customer_ids, filling: Filling = ANYTHING
) -> SearchStrategy[merge.Command]:
    return _any_of(
        merge.Command, {**filling, CustomerId: customer_ids, "evidence": st.just("same-phone")}
    )


def actor_commands(filling: Filling = ANYTHING) -> SearchStrategy[actor.Command]:
    return _any_of(actor.Command, {**filling, "reason": _CODES})


def offer_commands(filling: Filling = ANYTHING) -> SearchStrategy[offer.Command]:
    return _any_of(offer.Command, {**filling, "reason": _CODES})


def campaign_commands(filling: Filling = ANYTHING) -> SearchStrategy[campaign.Command]:
    return _any_of(campaign.Command, {**filling, "reason": _CODES})


def referral_commands(
    customer_ids: SearchStrategy[CustomerId] = customer_ids, filling: Filling = ANYTHING
) -> SearchStrategy[referral.Command]:
    return _any_of(referral.Command, {**filling, CustomerId: customer_ids})


def request_commands(filling: Filling = ANYTHING) -> SearchStrategy[subject_request.Command]:
    return _any_of(subject_request.Command, {**filling, "reason": _CODE})


def events(kinds: object = Event) -> SearchStrategy[Event]:
    """Any event of `kinds`, a union such as `order.Event`; its content need not make sense."""
    return _any_of(kinds, SEALED)


def _any_of(kinds: object, filling: Filling) -> SearchStrategy[Any]:
    return st.one_of([built(kind, filling) for kind in get_args(kinds)])


_CODES: Final = st.none() | st.just("ticket-1")
_CLAIMS: Final = st.sampled_from(
    [
        ClaimReferral(
            program=PROGRAM,
            referee=CustomerId(referee),
            at=BEGINNING_OF_WEEK,
            referrer=CustomerId(referrer),
            terms=ReferralTerms(),
        )
        for referee, referrer in (("bo", "anna"), ("anna", "bo"), ("anna", "anna"))
    ]
)


def histories(
    filling: Filling = SEALED, most_orders: int = 4
) -> SearchStrategy[tuple[Command, ...]]:
    """
    What could be told of a town in about a week, nearly all of it acceptable.

    Customers are merged at times, and parted again. Orders overlap, skip steps, are cancelled, paid
    back in parts, in full or beyond, reviewed, and left unfinished; some belong to nobody. Rules
    change meanwhile; commands come twice or late. With `PLAIN` the personal values are as a host
    brings them.
    """
    anna, bo, noodles = CustomerId("anna"), CustomerId("bo"), MerchantId("noodles")
    known = st.sampled_from([anna, bo])
    filling = {**filling, CustomerId: known, "at": st.just(BEGINNING_OF_WEEK)}
    rules = built(
        PublishEarningRules,
        {
            **filling,
            "currency": st.none() | st.none() | currencies,
            "effective_from": st.none() | starts,
        },
        program=PROGRAM,
    )
    dishes = built(PublishMenuItem, filling, merchant=noodles)
    offers = dishes | built(UpdateMerchantDetails, filling, merchant=noodles)
    wishes = customer_commands(known, filling)
    turns = wishes.map(lambda wish: [wish]) | wishes.map(_and_back)
    review = built(SubmitReview, filling)
    naming = built(NameParty, filling, party=Party.COURIER)
    opening = st.tuples(
        st.just(DefineProgram(program=PROGRAM, at=BEGINNING_OF_WEEK, name="Regulars")),
        rules,
        built(RegisterCustomer, filling, customer=anna),
        st.just(RegisterCustomer(customer=bo, at=BEGINNING_OF_WEEK)),
        st.just(RegisterMerchant(merchant=noodles, at=BEGINNING_OF_WEEK, name="Noodles")),
    )
    sam = Actor(role="support", id="sam")
    merges = merge_commands(known, filling)
    parted = st.permutations([anna, bo]).map(_merged_and_parted)
    merging = st.lists(merges, max_size=2) | parted
    visits = built(RecordAccess, {**filling, "reason": _CODES}, actor=sam, wanted=1)
    officer = Actor(role="privacy_officer", id="olga")
    back = ReinstateActor(actor=sam, at=BEGINNING_OF_WEEK, officer=officer)
    lanes = [
        told(st.lists(turns, max_size=3).map(lambda turns: [*chain(*turns)])),
        told(st.lists(offers, max_size=3)),
        told(st.lists(rules, max_size=2)),
        told(st.lists(visits | st.just(back), max_size=3)),
        told(merging),
        told(st.lists(_CLAIMS, max_size=2)),
        told(
            coupon_lives(PROGRAM, anna, BEGINNING_OF_WEEK)
            | campaign_lives(PROGRAM, anna, BEGINNING_OF_WEEK)
        ),
    ]
    lives = [
        told(_life(built(PlaceOrder, filling, order=OrderId(f"o-{number}")), review, naming))
        for number in range(1, most_orders + 1)
    ]
    towns = [interleaved([*lanes, *lives[:count]]) for count in range(1, most_orders + 1)]
    return st.tuples(opening, st.one_of(towns)).map(lambda told: (*told[0], *told[1]))


def _and_back(wish: customer.Command) -> list[customer.Command]:
    """A wish, and what takes it back."""
    at, anna = wish.at, wish.customer
    match wish:
        case AddDeliveryAddress(address_id=address):
            return [wish, RemoveDeliveryAddress(customer=anna, at=at, address_id=address)]
        case BindBankCard(card=card):
            return [wish, UnbindBankCard(customer=anna, at=at, card=card)]
        case GrantConsent(purpose=purpose, channel=channel):
            return [wish, WithdrawConsent(customer=anna, at=at, purpose=purpose, channel=channel)]
        case ObjectToProcessing(purpose=purpose):
            return [wish, WithdrawObjection(customer=anna, at=at, purpose=purpose)]
        case RestrictProcessing(data_class=data_class):
            return [wish, LiftRestriction(customer=anna, at=at, data_class=data_class)]
        case _:
            return [wish]


def _merged_and_parted(who: Sequence[CustomerId]) -> list[Command]:
    absorbed, survivor = who
    at, why = BEGINNING_OF_WEEK, "same-phone"
    return [
        MergeCustomers(absorbed=absorbed, survivor=survivor, at=at, evidence=why),
        RevertMerge(absorbed=absorbed, survivor=survivor, at=at, evidence=why),
    ]


@st.composite
def _life(
    draw: DrawFn,
    placing: SearchStrategy[PlaceOrder],
    reviewing: SearchStrategy[SubmitReview],
    naming: SearchStrategy[NameParty],
) -> list[Command]:
    """The life of one order, from its placing to whatever end it takes."""
    placed = draw(placing)
    order_id, at = placed.order, placed.at
    steps, ends = draw(ways())
    met = _met(order_id, at, draw(st.lists(naming, max_size=2))) if draw(st.booleans()) else []
    life: list[Command] = [
        placed,
        *met,
        *[step(order=order_id, at=at) for step in (*steps, *ends)],
    ]
    if not {MarkDelivered, CompleteOrder} & set(ends):
        return life
    back = draw(st.sampled_from([placed.total, placed.total // 3, placed.total + 250, 0]))
    life += [
        IssueRefund(order=order_id, at=at, refund=RefundId(f"r-{number}"), amount=part)
        for number, part in enumerate(draw(partitions(back)), 1)
    ]
    if draw(st.booleans()):
        life.append(evolve(draw(reviewing), order=order_id, customer=placed.customer))
    return life


def _met(order_id: OrderId, at: datetime, couriers: Sequence[NameParty]) -> list[Command]:
    """How those who serve an order and its customer reach each other."""
    met: list[Command] = [
        OpenOrderChat(order=order_id, at=at, party=Party.MERCHANT),
        RedirectOrder(order=order_id, at=at, address_id=AddressId("office")),
    ]
    for number, courier in enumerate(couriers, 1):
        who = f"courier-{number}"
        met.append(AssignCourier(order=order_id, at=at, courier=who))
        met.append(evolve(courier, order=order_id, who=who))
        met.append(
            AssignVirtualNumber(
                order=order_id,
                at=at,
                party=Party.COURIER,
                number_ref=f"line-{number}",
                valid_until=at + timedelta(days=1),
                who=who,
            )
        )
    return met
