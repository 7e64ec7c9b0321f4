from datetime import timedelta

import pytest
from attrs import evolve

from regulars.domain.consents import ConsentGranted, GrantConsent, WithdrawConsent
from regulars.domain.customer import Command, RegisterCustomer
from regulars.domain.personal import DataClass
from regulars.domain.reading import Consent
from regulars.domain.rights import (
    AcceptPolicy,
    LiftRestriction,
    ObjectionWithdrawn,
    ObjectToProcessing,
    PersonalDataExported,
    PrivacyPolicyAccepted,
    ProcessingObjected,
    ProcessingRestricted,
    RecordExport,
    RestrictionLifted,
    RestrictProcessing,
    WithdrawObjection,
)
from tests.domain.examples import ANNA
from tests.domain.matrix import Row, outcome, rows
from tests.domain.story import NOON, CustomerStory, customer_story, minutes

REGISTER = RegisterCustomer(customer=ANNA, at=NOON)
ACCEPT = AcceptPolicy(customer=ANNA, at=NOON, policy_version="2026-01")
OBJECT = ObjectToProcessing(customer=ANNA, at=NOON, purpose="marketing")
GIVE_IN = WithdrawObjection(customer=ANNA, at=NOON, purpose="marketing")
RESTRICT = RestrictProcessing(customer=ANNA, at=NOON, reason="disputed")
LIFT = LiftRestriction(customer=ANNA, at=NOON, reason="settled")
EXPORT = RecordExport(
    customer=ANNA, at=NOON, export_id="e-1", classes=(DataClass.CONTACT,), recipient="customer:anna"
)
GRANT = GrantConsent(customer=ANNA, at=NOON, purpose="marketing", policy_version="2026-01")
WITHDRAW = WithdrawConsent(customer=ANNA, at=NOON, purpose="marketing")

COMMANDS: dict[str, Command] = {
    "accept": ACCEPT,
    "object": OBJECT,
    "give in": GIVE_IN,
    "restrict": RESTRICT,
    "lift": LIFT,
    "export": EXPORT,
}
TABLE = """
              accept  object  give in  restrict  lift  export
registered    +       +       =        +         =     +
accepted      =       +       =        +         =     +
objected      +       =       +        +         =     +
gave in       +       +       =        +         =     +
restricted    +       +       =        =         +     +
lifted        +       +       =        +         =     +
exported      +       +       =        +         =     =
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "registered": (),
    "accepted": (ACCEPT,),
    "objected": (OBJECT,),
    "gave in": (OBJECT, GIVE_IN),
    "restricted": (RESTRICT,),
    "lifted": (RESTRICT, LIFT),
    "exported": (EXPORT,),
}


def anna(*past: Command) -> CustomerStory:
    return customer_story().given(REGISTER, *past)


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(anna(*PASTS[row.point]), command, {}) for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_what_a_customer_says_is_recorded_in_their_words() -> None:
    assert anna().when(ACCEPT) == [PrivacyPolicyAccepted(customer=ANNA, policy_version="2026-01")]
    assert anna().when(OBJECT) == [ProcessingObjected(customer=ANNA, purpose="marketing")]
    assert anna(OBJECT).when(GIVE_IN) == [ObjectionWithdrawn(customer=ANNA, purpose="marketing")]
    assert anna().when(RESTRICT) == [ProcessingRestricted(customer=ANNA, reason="disputed")]
    assert anna(RESTRICT).when(LIFT) == [RestrictionLifted(customer=ANNA, reason="settled")]
    assert anna().when(EXPORT) == [
        PersonalDataExported(
            customer=ANNA,
            export_id="e-1",
            classes=(DataClass.CONTACT,),
            recipient="customer:anna",
        )
    ]


def test_a_new_text_is_accepted_anew() -> None:
    story = anna(ACCEPT)

    assert story.when(evolve(ACCEPT, policy_version="2027-01"))
    assert story.state.rights.accepted == "2027-01"
    assert story.when(ACCEPT)


def test_a_restriction_holds_for_its_class_or_for_all() -> None:
    one = anna(evolve(RESTRICT, data_class=DataClass.ADDRESS)).state.rights
    whole = anna(RESTRICT).state.rights

    assert one.restricts(DataClass.ADDRESS)
    assert not one.restricts(DataClass.CONTACT)
    assert all(map(whole.restricts, DataClass))


def test_a_restriction_of_one_class_outlives_that_of_all() -> None:
    story = anna(evolve(RESTRICT, data_class=DataClass.ADDRESS), RESTRICT, LIFT)

    assert story.state.rights.restricts(DataClass.ADDRESS)
    assert not story.state.rights.restricts(DataClass.CONTACT)


def consent(*past: Command, channel: str | None = None, text: str | None = None) -> Consent:
    return anna(*past).state.consents.about("marketing", channel, NOON + minutes(5), text=text)


def test_a_consent_is_given_withdrawn_and_given_again() -> None:
    assert consent() is Consent.NEVER
    assert consent(GRANT) is Consent.GIVEN
    assert consent(GRANT, WITHDRAW) is Consent.WITHDRAWN
    assert consent(GRANT, WITHDRAW, GRANT) is Consent.GIVEN


def test_a_consent_for_one_channel_is_none_for_another() -> None:
    sms = evolve(GRANT, channel="sms")

    assert consent(sms, channel="sms") is Consent.GIVEN
    assert consent(sms, channel="mail") is Consent.NEVER
    assert consent(sms) is Consent.NEVER
    assert consent(GRANT, channel="sms") is Consent.GIVEN
    assert consent(GRANT, WITHDRAW, channel="sms") is Consent.WITHDRAWN
    assert consent(GRANT, WITHDRAW, sms, channel="sms") is Consent.GIVEN


def test_a_consent_ends_at_the_moment_that_it_names() -> None:
    until = evolve(GRANT, valid_until=NOON + minutes(5))

    assert consent(until) is Consent.EXPIRED
    longer = evolve(until, valid_until=NOON + minutes(5) + timedelta(microseconds=1))
    assert consent(longer) is Consent.GIVEN


def test_a_consent_under_an_older_text_is_asked_for_anew() -> None:
    assert consent(GRANT, text="2026-01") is Consent.GIVEN
    assert consent(GRANT, text="2027-01") is Consent.OUTDATED
    assert consent(GRANT, evolve(GRANT, policy_version="2027-01"), text="2027-01") is Consent.GIVEN


def test_a_consent_with_another_end_is_another_consent() -> None:
    story = anna(GRANT)
    until = evolve(GRANT, valid_until=NOON + minutes(5), evidence_ref="form-17")

    assert story.when(until) == [
        ConsentGranted(
            customer=ANNA,
            purpose="marketing",
            policy_version="2026-01",
            evidence_ref="form-17",
            valid_until=until.valid_until,
        )
    ]
    assert story.when(until) == []
