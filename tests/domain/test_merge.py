"""Two customers made one, and two again: what cannot be, and what each refused counts for both."""

from datetime import timedelta
from typing import TypeAlias

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain import merge
from regulars.domain.account_merge import LoyaltyAccountMerged, LoyaltyAccountSeparated
from regulars.domain.codes import NoCode
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn, GrantConsent, WithdrawConsent
from regulars.domain.customer import (
    Customer,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UnknownCustomer,
)
from regulars.domain.erasure import (
    AuthoriseNewLife,
    CompleteErasure,
    EraseCustomer,
    LegalHoldPlaced,
    LegalHoldReleased,
    PlaceHold,
    ReleaseHold,
)
from regulars.domain.evidence import Traces
from regulars.domain.merge import (
    ErasedTogether,
    ErasureInTheWay,
    MergeCustomers,
    MergedWithItself,
    NotMerged,
    RevertMerge,
)
from regulars.domain.personal import DataClass
from regulars.domain.reading import Consent
from regulars.domain.records import (
    CustomerAbsorbed,
    CustomerMergeReverted,
    CustomerSeparated,
    CustomersMerged,
    MergedInto,
)
from regulars.domain.rights import (
    ObjectToProcessing,
    ProcessingObjected,
    ProcessingRestricted,
    RestrictProcessing,
)
from regulars.domain.values import AddressId, CustomerId, ErasureId, Refusal
from tests.domain.chronicle import Chronicle, Command
from tests.domain.examples import ANNA, BO
from tests.domain.matrix import Row, rows
from tests.domain.story import NOON

CHEN = CustomerId("chen")
ALL = (ANNA, BO, CHEN)
CONTACT = (DataClass.CONTACT,)
Channel: TypeAlias = str | None


def into(absorbed: CustomerId, survivor: CustomerId) -> MergeCustomers:
    return MergeCustomers(absorbed=absorbed, survivor=survivor, at=NOON, evidence="same-phone")


def out_of(absorbed: CustomerId, survivor: CustomerId) -> RevertMerge:
    return RevertMerge(absorbed=absorbed, survivor=survivor, at=NOON, evidence="ticket-12")


def grant(who: CustomerId, channel: Channel = None) -> GrantConsent:
    return GrantConsent(customer=who, at=NOON, purpose="marketing", channel=channel)


def withdraw(who: CustomerId, channel: Channel = None) -> WithdrawConsent:
    return WithdrawConsent(customer=who, at=NOON, purpose="marketing", channel=channel)


def told(*commands: Command) -> Chronicle:
    """What became of Anna, Bo and Chen, none of whom may be refused anything."""
    town = Chronicle()
    for command in (*(RegisterCustomer(customer=who, at=NOON) for who in ALL), *commands):
        town.tell(command)
    return town


ACCOUNTS = (LoyaltyAccountMerged, LoyaltyAccountSeparated)
"""What becomes of accounts: tests/domain/test_account_merge.py."""


def added(town: Chronicle, command: Command) -> list[object]:
    before = len(town.facts)
    town.tell(command)
    return [one.event for one in town.facts[before:] if not isinstance(one.event, ACCOUNTS)]


def said(town: Chronicle, who: CustomerId, channel: Channel = None) -> Consent:
    return town.customers[who].state.consents.about("marketing", channel, NOON)


ERASE = EraseCustomer(
    customer=BO, at=NOON, erasure=ErasureId("e-1"), classes=CONTACT, basis="asked"
)
COMPLETE = CompleteErasure(
    customer=BO,
    at=NOON,
    erasure=ErasureId("e-1"),
    classes=CONTACT,
    keys=(),
    purged=(),
    readable_for=300,
    traces=Traces.GONE,
)
REVIVE = AuthoriseNewLife(customer=BO, at=NOON, classes=CONTACT, basis="came-back")

