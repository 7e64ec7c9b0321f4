import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars import connect
from regulars.adapters.program_file import UnusableProgram, read_program
from regulars.domain.earning_rules import (
    Base,
    Goods,
    Group,
    Mode,
    Multiplier,
    Nth,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.ledger_policies import (
    Arithmetic,
    Capture,
    Restore,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import MarkDelivered
from regulars.domain.program import (
    Command,
    DefineProgram,
    EarningRulesPublished,
    ProgramPoliciesSet,
    PublishEarningRules,
    SetProgramPolicies,
)
from regulars.domain.program_policies import USUAL, ProgramPolicies
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reward_catalogue import PricedReward, PublishRewards, RewardKind
from regulars.domain.validity import (
    Activation,
    ActivationPolicy,
    Counted,
    ExpiryPolicy,
    Period,
)
from regulars.domain.values import (
    BEGINNING,
    ItemId,
    MerchantId,
    Money,
    OfferId,
    OrderId,
    ProgramId,
    RewardId,
)
from regulars.testing.order_machine import ANNA, SetClock
from tests.architecture.repository import ROOT
from tests.domain.examples import giving

CLUB = ProgramId("club")
MUG = "rewards = [{ id = 'mug', kind = 'gift', points = 200 }]"
FIVE = "levels = [{ tier = 'a', least = 5 }]"


def rule(told: str) -> str:
    """A file with one rule in a group."""
    return f"[[earning]]\n[[earning.groups]]\n[[earning.groups.rules]]\n{told}"


def policy(told: str) -> str:
    """A file with policies."""
    return f"[[earning]]\npoints = 1\n[[policies]]\n{told}"


def catalogue(told: str) -> str:
    """A file with a catalogue."""
    return f"[[earning]]\npoints = 1\n[[catalogue]]\n{told}"


def care(told: str) -> str:
    """A file with a plan of care."""
    return f"[[earning]]\npoints = 1\n[[care]]\n{told}"


def ladder(told: str) -> str:
    """A file with a ladder."""
    return f"[[earning]]\npoints = 1\n[[ladder]]\n{told}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "program.toml"


def commands(path: Path, content: str) -> tuple[Command, ...]:
    path.write_text(content, encoding="utf-8")
    return read_program(path, program_id=CLUB)


def test_a_programme_is_its_name_and_its_rules_in_order(path: Path) -> None:
    told = commands(
        path,
        """
        name = "Noodle Club 面"

        [[earning]]
        points = 1

        [[earning]]
        points = 3
        per = "0.50"
        currency = "USD"
        effective_from = 2024-01-01T08:00:00+08:00
        """,
    )

    start = datetime(2024, 1, 1, tzinfo=UTC)
    assert told == (
        DefineProgram(program=CLUB, at=BEGINNING, name="Noodle Club 面"),
        PublishEarningRules(program=CLUB, at=BEGINNING, rules=giving(1)),
        PublishEarningRules(
            program=CLUB,
            at=start,
            rules=giving(3, per="0.5"),
            currency="USD",
            effective_from=start,
        ),
    )


PLANNED = """
[[earning]]
points = 1

[[earning]]
points = 3
effective_from = 2027-06-01T00:00:00+08:00

[[policies]]
effective_from = 2027-06-01T00:00:00+08:00
notice_days = 10
"""


def test_what_is_to_begin_later_is_told_at_once(path: Path) -> None:
    path.write_text(PLANNED, encoding="utf-8")
    start, before = datetime(2027, 5, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)

    told = read_program(path, program_id=CLUB, now=before)
    later = read_program(path, program_id=CLUB, now=start + timedelta(days=1))

    begins = [getattr(one, "effective_from", None) for one in told]
    assert begins == [None, None, start, start]
    assert [one.at for one in told] == [BEGINNING, BEGINNING, before, before]
    assert [one.at for one in later] == [BEGINNING, BEGINNING, start, start]


def test_a_core_takes_a_plan_and_goes_by_it_when_it_begins(path: Path, tmp_path: Path) -> None:
    path.write_text(PLANNED, encoding="utf-8")
    clock = SetClock(datetime(2026, 11, 30, tzinfo=UTC))

    points, published = list[list[int]](), list[int]()
    for at in (clock.at, datetime(2027, 6, 1, tzinfo=UTC)):
        clock.at = at
        with connect(f"sqlite:///{tmp_path / 'club.db'}", program=path, clock=clock) as crm:
            place = PlaceOrder(
                order=OrderId(f"{at:%Y}"), at=at, currency="CNY", total=10_00, customer=ANNA
            )
            crm.execute(place, by="till")
            crm.execute(MarkDelivered(order=place.order, at=at), by="till")
            earned = [one.event for one in crm.events(types={PointsEarned})]
            points.append([one.points for one in earned if isinstance(one, PointsEarned)])
            rules = crm.events(types={EarningRulesPublished, ProgramPoliciesSet})
            published.append(sum(1 for _ in rules))

    assert points == [[10], [10, 30]]
    assert published == [3, 3]


def test_a_programme_without_a_name_is_called_after_the_product(path: Path) -> None:
    defined = commands(path, "[[earning]]\npoints = 0")[0]

    assert defined == DefineProgram(program=CLUB, at=BEGINNING, name="Regulars")


@pytest.mark.parametrize(
    ("per", "numerator", "denominator"),
    [
        ('"10"', 10, 1),
        ('"10.00"', 10, 1),
        ('"0.1"', 1, 10),
        ('"33.333333"', 33_333_333, 1_000_000),
        ('"999999999999"', 999_999_999_999, 1),
    ],
)
def test_an_amount_is_exact(path: Path, per: str, numerator: int, denominator: int) -> None:
    published = commands(path, f"[[earning]]\npoints = 1\nper = {per}")[1]

    assert isinstance(published, PublishEarningRules)
    rate = published.rules.groups[0].rules[0].rate
    assert rate == Rate(points=1, per_numerator=numerator, per_denominator=denominator)


@given(
    points=st.integers(0, 10_000),
    start=st.datetimes(
        datetime(1980, 1, 1),  # noqa: DTZ001 - `timezones` makes it aware
        datetime(2100, 1, 1),  # noqa: DTZ001 - as above
        timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
    ),
)
def test_any_rule_that_can_be_written_is_read_as_it_was_meant(
    tmp_path_factory: pytest.TempPathFactory, points: int, start: datetime
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"

    told = commands(path, f"[[earning]]\npoints = {points}\neffective_from = {start.isoformat()}")

    assert told[1] == PublishEarningRules(
        program=CLUB, at=start, rules=giving(points), effective_from=start
    )


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("", "earning"),
        ("earning = []", "earning"),
        ("[[earning]]\npoints = 10_001", "earning[0].points must be from 0 to 10000"),
        ('[[earning]]\npoints = 5_001\nper = "0.5"', "earning[0].points must be"),
        ("earning = [1]", "earning[0]"),
        ('earning = "1 per USD"', "earning"),
        ("[earning]\npoints = 1", "earning"),
        ("nmae = 'Club'\n[[earning]]\npoints = 1", "nmae"),
        ("name = 7\n[[earning]]\npoints = 1", "name"),
        ("name = ' '\n[[earning]]\npoints = 1", "name"),
        ("[[earning]]", "points"),
        ("[[earning]]\npoints = 1\n[[earning]]\npoints = -1", "earning[1].points"),
        ("[[earning]]\npoints = 1.5", "earning[0].points"),
        ("[[earning]]\npoints = true", "earning[0].points"),
        ("[[earning]]\npoints = 1000001", "earning[0].points"),
        ("[[earning]]\npoint = 1", "point"),
        ("[[earning]]\npoints = 1\nper = 10", "earning[0].per"),
        ("[[earning]]\npoints = 1\nper = 0.5", "earning[0].per"),
        ("[[earning]]\npoints = 1\nper = '-1'", "earning[0].per"),
        ("[[earning]]\npoints = 1\nper = '1e3'", "earning[0].per"),
        ("[[earning]]\npoints = 1\nper = '0.00'", "earning[0].per"),
        ("[[earning]]\npoints = 1\nper = '1/3'", "earning[0].per"),
        ("[[earning]]\npoints = 1\nper = '\u0661'", "earning[0].per"),
        ("[[earning]]\npoints = 1\ncurrency = 'dollars'", "earning[0].currency"),
        ("[[earning]]\npoints = 1\ncurrency = 7", "earning[0].currency"),
        ("[[earning]]\npoints = 1\neffective_from = 2024-01-01", "effective_from"),
        ("[[earning]]\npoints = 1\neffective_from = 2024-01-01T00:00:00", "effective_from"),
        ("[[earning]]\npoints = 1\neffective_from = 'today'", "effective_from"),
        ("[[earning]]\npoints = 1\n[[earning]]\npoints = 2", "earning[1] begins when another"),
        ("[[earning]]\npoints = 1\n[[earning.multipliers]]\nid = 'a'\ntimes = '2000'", "times"),
        (rule("bonus = 1\nid = ' '"), "rules[0].id"),
        (rule("id = 'a'"), "rules[0] gives nothing"),
        (rule("id = 'a'\nbonus = 1\ndays = 7"), "rules[0].days"),
        (rule("id = 'a'\nbonus = 1\nat_least = '5.00'"), "rules[0].at_least needs a currency"),
        (rule("id = 'a'\nbonus = 1\ncurrency = 'JPY'\nat_least = '5.5'"), "finer than JPY"),
        (rule("id = 'a'\nbonus = 1\ncurrency = 'yen'\nat_least = '5'"), "rules[0].at_least"),
        (
            rule("id = 'a'\nbonus = 1\ntiers = ['glod']") + f"\n[[ladder]]\n{FIVE}",
            "earning[0].groups[0].rules[0].tiers has 'glod', which is on no ladder",
        ),
        (rule("id = 'a'\nbonus = 1\non = 'visit'\ncurrency = 'CNY'"), "currency is asked of what"),
        (policy("expiry = { period = 'moon' }"), "policies[0].expiry.period must be one of"),
        (policy("expiry = { days = 1, months = 1 }"), "policies[0].expiry is told twice"),
        (policy("activation = { when = 'manual', days = 2 }"), "policies[0].activation.days"),
        (policy("activation = { when = 'later' }"), "policies[0].activation.when"),
        (policy("spend_order = 'fefo'\n[[policies]]"), "policies[1] begins when another does"),
        (ladder("levels = []"), "ladder[0].levels"),
        (ladder("levels = [{ tier = 'a', least = '5' }]"), "ladder[0].levels[0].least must be a"),
        (
            ladder(f"basis = 'spend'\n{FIVE}"),
            "levels[0].least must be",
        ),
        (ladder("basis = 'spend'\nlevels = [{ tier = 'a', least = '5' }]"), "needs a currency"),
        (catalogue(f"{MUG}\n[[catalogue]]\n{MUG}"), "catalogue[1] begins when another does"),
        (catalogue(MUG.replace("200", "0")), "catalogue[0].rewards[0].points must be from 1"),
        (
            catalogue(MUG.replace("}", ", value = '1.00' }")),
            "catalogue[0].rewards[0] needs both a value and a currency, or neither",
        ),
        (ladder(f"days = 3\n{FIVE}"), "ladder[0].days must be"),
        (ladder(f"{FIVE}\n[[ladder]]\n{FIVE}"), "ladder[1] begins when another does"),
        (care("quiet_from = 25"), "care[0].quiet_from must be an hour"),
        (care("holidays = ['a', 'not one']"), "care[0].holidays[1] is no name of a holiday"),
        (care("\n[[care]]"), "care[1] begins when another does"),
        ("[[earning]\npoints = 1", "line 1"),
        ("a = 1\na = 2\nb = 3", "line 2"),
    ],
)
def test_a_file_that_says_no_programme_is_refused_by_the_place_in_it(
    path: Path, content: str, place: str
) -> None:
    with pytest.raises(UnusableProgram) as refused:
        commands(path, content)

    assert refused.value.file == str(path)
    assert place in refused.value.why
    assert str(refused.value).startswith(str(path))


def test_a_file_that_cannot_be_read_is_named(path: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableProgram, match="cannot be read"):
        read_program(path, program_id=CLUB)
    with pytest.raises(UnusableProgram, match="cannot be read"):
        read_program(tmp_path, program_id=CLUB)


def test_a_file_in_another_encoding_is_named(path: Path) -> None:
    path.write_bytes('name = "Café"'.encode("latin-1"))

    with pytest.raises(UnusableProgram, match="is not UTF-8"):
        read_program(path, program_id=CLUB)


def test_an_error_names_the_line(path: Path) -> None:
    with pytest.raises(UnusableProgram) as refused:
        commands(path, "name = 'Club'\n\n[[earning]]\npoints = 1\nper = '1/3'\n")

    assert refused.value.line == 5
    assert str(refused.value).startswith(f"{path}, line 5: earning[0].per ")


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (
            "[[earning]]\npoints = 1\n[[earning]]\npoints = 2",
            3,
            "earning[1] begins when another does, for the same currency: earning[0], line 1",
        ),
        (
            ladder(f"{FIVE}\n[[ladder]]\n{FIVE}"),
            5,
            "ladder[1] begins when another does: ladder[0], line 3",
        ),
        (
            (
                "[[earning]]\n[[earning.groups]]\nmode = 'first'\n"
                "[[earning.groups.rules]]\nid = 'all'\npoints = 1\n"
                "[[earning.groups.rules]]\nid = 'gold'\npoints = 2\ntiers = ['gold']"
            ),
            7,
            (
                "earning[0].groups[0].rules[1] never counts, because another "
                "always does before it: earning[0].groups[0].rules[0], line 4"
            ),
        ),
    ],
    ids=["two sets", "two ladders", "after the first"],
)
def test_what_does_not_go_together_is_told_with_both_lines(
    path: Path, content: str, line: int, said: str
) -> None:
    with pytest.raises(UnusableProgram) as refused:
        commands(path, content)

    assert (refused.value.line, refused.value.why) == (line, said)


