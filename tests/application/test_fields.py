from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast, get_args

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from regulars.application.access_log import AccessLog
from regulars.application.customer import CustomerProfile
from regulars.application.errors import InvalidId, InvalidText
from regulars.application.events import Command
from regulars.application.fields import check_command, check_id, check_question, said
from regulars.application.postings import PointsLedger
from regulars.application.queries import Query
from regulars.application.questions import Look, Question
from regulars.application.report import SalesReport
from regulars.domain.actor import Actor
from regulars.domain.codes import NoCode
from regulars.domain.consents import (
    GrantConsent,
    WithdrawConsent,
)
from regulars.domain.customer import (
    AddDeliveryAddress,
    RegisterCustomer,
)
from regulars.domain.earning import Evaluation
from regulars.domain.earning_rules import Goods
from regulars.domain.loyalty import AwardPoints
from regulars.domain.merchant import PublishMenuItem, RegisterMerchant
from regulars.domain.occasions import Standing
from regulars.domain.order import AcceptOrder, CancelOrder
from regulars.domain.personal import Address, Contact, Content
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.purchase import Channel, Line
from regulars.domain.refund import IssueRefund
from regulars.domain.rights import ObjectToProcessing, RestrictProcessing
from regulars.domain.values import (
    AddressId,
    CustomerId,
    ItemId,
    LotId,
    MerchantId,
    Money,
    OrderId,
    ProgramId,
    RefundId,
)
from tests.domain.examples import ANNA, NOODLES, ORDER, PLACE, giving
from tests.domain.fillings import PLAIN, SEALED, Filling, built
from tests.domain.story import NOON

Kind = TypeVar("Kind")

PUBLISH = PublishEarningRules(program=ProgramId("club"), at=NOON, rules=giving(1))
LINE = Line(line=1, item=ItemId("soup"), quantity=1)


@pytest.mark.parametrize(
    "bad", ["", " ", "\t", "a\nb", "a\x00", "a\x7f", "\x85", "\ud800", "x" * 201]
)
def test_what_cannot_name_anything_is_no_id(bad: str) -> None:
    with pytest.raises(InvalidId) as refused:
        check_id("order", bad)

    assert refused.value.field == "order"


@pytest.mark.parametrize("good", ["1", "北京/7", "a b", "x" * 200, "'; --", "🥟"])
def test_most_texts_can_name_something(good: str) -> None:
    check_id("order", good)


BAD = ""


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (RegisterCustomer(customer=CustomerId(BAD), at=NOON), "customer"),
        (
            AddDeliveryAddress(
                customer=ANNA, at=NOON, address_id=AddressId(BAD), address=Address(text="a")
            ),
            "address_id",
        ),
        (evolve(PLACE, order=OrderId(BAD)), "order"),
        (evolve(PLACE, merchant=MerchantId(BAD)), "merchant"),
        (evolve(PLACE, customer=CustomerId(BAD)), "customer"),
        (AcceptOrder(order=OrderId(BAD), at=NOON), "order"),
        (IssueRefund(order=ORDER, at=NOON, refund=RefundId(BAD), amount=1), "refund"),
        (DefineProgram(program=ProgramId(BAD), at=NOON, name="Club"), "program"),
        (
            PublishMenuItem(
                merchant=NOODLES,
                at=NOON,
                item=ItemId(BAD),
                name="Soup",
                price=Money(minor=1, currency="USD"),
            ),
            "item",
        ),
        (
            AwardPoints(
                program=ProgramId(BAD),
                customer=ANNA,
                at=NOON,
                lot=LotId("o-1"),
                evaluation=Evaluation(points=1, desired=1, exact_numerator=1, exact_denominator=1),
            ),
            "program",
        ),
    ],
)
def test_a_command_with_a_blank_id_is_refused(command: Command, field: str) -> None:
    with pytest.raises(InvalidId) as refused:
        check_command(command)

    assert refused.value.field == field


@pytest.mark.parametrize("filling", [PLAIN, SEALED], ids=["plain", "sealed"])
@given(data=st.data(), kind=st.sampled_from(get_args(Command)))
def test_any_command_that_is_what_its_type_says_passes(
    filling: Filling, data: st.DataObject, kind: type[Any]
) -> None:
    check_command(data.draw(built(kind, filling)))


