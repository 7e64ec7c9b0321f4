import pytest
from attrs import evolve

from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import Identity, Sealed
from regulars.domain.real_name import RealNameAlreadyVerified, RealNameVerified, VerifyRealName
from tests.domain.examples import ANNA
from tests.domain.story import NOON, CustomerStory, customer_story

BOX = Sealed(b"box")
VERIFY = VerifyRealName(customer=ANNA, at=NOON, identity=BOX, method="id-card", evidence="check-1")


def anna() -> CustomerStory:
    return customer_story().given(RegisterCustomer(customer=ANNA, at=NOON))


def test_a_verification_tells_how_and_by_which_evidence() -> None:
    assert anna().when(VERIFY) == [
        RealNameVerified(customer=ANNA, identity=BOX, method="id-card", evidence="check-1")
    ]


def test_a_later_verification_replaces_an_earlier_one() -> None:
    assert anna().given(VERIFY).when(evolve(VERIFY, evidence="check-2", method="bank"))


def test_the_same_evidence_is_not_recorded_twice() -> None:
    with pytest.raises(RealNameAlreadyVerified, match="anna was verified by check-1 already"):
        anna().given(VERIFY).when(evolve(VERIFY, identity=Sealed(b"other")))


def test_nobody_is_verified_with_a_name_in_clear() -> None:
    with pytest.raises(TypeError):
        anna().when(evolve(VERIFY, identity=Identity(real_name="Anna")))
