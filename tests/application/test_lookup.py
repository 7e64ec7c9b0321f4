from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from traceback import walk_tb

import pytest
from attrs import evolve

from regulars.adapters.blinding import KeyedBlinder, root_name
from regulars.adapters.database import Database
from regulars.adapters.key_ring import KeyRing
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application import lookup
from regulars.application.access_log import AccessLog
from regulars.application.audit import spot_of
from regulars.application.contact_index import IndexVersion, SharedContact
from regulars.application.contacts import ContactsShared, ContactTaken
from regulars.application.errors import (
    InvalidId,
    InvalidPersonalData,
    StorageUnavailable,
    UnusableIndex,
)
from regulars.application.keys import KeyName, KeyState, StoredKey
from regulars.application.reading import DataOf, LookupDenied
from regulars.domain.actor import Actor
from regulars.domain.customer import CustomerRegistered, RegisterCustomer, UpdateCustomerDetails
from regulars.domain.merge import MergeCustomers
from regulars.domain.personal import Contact, DataClass
from regulars.domain.reading import DEFAULT_POLICY, Denial, Denied, Limit
from regulars.domain.rights import ObjectToProcessing, RestrictProcessing
from regulars.domain.values import CustomerId
from tests.adapters.vaults import RING, vault
from tests.application.memory_crm import TENANT, Parts, core, memory_core, sql_core
from tests.domain.story import NOON

ADA, BOB = CustomerId("ada"), CustomerId("bob")
PHONE, OTHER = "13812345678", "13912345678"
SAM, OFFICER = Actor(role="support", id="s-7"), Actor(role="privacy_officer", id="po-1")


@pytest.fixture(params=["memory", "sqlite"])
def town(request: pytest.FixtureRequest) -> Iterator[Parts]:
    if request.param == "memory":
        yield memory_core()
        return
    with closing(Database("sqlite://")) as database:
        yield sql_core(database)


@pytest.fixture(autouse=True)
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "_POSITIONS_AT_ONCE", 2)


def register(town: Parts, customer: str, **contact: str) -> None:
    contact = contact or {"phone": f"139{int(customer):08}"}
    town.execute(
        RegisterCustomer(customer=CustomerId(customer), at=NOON, contact=Contact(**contact))
    )


def move(town: Parts, customer: CustomerId, **contact: str) -> None:
    town.execute(UpdateCustomerDetails(customer=customer, at=NOON, contact=Contact(**contact)))


def found(town: Parts, phone: str = PHONE) -> tuple[CustomerId, ...]:
    return town.crm.find_customer(phone=phone, purpose="service", actor=SAM)


def _stop(done: int, of: int) -> None:
    raise InterruptedError(done, of)


def interrupted(town: Parts, after: int) -> None:
    """Filling stops after so many lots."""

    class Interrupted(Exception):
        pass

    lots = iter(range(after - 1))

    def stop(done: int, of: int) -> None:
        assert done <= of
        if next(lots, None) is None:
            raise Interrupted

    with pytest.raises(Interrupted):
        town.crm.lookup.fill(progress=stop)


def records(town: Parts) -> list[tuple[str, str, str, str | None]]:
    """Who looked for whom, and what came of it."""
    told = town.crm.ask(AccessLog())
    return [(one.actor.id, one.subject, one.outcome, one.denial) for one in told]


def test_every_look_up_is_recorded_also_where_nobody_was_found(town: Parts) -> None:
    town.crm.lookup.keep(unique=False, region="CN")
    register(town, ADA, phone=PHONE, email="ada@example.org")
    register(town, BOB, phone=PHONE)

    town.crm.find_customer(email="ADA@example.org", purpose="service", actor=SAM, reason="t-12")
    town.crm.find_customer(phone=PHONE, purpose="legal_duty", actor=OFFICER)
    town.crm.find_customer(phone=OTHER, purpose="service", actor=SAM)

    assert records(town) == [
        ("s-7", "customer/ada", "found", None),
        ("po-1", "customer/ada", "found", None),
        ("po-1", "customer/bob", "found", None),
        ("s-7", "", "nobody", None),
    ]
    (first, *_) = town.crm.ask(AccessLog(customer=ADA))
    assert (first.data_class, first.purpose, first.reason) == ("contact", "service", "t-12")
    said = repr([*town.events(), *town.crm.ask(AccessLog())])
    assert PHONE not in said
    assert "example.org" not in said


