"""Keys that count as erased although no erasure took them are named, and no others are."""

import pytest
from attrs import evolve

from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.erasing import Step
from regulars.application.keys import KeyName, KeyState, StoredKey
from regulars.application.stray_keys import Unasked
from regulars.domain.customer import RegisterCustomer
from regulars.domain.merge import MergeCustomers
from regulars.domain.personal import Contact, DataClass, Profile
from regulars.domain.protection import NameParty, Party
from regulars.domain.purchase import PlaceOrder
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId, OrderId
from tests.application.memory_crm import TENANT, Parts, core
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON

COURIER = Subject(kind=SubjectKind.COURIER, id="c-7")
ORDER = OrderId("o-1")
STORY = (
    RegisterCustomer(
        customer=ANNA, at=NOON, contact=Contact(name="Anna"), profile=Profile(gender="female")
    ),
    RegisterCustomer(customer=BO, at=NOON, contact=Contact(name="Bo")),
    PlaceOrder(order=ORDER, at=NOON, currency="CNY", total=100, customer=ANNA),
    NameParty(order=ORDER, at=NOON, party=Party.COURIER, who="c-7", contact=Contact(name="C")),
)


def contact_of(subject: str) -> KeyName:
    return KeyName(TENANT, subject, DataClass.CONTACT)


HERS = contact_of(f"customer/{ANNA}")


@pytest.fixture
def town() -> Parts:
    town = core(MemoryStorage(tenant=TENANT), MemoryKeyStore())
    for command in STORY:
        town.execute(command)
    return town


def erase(town: Parts, whose: str | Subject = ANNA) -> None:
    town.crm.erasures.erase(whose, by="officer:1", basis="asked", classes=[DataClass.CONTACT])


def unasked(town: Parts) -> dict[str, int]:
    verdict = town.crm.verify()
    assert not (verdict.sound and verdict.keys_unasked)
    return {f"{one.subject} {one.data_class.value}": one.keys for one in verdict.keys_unasked}


@pytest.mark.parametrize("subject", [f"customer/{ANNA}", f"customer/{BO}", str(COURIER)])
def test_a_key_that_nobody_asked_to_erase_is_named_with_its_subject(
    town: Parts, subject: str
) -> None:
    assert unasked(town) == {}

    town.keys.destroy([contact_of(subject)], at=1)

    assert town.crm.verify().keys_unasked == (
        Unasked(subject=subject, data_class=DataClass.CONTACT, keys=1),
    )


def test_a_fence_that_nobody_asked_for_is_named(town: Parts) -> None:
    town.keys.fence([HERS], at=1)

    assert unasked(town) == {"customer/anna contact": 1}


@pytest.mark.parametrize("whose", [ANNA, COURIER])
def test_what_an_erasure_took_is_not_named_and_another_class_is(
    town: Parts, whose: str | Subject
) -> None:
    erase(town, whose)
    assert unasked(town) == {}

    town.keys.destroy([HERS._replace(data_class=DataClass.PROFILE)], at=1)

    assert unasked(town) == {"customer/anna profile": 1}


def test_an_erasure_that_was_cut_short_is_one(town: Parts) -> None:
    def cut(step: Step) -> None:
        if step is Step.DESTROYED:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        town.crm.erasures.erase(ANNA, by="officer:1", basis="asked", told=cut)

    assert unasked(town) == {}


def test_what_is_held_back_from_its_erasure_is_taken_by_none(town: Parts) -> None:
    town.crm.erasures.hold(ANNA, by="counsel:1", basis="case-17", classes=[DataClass.CONTACT])
    erase(town)
    assert unasked(town) == {}

    marked = [
        evolve(key, state=KeyState.ERASED, wrapped=None) if key.name == HERS else key
        for key in stored(town, *names())
    ]

    assert unasked(core(town.storage, MemoryKeyStore(marked))) == {"customer/anna contact": 1}


