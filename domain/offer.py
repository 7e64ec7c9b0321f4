"""An offer of a programme: its terms, limits and scene, and the coupons that count by them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

from attrs import Factory, define, frozen

from regulars.domain import coupon, coupon_steps, coupons
from regulars.domain.codes import require_code
from regulars.domain.coupons import Coupons, Rules, Use
from regulars.domain.offer_limits import UNLIMITED, Limits
from regulars.domain.offer_terms import Reason, Rejection, Terms, flaw
from regulars.domain.scene import ANY, Scene
from regulars.domain.values import OfferId, ProgramId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class OfferDefined:
    """Coupons of this offer can be issued, and count by these terms and limits, in this scene."""

    program: ProgramId
    offer: OfferId
    terms: Terms
    limits: Limits
    scene: Scene = ANY


@frozen(kw_only=True)
class OfferEnded:
    """No coupon of this offer is issued or counts any more. What was used before stands."""

    program: ProgramId
    offer: OfferId
    reason: str | None = None


Event: TypeAlias = OfferDefined | OfferEnded | coupon.Event


@define
class Offer:
    """The state of one offer, written by `fold` alone."""

    defined: OfferDefined | None = None
    ended: bool = False
    coupons: Coupons = Factory(Coupons)


def fold(state: Offer, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    match event:
        case OfferDefined():
            state.defined = event
        case OfferEnded():
            state.ended = True
        case _:
            coupons.fold(state.coupons, event)


@frozen(kw_only=True)
class DefineOffer:
    """Make an offer known, once and for all: what is to change is another offer."""

    program: ProgramId
    offer: OfferId
    at: datetime
    terms: Terms
    limits: Limits = UNLIMITED
    scene: Scene = ANY


@frozen(kw_only=True)
class EndOffer:
    """Stop an offer for good. `reason` is a code."""

    program: ProgramId
    offer: OfferId
    at: datetime
    reason: str | None = None


Command: TypeAlias = DefineOffer | EndOffer | coupon.Command


@frozen(kw_only=True)
class OfferAlreadyDefined(Refusal):
    """Another offer of this id, with other terms or limits, was recorded before."""

    offer: OfferId

    def __str__(self) -> str:
        return f"offer {self.offer} is defined already, with other terms or limits"


@frozen(kw_only=True)
class ImpossibleOffer(Refusal):
    """Terms or limits that nothing can be counted by; `field` says which of them."""

    offer: OfferId
    field: str

    def __str__(self) -> str:
        return f"offer {self.offer}: {self.field} cannot be so"


@frozen(kw_only=True)
class UnknownOffer(Refusal):
    """No offer was defined under this id."""

    offer: OfferId

    def __str__(self) -> str:
        return f"offer {self.offer} is not defined"


def decide(command: Command, state: Offer) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's or of `coupon`'s, when the command cannot be.
    """
    if isinstance(command, DefineOffer):
        return _define(command, state)
    if state.defined is None:
        raise UnknownOffer(offer=command.offer)
    if isinstance(command, EndOffer):
        require_code("reason", command.reason)
        ended = OfferEnded(program=command.program, offer=command.offer, reason=command.reason)
        return [] if state.ended else [ended]
    return coupon_steps.decide(command, state.coupons, rules(state.defined, ended=state.ended))


def _define(command: DefineOffer, state: Offer) -> Sequence[Event]:
    field = flaw(command.terms) or command.limits.flaw() or command.scene.flaw()
    if field is not None:
        raise ImpossibleOffer(offer=command.offer, field=field)
    wanted = OfferDefined(
        program=command.program,
        offer=command.offer,
        terms=command.terms,
        limits=command.limits,
        scene=command.scene,
    )
    if state.defined is None:
        return [wanted]
    if state.defined == wanted:
        return []
    raise OfferAlreadyDefined(offer=command.offer)


def refusal(state: Offer, use: Use) -> Rejection | None:
    """
    The first reason why a coupon would not count for an order at that moment; None if it would.

    What the order has to be like is looked at where there is a basket.
    """
    return next(objections(state, use), None)


def objections(state: Offer, use: Use) -> Iterator[Rejection]:
    """Every reason why a coupon would not count for an order at that moment."""
    if state.defined is None:
        return iter([Rejection(reason=Reason.NOT_FOUND)])
    return coupons.objections(state.coupons, use, rules(state.defined, ended=state.ended))


def rules(defined: OfferDefined, *, ended: bool) -> Rules:
    """What coupons of an offer count by."""
    return Rules(
        program=defined.program,
        offer=defined.offer,
        terms=defined.terms,
        limits=defined.limits,
        ended=ended,
        scene=defined.scene,
    )