def test_without_a_record_there_is_no_answer(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/shop.db", synchronous="NORMAL")) as database:
        town = sql_core(database)
        town.crm.lookup.keep(unique=True, region="CN")
        register(town, ADA, phone=PHONE)
        pragma = database.connection.exec_driver_sql
        pragma(f"PRAGMA max_page_count = {pragma('PRAGMA page_count').scalar()}")
        answers: list[tuple[CustomerId, ...]] = []

        def until_full() -> None:
            while len(answers) < 1_000:
                answers.append(found(town))

        with pytest.raises(StorageUnavailable, match="full"):
            until_full()
        pragma("PRAGMA max_page_count = 100000")

        assert len(records(town)) == len(answers)


def test_who_may_not_look_is_told_the_same_of_everybody_and_it_is_recorded(town: Parts) -> None:
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)
    courier = Actor(role="courier", id="c-3")
    said: set[str] = set()

    for phone in (PHONE, OTHER):
        with pytest.raises(LookupDenied) as denied:
            town.crm.find_customer(phone=phone, purpose="delivery", actor=courier)
        said.add(str(denied.value))
    with pytest.raises(LookupDenied):
        town.crm.find_customer(phone=PHONE, purpose="curiosity", actor=SAM)

    assert said == {"the look-up is denied: purpose"}
    assert records(town) == [
        ("c-3", "", "denied", "purpose"),
        ("c-3", "", "denied", "purpose"),
        ("s-7", "", "denied", "purpose"),
    ]


def test_who_tries_numbers_is_suspended_whether_or_not_they_are_anybodys() -> None:
    policy = evolve(DEFAULT_POLICY, limits=(Limit(role="support", reads=3, seconds=60),))
    town = core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), policy=policy)
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)

    answers = [found(town, f"1391234560{number}") for number in range(2)] + [found(town)]

    assert answers == [(), (), (ADA,)]
    with pytest.raises(LookupDenied) as denied:
        found(town)
    assert denied.value.reason is Denial.SUSPENDED
    hers = DataOf(customer=ADA, data_class=DataClass.CONTACT)
    assert town.crm.reveal(hers, purpose="service", actor=SAM) == Denied(Denial.SUSPENDED)


def test_whose_contact_may_not_be_used_is_found_for_a_legal_duty_alone(town: Parts) -> None:
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)
    register(town, BOB, phone=OTHER)
    town.execute(
        RestrictProcessing(customer=ADA, at=NOON, data_class=DataClass.CONTACT),
        ObjectToProcessing(customer=BOB, at=NOON, purpose="service"),
    )

    assert [found(town, phone) for phone in (PHONE, OTHER)] == [(), ()]
    assert town.crm.find_customer(phone=PHONE, purpose="legal_duty", actor=OFFICER) == (ADA,)


def test_who_asked_to_be_erased_is_found_no_more_though_a_hold_keeps_their_data(
    town: Parts,
) -> None:
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)
    town.crm.erasures.hold(ADA, by="counsel", basis="claim", classes=[DataClass.CONTACT])
    assert found(town) == (ADA,)

    town.crm.erasures.erase(ADA, by="officer", basis="asked")

    assert found(town) == ()
    assert town.crm.find_customer(phone=PHONE, purpose="legal_duty", actor=OFFICER) == ()
    with pytest.raises(ContactTaken):
        register(town, BOB, phone=PHONE)
    town.crm.erasures.release(ADA, by="counsel", basis="claim", classes=[DataClass.CONTACT])
    register(town, BOB, phone=PHONE)
    assert found(town) == (BOB,)


def test_who_waits_for_their_erasure_is_found_by_no_number_of_theirs(town: Parts) -> None:
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)
    register(town, BOB, phone=OTHER)
    town.execute(MergeCustomers(absorbed=BOB, survivor=ADA, at=NOON, evidence="same-card"))
    assert [found(town, phone) for phone in (PHONE, OTHER)] == [(ADA,), (ADA,)]
    town.crm.erasures.hold(ADA, by="counsel", basis="claim", classes=[DataClass.CONTACT])

    town.crm.erasures.erase(ADA, by="officer", basis="asked")

    assert [found(town, phone) for phone in (PHONE, OTHER)] == [(), ()]


def test_a_question_names_one_thing_and_who_asks(town: Parts) -> None:
    town.crm.lookup.keep(unique=True, region="CN")

    with pytest.raises(TypeError):
        town.crm.find_customer(purpose="service", actor=SAM)
    with pytest.raises(TypeError):
        town.crm.find_customer(phone=PHONE, email="ada@example.org", purpose="service", actor=SAM)
    with pytest.raises(InvalidId):
        town.crm.find_customer(phone=PHONE, purpose="service", actor=evolve(SAM, id=" "))
    with pytest.raises(InvalidPersonalData):
        town.crm.find_customer(phone="12", purpose="service", actor=SAM)
    assert records(town) == []