COMMANDS: dict[str, merge.Command] = {
    "a>b": into(ANNA, BO),
    "b>a": into(BO, ANNA),
    "a>c": into(ANNA, CHEN),
    "b>c": into(BO, CHEN),
    "b>b": into(BO, BO),
    "a<b": out_of(ANNA, BO),
    "b<c": out_of(BO, CHEN),
}
LEGEND: dict[type[Refusal], str] = {
    MergedInto: "m",
    MergedWithItself: "i",
    ErasureInTheWay: "x",
    ErasedTogether: "t",
    NotMerged: "n",
}
TABLE = """
                      a>b  b>a  a>c  b>c  b>b  a<b  b<c
three people          +    +    +    +    i    n    n
a in b                =    m    m    +    i    +    n
a in b in c           =    m    m    =    i    m    +
a in b, and out       +    +    +    +    i    =    n
a in b in c, b out    =    m    m    +    i    +    =
b being erased        x    x    +    x    i    n    n
b erased              x    x    +    x    i    n    n
b erased, revived     +    +    +    +    i    n    n
a in b, being erased  =    m    m    x    i    t    n
a in b, erased        =    m    m    x    i    t    n
a in b, revived       =    m    m    +    i    t    n
revived, then a in b  =    m    m    +    i    +    n
"""
JOIN, CHAIN, PART = into(ANNA, BO), into(BO, CHEN), out_of(ANNA, BO)
PASTS: dict[str, tuple[Command, ...]] = {
    "three people": (),
    "a in b": (JOIN,),
    "a in b in c": (JOIN, CHAIN),
    "a in b, and out": (JOIN, PART),
    "a in b in c, b out": (JOIN, CHAIN, out_of(BO, CHEN)),
    "b being erased": (ERASE,),
    "b erased": (ERASE, COMPLETE),
    "b erased, revived": (ERASE, COMPLETE, REVIVE),
    "a in b, being erased": (JOIN, ERASE),
    "a in b, erased": (JOIN, ERASE, COMPLETE),
    "a in b, revived": (JOIN, ERASE, COMPLETE, REVIVE),
    "revived, then a in b": (ERASE, COMPLETE, REVIVE, JOIN),
}


def outcome(town: Chronicle, command: Command) -> str:
    try:
        return "+" if added(town, command) else "="
    except Refusal as refusal:
        return LEGEND[type(refusal)]


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(told(*PASTS[row.point]), command) for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_a_merge_is_told_to_both_and_so_is_its_reversal() -> None:
    town = told(into(ANNA, BO))

    assert added(town, into(BO, CHEN)) == [
        CustomersMerged(customer=BO, into=CHEN, evidence="same-phone"),
        CustomerAbsorbed(
            customer=CHEN,
            absorbed=BO,
            further=(ANNA,),
            consents=(),
            erasures=0,
            evidence="same-phone",
        ),
    ]
    assert town.customers[CHEN].state.records.others == (BO, ANNA)
    assert added(town, out_of(BO, CHEN)) == [
        CustomerMergeReverted(customer=BO, out_of=CHEN, evidence="ticket-12"),
        CustomerSeparated(customer=CHEN, absorbed=BO, further=(ANNA,), evidence="ticket-12"),
    ]
    assert town.customers[CHEN].state.records.others == ()
    assert town.customers[BO].state.records.others == (ANNA,)


def test_who_was_merged_says_nothing_more_and_the_refusal_names_who_does() -> None:
    town = told(into(ANNA, BO))

    with pytest.raises(MergedInto, match="anna was merged into bo: name that one instead"):
        town.tell(RemoveDeliveryAddress(customer=ANNA, at=NOON, address_id=AddressId("home")))
    with pytest.raises(MergedInto, match="into bo"):
        town.tell(evolve(ERASE, customer=ANNA))
    with pytest.raises(MergedInto, match="into bo"):
        town.tell(into(CHEN, ANNA))


def test_nobody_is_merged_who_is_not_registered() -> None:
    dora = CustomerId("dora")

    for wanted in (into(dora, ANNA), into(ANNA, dora), out_of(dora, ANNA), out_of(ANNA, dora)):
        with pytest.raises(UnknownCustomer, match="customer dora"):
            told().tell(wanted)


@pytest.mark.parametrize("wanted", [into(ANNA, BO), out_of(ANNA, BO)])
def test_the_evidence_is_a_code_and_nothing_about_a_person(wanted: merge.Command) -> None:
    with pytest.raises(NoCode, match="evidence") as refused:
        told().tell(evolve(wanted, evidence="Anna says so"))

    assert "Anna" not in str(refused.value)


def test_refusals_say_who_and_what() -> None:
    with pytest.raises(MergedWithItself, match="bo cannot be merged into bo"):
        told().tell(into(BO, BO))
    with pytest.raises(ErasureInTheWay, match="bo cannot be merged: their contact data is erased"):
        told(ERASE).tell(into(ANNA, BO))
    with pytest.raises(NotMerged, match="anna was not merged into bo"):
        told().tell(out_of(ANNA, BO))
    with pytest.raises(ErasedTogether, match="anna and bo stay merged"):
        told(JOIN, ERASE).tell(PART)


