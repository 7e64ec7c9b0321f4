"""`regulars explain`, `why-not` and `simulate` over a shop with two coupons and a few orders."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from regulars import connect
from regulars.domain.coupon import IssueCoupon
from regulars.domain.earning_rules import (
    Group,
    Multiplier,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.offer import DefineOffer
from regulars.domain.offer_terms import Kind, Terms
from regulars.domain.order import CancelOrder, MarkDelivered
from regulars.domain.program import PublishEarningRules, PublishTierLadder, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.purchase import PlaceOrder
from regulars.domain.redemption import RedeemPoints
from regulars.domain.refund import IssueRefund
from regulars.domain.reward import Reward
from regulars.domain.tier_ladder import Level, TierLadder
from regulars.domain.validity import Activation, ActivationPolicy, ExpiryPolicy
from regulars.domain.values import BEGINNING, CouponId, OfferId, OrderId, RedemptionId, RefundId
from tests.adapters.cli_shop import Shop
from tests.domain.carts import basket
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA
from tests.domain.story import NOON, minutes

RULES = RuleSet(
    groups=(
        Group(
            rules=(
                Rule(rule=RuleId("basic"), rate=Rate(points=1, per_numerator=10)),
                Rule(
                    rule=RuleId("large"),
                    bonus=50,
                    when=When(at_least=300_00, currency="CNY"),
                ),
            ),
            most=100,
        ),
    ),
    multipliers=(
        Multiplier(rule=RuleId("gold"), numerator=6, denominator=5, when=When(tiers=("gold",))),
    ),
)
LADDER = TierLadder(levels=(Level(tier="gold", least=10),))
SPRING = OfferId("spring")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database in it: Anna's three orders, the second of them refunded in part."""
    folder = tmp_path_factory.mktemp("explained")
    off = Terms(
        kind=Kind.THRESHOLD_OFF, currency="CNY", value=10_00, at_least=50_00, stack_group="one"
    )
    commands: list[Command] = [
        PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=RULES),
        PublishTierLadder(program=PROGRAM, at=BEGINNING, ladder=LADDER),
        DefineOffer(program=PROGRAM, offer=SPRING, at=NOON, terms=off),
        *(
            IssueCoupon(
                program=PROGRAM, offer=SPRING, coupon=CouponId(name), at=NOON, customer=ANNA
            )
            for name in ("c-1", "c-2")
        ),
        *bought("o-1", 105_00, NOON),
        *bought("o-2", 159_00, NOON + DAY),
        *bought("o-3", 49_99, NOON + 2 * DAY),
        RedeemPoints(
            program=PROGRAM,
            customer=ANNA,
            at=NOON + 3 * DAY,
            redemption=RedemptionId("s-1"),
            points=28,
            reward=Reward(kind="item", id="soup"),
        ),
        bought("o-4", 20_00, NOON + 3 * DAY)[0],
        CancelOrder(order=OrderId("o-4"), at=NOON + 3 * DAY + minutes(5)),
        IssueRefund(order=OrderId("o-2"), at=NOON + 4 * DAY, refund=RefundId("r-1"), amount=159_00),
    ]
    with connect(f"sqlite:///{folder / 'regulars.db'}") as crm:
        for command in commands:
            crm.execute(command, by="till")
    return folder


def bought(name: str, minor: int, at: datetime) -> tuple[PlaceOrder, MarkDelivered]:
    place = PlaceOrder(
        order=OrderId(name),
        at=at,
        currency="CNY",
        total=minor,
        customer=ANNA,
        lines=basket(minor).lines,
    )
    return place, MarkDelivered(order=OrderId(name), at=at + minutes(40))


@pytest.fixture
def shop(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "120")
    return Shop(folder)