@pytest.mark.parametrize("sought", [{"phone": "13812345678x9y"}, {"email": "ada@@example.org"}])
def test_an_error_of_a_look_up_leaves_no_frame_of_ours_that_holds_the_value(
    town: Parts, sought: dict[str, str]
) -> None:
    town.crm.lookup.keep(unique=False, region="CN")

    with pytest.raises(InvalidPersonalData) as refused:
        town.crm.find_customer(**sought, purpose="service", actor=SAM)

    (value,) = sought.values()
    _, *ours = [frame.f_locals for frame, _ in walk_tb(refused.value.__traceback__)]
    assert ours
    assert value not in repr(ours)


def test_without_an_index_nobody_is_told_that_nobody_was_found(town: Parts) -> None:
    register(town, ADA, phone=PHONE)

    with pytest.raises(UnusableIndex, match="not kept"):
        found(town)
    for work in (town.crm.lookup.fill, town.crm.lookup.rotate):
        with pytest.raises(UnusableIndex, match="not kept"):
            work()
    assert town.crm.lookup.status() == []


def test_what_was_recorded_before_is_found_once_the_index_is_full(town: Parts) -> None:
    for number in range(5):
        register(town, str(number))
    register(town, ADA, phone=OTHER)
    move(town, ADA, phone=PHONE)
    town.execute(UpdateCustomerDetails(customer=ADA, at=NOON, source="spring"))
    town.crm.lookup.keep(unique=True, region="CN")
    with pytest.raises(UnusableIndex, match="not filled"):
        found(town)

    town.crm.lookup.fill()

    (one,) = town.crm.lookup.status()
    assert found(town) == (ADA,)
    assert found(town, OTHER) == ()
    assert found(town, "13900000003") == (CustomerId("3"),)
    assert (one.version.full, one.version.position, one.tokens) == (True, one.head, 6)


def test_filling_goes_on_where_it_was_interrupted(town: Parts) -> None:
    for number in range(6):
        register(town, str(number))
    town.crm.lookup.keep(unique=True, region="CN")

    interrupted(town, after=2)
    (halfway,) = town.crm.lookup.status()
    interrupted(town, after=1)
    town.crm.lookup.fill()

    assert (halfway.version.position, halfway.tokens) == (4, 4)
    assert town.crm.lookup.status()[0].tokens == 6


def test_who_moves_while_the_index_is_filled_is_found_where_they_are(town: Parts) -> None:
    for number in range(4):
        register(town, str(number))
    register(town, ADA, phone=OTHER)
    town.crm.lookup.keep(unique=True, region="CN")
    interrupted(town, after=1)

    move(town, ADA, phone=PHONE)
    register(town, BOB, phone=OTHER)
    town.crm.lookup.fill()

    assert (found(town), found(town, OTHER)) == ((ADA,), (BOB,))


def test_what_has_no_form_is_counted_and_left_out(town: Parts) -> None:
    register(town, ADA, phone="12", email="ada@example.org")
    register(town, BOB, phone=PHONE, email="bob")
    town.crm.lookup.keep(unique=False, region="CN")

    town.crm.lookup.fill()

    assert town.crm.find_customer(email="ada@example.org", purpose="service", actor=SAM) == (ADA,)
    assert found(town) == (BOB,)
    (one,) = town.crm.lookup.status()
    assert (one.version.left_out, one.tokens) == (2, 2)


def test_a_box_that_was_tampered_with_is_counted_and_left_out(town: Parts) -> None:
    register(town, ADA, phone=PHONE)
    town.crm.lookup.keep(unique=False, region="CN")

    evolve(town.crm.lookup, vault=vault(town.keys, "elsewhere")).fill()

    (one,) = town.crm.lookup.status()
    assert (one.version.left_out, one.tokens) == (1, 0)


