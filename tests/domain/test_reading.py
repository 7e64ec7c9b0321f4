from itertools import product
from pathlib import Path

import pytest
from attrs import evolve

from regulars.domain.personal import DataClass
from regulars.domain.reading import (
    DEFAULT_POLICY,
    Basis,
    Consent,
    Denial,
    Denied,
    Limit,
    OrderState,
    Question,
    Reach,
    ReadingPolicy,
    Rule,
    Shown,
    Verdict,
    may_find,
    may_read,
)

TABLE = (Path(__file__).parent / "may_read.txt").read_text(encoding="utf-8")
SIGNS: dict[str, Verdict] = {
    "R": Shown.REVEALED,
    "M": Shown.MASKED,
    "-": Denied(Denial.PURPOSE),
    "o": Denied(Denial.NO_ORDER),
    "c": Denied(Denial.ORDER_CLOSED),
    "n": Denied(Denial.NO_CONSENT),
    "e": Denied(Denial.CONSENT_EXPIRED),
    "d": Denied(Denial.CONSENT_OUTDATED),
    "w": Denied(Denial.CONSENT_WITHDRAWN),
}
LINES = [line.split() for line in TABLE.splitlines() if line and not line.startswith("#")]
ROLES = list(dict.fromkeys(role for role, *_ in LINES))
PURPOSES = (
    *("delivery", "service", "billing", "marketing"),
    *("analytics", "legal_duty", "subject_access", "care", "curiosity"),
)
CLASSES = tuple(DataClass(name) for name in TABLE.split("consent    ")[1].split("\n")[0].split())

SUPPORT = Question(role="support", data_class=DataClass.CONTACT, purpose="service")
COURIER = Question(
    role="courier",
    data_class=DataClass.ADDRESS,
    purpose="delivery",
    order=OrderState.OPEN,
    party=True,
    courier=True,
    destination=True,
)
CUSTOMER = Question(
    role="customer", data_class=DataClass.PROFILE, purpose="subject_access", own=True
)
MARKETING = Question(
    role="marketing",
    data_class=DataClass.CONTACT,
    purpose="marketing",
    consent=Consent.GIVEN,
)


def expected(role: str, purpose: str, order: str, consent: str) -> list[Verdict]:
    """The cells of the first line of the table that these meet."""
    said = (role, purpose, order, consent)
    cells = next(
        line[4:]
        for line in LINES
        if all(pattern in ("*", word) for pattern, word in zip(line[:4], said, strict=True))
    )
    return [SIGNS[cell] for cell in cells]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_the_table_says(role: str) -> None:
    for purpose, order, consent in product(PURPOSES, OrderState, Consent):
        verdicts = [
            may_read(
                DEFAULT_POLICY,
                Question(
                    role=role,
                    data_class=data_class,
                    purpose=purpose,
                    order=order,
                    consent=consent,
                    own=role in {"customer", "courier", "merchant"},
                    party=True,
                    seller=True,
                    courier=True,
                    destination=True,
                ),
            )
            for data_class in CLASSES
        ]

        assert verdicts == expected(role, purpose, order.value, consent.value), (purpose, order)


def test_the_table_names_every_class_and_role_of_the_default_policy() -> None:
    assert set(CLASSES) == set(DataClass)
    assert {rule.role for rule in DEFAULT_POLICY.rules} < set(ROLES)
    assert {rule.purpose for rule in DEFAULT_POLICY.rules} < set(PURPOSES)
    assert {limit.role for limit in DEFAULT_POLICY.limits} < set(ROLES)


def test_who_may_look_customers_up_is_what_is_written_here() -> None:
    finders = {
        (role, purpose)
        for role, purpose in product(ROLES, PURPOSES)
        if may_find(DEFAULT_POLICY, role, purpose, suspended=False) is None
    }

    assert finders == {
        ("support", "service"),
        ("privacy_officer", "subject_access"),
        ("privacy_officer", "legal_duty"),
    }
    assert may_find(DEFAULT_POLICY, "finance", "billing", suspended=False) is Denial.PURPOSE
    assert may_find(DEFAULT_POLICY, "support", "service", suspended=True) is Denial.SUSPENDED


def test_a_role_nobody_knows_reads_nothing() -> None:
    asked = evolve(SUPPORT, role="janitor")

    assert may_read(DEFAULT_POLICY, asked) == Denied(Denial.PURPOSE)


def test_a_customer_reads_nobody_elses_data() -> None:
    assert may_read(DEFAULT_POLICY, CUSTOMER) is Shown.REVEALED
    assert may_read(DEFAULT_POLICY, evolve(CUSTOMER, own=False)) == Denied(Denial.NOT_THEIRS)