def test_every_part_of_a_rule_can_be_written(path: Path) -> None:
    told = commands(
        path,
        """
        [[earning]]
        currency = "JPY"
        base = "gross"
        delivery = true
        most = 900

        [[earning.groups]]
        mode = "first"
        most = 500

        [[earning.groups.rules]]
        id = "third"
        points = 3
        per = "0.5"
        bonus = 30
        each = true
        stop = true
        on = "order"
        merchants = ["noodles"]
        channels = ["delivery"]
        tiers = ["gold"]
        at_least = "2000"
        nth = 3
        days = 7
        since = 2024-01-01T08:00:00+08:00
        until = 2025-01-01T00:00:00Z
        items = ["soup"]
        categories = ["hot"]
        except_items = ["bag"]
        except_categories = ["gifts"]
        delivery = false

        [[earning.multipliers]]
        id = "gold"
        times = "1.2"
        tiers = ["gold"]
        """,
    )

    (_, published) = told
    assert isinstance(published, PublishEarningRules)
    assert published.rules == RuleSet(
        groups=(
            Group(
                rules=(
                    Rule(
                        rule=RuleId("third"),
                        rate=Rate(points=3, per_numerator=1, per_denominator=2),
                        bonus=30,
                        each=True,
                        stop=True,
                        goods=Goods(
                            items=(ItemId("soup"),),
                            categories=("hot",),
                            except_items=(ItemId("bag"),),
                            except_categories=("gifts",),
                            delivery=False,
                        ),
                        when=When(
                            merchants=(MerchantId("noodles"),),
                            channels=("delivery",),
                            tiers=("gold",),
                            at_least=2000,
                            nth=Nth(n=3, days=7),
                            since=datetime(2024, 1, 1, tzinfo=UTC),
                            until=datetime(2025, 1, 1, tzinfo=UTC),
                        ),
                    ),
                ),
                mode=Mode.FIRST,
                most=500,
            ),
        ),
        multipliers=(
            Multiplier(rule=RuleId("gold"), numerator=6, denominator=5, when=When(tiers=("gold",))),
        ),
        base=Base.GROSS,
        delivery=True,
        most=900,
    )


