"""The lives that coupons lead, for histories to be told of them."""

from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from regulars.domain.coupon import (
    IssueCoupon,
    RedeemCoupon,
    ReleaseCoupon,
    ReserveCoupon,
    RestoreCoupon,
    RevokeCoupon,
)
from regulars.domain.offer import DefineOffer, EndOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.values import CouponId, CustomerId, OfferId, OrderId, ProgramId
from tests.domain.carts import basket, off

_ISSUE, _RESERVE, _RELEASE, _REDEEM, _RESTORE, _REVOKE, _END = range(7)
_LIVES: Final = st.sampled_from(
    [
        (_ISSUE, _RESERVE, _RELEASE),
        (_ISSUE, _RESERVE, _REDEEM, _RESTORE),
        (_ISSUE, _REDEEM, _RESERVE, _REVOKE),
        (_ISSUE, _REDEEM, _RESTORE, _REDEEM, _RESTORE),
        (_ISSUE, _END),
    ]
)


def coupon_lives(
    program: ProgramId, customer: CustomerId, at: datetime
) -> SearchStrategy[list[Any]]:
    """An offer of coupons that count for a day, and what becomes of one of them."""
    name, coupon, order = OfferId("spring"), CouponId("c-1"), OrderId("o-elsewhere")
    of: dict[str, Any] = {"program": program, "offer": name, "coupon": coupon, "at": at}
    limits = Limits(valid_days=1, max_restores=1)
    define = DefineOffer(program=program, offer=name, at=at, terms=off(1_00), limits=limits)
    steps = {
        _ISSUE: IssueCoupon(**of, customer=customer),
        _RESERVE: ReserveCoupon(
            **of,
            order=order,
            customer=customer,
            basket=basket(9_00),
            lapses_at=at + timedelta(days=30),
        ),
        _RELEASE: ReleaseCoupon(**of, order=order),
        _REDEEM: RedeemCoupon(**of, order=order, customer=customer, amount=1_00),
        _RESTORE: RestoreCoupon(**of, order=order),
        _REVOKE: RevokeCoupon(**of, reason="mistake"),
        _END: EndOffer(program=program, offer=name, at=at, reason="over"),
    }
    return _LIVES.map(lambda life: [define, *(steps[step] for step in life)])
