"""What a person had before: where customers were merged, all ids of them count together."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from attrs import evolve

from regulars.domain.budget import GrantBenefit
from regulars.domain.coupon import RedeemCoupon, ReserveCoupon
from regulars.domain.records import Records, person_of
from regulars.domain.values import CustomerId

Counting: TypeAlias = ReserveCoupon | RedeemCoupon | GrantBenefit
"""What is decided on by what the person had before, under whatever id."""

Asked = TypeVar("Asked", bound=Counting)


def as_person(command: Asked, records_of: Callable[[CustomerId], Records]) -> Asked:
    """The command with all ids of its customer, as merges stand; of nobody there are none."""
    customer = command.customer
    ids = () if customer is None else person_of(customer, records_of)
    return evolve(command, person=ids)
