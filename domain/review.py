"""The review of an order: what the customer thought of it, in stars and in words."""

from datetime import datetime
from typing import Final

from attrs import frozen

from regulars.domain.personal import Content, Sealed, sealed_or_none
from regulars.domain.purchase import OrderPlaced
from regulars.domain.values import CustomerId, MerchantId, OrderId, Refusal

_FEWEST: Final = 1
_MOST: Final = 5


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class ReviewSubmitted:
    """The customer's opinion, in stars from 1 to 5 and in words that stay sealed."""

    order: OrderId
    customer: CustomerId | None = None
    merchant: MerchantId | None = None
    stars: int | None = None
    dish_stars: int | None = None
    delivery_stars: int | None = None
    text: Sealed | None = None


@frozen(kw_only=True)
class SubmitReview:
    """Rate a delivered order, once. At least one kind of stars or a text."""

    order: OrderId
    at: datetime
    customer: CustomerId | None = None
    stars: int | None = None
    dish_stars: int | None = None
    delivery_stars: int | None = None
    text: Content | Sealed | None = None


@frozen(kw_only=True)
class AlreadyReviewed(Refusal):
    """An order is reviewed once."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} has a review already"


@frozen(kw_only=True)
class NotTheirOrder(Refusal):
    """A review comes from the one who ordered."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} was placed by somebody else"


@frozen(kw_only=True)
class NoSuchStars(Refusal):
    """Stars go from 1 to 5."""

    order: OrderId
    stars: int

    def __str__(self) -> str:
        return f"order {self.order} cannot be given {self.stars} stars"


def decide(
    command: SubmitReview, review: ReviewSubmitted | None, placed: OrderPlaced
) -> list[ReviewSubmitted]:
    """
    The review to record.

    Raises:
        NotTheirOrder: somebody else placed the order.
        NoSuchStars: stars go from 1 to 5.
        AlreadyReviewed: `review` was recorded before.
    """
    if command.customer != placed.customer:
        raise NotTheirOrder(order=command.order)
    for stars in (command.stars, command.dish_stars, command.delivery_stars):
        if stars is not None and not _FEWEST <= stars <= _MOST:
            raise NoSuchStars(order=command.order, stars=stars)
    if review is not None:
        raise AlreadyReviewed(order=command.order)
    return [
        ReviewSubmitted(
            order=command.order,
            customer=placed.customer,
            merchant=placed.merchant,
            stars=command.stars,
            dish_stars=command.dish_stars,
            delivery_stars=command.delivery_stars,
            text=sealed_or_none(command.text),
        )
    ]