def test_an_order_is_explained_rule_by_rule(shop: Shop) -> None:
    said = shop.run("explain", "order", "o-2").output

    for line in (
        "19.08 points by rules 2, rounded down to 19; refunds took back 19",
        "basic    159.00 CNY at 1 for each 10 CNY x 1.2 (gold) = 19.08",
        "large    nothing: is for 300.00 CNY or more, and this came to 159.00, 141.00 too little",
        "refund r-1: 19 (1 of lot o-2, 5 of lot o-3, 13 owed), 0 kept for 0.00 CNY",
        "spent           18  spent on item soup  (event",
    ):
        assert line in said


def test_a_cancelled_order_says_so_to_people_and_to_programs(shop: Shop) -> None:
    told = shop.json("explain", "order", "o-4")

    assert (told["stage"], told["cancelled"]) == ("placed", True)
    said = shop.run("explain", "order", "o-4").output
    assert told["why"] in said
    assert "placed, cancelled" in said


def test_an_order_is_explained_to_programs(shop: Shop) -> None:
    found = shop.json("explain", "order", "o-2", "--timezone", "Asia/Shanghai")

    (earned,) = found["earned"]
    (group,) = earned["earning"]["groups"]
    assert (found["placed_at"], found["stage"]) == ("2024-05-18T20:00:00+08:00", "delivered")
    assert (earned["status"], earned["earning"]["exact"], group["most"]) == (
        "reversed",
        "477/25",
        100,
    )
    assert [rule["unmet"] for rule in group["rules"]] == [None, "at_least"]


def test_a_balance_is_explained_lot_by_lot_as_of_any_time(shop: Shop) -> None:
    now = shop.run("explain", "balance", "anna").output
    then = shop.json("explain", "balance", "anna", "--as-of", "2024-05-20T00:00")

    assert "Customer anna: 0 points can be spent" in now
    assert "refund r-1 of o-2 took back more than there was" in now
    assert [one["trace"]["left"] for one in then["lots"]] == [10, 19, 5]
    assert then["available"] == 34


def test_a_lot_is_explained_and_one_that_is_not_there_is_told(shop: Shop) -> None:
    assert (
        "What became of lot o-1 of customer anna: exhausted, 0 left"
        in shop.run("explain", "lot", "anna", "o-1").output
    )
    assert shop.json("explain", "lot", "anna", "o-1")["trace"]["lot"] == "o-1"
    assert "has no lot 'o-9'" in shop.run("explain", "lot", "anna", "o-9", status=3).output
    assert "was never placed" in shop.run("explain", "order", "o-9", status=3).output
    assert "there is no customer" in shop.run("explain", "balance", "zoe", status=3).output


def test_why_not_judges_an_order_as_of_its_own_moment(shop: Shop) -> None:
    said = shop.run("why-not", "spring", "c-1", "--order", "o-3").output

    assert "does not count for order o-3, as of 2024-05-19 12:00" in said
    assert "its goods must come to 50.00 CNY, and they come to 49.99, 0.01 too little" in said
    fits = shop.json("why-not", "spring", "c-1", "--order", "o-1")
    assert fits["discount"]["amount"] == {"amount": "10.00", "currency": "CNY"}
    assert fits["objections"] == []
    assert "was never placed" in shop.run("why-not", "a", "b", "--order", "x", status=3).output
    assert "--file" in shop.run("why-not", "spring", "c-1", status=2).output


ORDER = """{
  "customer_id": "anna", "merchant_id": "m-1", "currency": "CNY", "channel": "pickup",
  "lines": [
    {"sku": "noodles", "quantity": 2, "unit_price": "45.50"},
    {"sku": "tea", "name": "Tea", "category": "drinks", "unit_price": "9.00"}
  ],
  "delivery_fee": "6.00", "tip": "1",
  "coupons": [{"offer": "spring", "coupon": "c-1"}, {"offer": "spring", "coupon": "c-2"}]
}"""