def test_a_courier_reads_no_address_of_an_order_that_is_another_persons() -> None:
    assert may_read(DEFAULT_POLICY, COURIER) is Shown.REVEALED
    assert may_read(DEFAULT_POLICY, evolve(COURIER, party=False)) == Denied(Denial.NOT_THEIRS)


def test_a_courier_reads_of_the_orders_that_are_theirs_to_bring() -> None:
    assert may_read(DEFAULT_POLICY, evolve(COURIER, courier=False)) == Denied(Denial.NOT_THEIRS)
    assert may_read(DEFAULT_POLICY, evolve(COURIER, order=OrderState.CLOSED)) == Denied(
        Denial.ORDER_CLOSED
    )


@pytest.mark.parametrize("role", ["courier", "merchant"])
def test_who_serves_an_order_reads_the_address_that_it_goes_to_and_no_other(role: str) -> None:
    here = evolve(COURIER, role=role, seller=True)
    elsewhere = evolve(here, destination=False)

    assert isinstance(may_read(DEFAULT_POLICY, here), Shown)
    assert may_read(DEFAULT_POLICY, elsewhere) == Denied(Denial.OTHER_ADDRESS)
    assert may_read(DEFAULT_POLICY, evolve(elsewhere, courier=False, seller=False)) == Denied(
        Denial.NOT_THEIRS
    )
    assert may_read(DEFAULT_POLICY, evolve(elsewhere, data_class=DataClass.CONTACT)) is Shown.MASKED
    assert (
        may_read(DEFAULT_POLICY, evolve(elsewhere, role="finance", purpose="billing"))
        is Shown.REVEALED
    )


def test_a_merchant_reads_of_their_own_sales_alone() -> None:
    merchant = evolve(COURIER, role="merchant", seller=True)

    assert may_read(DEFAULT_POLICY, merchant) is Shown.MASKED
    assert may_read(DEFAULT_POLICY, evolve(merchant, seller=False)) == Denied(Denial.NOT_THEIRS)
    assert may_read(DEFAULT_POLICY, evolve(merchant, party=False)) == Denied(Denial.NOT_THEIRS)


@pytest.mark.parametrize("asked", [SUPPORT, COURIER, MARKETING], ids=lambda one: one.role)
def test_restricted_data_is_shown_to_nobody_but_for_a_legal_duty(asked: Question) -> None:
    restricted = evolve(asked, restricted=True)
    officer = evolve(restricted, role="privacy_officer", purpose="legal_duty")

    assert may_read(DEFAULT_POLICY, restricted) == Denied(Denial.RESTRICTED)
    assert may_read(DEFAULT_POLICY, officer) is Shown.REVEALED
    assert may_read(DEFAULT_POLICY, evolve(CUSTOMER, restricted=True)) is Shown.REVEALED


def test_an_objection_outweighs_a_consent() -> None:
    assert may_read(DEFAULT_POLICY, MARKETING) is Shown.REVEALED
    assert may_read(DEFAULT_POLICY, evolve(MARKETING, objected=True)) == Denied(Denial.OBJECTED)


@pytest.mark.parametrize("asked", [SUPPORT, COURIER, CUSTOMER, MARKETING], ids=lambda one: one.role)
def test_who_is_suspended_reads_nothing_at_all(asked: Question) -> None:
    assert may_read(DEFAULT_POLICY, evolve(asked, suspended=True)) == Denied(Denial.SUSPENDED)


def test_a_host_brings_its_own_rules() -> None:
    partner = Rule(
        role="partner",
        purpose="insurance",
        revealed=frozenset({DataClass.IDENTITY}),
        masked=frozenset({DataClass.IDENTITY, DataClass.CONTACT}),
        basis=Basis.CONSENT,
        reach=Reach.ANYBODY,
    )
    policy = ReadingPolicy(rules=(partner,))
    asked = Question(
        role="partner",
        data_class=DataClass.IDENTITY,
        purpose="insurance",
        consent=Consent.GIVEN,
    )

    assert may_read(policy, asked) is Shown.REVEALED
    assert may_read(policy, evolve(asked, data_class=DataClass.CONTACT)) is Shown.MASKED
    assert may_read(policy, SUPPORT) == Denied(Denial.PURPOSE)
    assert policy.limit("partner") is None


@pytest.mark.parametrize("reads", [0, -1, 1_001])
def test_a_limit_that_cannot_be_counted_to_is_no_limit(reads: int) -> None:
    with pytest.raises(ValueError, match="support"):
        Limit(role="support", reads=reads, seconds=60)