@pytest.mark.parametrize("bare", [False, True], ids=["as a key", "as a fence"])
def test_the_key_of_a_new_life_is_not_taken_by_the_erasure_before_it(
    town: Parts, *, bare: bool
) -> None:
    erase(town)
    town.crm.erasures.authorise_new_life(
        ANNA, by="officer:1", basis="came-back", classes=[DataClass.CONTACT]
    )
    assert unasked(town) == {}

    others = [key for key in stored(town, *names()) if (key.name, key.version) != (HERS, 3)]
    (newest,) = [key for key in stored(town, HERS) if key.version == 3]
    marked = evolve(newest, state=KeyState.ERASED, wrapped=None, kek=None if bare else newest.kek)

    assert unasked(core(town.storage, MemoryKeyStore([*others, marked]))) == {
        "customer/anna contact": 1
    }


def test_a_key_of_a_new_life_that_takes_the_place_of_the_fence_is_named(town: Parts) -> None:
    erase(town)
    town.crm.erasures.authorise_new_life(
        ANNA, by="officer:1", basis="came-back", classes=[DataClass.CONTACT]
    )
    (newest,) = [key for key in stored(town, HERS) if key.version == 3]
    # The fence is taken out, so that there is one fence as before.
    others = [key for key in stored(town, *names()) if key.name != HERS or key.version == 1]
    hidden = evolve(newest, state=KeyState.ERASED, wrapped=None, kek=None)

    assert unasked(core(town.storage, MemoryKeyStore([*others, hidden]))) == {
        "customer/anna contact": 1
    }


def test_each_life_leaves_the_fence_behind_what_its_erasure_took(town: Parts) -> None:
    for _ in range(3):
        erase(town)
        town.crm.erasures.authorise_new_life(
            ANNA, by="officer:1", basis="came-back", classes=[DataClass.CONTACT]
        )
        assert unasked(town) == {}

    fences = [key.version for key in stored(town, HERS) if key.kek is None]
    assert fences == [2, 4, 6]


def test_an_erasure_from_before_a_merge_took_nothing_of_the_absorbed(town: Parts) -> None:
    erase(town, BO)
    town.crm.erasures.authorise_new_life(
        BO, by="officer:1", basis="came-back", classes=[DataClass.CONTACT]
    )
    town.execute(MergeCustomers(absorbed=ANNA, survivor=BO, at=NOON, evidence="same-phone"))
    assert unasked(town) == {}

    others = [key for key in stored(town, *names()) if key.name != HERS]
    (hers,) = stored(town, HERS)
    hidden = evolve(hers, state=KeyState.ERASED, wrapped=None, kek=None)

    assert unasked(core(town.storage, MemoryKeyStore([*others, hidden]))) == {
        "customer/anna contact": 1
    }


def test_what_was_erased_of_two_who_were_merged_further_is_asked_for(town: Parts) -> None:
    cleo = CustomerId("cleo")
    town.execute(RegisterCustomer(customer=cleo, at=NOON))
    join = MergeCustomers(absorbed=ANNA, survivor=BO, at=NOON, evidence="same-phone")
    town.execute(join)
    erase(town, BO)
    town.crm.erasures.authorise_new_life(
        BO, by="officer:1", basis="came-back", classes=[DataClass.CONTACT]
    )

    town.execute(evolve(join, absorbed=BO, survivor=cleo))

    assert unasked(town) == {}
    town.keys.destroy([HERS._replace(data_class=DataClass.PROFILE)], at=1)
    assert unasked(town) == {"customer/anna profile": 1}


def names() -> list[KeyName]:
    subjects = ("customer/anna", "customer/bo", str(COURIER), "marks")
    return [KeyName(TENANT, subject, of) for subject in subjects for of in DataClass]


def stored(town: Parts, *names: KeyName) -> list[StoredKey]:
    return [key for versions in town.keys.get_many(names).values() for key in versions]


def test_who_was_merged_is_erased_with_who_speaks_for_them(town: Parts) -> None:
    town.execute(MergeCustomers(absorbed=BO, survivor=ANNA, at=NOON, evidence="same-phone"))
    town.keys.destroy([contact_of(f"customer/{BO}")], at=1)
    assert unasked(town) == {"customer/bo contact": 1}

    erase(town)
    assert unasked(town) == {}

    town.crm.erasures.authorise_new_life(
        ANNA, by="officer:1", basis="came-back", classes=[DataClass.CONTACT]
    )
    assert unasked(town) == {}