def test_an_order_in_a_file_is_simulated(shop: Shop) -> None:
    shop.keep("order.json", ORDER)
    before = shop.json("log", "status")

    said = shop.run("simulate", "order.json").output
    found = shop.json("simulate", "order.json", "--as-of", "2024-05-20")
    read = shop.run("simulate", "-", given=ORDER.encode()).output

    assert shop.json("log", "status") == before
    for line in (
        "Order draft: 97.00 CNY to pay",
        "Goods           90.00 CNY",
        "Delivery        6.00 CNY",
        "Tip             1.00 CNY",
        "Points may pay  0 at most: no more can be spent",
        "1         2  91.00  9.10       0.00   81.90",
        "Coupon c-1 of spring takes 10.00 CNY off order draft",
        "- it does not go together with spring c-1",
        "It earns 10 points, usable at once",
        "Together   10.8 points by rules 2, rounded down to 10",
        "Before  0 points to spend, 0 not yet, 0 held, 13 owed; tier gold",
        "After   0 points to spend, 0 not yet, 0 held, 3 owed; tier gold",
    ):
        assert line in said
    assert read.splitlines()[0] == said.splitlines()[0]
    assert found["order"]["total"] == {"amount": "90.00", "currency": "CNY"}
    assert found["delivery"] == {"amount": "6.00", "currency": "CNY"}
    assert found["after"]["points"]["available"] == 16
    assert (
        "takes 10.00 CNY off" in shop.run("why-not", "spring", "c-1", "--file", "order.json").output
    )


def test_when_points_can_be_used_is_said_as_the_policies_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path)
    given = b'{"currency": "CNY", "total": "30", "customer_id": "zoe"}'
    delayed = ProgramPolicies(
        activation=ActivationPolicy(activation=Activation.DELAY, days=14),
        expiry=ExpiryPolicy(days=1),
    )
    manual = ProgramPolicies(activation=ActivationPolicy(activation=Activation.MANUAL))
    said: list[str] = []
    for policies in (delayed, manual):
        with connect("sqlite:///regulars.db") as crm:
            crm.execute(
                SetProgramPolicies(program=PROGRAM, at=BEGINNING, policies=policies), by="me"
            )
        said.append(shop.run("simulate", "-", "--as-of", "2024-06-01T12:00", given=given).output)

    assert "usable from 2024-06-15 12:00 on, until 2024-06-16 16:00" in said[0]
    assert "usable once it is completed or somebody says so" in said[1]
    nobodys = shop.run("simulate", "-", given=b'{"currency": "CNY", "total": "30"}').output
    assert "It earns nothing" in nobodys


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "is no order: Expected `object`, got `array`"),
        ("{", "is no order: Input data was truncated"),
        ('{"currency": "CNY", "lime": 1}', "unknown field `lime`"),
        ('{"currency": "yuan", "total": "1"}', "currency is not a currency"),
        ('{"currency": "CNY"}', "total is required without lines"),
        (
            ORDER.replace('"45.50"', "45.5"),
            "Expected `str`, got `float` - at `$.lines[0].unit_price`",
        ),
        (ORDER.replace("45.50", "45.505"), "unit_price of line 1 has more decimal places"),
        (
            ORDER.replace('"quantity": 2', '"quantity": 0'),
            "Expected `int` >= 1 - at `$.lines[0].quantity`",
        ),
        (ORDER.replace('"anna"', '" "'), "customer_id is required"),
    ],
)
def test_a_file_that_says_no_order_is_told_what_is_wrong_where(
    shop: Shop, text: str, why: str
) -> None:
    shop.keep("wrong.json", text)

    refused = shop.run("simulate", "wrong.json", status=3).output

    assert refused.startswith("Error: wrong.json: ")
    assert why in refused


def test_points_pay_in_a_simulated_order_as_far_as_they_go(shop: Shop) -> None:
    shop.keep(
        "paid.json", ORDER.replace('"tip"', '"points": {"points": 9, "amount": "0.90"}, "tip"')
    )

    early = shop.json("simulate", "paid.json", "--as-of", "2024-05-18T00:00")
    late = shop.run("simulate", "paid.json", status=3).output

    assert early["order"]["points_payment"]["amount"] == {"amount": "0.90", "currency": "CNY"}
    assert early["usable"] == {"points": 10, "amount": None, "bound": "balance", "step": 1}
    assert "9 points are wanted, and 0 can be spent" in late
