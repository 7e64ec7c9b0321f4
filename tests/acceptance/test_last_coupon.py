"""The last coupon of an offer, wanted by processes of their own at one moment."""

import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from regulars import connect
from regulars.domain.coupon import CouponReserved, IssueCoupon
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Kind, Terms
from regulars.domain.values import CouponId
from tests.acceptance.cashiers import ROOT, begin
from tests.acceptance.last_coupon import AT, OFFER, PROGRAM
from tests.postgres_server import new_database

TERMS = Terms(kind=Kind.FIXED, currency="CNY", value=10_00)


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
@pytest.mark.parametrize("coupons", [1, 4], ids=["one coupon", "one of four"])
def test_wc10_of_four_processes_one_gets_the_last_coupon(
    tmp_path: Path, store: str, coupons: int
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}" if store == "sqlite" else new_database()
    keys = str(tmp_path / "shop.keys")
    with connect(url, keys=keys) as crm:
        crm.execute(
            DefineOffer(program=PROGRAM, offer=OFFER, at=AT, terms=TERMS, limits=Limits(total=1)),
            by="shop",
        )
        for number in range(coupons):
            coupon = CouponId(f"c-{number}")
            at = AT - timedelta(days=1)
            crm.execute(IssueCoupon(program=PROGRAM, offer=OFFER, coupon=coupon, at=at), by="shop")

    with ExitStack() as closing:
        shoppers = [
            _shopper(url, keys, f"c-{number % coupons}", f"o-{number}", closing)
            for number in range(4)
        ]
        begin(*shoppers)
        heard = [shopper.communicate()[0].strip() for shopper in shoppers]

    assert sorted(heard) == ["CouponRejected"] * 3 + ["CouponReserved"]
    with connect(url, keys=keys, create=False) as crm:
        assert sum(isinstance(one.event, CouponReserved) for one in crm.events()) == 1


def _shopper(
    url: str, keys: str, coupon: str, order: str, closing: ExitStack
) -> subprocess.Popen[str]:
    running = closing.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.last_coupon", url, keys, coupon, order],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )
    closing.callback(running.kill)
    return running
