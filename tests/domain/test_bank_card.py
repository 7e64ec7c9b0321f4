import pytest
from attrs import evolve

from regulars.domain.bank_card import (
    BankCardBound,
    BankCardUnbound,
    BindBankCard,
    CardAlreadyBound,
    UnbindBankCard,
)
from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import Payment, Sealed
from regulars.domain.values import CardId
from tests.domain.examples import ANNA
from tests.domain.story import NOON, CustomerStory, customer_story

BOX = Sealed(b"box")
RED, BLUE = CardId("red"), CardId("blue")
BIND = BindBankCard(customer=ANNA, at=NOON, card=RED, payment=BOX, co_brand="panda-club")
UNBIND = UnbindBankCard(customer=ANNA, at=NOON, card=RED)


def anna() -> CustomerStory:
    return customer_story().given(RegisterCustomer(customer=ANNA, at=NOON))


def test_a_card_keeps_its_programme_in_clear_and_its_digits_sealed() -> None:
    assert anna().when(BIND) == [
        BankCardBound(customer=ANNA, card=RED, payment=BOX, co_brand="panda-club")
    ]


def test_a_second_card_stands_beside_the_first() -> None:
    story = anna().given(BIND, evolve(BIND, card=BLUE))

    assert story.when(UNBIND) == [BankCardUnbound(customer=ANNA, card=RED)]
    assert story.when(evolve(UNBIND, card=BLUE))


def test_a_card_that_was_unbound_is_bound_anew() -> None:
    assert anna().given(BIND, UNBIND).when(BIND)


def test_a_card_id_is_not_given_twice() -> None:
    with pytest.raises(CardAlreadyBound, match="customer anna has a card red already") as refused:
        anna().given(BIND).when(evolve(BIND, payment=Sealed(b"other")))

    assert (refused.value.customer, refused.value.card) == (ANNA, RED)


def test_no_card_is_bound_with_its_digits_in_clear() -> None:
    with pytest.raises(TypeError):
        anna().when(evolve(BIND, payment=Payment(card_tail="1234")))
