import pytest

from regulars.domain.codes import NoCode
from regulars.domain.personal import DataClass
from regulars.domain.reading import DEFAULT_POLICY
from regulars.domain.retention import LONGEST_KIND, MOST_DAYS, DataSubject, Retention, Since

ADDRESS = frozenset({DataClass.ADDRESS})


def test_by_default_orders_are_kept_three_years_and_addresses_six_months() -> None:
    kept = {
        one: (rule.kind, rule.days, rule.since)
        for rule in DEFAULT_POLICY.retention
        for one in rule.classes
        if DataSubject.CUSTOMER in rule.of
    }

    assert kept == {
        DataClass.PAYMENT: ("order", 1096, Since.ORDER),
        DataClass.CONTENT: ("order", 1096, Since.ORDER),
        DataClass.ADDRESS: ("address", 184, Since.ORDER),
        DataClass.CONTACT: ("customer", 1096, Since.ACTIVITY),
        DataClass.IDENTITY: ("customer", 1096, Since.ACTIVITY),
        DataClass.PROFILE: ("customer", 1096, Since.ACTIVITY),
    }


@pytest.mark.parametrize("who", DataSubject)
def test_by_default_something_is_over_of_everybody(who: DataSubject) -> None:
    rules = {rule.kind: rule for rule in DEFAULT_POLICY.retention if who in rule.of}

    assert ("service" in rules) == (who in {DataSubject.COURIER, DataSubject.MERCHANT})
    assert ("customer" in rules) == (who is DataSubject.CUSTOMER)
    assert "order" in rules


@pytest.mark.parametrize(
    ("of", "classes", "purpose"),
    [
        ({DataSubject.COURIER, DataSubject.MERCHANT}, set(DataClass) - {DataClass.CONTACT}, None),
        ({DataSubject.ORDER}, set(DataClass) - {DataClass.CONTENT}, None),
        (set[DataSubject](), set(DataClass), None),
        (set(DataSubject) - {DataSubject.CUSTOMER}, set(DataClass), "marketing"),
    ],
)
def test_a_rule_that_reaches_nothing_is_refused(
    of: set[DataSubject], classes: set[DataClass], purpose: str | None
) -> None:
    since = Since.ORDER if purpose is None else Since.CONSENT

    with pytest.raises(ValueError, match="somebody who gives data of its classes"):
        Retention(
            kind="k",
            classes=frozenset(classes),
            days=1,
            since=since,
            purpose=purpose,
            of=frozenset(of),
        )


@pytest.mark.parametrize(
    ("classes", "days", "since", "purpose", "why"),
    [
        (frozenset[DataClass](), 1, Since.ORDER, None, "one class of data at least"),
        (ADDRESS, 0, Since.ORDER, None, f"1 to {MOST_DAYS} days"),
        (ADDRESS, MOST_DAYS + 1, Since.ORDER, None, f"1 to {MOST_DAYS} days"),
        (ADDRESS, 1, Since.CONSENT, None, "since consent, and only then"),
        (ADDRESS, 1, Since.ACTIVITY, "marketing", "since consent, and only then"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(
    classes: frozenset[DataClass],
    days: int,
    since: Since,
    purpose: str | None,
    why: str,
) -> None:
    with pytest.raises(ValueError, match=why):
        Retention(kind="k", classes=classes, days=days, since=since, purpose=purpose)


@pytest.mark.parametrize("kind", ["", "a kind"])
def test_a_kind_is_a_code(kind: str) -> None:
    with pytest.raises(NoCode, match="kind"):
        Retention(kind=kind, classes=ADDRESS, days=1)


def test_a_kind_leaves_room_for_the_basis_that_it_is_part_of() -> None:
    with pytest.raises(ValueError, match="at most 80 letters"):
        Retention(kind="k" * (LONGEST_KIND + 1), classes=ADDRESS, days=1)


def test_an_erasure_by_a_rule_is_recorded_under_its_name() -> None:
    assert Retention(kind="address", classes=ADDRESS, days=1).basis == "retention:address"
