"""
Who of a campaign's audience is left alone, and who gets which variant: always the same.

Nothing is drawn by chance: a customer's place follows from the ids of campaign and customer and
from a seed, so that anybody can find it out again.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from attrs import frozen

from regulars.domain.values import CampaignId, CustomerId, OfferId

PLACES: Final = 10_000
"""A customer's place is one of so many; basis points of them are held out."""


@frozen(kw_only=True)
class Variant:
    """One way in which a campaign treats customers; `offer` is what its grants give a coupon of."""

    name: str
    weight: int = 1
    offer: OfferId | None = None


def variant_of(
    campaign: CampaignId,
    customer: CustomerId,
    *,
    seed: str,
    holdout: int,
    variants: Sequence[Variant],
) -> Variant | None:
    """
    The variant for a customer; None for those `holdout` basis points that are left alone.

    The SHA-256 of `campaign|seed|customer` tells: its first eight bytes, as a number modulo
    10,000, are the place; the next eight, modulo the sum of the weights, choose the variant.
    """
    digest = sha256(f"{campaign}|{seed}|{customer}".encode()).digest()
    if int.from_bytes(digest[:8], "big") % PLACES < holdout:
        return None
    place = int.from_bytes(digest[8:16], "big") % sum(variant.weight for variant in variants)
    for variant in variants[:-1]:
        if place < variant.weight:
            return variant
        place -= variant.weight
    return variants[-1]