def with_fields(command: Kind, **wrong: object) -> Kind:
    changed = cast("Callable[..., Kind]", evolve)
    return changed(command, **wrong)


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (with_fields(PLACE, total="100"), "PlaceOrder.total"),
        (with_fields(PLACE, total=1.0), "PlaceOrder.total"),
        (with_fields(PLACE, total=True), "PlaceOrder.total"),
        (with_fields(PLACE, total=None), "PlaceOrder.total"),
        (with_fields(PLACE, order=7), "PlaceOrder.order"),
        (with_fields(PLACE, customer=b"anna"), "PlaceOrder.customer"),
        (with_fields(PLACE, lines=[LINE]), "PlaceOrder.lines"),
        (with_fields(PLACE, lines=(with_fields(LINE, quantity=1.5),)), "Line.quantity"),
        (with_fields(PLACE, lines=("a line",)), "PlaceOrder.lines"),
        (with_fields(PLACE, extra=Content(extra=(("a", 1),))), "Content.extra"),  # type: ignore[arg-type]  # that is the bug
        (with_fields(PLACE, extra=Content(extra=("ab",))), "Content.extra"),  # type: ignore[arg-type]  # that is the bug
        (with_fields(PLACE, channel="delivery"), "PlaceOrder.channel"),
        (with_fields(PLACE, at="2024-05-17"), "PlaceOrder.at"),
        (with_fields(PLACE, extra="hunter2"), "PlaceOrder.extra"),
        (with_fields(PUBLISH, rules=None), "PublishEarningRules.rules"),
        (with_fields(PUBLISH, rules=with_fields(giving(1), delivery=1)), "RuleSet.delivery"),
        (
            RegisterCustomer(customer=ANNA, at=NOON, contact=Contact(name=7)),  # type: ignore[arg-type]  # that is the bug
            "Contact.name",
        ),
    ],
)
def test_a_field_that_is_not_of_its_type_is_a_bug_of_the_caller(
    command: Command, place: str
) -> None:
    with pytest.raises(TypeError, match=place) as refused:
        check_command(command)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
@pytest.mark.parametrize("place", ["PlaceOrder.total", "Line.unit_price"])
def test_a_number_that_no_database_holds_is_a_bug_of_the_caller(place: str, number: int) -> None:
    told = (
        evolve(PLACE, total=number)
        if place == "PlaceOrder.total"
        else evolve(PLACE, lines=(evolve(LINE, unit_price=number),))
    )

    with pytest.raises(ValueError, match=place):
        check_command(told)
    check_command(evolve(PLACE, total=2**63 - 1, tip=-(2**63)))


def test_a_time_without_a_zone_is_a_bug_of_the_caller() -> None:
    naive = datetime(2024, 5, 17, 12)  # noqa: DTZ001 - that is the bug

    with pytest.raises(ValueError, match=r"PlaceOrder\.at"):
        check_command(evolve(PLACE, at=naive))
    with pytest.raises(ValueError, match=r"effective_from"):
        check_command(evolve(PUBLISH, effective_from=naive))


class Stamp(datetime):
    """A time of a host's own kind, as some libraries make them."""


def test_a_time_of_a_kind_of_its_own_is_a_time() -> None:
    check_command(evolve(PLACE, at=Stamp(2024, 5, 17, tzinfo=UTC)))


def test_what_a_caller_left_out_was_not_said() -> None:
    assert said(AcceptOrder(order=ORDER, at=NOON)) == {"order": ORDER, "at": NOON}
    assert said(evolve(PLACE, lines=(LINE,), tip=0, channel=Channel.DELIVERY)) == {
        "order": ORDER,
        "at": NOON,
        "currency": "CNY",
        "total": 100_00,
        "customer": ANNA,
        "merchant": NOODLES,
        "lines": [{"line": 1, "item": "soup", "quantity": 1}],
    }


def test_fields_are_said_in_one_order_whoever_says_them() -> None:
    names = list(cast("dict[str, object]", said(PLACE)))

    assert names == sorted(names)


def test_columns_that_a_host_kept_are_said_one_by_one() -> None:
    told = RegisterMerchant(merchant=NOODLES, at=NOON, extra=(("floor", "2"), ("floor", "3")))

    assert said(told) == {
        "merchant": NOODLES,
        "at": NOON,
        "extra": [["floor", "2"], ["floor", "3"]],
    }


def test_what_is_no_command_is_a_bug_of_the_caller() -> None:
    with pytest.raises(TypeError, match="str is no command"):
        check_command("place an order")  # type: ignore[arg-type]  # that is the bug


def test_an_id_that_is_no_text_is_a_bug_of_the_caller() -> None:
    with pytest.raises(TypeError, match="by must be str, not int"):
        check_id("by", 7)  # type: ignore[arg-type]  # that is the bug


