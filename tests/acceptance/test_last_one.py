"""The last coupon of an offer, and of a budget, wanted by processes at one moment."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from regulars import connect
from regulars.application.events import Command
from regulars.domain.budget import Budget, Cut
from regulars.domain.campaign import DraftCampaign, LaunchCampaign
from regulars.domain.campaign_plan import Plan
from regulars.domain.coupon import IssueCoupon
from regulars.domain.holdout import Variant
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Kind, Terms
from regulars.domain.values import CouponId
from tests.acceptance.cashiers import Till, begin, running
from tests.acceptance.wanting import AT, CAMPAIGN, OFFER, PROGRAM
from tests.postgres_server import new_database

TERMS = Terms(kind=Kind.FIXED, currency="CNY", value=10_00)
PLAN = Plan(variants=(Variant(name="mail"),), budget=Budget(total=50, cut=Cut.ALL_OR_NOTHING))
pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path: Path) -> Till:
    sqlite = f"sqlite:///{tmp_path / 'shop.db'}"
    url = sqlite if request.param == "sqlite" else new_database()
    return Till(url, tmp_path / "shop.keys")


@pytest.mark.parametrize("coupons", [1, 4], ids=["one coupon", "one of four"])
def test_wc10_of_four_processes_one_gets_the_last_coupon(till: Till, coupons: int) -> None:
    define = DefineOffer(program=PROGRAM, offer=OFFER, at=AT, terms=TERMS, limits=Limits(total=1))
    issue = [
        IssueCoupon(program=PROGRAM, offer=OFFER, coupon=CouponId(f"c-{number}"), at=AT)
        for number in range(coupons)
    ]

    heard = wanted(till, [define, *issue], [f"c-{number % coupons}" for number in range(4)])

    assert heard == ["CouponRejected"] * 3 + ["CouponReserved"]


def test_wc10_of_four_processes_one_places_its_order_with_the_last_coupon(till: Till) -> None:
    define = DefineOffer(program=PROGRAM, offer=OFFER, at=AT, terms=TERMS, limits=Limits(total=1))
    issue = [
        IssueCoupon(program=PROGRAM, offer=OFFER, coupon=CouponId(f"c-{number}"), at=AT)
        for number in range(4)
    ]

    heard = wanted(till, [define, *issue], [f"place c-{number}" for number in range(4)])

    assert heard == ["OrderPlaced"] + ["campaign_limit"] * 3


def test_wc11_of_four_processes_one_is_granted_the_last_of_a_budget(till: Till) -> None:
    draft = DraftCampaign(program=PROGRAM, campaign=CAMPAIGN, at=AT, plan=PLAN)
    launch = LaunchCampaign(program=PROGRAM, campaign=CAMPAIGN, at=AT)

    heard = wanted(till, [draft, launch], ["budget"] * 4)

    assert heard == ["0", "0", "0", "50"]


def wanted(till: Till, before: list[Command], wishes: list[str]) -> list[str]:
    """What processes hear, each with one wish, that begin at one moment."""
    with connect(till.url, keys=till.keys) as crm:
        for command in before:
            crm.execute(command, by="shop")
    with ExitStack() as closing:
        all_of_them = [
            running("wanting", till, wish, f"n-{number}", closing=closing)
            for number, wish in enumerate(wishes)
        ]
        begin(*all_of_them)
        return sorted(one.answer().strip() for one in all_of_them)