def test_the_key_is_changed_while_nobody_has_to_wait(town: Parts) -> None:
    town.crm.lookup.keep(unique=True, region="CN")
    for number in range(4):
        register(town, str(number))
    register(town, ADA, phone=PHONE)
    before = town.crm.lookup.status()
    with pytest.raises(InterruptedError):
        town.crm.lookup.rotate(progress=_stop)

    assert [one.version.full for one in town.crm.lookup.status()] == [True, False]
    assert found(town) == (ADA,)
    with pytest.raises(ContactTaken):
        register(town, BOB, phone=PHONE)
    register(town, BOB, phone=OTHER)
    move(town, CustomerId("0"), phone="13612345678")
    town.crm.lookup.rotate()

    (after,) = town.crm.lookup.status()
    assert (before[0].version.version, after.version.version) == (1, 2)
    assert (after.version.full, after.tokens) == (True, 6)
    assert [found(town, one) for one in (PHONE, OTHER, "13612345678", "13900000000")] == [
        (ADA,),
        (BOB,),
        (CustomerId("0"),),
        (),
    ]


def root(town: Parts, version: int) -> list[KeyState]:
    name = root_name(TENANT, version)
    return [key.state for key in town.keys.get_many([name]).get(name, ())]


def test_the_key_of_an_index_that_was_replaced_is_destroyed(town: Parts) -> None:
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)
    with pytest.raises(InterruptedError):
        town.crm.lookup.rotate(progress=_stop)
    assert (root(town, 1), root(town, 2)) == ([KeyState.ACTIVE], [KeyState.ACTIVE])

    town.crm.lookup.rotate()

    assert (root(town, 1), root(town, 2)) == ([KeyState.ERASED], [KeyState.ACTIVE])
    assert found(town) == (ADA,)
    register(town, BOB, phone=OTHER)


def test_a_key_that_a_crash_left_behind_is_destroyed_by_the_next_filling(town: Parts) -> None:
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)

    class Dies(KeyedBlinder):
        def retire(self, kept: Collection[int]) -> None:
            raise InterruptedError(*kept)

    blinder = Dies(TENANT, town.keys, RING, clock=town.clock)
    with pytest.raises(InterruptedError):
        evolve(town.crm.lookup, blinder=blinder).rotate()
    assert root(town, 1) == [KeyState.ACTIVE]
    assert found(town) == (ADA,)

    for _ in range(2):
        town.crm.lookup.fill()

    assert (root(town, 1), root(town, 2)) == ([KeyState.ERASED], [KeyState.ACTIVE])
    assert found(town) == (ADA,)


def test_contacts_that_are_shared_cannot_be_made_unique(town: Parts) -> None:
    town.crm.lookup.keep(unique=False, region="CN")
    for number in range(12):
        both = {"phone": f"1371234560{number % 10}", "email": "all@example.org"}
        register(town, f"c{number:02}", **both)
    before = town.crm.lookup.status()

    with pytest.raises(ContactsShared) as refused:
        town.crm.lookup.keep(unique=True, region="CN")

    everybody = tuple(CustomerId(f"c{number:02}") for number in range(12))
    assert refused.value.shared == (
        SharedContact(field="email", customers=everybody),
        SharedContact(field="phone", customers=everybody[::10]),
        SharedContact(field="phone", customers=everybody[1::10]),
    )
    assert str(refused.value).startswith(
        "contacts cannot be unique while customers share an e-mail address: c00, c01,"
    )
    assert str(refused.value).endswith("; a phone number: c00, c10; a phone number: c01, c11")
    assert town.crm.lookup.status() == before
    for number in (10, 11):
        move(town, everybody[number], phone=f"1361234560{number - 10}")
    for number in range(12):
        move(town, everybody[number], phone=f"1351234{number:04}")
    town.crm.lookup.keep(unique=True, region="CN")
    assert town.crm.lookup.status()[0].shared == ()


def test_a_message_names_a_few_of_those_who_share() -> None:
    one = SharedContact(field="phone", customers=(ADA, BOB))

    assert str(ContactsShared(shared=(one,) * 10)).endswith("a phone number: ada, bob")
    assert str(ContactsShared(shared=(one,) * 13)).endswith("ada, bob; and 3 more")


def test_an_index_that_is_begun_as_unique_names_who_shared_before_and_lets_them_be(
    town: Parts,
) -> None:
    register(town, ADA, phone=PHONE)
    register(town, BOB, phone=PHONE)
    town.crm.lookup.keep(unique=True, region="CN")
    town.crm.lookup.fill()

    shared = (SharedContact(field="phone", customers=(ADA, BOB)),)
    assert town.crm.lookup.status()[0].shared == shared
    town.crm.lookup.rotate()
    assert town.crm.lookup.status()[0].shared == shared
    with pytest.raises(ContactTaken):
        register(town, "1", phone=PHONE)
    move(town, ADA, phone=PHONE, email="ada@example.org")
    move(town, ADA, phone=OTHER)
    assert town.crm.lookup.status()[0].shared == ()
    with pytest.raises(ContactTaken):
        move(town, ADA, phone=PHONE)