@pytest.mark.parametrize("refusing", [ANNA, BO])
@pytest.mark.parametrize("given", [None, "sms"])
@pytest.mark.parametrize("taken", [None, "sms"])
def test_a_consent_that_either_withdrew_is_one_of_neither(
    refusing: CustomerId, given: Channel, taken: Channel
) -> None:
    other = BO if refusing == ANNA else ANNA
    town = told(grant(refusing, taken), withdraw(refusing, taken), grant(other, given), JOIN)

    assert said(town, BO, "sms") is not Consent.GIVEN
    assert said(town, BO, taken) is Consent.WITHDRAWN


def test_a_consent_for_another_channel_stands() -> None:
    town = told(grant(ANNA, "mail"), withdraw(ANNA, "mail"), grant(BO, "sms"), JOIN)

    assert said(town, BO, "sms") is Consent.GIVEN
    assert said(town, BO, "mail") is Consent.WITHDRAWN


def test_a_channel_that_either_took_out_of_a_consent_for_all_stays_out() -> None:
    whoever = told(grant(ANNA), withdraw(ANNA, "sms"), JOIN)
    strict = evolve(grant(ANNA), valid_until=NOON + timedelta(days=1))
    survivor = told(grant(BO, "mail"), strict, grant(BO), withdraw(BO, "sms"), JOIN)

    for town in (whoever, survivor):
        assert said(town, BO, "sms") is Consent.WITHDRAWN
        assert said(town, BO, "mail") is Consent.GIVEN


def test_a_consent_of_the_absorbed_is_kept_until_they_part() -> None:
    town = told(grant(ANNA, "sms"))

    _, absorbed, *more = added(town, JOIN)
    assert isinstance(absorbed, CustomerAbsorbed)
    assert absorbed.consents == (("marketing", "sms"),)
    assert more == [ConsentGranted(customer=BO, purpose="marketing", channel="sms")]
    assert said(town, BO, "sms") is Consent.GIVEN

    added(town, PART)
    assert said(town, BO, "sms") is Consent.WITHDRAWN
    assert said(town, ANNA, "sms") is Consent.GIVEN


def test_a_consent_of_the_absorbed_that_was_withdrawn_meanwhile_is_withdrawn_of_both() -> None:
    town = told(grant(ANNA), JOIN, withdraw(BO))

    parted = added(town, PART)

    assert parted[2:] == [ConsentWithdrawn(customer=ANNA, purpose="marketing")]
    assert said(town, ANNA) is Consent.WITHDRAWN


def test_of_two_consents_the_stricter_holds_even_when_they_part() -> None:
    later = NOON + timedelta(days=1)
    first = evolve(grant(ANNA), policy_version="2026-01", valid_until=later)
    second = evolve(grant(BO), policy_version="2026-02")
    strict = ConsentGranted(customer=BO, purpose="marketing", valid_until=later)

    town = told(first, second)
    assert added(town, JOIN)[2:] == [strict]
    assert added(town, PART)[2:] == []
    assert added(told(second, evolve(second, customer=ANNA)), JOIN)[2:] == []


def test_objections_and_restrictions_of_either_are_those_of_both_and_stay() -> None:
    object_ = ObjectToProcessing(customer=ANNA, at=NOON, purpose="analytics")
    restrict = RestrictProcessing(customer=ANNA, at=NOON, data_class=DataClass.ADDRESS)
    later = evolve(object_, customer=BO, purpose="marketing")
    town = told(object_, restrict)

    assert added(town, JOIN)[2:] == [
        ProcessingObjected(customer=BO, purpose="analytics"),
        ProcessingRestricted(customer=BO, data_class=DataClass.ADDRESS, reason="merge"),
    ]
    town.tell(later)
    town.tell(evolve(restrict, customer=BO, data_class=None))
    assert added(town, PART)[2:] == [
        ProcessingObjected(customer=ANNA, purpose="marketing"),
        ProcessingRestricted(customer=ANNA, reason="merge"),
    ]
    assert town.customers[BO].state.rights.restricts(DataClass.ADDRESS)


