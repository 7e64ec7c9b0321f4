import pytest
from attrs import evolve

from regulars.domain.order import CompleteOrder
from regulars.domain.personal import Content, Sealed
from regulars.domain.review import (
    AlreadyReviewed,
    NoSuchStars,
    NotTheirOrder,
    ReviewSubmitted,
    SubmitReview,
)
from regulars.domain.values import CustomerId
from tests.domain.examples import ANNA, BO, NOODLES, ORDER, PLACE, delivered
from tests.domain.story import NOON, minutes

REVIEW = SubmitReview(order=ORDER, at=NOON + minutes(60), customer=ANNA, stars=5)


def test_a_customer_rates_a_delivered_order() -> None:
    review = evolve(REVIEW, dish_stars=4, delivery_stars=1, text=Sealed(b"box"))

    assert delivered().when(review) == [
        ReviewSubmitted(
            order=ORDER,
            customer=ANNA,
            merchant=NOODLES,
            stars=5,
            dish_stars=4,
            delivery_stars=1,
            text=Sealed(b"box"),
        )
    ]


def test_a_completed_order_is_still_rated() -> None:
    story = delivered().given(CompleteOrder(order=ORDER, at=NOON + minutes(50)))

    assert story.when(REVIEW)


def test_a_review_may_be_words_alone() -> None:
    assert delivered().when(evolve(REVIEW, stars=None, text=Sealed(b"box")))


def test_words_arrive_sealed_or_not_at_all() -> None:
    with pytest.raises(TypeError):
        delivered().when(evolve(REVIEW, text=Content(text="cold")))


@pytest.mark.parametrize("customer", [BO, None])
def test_nobody_rates_the_order_of_another(customer: CustomerId | None) -> None:
    with pytest.raises(NotTheirOrder) as refused:
        delivered().when(evolve(REVIEW, customer=customer))

    assert refused.value.order == ORDER


def test_an_order_of_nobody_known_is_rated_by_nobody_known() -> None:
    story = delivered(evolve(PLACE, customer=None))

    with pytest.raises(NotTheirOrder):
        story.when(REVIEW)
    assert story.when(evolve(REVIEW, customer=None))


@pytest.mark.parametrize("stars", [1, 5])
def test_stars_go_from_one_to_five(stars: int) -> None:
    assert delivered().when(evolve(REVIEW, stars=stars))
    assert delivered().when(evolve(REVIEW, dish_stars=stars))
    assert delivered().when(evolve(REVIEW, delivery_stars=stars))


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_there_are_no_other_stars(stars: int) -> None:
    for review in (
        evolve(REVIEW, stars=stars),
        evolve(REVIEW, dish_stars=stars),
        evolve(REVIEW, delivery_stars=stars),
    ):
        with pytest.raises(NoSuchStars) as refused:
            delivered().when(review)

        assert (refused.value.order, refused.value.stars) == (ORDER, stars)


@pytest.mark.parametrize("again", [REVIEW, evolve(REVIEW, stars=1)], ids=["same", "other"])
def test_an_order_is_reviewed_once(again: SubmitReview) -> None:
    with pytest.raises(AlreadyReviewed) as refused:
        delivered().given(REVIEW).when(again)

    assert refused.value.order == ORDER
