"""
A year of real campaigns: whom they were sent to and which coupons were redeemed, to the cent.

The figures to compare with are counted by pandas straight from the parquet files.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from regulars import Receipt, connect
from regulars.domain.budget import BudgetConsumed
from regulars.domain.campaign import CustomerAssigned
from regulars.domain.coupon import CouponIssued, CouponRedeemed
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer_terms import Reason, rejection
from regulars.domain.purchase import OrderPlaced
from tests.adapters.complete_journey_coupons import SHOPS, Campaigns, read_campaigns


def on_the_day(data: Path) -> Any:  # noqa: ANN401 - pandas has no types
    """Redemptions beside the lines of the same household and day that their coupons are for."""
    pandas: Any = pytest.importorskip("pandas")
    redeemed = pandas.read_parquet(data / "coupon_redemptions.parquet").reset_index()
    lines = pandas.read_parquet(data / "transactions.parquet").reset_index(names="line")
    at = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(SHOPS)
    lines["redemption_date"] = at.dt.tz_localize(None).dt.normalize().astype("datetime64[ns]")
    coupons = pandas.read_parquet(data / "coupons.parquet").drop_duplicates()
    return redeemed.merge(coupons, on=["coupon_upc", "campaign_id"]).merge(
        lines, on=["household_id", "redemption_date", "product_id"]
    )


def out_of_scope(campaigns: Campaigns) -> int:
    """How many coupons were redeemed in a basket with nothing that they are for."""
    return sum(
        (why := rejection(campaigns.terms(one.offer), till.as_basket())) is not None
        and why.reason is Reason.OUT_OF_SCOPE
        for till in campaigns.tills
        for one in till.redeemed
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_coupon_of_every_campaign_is_redeemed_as_the_files_say(
    journey: Path, tmp_path: Path
) -> None:
    pandas: Any = pytest.importorskip("pandas")
    redeemed = pandas.read_parquet(journey / "coupon_redemptions.parquet")
    sent = pandas.read_parquet(journey / "campaigns.parquet")
    campaigns = read_campaigns(journey)
    requests = [*campaigns.requests()]

    with connect(f"sqlite:///{tmp_path}/shop.db", views="deferred", synchronous="NORMAL") as crm:
        outcomes = crm.execute_all(requests)
        again = crm.execute_all(requests)
        events = [one.event for one in crm.events()]
        crm.catch_up()
        verdict = crm.verify()

    # Nobody was granted anything by a campaign that was not sent to them, or did not run.
    assert all(isinstance(one, Receipt) and not one.repeated for one in outcomes)
    assert all(isinstance(one, Receipt) and one.repeated for one in again)
    assert verdict.sound
    assigned = [one for one in events if isinstance(one, CustomerAssigned)]
    assert Counter((one.campaign, one.customer) for one in assigned) == Counter(
        zip(sent["campaign_id"].astype(str), sent["household_id"].astype(str), strict=True)
    )
    assert len(assigned) == 6_589

    # Every coupon that was redeemed, by campaign, coupon and household.
    used = [one for one in events if isinstance(one, CouponRedeemed)]
    offers = redeemed["campaign_id"].astype(str) + "/" + redeemed["coupon_upc"].astype(str)
    assert Counter((one.offer, one.customer) for one in used) == Counter(
        zip(offers, redeemed["household_id"].astype(str), strict=True)
    )
    assert len(used) == sum(isinstance(one, CouponIssued) for one in events) == 2_102
    granted = Counter(one.campaign for one in events if isinstance(one, BudgetConsumed))
    assert granted == redeemed["campaign_id"].astype(str).value_counts().to_dict()

    # What they took off is what the till says of the products that they are for.
    matched = on_the_day(journey)
    there = {(one.offer, one.order) for one in used}
    taken = {
        row.line: round(row.coupon_disc * 100)
        for row in matched.itertuples()
        if (f"{row.campaign_id}/{row.coupon_upc}", str(row.basket_id)) in there
    }
    assert sum(one.amount for one in used) == sum(taken.values()) > 1_000_00
    assert sum(one.amount > 0 for one in used) > 1_000
    assert out_of_scope(campaigns) == len(redeemed) - matched["index"].nunique() == 263

    # And the orders earned by what was paid after all discounts.
    orders = [one for one in events if isinstance(one, OrderPlaced)]
    earned = sum(one.points for one in events if isinstance(one, PointsEarned))
    assert earned == sum(one.total // 100 for one in orders)
    lines = pandas.read_parquet(journey / "transactions.parquet")
    lines = lines[lines["basket_id"].isin([int(one.order) for one in orders])]
    paid = (lines.groupby("basket_id")["sales_value"].sum() * 100).round().astype("int64")
    assert {one.order: one.total for one in orders} == {
        str(basket): cents for basket, cents in paid.items()
    }