def test_a_hold_on_either_holds_both_and_its_end_ends_it_for_both() -> None:
    hold = PlaceHold(customer=ANNA, at=NOON, classes=CONTACT, basis="tax")
    town = told(hold)

    assert added(town, JOIN)[2:] == [LegalHoldPlaced(customer=BO, classes=CONTACT, basis="tax")]
    town.tell(ReleaseHold(customer=BO, at=NOON, classes=CONTACT, basis="tax"))
    town.tell(evolve(hold, customer=BO, classes=(DataClass.ADDRESS,)))
    assert added(town, PART)[2:] == [
        LegalHoldPlaced(customer=ANNA, classes=(DataClass.ADDRESS,), basis="tax"),
        LegalHoldReleased(customer=ANNA, classes=CONTACT, basis="tax"),
    ]


def test_holds_of_both_stand_each_by_its_basis() -> None:
    both = (DataClass.CONTACT, DataClass.ADDRESS)
    hold = PlaceHold(customer=ANNA, at=NOON, classes=both, basis="case-1")
    town = told(hold, evolve(hold, basis="tax"), evolve(hold, customer=BO, classes=CONTACT))

    assert added(town, JOIN)[2:] == [
        LegalHoldPlaced(customer=BO, classes=both[1:], basis="case-1"),
        LegalHoldPlaced(customer=BO, classes=both, basis="tax"),
    ]


_WHO = st.sampled_from(ALL)
_CHANNELS = st.sampled_from([None, "sms", "mail"])
_SAYINGS: st.SearchStrategy[Command] = st.one_of(
    st.builds(grant, _WHO, _CHANNELS),
    st.builds(withdraw, _WHO, _CHANNELS),
    st.builds(
        ObjectToProcessing, customer=_WHO, at=st.just(NOON), purpose=st.sampled_from(["m", "a"])
    ),
    st.builds(
        RestrictProcessing,
        customer=_WHO,
        at=st.just(NOON),
        data_class=st.sampled_from([None, *DataClass]),
    ),
    _WHO.flatmap(
        lambda who: st.sampled_from(
            [
                evolve(ERASE, customer=who),
                evolve(COMPLETE, customer=who),
                evolve(REVIVE, customer=who),
            ]
        )
    ),
)
_MERGES = st.builds(into, _WHO, _WHO) | st.builds(out_of, _WHO, _WHO)


def tell(town: Chronicle, commands: list[Command]) -> None:
    for command in commands:
        outcome_of(town, command)


def outcome_of(town: Chronicle, command: Command) -> bool:
    try:
        town.tell(command)
    except Refusal:
        return False
    return True


def speaker(town: Chronicle, who: CustomerId) -> CustomerId:
    """Who speaks for somebody; there is one, or this would not end."""
    for _ in ALL:
        above = town.customers[who].state.records.into
        if above is None:
            return who
        who = above
    raise AssertionError("they were merged in a circle")


@given(st.lists(_SAYINGS | _MERGES, max_size=12))
def test_no_sequence_of_commands_leaves_a_record_without_a_speaker(
    commands: list[Command],
) -> None:
    town = told()
    tell(town, commands)

    for who in ALL:
        records = town.customers[who].state.records
        if records.into is None:
            theirs = {one for one in ALL if one != who and speaker(town, one) == who}
            assert set(records.others) == theirs
            assert len(records.others) == len(theirs)


@given(st.lists(_SAYINGS | _MERGES, max_size=8), _MERGES)
def test_a_repeated_command_adds_nothing(commands: list[Command], wanted: Command) -> None:
    town = told()
    tell(town, commands)

    if outcome_of(town, wanted):
        assert added(town, wanted) == []


@given(st.lists(_SAYINGS, max_size=10), st.lists(_SAYINGS, max_size=4))
def test_what_either_refused_is_refused_after_a_merge_and_after_its_reversal(
    before: list[Command], between: list[Command]
) -> None:
    town = told()
    tell(town, before)

    refused = refusals(town.customers[ANNA].state) | refusals(town.customers[BO].state)
    if not outcome_of(town, JOIN):
        return
    assert refused <= refusals(town.customers[BO].state)
    tell(town, between)
    refused = refusals(town.customers[BO].state)
    if outcome_of(town, PART):
        assert refused <= refusals(town.customers[BO].state)
        assert refused <= refusals(town.customers[ANNA].state)


def refusals(state: Customer) -> set[object]:
    """What a person does not want, of all that is asked here."""
    return {
        *state.rights.objections,
        *(one for one in DataClass if state.rights.restricts(one)),
        *(
            ("marketing", channel)
            for channel in (None, "sms", "mail")
            if state.consents.about("marketing", channel, NOON) is Consent.WITHDRAWN
        ),
    }
