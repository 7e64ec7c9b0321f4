from datetime import timedelta

import pytest
from attrs import evolve

from regulars.application.rights import (
    ConsentSaid,
    ObjectionSaid,
    PrivacyChoices,
    PrivacyChoicesOf,
    RestrictionSaid,
)
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.customer import RegisterCustomer, UnknownCustomer
from regulars.domain.merge import MergeCustomers
from regulars.domain.personal import DataClass
from regulars.domain.reading import Consent
from regulars.domain.records import MergedInto
from regulars.domain.rights import (
    AcceptPolicy,
    LiftRestriction,
    ObjectToProcessing,
    RestrictProcessing,
    WithdrawObjection,
)
from tests.application.memory_crm import Parts, memory_core
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON

HOUR = timedelta(hours=1)
GRANT = GrantConsent(customer=ANNA, at=NOON, purpose="marketing", policy_version="2026")
WITHDRAW = WithdrawConsent(customer=ANNA, at=NOON + HOUR, purpose="marketing")
RESTRICT = RestrictProcessing(customer=ANNA, at=NOON, reason="disputed")
ASKED = PrivacyChoicesOf(customer=ANNA)


@pytest.fixture
def town() -> Parts:
    town = memory_core()
    town.execute(RegisterCustomer(customer=ANNA, at=NOON), RegisterCustomer(customer=BO, at=NOON))
    return town


def consents(town: Parts, asked: PrivacyChoicesOf = ASKED) -> list[tuple[str, str | None, Consent]]:
    return [(one.purpose, one.channel, one.stands) for one in town.crm.ask(asked).consents]


def test_a_customer_has_said_what_they_said_last_and_how(town: Parts) -> None:
    until = town.clock.at + HOUR
    town.execute(
        evolve(GRANT, channel="sms", evidence_ref="form-88", valid_until=until),
        ObjectToProcessing(customer=ANNA, at=NOON, purpose="analytics"),
        ObjectToProcessing(customer=ANNA, at=NOON, purpose="billing"),
        WithdrawObjection(customer=ANNA, at=NOON + HOUR, purpose="billing"),
        RESTRICT,
        evolve(RESTRICT, at=NOON + HOUR, data_class=DataClass.ADDRESS, reason=None),
        AcceptPolicy(customer=ANNA, at=NOON, policy_version="2026"),
    )

    said = town.crm.ask(ASKED)

    assert said == PrivacyChoices(
        customer=ANNA,
        consents=(
            ConsentSaid(
                purpose="marketing",
                channel="sms",
                stands=Consent.GIVEN,
                since=NOON,
                policy_version="2026",
                evidence_ref="form-88",
                valid_until=until,
            ),
        ),
        objections=(ObjectionSaid(purpose="analytics", since=NOON),),
        restrictions=(
            RestrictionSaid(data_class=None, reason="disputed", since=NOON),
            RestrictionSaid(data_class=DataClass.ADDRESS, reason=None, since=NOON + HOUR),
        ),
        accepted="2026",
    )
    town.execute(LiftRestriction(customer=ANNA, at=NOON + HOUR, reason="settled"))
    assert [one.data_class for one in town.crm.ask(ASKED).restrictions] == [DataClass.ADDRESS]


def test_a_channel_that_is_withdrawn_is_told_beside_the_consent_for_all(town: Parts) -> None:
    town.execute(GRANT, evolve(WITHDRAW, channel="sms"))

    assert consents(town) == [
        ("marketing", None, Consent.GIVEN),
        ("marketing", "sms", Consent.WITHDRAWN),
    ]
    town.execute(evolve(GRANT, at=NOON + HOUR, policy_version="2027"))
    assert consents(town) == [("marketing", None, Consent.GIVEN)]
    town.execute(WITHDRAW)
    assert consents(town) == [("marketing", None, Consent.WITHDRAWN)]


def test_a_consent_stands_as_of_the_moment_and_the_text_that_are_asked_about(town: Parts) -> None:
    town.execute(evolve(GRANT, valid_until=NOON + HOUR))

    assert consents(town) == [("marketing", None, Consent.EXPIRED)]
    then = town.crm.ask(ASKED, as_of=NOON + HOUR / 2)
    assert [one.stands for one in then.consents] == [Consent.GIVEN]
    other = town.crm.ask(evolve(ASKED, text="2027"), as_of=NOON + HOUR / 2)
    assert [one.stands for one in other.consents] == [Consent.OUTDATED]


def test_nothing_is_told_of_nobody_nor_of_whom_another_speaks_for(town: Parts) -> None:
    town.execute(GRANT)
    town.execute(MergeCustomers(absorbed=ANNA, survivor=BO, at=NOON + HOUR, evidence="same-phone"))

    with pytest.raises(MergedInto, match="merged into bo"):
        town.crm.ask(ASKED)
    assert consents(town, evolve(ASKED, customer=BO)) == [("marketing", None, Consent.GIVEN)]
    with pytest.raises(UnknownCustomer):
        town.crm.ask(ASKED, as_of=NOON - HOUR)
