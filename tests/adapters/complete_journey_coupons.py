"""
The campaigns of The Complete Journey and their coupons, as requests to the core.

A campaign is for the households that it was sent to. A coupon of it is an offer for its products,
which is issued to a household as it is redeemed. The data do not say in which basket that was: it
is one of the same day on the clocks of the shops, with a product that it took something off, or
was bought at least. What the till took off besides has no coupon.

They happened, by terms that the data do not tell, so nothing is decided: each redemption is told as
it was, beside an order whose discounts name no coupon.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from attrs import Factory, define, frozen

from regulars import (
    AssignCustomer,
    DefineOffer,
    DraftCampaign,
    GrantBenefit,
    IssueCoupon,
    LaunchCampaign,
    MarkDelivered,
    PlaceOrder,
    Request,
)
from regulars.application.events import Command
from regulars.domain.audience import Audience
from regulars.domain.campaign_plan import Plan
from regulars.domain.coupon import RedeemCoupon
from regulars.domain.discounts import Discount, Share
from regulars.domain.holdout import Variant
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Basket, Kind, Scope, Terms
from regulars.domain.purchase import Line
from regulars.domain.values import (
    CampaignId,
    CouponId,
    CustomerId,
    GrantId,
    ItemId,
    OfferId,
    OrderId,
    ProgramId,
)

PROGRAM: Final = ProgramId("default")
CURRENCY: Final = "USD"
SHOPS: Final = ZoneInfo("America/New_York")
_LARGEST: Final = 1_000_00
"""No coupon of the data took off more; what it says about amounts they do not tell."""


@frozen(kw_only=True)
class Bought:
    """A line of a basket, in cents: what was paid, and what coupons and the shop took off."""

    product: str
    paid: int
    coupons: int
    shop: int


@frozen(kw_only=True)
class Redemption:
    """A coupon that a household redeemed on a day."""

    campaign: str
    coupon: str
    household: str
    day: date

    @property
    def offer(self) -> OfferId:
        return OfferId(f"{self.campaign}/{self.coupon}")


@define
class Till:
    """A basket with the coupons that were redeemed in it."""

    basket: str
    household: str
    at: datetime
    lines: list[Bought] = Factory(list[Bought])
    redeemed: list[Redemption] = Factory(list[Redemption])

    def as_basket(self) -> Basket:
        """The basket before any discount."""
        return Basket(currency=CURRENCY, lines=self._lines())

    def request(self, products: dict[OfferId, set[str]]) -> Request:
        """The order with its coupons, each granted by its campaign right before."""
        customer, order = CustomerId(self.household), OrderId(self.basket)
        commands: list[Command] = []
        discounts: list[Discount] = []
        left = {number: line.coupons for number, line in enumerate(self.lines, 1) if line.coupons}
        for one in self.redeemed:
            grant = GrantId(f"{one.coupon}/{one.household}/{one.day}")
            coupon = CouponId(f"{one.campaign}/{grant}")
            campaign = CampaignId(one.campaign)
            commands += [
                GrantBenefit(
                    program=PROGRAM,
                    campaign=campaign,
                    at=self.at,
                    grant=grant,
                    customer=customer,
                    amount=1,
                ),
                IssueCoupon(
                    program=PROGRAM, offer=one.offer, coupon=coupon, at=self.at, customer=customer
                ),
            ]
            theirs = [at for at in left if self.lines[at - 1].product in products[one.offer]]
            discount = _discount(f"coupon {one.offer}", {at: left.pop(at) for at in theirs})
            discounts.append(discount)
            redeem = RedeemCoupon(
                program=PROGRAM,
                offer=one.offer,
                coupon=coupon,
                at=self.at,
                order=order,
                amount=discount.amount,
                customer=customer,
            )
            commands.append(redeem)
        shop = {number: line.shop for number, line in enumerate(self.lines, 1) if line.shop}
        discounts += [_discount("till", left), _discount("shop", shop)]
        place = PlaceOrder(
            order=order,
            at=self.at,
            currency=CURRENCY,
            customer=customer,
            total=sum(line.paid for line in self.lines),
            discount=sum(one.amount for one in discounts),
            lines=self._lines(),
            discounts=tuple(discounts),
        )
        commands += [place, MarkDelivered(order=order, at=self.at)]
        return Request(id=f"basket/{self.basket}", commands=tuple(commands), by="import")

    def _lines(self) -> tuple[Line, ...]:
        return tuple(
            Line(
                line=number,
                item=ItemId(line.product),
                quantity=1,
                unit_price=line.paid + line.coupons + line.shop,
            )
            for number, line in enumerate(self.lines, 1)
        )


def _discount(source: str, amounts: dict[int, int]) -> Discount:
    shares = tuple(Share(line=line, amount=amount) for line, amount in amounts.items())
    return Discount(source=source, amount=sum(amounts.values()), shares=shares)


@frozen(kw_only=True)
class Campaigns:
    """All campaigns of the data, their coupons and the baskets in which these were redeemed."""

    windows: dict[str, tuple[datetime, datetime]]
    households: dict[str, tuple[CustomerId, ...]]
    products: dict[OfferId, set[str]]
    tills: tuple[Till, ...]

    def terms(self, offer: OfferId) -> Terms:
        """What an offer says: it is for its products."""
        items = tuple(ItemId(one) for one in sorted(self.products[offer]))
        scope = Scope(items=items)
        return Terms(kind=Kind.FIXED, currency=CURRENCY, value=_LARGEST, scope=scope)

    def requests(self) -> Iterator[Request]:
        """Every campaign from its first day on, then the baskets as they came."""
        for name, (start, end) in self.windows.items():
            campaign = CampaignId(name)
            plan = Plan(
                variants=(Variant(name="mailed"),),
                starts_at=start,
                ends_at=end,
                audience=Audience(customers=self.households[name]),
            )
            draft = DraftCampaign(program=PROGRAM, campaign=campaign, at=start, plan=plan)
            launch = LaunchCampaign(program=PROGRAM, campaign=campaign, at=start)
            assigned = (
                AssignCustomer(program=PROGRAM, campaign=campaign, at=start, customer=one)
                for one in self.households[name]
            )
            yield Request(id=f"campaign/{name}", commands=(draft, launch, *assigned), by="import")
        for offer in {one.offer: one for till in self.tills for one in till.redeemed}:
            start, end = self.windows[offer.partition("/")[0]]
            limits = Limits(since=start, until=end)
            define = DefineOffer(
                program=PROGRAM, offer=offer, at=start, terms=self.terms(offer), limits=limits
            )
            yield Request(id=f"offer/{offer}", commands=(define,), by="import")
        for till in self.tills:
            yield till.request(self.products)


def read_campaigns(data: Path) -> Campaigns:
    """The campaigns of the data in a folder of parquet files."""
    pandas: Any = pytest.importorskip("pandas")
    windows = {
        str(row.campaign_id): (_midnight(row.start_date), _midnight(row.end_date, days=1))
        for row in pandas.read_parquet(data / "campaign_descriptions.parquet").itertuples()
    }
    households: dict[str, list[CustomerId]] = defaultdict(list)
    for row in pandas.read_parquet(data / "campaigns.parquet").itertuples():
        households[str(row.campaign_id)].append(CustomerId(str(row.household_id)))
    products: dict[OfferId, set[str]] = defaultdict(set)
    for row in pandas.read_parquet(data / "coupons.parquet").itertuples():
        products[OfferId(f"{row.campaign_id}/{row.coupon_upc}")].add(str(row.product_id))
    redemptions = [
        Redemption(
            campaign=str(row.campaign_id),
            coupon=str(row.coupon_upc),
            household=str(row.household_id),
            day=row.redemption_date.date(),
        )
        for row in pandas.read_parquet(data / "coupon_redemptions.parquet").itertuples()
    ]
    tills = _tills(pandas.read_parquet(data / "transactions.parquet"), redemptions)
    for one in redemptions:
        _where(tills[one.household, one.day], products[one.offer]).redeemed.append(one)
    used = [till for day in tills.values() for till in day if till.redeemed]
    return Campaigns(
        windows=windows,
        households={name: tuple(theirs) for name, theirs in households.items()},
        products=products,
        tills=tuple(sorted(used, key=lambda till: (till.at, till.basket))),
    )


def _midnight(day: Any, *, days: int = 0) -> datetime:  # noqa: ANN401 - pandas has no types
    on: date = day.date() + timedelta(days=days)
    return datetime(on.year, on.month, on.day, tzinfo=SHOPS)


def _tills(lines: Any, redemptions: list[Redemption]) -> dict[tuple[str, date], list[Till]]:  # noqa: ANN401 - pandas has no types
    """The baskets of households on days on which they redeemed something."""
    wanted = {(one.household, one.day) for one in redemptions}
    at = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(SHOPS)
    cents = {
        name: (lines[name] * 100).round().astype("int64")
        for name in ("sales_value", "coupon_disc", "retail_disc", "coupon_match_disc")
    }
    rows = lines.assign(at=at, **cents)
    rows = rows[rows["household_id"].isin({int(household) for household, _ in wanted})]
    tills: dict[str, Till] = {}
    for row in rows.itertuples():
        household, moment = str(row.household_id), row.at.to_pydatetime()
        if (household, moment.date()) in wanted:
            name = str(row.basket_id)
            till = tills.setdefault(name, Till(name, household, moment))
            till.lines.append(
                Bought(
                    product=str(row.product_id),
                    paid=int(row.sales_value),
                    coupons=int(row.coupon_disc),
                    shop=int(row.retail_disc + row.coupon_match_disc),
                )
            )
    found: dict[tuple[str, date], list[Till]] = defaultdict(list)
    for till in tills.values():
        found[till.household, till.at.date()].append(till)
    return found


def _where(tills: list[Till], products: set[str]) -> Till:
    """The basket in which a coupon was redeemed, as well as one can tell."""

    def likely(till: Till) -> int:
        meant = [line for line in till.lines if line.product in products]
        return 2 if any(line.coupons for line in meant) else int(bool(meant))

    return max(tills, key=likely)
