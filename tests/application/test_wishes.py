"""Consents and objections are held against the policy that is to heed them."""

from typing import TypeAlias

import pytest
from attrs import evolve

from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.errors import NotInPolicy, NotToObjectTo
from regulars.application.reading import DataOf
from regulars.domain.actor import Actor
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import Contact, DataClass
from regulars.domain.reading import DEFAULT_POLICY, ReadingPolicy
from regulars.domain.retention import Retention, Since
from regulars.domain.rights import ObjectToProcessing, WithdrawObjection
from tests.application.memory_crm import TENANT, Parts, core
from tests.domain.examples import ANNA
from tests.domain.story import NOON

REGISTER = RegisterCustomer(customer=ANNA, at=NOON)
OBJECT = ObjectToProcessing(customer=ANNA, at=NOON, purpose="marketing")
GRANT = GrantConsent(customer=ANNA, at=NOON, purpose="marketing", channel="sms")
WITHDRAW = WithdrawConsent(customer=ANNA, at=NOON, purpose="marketing", channel="sms")
BACK = WithdrawObjection(customer=ANNA, at=NOON, purpose="marketing")
Wish: TypeAlias = ObjectToProcessing | GrantConsent | WithdrawConsent | WithdrawObjection
WISHES: list[Wish] = [OBJECT, GRANT, WITHDRAW, BACK]


def town(policy: ReadingPolicy = DEFAULT_POLICY) -> Parts:
    shop = core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), policy=policy)
    shop.execute(REGISTER)
    return shop


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: type(wish).__name__)
def test_a_wish_that_nothing_would_heed_is_refused_with_what_is_known(wish: Wish) -> None:
    shop = town()

    with pytest.raises(NotInPolicy) as refused:
        shop.execute(evolve(wish, purpose="Marketing"))

    assert (refused.value.field, refused.value.known) == (
        "purpose",
        (
            *("analytics", "billing", "care", "delivery"),
            *("legal_duty", "marketing", "service", "subject_access"),
        ),
    )
    assert "marketing" in str(refused.value)
    assert "Marketing" not in str(refused.value)
    assert len(shop.events()) == 1


@pytest.mark.parametrize("purpose", ["subject_access", "legal_duty"])
def test_an_objection_to_what_the_law_demands_is_refused_with_what_is_open_to_one(
    purpose: str,
) -> None:
    shop, free = town(), ("analytics", "billing", "care", "delivery", "marketing", "service")

    with pytest.raises(NotToObjectTo) as refused:
        shop.execute(evolve(OBJECT, purpose=purpose))

    assert (refused.value.purpose, refused.value.known) == (purpose, free)
    assert f"{purpose} is a legal duty" in str(refused.value)
    assert len(shop.events()) == 1
    assert shop.execute(evolve(BACK, purpose=purpose)).events == ()


def test_a_purpose_that_is_not_for_a_legal_duty_alone_is_open_to_an_objection() -> None:
    mixed = evolve(DEFAULT_POLICY.rules[3], purpose="legal_duty")
    policy = evolve(
        DEFAULT_POLICY,
        rules=(*DEFAULT_POLICY.rules, mixed),
        purposes=frozenset({"subject_access"}),  # for what a host heeds beside the rules
    )

    for purpose in ("legal_duty", "subject_access"):
        assert town(policy).execute(evolve(OBJECT, purpose=purpose)).events != ()


def test_one_wish_that_is_refused_keeps_those_beside_it_from_being_recorded() -> None:
    shop = town()

    with pytest.raises(NotInPolicy):
        shop.execute(GRANT, evolve(OBJECT, purpose="calls"))

    assert len(shop.events()) == 1


def test_a_policy_names_purposes_that_a_host_heeds_itself_and_those_of_retention() -> None:
    profile = Retention(
        kind="profile",
        classes=frozenset({DataClass.PROFILE}),
        days=30,
        since=Since.CONSENT,
        purpose="birthdays",
    )
    policy = evolve(DEFAULT_POLICY, purposes=frozenset({"receipts"}), retention=(profile,))

    for purpose in ("receipts", "birthdays", "service"):
        assert town(policy).execute(evolve(OBJECT, purpose=purpose)).events != ()


def test_a_channel_is_any_until_the_policy_lists_those_in_use() -> None:
    shop = town(evolve(DEFAULT_POLICY, channels=frozenset({"sms", "app"})))
    for wish in (GRANT, evolve(GRANT, channel=None), evolve(WITHDRAW, channel=None)):
        assert shop.execute(wish).events != ()

    for wish in (GRANT, WITHDRAW):
        with pytest.raises(NotInPolicy) as refused:
            shop.execute(evolve(wish, channel="SMS"))
        assert (refused.value.field, refused.value.known) == ("channel", ("app", "sms"))
        assert town().execute(evolve(GRANT, channel="SMS")).events != ()


def test_what_was_said_under_an_older_policy_can_be_taken_back_and_is_refused_no_more() -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    older = core(storage, keys, policy=evolve(DEFAULT_POLICY, purposes=frozenset({"calls"})))
    older.execute(REGISTER)
    older.execute(evolve(GRANT, purpose="calls"), evolve(OBJECT, purpose="calls"))
    shop = core(storage, keys)

    assert shop.crm.verify().sound
    for back in (evolve(WITHDRAW, purpose="calls"), evolve(BACK, purpose="calls")):
        assert shop.execute(back).events != ()
        with pytest.raises(NotInPolicy):
            shop.execute(back)
    for known in (WITHDRAW, BACK):
        assert shop.execute(known).events == ()


def test_a_consent_to_what_rests_on_none_is_kept_and_neither_it_nor_its_end_changes_a_read() -> (
    None
):
    shop = core(MemoryStorage(tenant=TENANT), MemoryKeyStore())
    shop.execute(evolve(REGISTER, contact=Contact(phone="+8613874291830")))
    consent = evolve(GRANT, purpose="billing", channel=None)
    clerk = Actor(role="finance", id="f-1")

    def read() -> str:
        contact = DataOf(customer=ANNA, data_class=DataClass.CONTACT)
        (outcome,) = shop.crm.reveal_many([contact], actor=clerk, purpose="billing")
        return type(outcome).__name__

    before = read()
    shop.execute(consent)
    given = read()
    shop.execute(WithdrawConsent(customer=ANNA, at=NOON, purpose="billing"))

    assert (before, given, read()) == ("Revealed",) * 3
    assert [one.type for one in shop.events() if one.type.startswith("Consent")] == [
        "ConsentGranted",
        "ConsentWithdrawn",
    ]