def test_every_policy_can_be_written(path: Path) -> None:
    told = commands(
        path,
        policy(
            """
            effective_from = 2024-01-01T08:00:00+08:00
            spend_order = "fifo"
            capture = "acceptance"
            notice_days = 10
            activation = { when = "delay", days = 14 }

            [policies.expiry]
            month = 2
            day = 29
            period = "half_year"
            inactivity = 180
            counted = "award"
            zone = "Europe/Berlin"

            [policies.returns]
            reversal = "only_pending"
            arithmetic = "none"
            restore = "full_only"
            reinstate_days = 30

            [[policies]]
            """
        ),
    )

    start = datetime(2024, 1, 1, tzinfo=UTC)
    assert told[2:] == (
        SetProgramPolicies(
            program=CLUB,
            at=start,
            policies=ProgramPolicies(
                activation=ActivationPolicy(activation=Activation.DELAY, days=14),
                expiry=ExpiryPolicy(
                    month=2,
                    day=29,
                    period=Period.HALF_YEAR,
                    inactivity=180,
                    counted=Counted.AWARD,
                    zone="Europe/Berlin",
                ),
                returns=ReturnPolicy(
                    reversal=Reversal.ONLY_PENDING,
                    arithmetic=Arithmetic.NONE,
                    restore=Restore.FULL_ONLY,
                    reinstate_days=30,
                ),
                spend_order=SpendOrder.FIFO,
                capture=Capture.ACCEPTANCE,
                notice_days=10,
            ),
            effective_from=start,
        ),
        SetProgramPolicies(program=CLUB, at=BEGINNING, policies=USUAL),
    )