@pytest.mark.parametrize("bad", ["\ud83c", "a\x00", "\x00"])
def test_what_no_database_keeps_is_refused_by_the_name_of_its_field(bad: str) -> None:
    with pytest.raises(InvalidText) as refused:
        check_command(evolve(PLACE, region=bad))

    assert refused.value.field == "region"
    assert str(refused.value) == "region: the text holds a NUL or half a character"


class Stamped(datetime):
    pass


def test_a_time_of_another_class_needs_a_zone_too() -> None:
    with pytest.raises(ValueError, match="at needs a time zone"):
        check_command(evolve(PLACE, at=Stamped(2024, 6, 1)))


def test_what_is_bad_behind_what_is_good_is_found() -> None:
    good = Line(line=1, item=ItemId("soup"), quantity=1)

    with pytest.raises(InvalidId, match="item"):
        check_command(evolve(PLACE, lines=(good, evolve(good, item=ItemId("\n")))))


def test_a_good_command_vouches_for_no_other_kind() -> None:
    check_command(CancelOrder(order=OrderId("o"), at=PLACE.at))

    with pytest.raises(InvalidId, match="program"):
        check_command(DefineProgram(program=ProgramId("\n"), at=PLACE.at, name="Gold"))


@pytest.mark.parametrize("year", [1, 1899, 9999])
def test_a_time_that_some_clock_of_the_world_cannot_tell_is_a_bug(year: int) -> None:
    with pytest.raises(ValueError, match="at lies outside"):
        check_command(evolve(PLACE, at=datetime(year, 6, 1, tzinfo=UTC)))


def with_items(*items: str) -> PublishEarningRules:
    (group,) = giving(1).groups
    named = Goods(items=tuple(map(ItemId, items)))
    rule = evolve(group.rules[0], goods=named)
    return evolve(PUBLISH, rules=evolve(PUBLISH.rules, groups=(evolve(group, rules=(rule,)),)))


def test_texts_and_times_in_lists_are_looked_at_too() -> None:
    naive = datetime(2024, 5, 17, 12)  # noqa: DTZ001 - that is the bug
    award = AwardPoints(
        program=ProgramId("club"),
        customer=ANNA,
        at=NOON,
        lot=LotId("o-1"),
        evaluation=Evaluation(points=1, desired=1, exact_numerator=1, exact_denominator=1),
        standing=Standing(recent=(NOON,)),
    )

    check_command(with_items("soup", "北京"))
    with pytest.raises(InvalidText, match="items"):
        check_command(with_items("soup", "a\x00"))
    check_command(award)
    with pytest.raises(ValueError, match="recent needs a time zone"):
        check_command(evolve(award, standing=Standing(recent=(naive,))))


WORDS = "Anna Berg, 138 1234 5678"


@pytest.mark.parametrize(
    "command",
    [
        GrantConsent(customer=ANNA, at=NOON, purpose=WORDS),
        GrantConsent(customer=ANNA, at=NOON, purpose="marketing", channel=WORDS),
        GrantConsent(customer=ANNA, at=NOON, purpose="marketing", evidence_ref=WORDS),
        ObjectToProcessing(customer=ANNA, at=NOON, purpose=WORDS),
        RestrictProcessing(customer=ANNA, at=NOON, reason=WORDS),
        CancelOrder(order=ORDER, at=NOON, reason=WORDS),
    ],
)
def test_what_stands_in_clear_is_a_code_and_no_sentence_about_a_person(command: Command) -> None:
    with pytest.raises(NoCode) as refused:
        check_command(command)

    assert "Anna" not in str(refused.value)


def test_what_was_allowed_in_words_can_be_withdrawn() -> None:
    check_command(WithdrawConsent(customer=ANNA, at=NOON, purpose=WORDS))


@frozen(kw_only=True)
class Named(Question[object]):
    names: tuple[str, ...]

    def answer(self, look: Look) -> object:
        raise NotImplementedError(look)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (CustomerProfile(customer="\udcff", timezone=UTC), "customer"),
        (PointsLedger(customer=" "), "customer"),
        (AccessLog(actor=Actor(role="support", id="s\0")), "id"),
        (Named(names=("anna", "\udcff")), "names"),
        (SalesReport(timezone=UTC, currency="\ud83d"), "currency"),
    ],
)
def test_a_question_that_names_nothing_is_refused_by_the_name_of_its_field(
    asked: Query[object] | Question[object], field: str
) -> None:
    with pytest.raises((InvalidId, InvalidText)) as refused:
        check_question(asked)

    assert refused.value.args == (field,)


def test_a_question_that_is_no_attrs_class_is_its_hosts_own() -> None:
    check_question(object())
    check_question(Named(names=("anna", "bo")))
    check_question(CustomerProfile(customer="anna", timezone=UTC))