def test_another_region_takes_another_version(town: Parts) -> None:
    town.crm.lookup.keep(unique=True, region=None)
    register(town, ADA, phone="+8613812345678")
    with pytest.raises(InvalidPersonalData):
        found(town)
    with pytest.raises(UnusableIndex, match="no region, not of region CN"):
        town.crm.lookup.keep(unique=True, region="CN")

    town.crm.lookup.rotate(region="CN")

    assert found(town) == (ADA,)
    with pytest.raises(UnusableIndex, match="no region ZZ"):
        town.crm.lookup.rotate(region="ZZ")
    town.crm.lookup.keep(unique=True, region="CN")


def test_an_index_of_an_older_edition_tells_spellings_apart_until_it_is_rotated(
    town: Parts,
) -> None:
    with town.storage.transaction():
        town.crm.lookup.blinder.provide(1)
        town.storage.contacts.keep(
            IndexVersion(version=1, normaliser=1, region=None, unique=True, full=True)
        )
    register(town, ADA, email="ada@example.org.")

    def reached() -> tuple[CustomerId, ...]:
        return town.crm.find_customer(email="Ada@example.org", purpose="service", actor=SAM)

    assert reached() == ()
    town.crm.lookup.rotate()

    assert reached() == (ADA,)
    with pytest.raises(ContactTaken):
        register(town, BOB, email="ada@\uff45xample.org")


def tombstone(subject: str) -> StoredKey:
    return StoredKey(
        name=KeyName(TENANT, subject, DataClass.CONTACT),
        version=1,
        state=KeyState.ERASED,
        wrapped=None,
        kek=None,
        created_at=1,
        erased_at=2,
    )


def test_who_was_erased_is_not_brought_back_by_a_new_index() -> None:
    """An erasure goes by subject: by then, no token can be made of what was erased (Hexis 132)."""
    town = memory_core()
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)
    register(town, BOB, phone=OTHER)
    assert town.storage.contacts.forget(["customer/ada"], [DataClass.CONTACT]) == 1
    root = town.keys.get_many([root_name(TENANT, 1)])
    bob = town.keys.get_many([KeyName(TENANT, "customer/bob", DataClass.CONTACT)])
    kept = [key for keys in (*root.values(), *bob.values()) for key in keys]
    after = core(town.storage, MemoryKeyStore([tombstone("customer/ada"), *kept]))

    assert (found(after), found(after, "13500000000")) == ((), ())
    after.crm.lookup.rotate()

    assert (found(after), found(after, OTHER)) == ((), (BOB,))


def test_a_key_that_came_back_from_a_backup_brings_nobody_back_into_the_index() -> None:
    town = memory_core()
    town.crm.lookup.keep(unique=True, region="CN")
    register(town, ADA, phone=PHONE)
    root, ada = root_name(TENANT, 1), KeyName(TENANT, "customer/ada", DataClass.CONTACT)
    kept = [key for keys in town.keys.get_many([root, ada]).values() for key in keys]
    town.crm.erasures.erase(ADA, by="officer", basis="asked")
    after = core(town.storage, MemoryKeyStore(kept))

    after.crm.lookup.rotate()

    assert found(after) == ()
    register(after, BOB, phone=PHONE)


def test_filling_trusts_no_key_that_another_process_may_have_destroyed() -> None:
    town = memory_core()
    register(town, ADA, phone=PHONE)
    town.crm.lookup.keep(unique=True, region="CN")
    opener = vault(town.keys, TENANT)
    (recorded,) = town.events()
    assert isinstance(recorded.event, CustomerRegistered)
    assert recorded.event.contact is not None
    opener.open(recorded.event.contact, spot_of(recorded, "contact"))
    ada = KeyName(TENANT, "customer/ada", DataClass.CONTACT)
    town.keys.fence([ada], at=1)
    town.keys.destroy([ada], at=2)

    evolve(town.crm.lookup, vault=opener).fill()

    assert found(town) == ()


def test_a_box_that_cannot_be_opened_now_stops_the_filling(town: Parts) -> None:
    register(town, ADA, phone=PHONE)
    town.crm.lookup.keep(unique=True, region="CN")
    blind = vault(town.keys, TENANT, KeyRing({"k2": bytes(32)}, active="k2"))

    with pytest.raises(UnusableIndex, match="k1 is not in the key ring"):
        evolve(town.crm.lookup, vault=blind).fill()

    assert not town.crm.lookup.status()[0].version.full