def test_every_reward_can_be_written(path: Path) -> None:
    told = commands(
        path,
        catalogue(
            """
            effective_from = 2024-01-01T08:00:00+08:00
            rewards = [
                { id = "tea", kind = "dish", points = 30, offer = "free-tea" },
                { id = "cash", kind = "cash", points = 1, value = "0.05", currency = "CNY" },
            ]

            [[catalogue]]
            rewards = [{ id = "mug", kind = "gift", points = 200 }]
            """
        ),
    )

    start = datetime(2024, 1, 1, tzinfo=UTC)
    five = Money(minor=5, currency="CNY")
    tea, cash, mug = RewardId("tea"), RewardId("cash"), RewardId("mug")
    dish, offer = RewardKind.DISH, OfferId("free-tea")
    assert told[2:] == (
        PublishRewards(
            program=CLUB,
            at=start,
            rewards=(
                PricedReward(reward=tea, kind=dish, points=30, offer=offer),
                PricedReward(reward=cash, kind=RewardKind.CASH, points=1, value=five),
            ),
            effective_from=start,
        ),
        PublishRewards(
            program=CLUB,
            at=BEGINNING,
            rewards=(PricedReward(reward=mug, kind=RewardKind.GIFT, points=200),),
        ),
    )


def test_the_programmes_of_the_guide_are_programmes(path: Path) -> None:
    guide = (ROOT / "docs/programme.md").read_text(encoding="utf-8")
    written = re.findall(r"^```toml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)

    assert [len(commands(path, one)) for one in written] == [2, 2, 3, 3, 3, 3, 4]
