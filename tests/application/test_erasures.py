"""Erasures over every store: what they destroy, what they leave, and that nothing stops them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import asdict, define, evolve, fields
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.storage import SqlStorage
from regulars.application.aggregates import order_stream
from regulars.application.audit import spot_of
from regulars.application.boxed import BOXED, boxes_of
from regulars.application.catalogue import VIEWS
from regulars.application.certificate import Certificate
from regulars.application.erasing import Step
from regulars.application.erasure_subjects import ErasureNotTold, NobodyKnown
from regulars.application.erasures import EVERY_CLASS
from regulars.application.errors import ErasureWaits, InvalidId, StorageUnavailable, SubjectErased
from regulars.application.keys import KeyName, KeyState, KeyStore, StoredKey
from regulars.application.ports import Erased, Opened, Revealed
from regulars.application.projecting import computed
from regulars.domain.bank_card import BindBankCard
from regulars.domain.consents import GrantConsent
from regulars.domain.customer import AddDeliveryAddress, RegisterCustomer, UpdateCustomerDetails
from regulars.domain.erasure import (
    AuthoriseNewLife,
    CustomerErased,
    EraseCustomer,
    ErasureIdTaken,
    PlaceHold,
    ReleaseHold,
)
from regulars.domain.evidence import Purged, Traces
from regulars.domain.merge import ErasedTogether, MergeCustomers, RevertMerge
from regulars.domain.order import MarkDelivered
from regulars.domain.personal import Address, Contact, Content, DataClass, Profile
from regulars.domain.purchase import OrderPlaced, PlaceOrder
from regulars.domain.real_name import VerifyRealName
from regulars.domain.records import MergedInto
from regulars.domain.review import NotTheirOrder, SubmitReview
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.subject_request import ReceiveSubjectRequest, Right
from regulars.domain.values import AddressId, CustomerId, ErasureId, OrderId, SubjectRequestId
from tests.adapters.vaults import stored, vault
from tests.application.histories import told as tell_histories
from tests.application.memory_crm import TENANT, Parts, core, memory_core, request
from tests.domain.chronicle import Command
from tests.domain.examples import ANNA, BO
from tests.domain.fillings import PLAIN
from tests.domain.story import NOON
from tests.domain.strategies import histories
from tests.postgres_server import new_database

NEW_CONTACT = UpdateCustomerDetails(customer=ANNA, at=NOON, contact=Contact(name="Anna again"))
ORDER = OrderId("o-1")
ADD_ADDRESS = AddDeliveryAddress(
    customer=ANNA, at=NOON, address_id=AddressId("home"), address=Address(text="Lane 1")
)
PLACE = PlaceOrder(
    order=ORDER,
    at=NOON,
    currency="CNY",
    total=100_00,
    customer=ANNA,
    extra=Content(text="no onions"),
)
STORY: tuple[Command, ...] = (
    RegisterCustomer(
        customer=ANNA,
        at=NOON,
        contact=Contact(name="Anna", phone="13812345678"),
        profile=Profile(gender="f"),
    ),
    RegisterCustomer(customer=BO, at=NOON, contact=Contact(name="Bo")),
    ADD_ADDRESS,
    PLACE,
    MarkDelivered(order=ORDER, at=NOON),
    SubmitReview(order=ORDER, at=NOON, customer=ANNA, stars=5, text=Content(text="lovely")),
)
Open = Callable[[], Parts]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens a core on one and the same store; each is as another process would have it."""
    if request.param == "memory":
        storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
        yield lambda: core(storage, keys)
        return
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'town.db'}" if sqlite else new_database()
    with ExitStack() as opened:

        def open_sql() -> Parts:
            database = opened.enter_context(closing(Database(url, synchronous="NORMAL")))
            storage = SqlStorage(database, VIEWS, tenant=TENANT)
            return core(storage, SqlKeyStore(database), scrub=database.scrub)

        yield open_sql


def town_of(open_town: Open) -> Parts:
    town = open_town()
    for command in STORY:
        town.execute(command)
    return town


def opened(town: Parts, customer: str = ANNA) -> dict[str, Opened]:
    """What becomes of each box of a customer, read with nothing in memory."""
    town.vault.rolled_back()
    return {
        f"{one.position} {name}": town.vault.open(box, spot_of(one, name))
        for one in town.events()
        if getattr(one.event, "customer", None) == customer
        for name, box in boxes_of(one.event).items()
    }


def erase(
    town: Parts,
    *classes: DataClass,
    erasure: str | None = None,
    told: Callable[[Step], None] = lambda _: None,
) -> Certificate:
    return town.crm.erasures.erase(
        ANNA,
        by="officer:1",
        basis="asked",
        classes=classes or EVERY_CLASS,
        erasure=erasure,
        told=told,
    )


def completions(town: Parts) -> list[CustomerErased]:
    return [one.event for one in town.events() if isinstance(one.event, CustomerErased)]


def test_everything_of_a_customer_is_erased_and_nothing_of_others(open_town: Open) -> None:
    town = town_of(open_town)
    before = town.rows()

    certificate = erase(town)

    assert certificate.complete
    assert set(opened(town).values()) == {Erased()}
    assert len(opened(town)) == 5
    assert all(isinstance(one, Revealed) for one in opened(town, BO).values())
    assert town.rows() == before
    assert {view.name: [*computed(view, town.events()).values()] for view in VIEWS} == before
    assert town.crm.verify().sound


def test_a_certificate_tells_what_was_done_and_nothing_personal(open_town: Open) -> None:
    town = town_of(open_town)

    document: dict[str, Any] = erase(
        town, DataClass.CONTENT, DataClass.PAYMENT, erasure="e-1"
    ).document()

    (completion,) = document.pop("completions")
    requested = document.pop("requested")
    assert document == {
        "format": "regulars erasure certificate",
        "version": 1,
        "tenant": TENANT,
        "customer": ANNA,
        "erasure": "e-1",
        "basis": "asked",
        "complete": True,
        "classes": ["payment", "content"],
        "restricted": [],
        "waiting": [],
    }
    assert requested["by"] == "officer:1"
    assert completion.pop("position") == requested["position"] + 1
    assert (completion["by"], completion["purged"]) == (
        "erasure",
        {"snapshots": 0, "contact_index": 0},
    )
    assert completion["readable_for_seconds"] == 60
    assert completion["keys"] == [
        {"subject": "customer/anna", "data_class": "content", "version": 1, "kek": "k1"}
    ]


def test_a_class_is_erased_and_the_others_stay(open_town: Open) -> None:
    town = town_of(open_town)

    erase(town, DataClass.CONTACT)

    kinds = [type(one).__name__ for one in opened(town).values()]
    assert sorted(kinds) == ["Erased", "Revealed", "Revealed", "Revealed", "Revealed"]


def test_personal_data_of_an_erased_customer_is_refused_and_the_rest_is_recorded(
    open_town: Open,
) -> None:
    town = town_of(open_town)
    erase(town)

    for refused in (NEW_CONTACT, ADD_ADDRESS, evolve(PLACE, order=OrderId("o-2"))):
        with pytest.raises(SubjectErased):
            town.execute(refused)
    town.execute(GrantConsent(customer=ANNA, at=NOON, purpose="marketing"))
    town.execute(evolve(PLACE, order=OrderId("o-3"), extra=None))

    assert town.crm.verify().sound


def test_who_never_told_anything_is_erased_too_and_then_refused(open_town: Open) -> None:
    town = open_town()
    town.execute(RegisterCustomer(customer=ANNA, at=NOON))

    assert erase(town).completions[0].keys == ()

    with pytest.raises(SubjectErased):
        town.execute(NEW_CONTACT)


@pytest.mark.parametrize("whose", ["nobody", Subject(kind=SubjectKind.COURIER, id="c-9")])
def test_the_id_of_nobody_is_barred_only_where_that_is_asked_for(
    open_town: Open, whose: str | Subject
) -> None:
    town = town_of(open_town)

    with pytest.raises(NobodyKnown, match=r"nobody|c-9"):
        town.crm.erasures.erase(whose, by="officer:1", basis="asked")

    assert town.crm.erasures.of(whose) == []
    done = town.crm.erasures.erase(whose, by="officer:1", basis="asked", unknown=True)
    assert done.complete
    assert town.crm.erasures.knows(whose)


def test_a_request_makes_nobody_known_and_an_id_of_nobody_is_neither_held_nor_revived() -> None:
    town = town_of(lambda: core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))
    town.execute(
        ReceiveSubjectRequest(
            request=SubjectRequestId("r-1"),
            customer=CustomerId("ana"),
            at=NOON,
            right=Right.ERASURE,
        )
    )
    erasures, before = town.crm.erasures, town.events()

    for call in (erasures.erase, erasures.hold, erasures.authorise_new_life):
        with pytest.raises(NobodyKnown, match="customer/ana"):
            call("ana", by="officer:1", basis="asked", classes=EVERY_CLASS)

    assert not erasures.knows("ana")
    assert town.events() == before


def test_an_order_without_words_makes_known_whose_it_is() -> None:
    town = core(MemoryStorage(tenant=TENANT), MemoryKeyStore())
    nobodys = Subject(kind=SubjectKind.ORDER, id="o-2")
    town.execute(
        evolve(PLACE, extra=None), evolve(PLACE, extra=None, order=OrderId("o-2"), customer=None)
    )

    assert erase(town).complete
    assert town.crm.erasures.erase(nobodys, by="officer:1", basis="asked").complete


def test_an_erasure_a_hold_and_a_new_life_need_classes() -> None:
    erasures = town_of(lambda: core(MemoryStorage(tenant=TENANT), MemoryKeyStore())).crm.erasures
    calls = (erasures.erase, erasures.hold, erasures.release, erasures.authorise_new_life)
    unclear: Any = ["contact"]

    for call in calls:
        with pytest.raises(ValueError, match="classes must name a class"):
            call(ANNA, by="officer:1", basis="asked", classes=[])
        with pytest.raises(TypeError, match=r"DataClass\.CONTACT is, not str"):
            call(ANNA, by="officer:1", basis="asked", classes=unclear)

    assert erasures.all() == []


@pytest.mark.parametrize("customer", ["", " ", "\udcff", "x" * 300])
def test_what_is_no_id_is_refused_as_such(open_town: Open, customer: str) -> None:
    erasures = open_town().crm.erasures

    for call in (erasures.erase, erasures.authorise_new_life):
        with pytest.raises(InvalidId, match="customer"):
            call(customer, by="officer:1", basis="asked")
    for look in (erasures.state, erasures.of, erasures.living, erasures.knows, erasures.holds):
        with pytest.raises(InvalidId, match="customer"):
            look(customer)
    with pytest.raises(InvalidId, match="courier"):
        erasures.of(Subject(kind=SubjectKind.COURIER, id=customer))


def test_a_new_life_takes_in_new_data_and_reads_nothing_old(open_town: Open) -> None:
    town = town_of(open_town)
    erase(town)
    old = opened(town)

    town.crm.erasures.authorise_new_life(
        ANNA, by="officer:1", basis="came-back", classes=[DataClass.CONTACT]
    )
    town.execute(NEW_CONTACT)

    now = opened(town)
    assert {place: now[place] for place in old} == old
    assert [one for place, one in now.items() if place not in old] == [
        Revealed(Contact(name="Anna again"))
    ]
    with pytest.raises(SubjectErased):
        town.execute(ADD_ADDRESS)
    assert erase(town, DataClass.CONTACT, erasure="e-2").complete
    assert set(opened(town).values()) == {Erased()}


def test_a_held_class_is_kept_until_the_hold_ends(open_town: Open) -> None:
    town = town_of(open_town)
    erasures = town.crm.erasures
    erasures.hold(ANNA, by="counsel:1", basis="tax", classes=[DataClass.CONTENT])

    certificate = erase(town)

    assert (certificate.complete, certificate.restricted) == (False, (DataClass.CONTENT,))
    assert sum(isinstance(one, Revealed) for one in opened(town).values()) == 2
    assert erasures.resume() == []
    assert DataClass.CONTENT in erasures.state(ANNA).pending
    erasures.release(ANNA, by="counsel:1", basis="tax", classes=[DataClass.CONTENT])
    assert [one.complete for one in erasures.of(ANNA)] == [True]
    assert set(opened(town).values()) == {Erased()}
    assert [len(one.classes) for one in completions(town)] == [5, 1]


def test_what_two_cases_hold_is_kept_until_both_have_ended(open_town: Open) -> None:
    town, content = town_of(open_town), [DataClass.CONTENT]
    erasures = town.crm.erasures
    for basis in ("tax", "case-17"):
        erasures.hold(ANNA, by="counsel:1", basis=basis, classes=content)
    assert [one.basis for one in erasures.holds(ANNA)] == ["tax", "case-17"]
    assert erase(town).restricted == (DataClass.CONTENT,)

    erasures.release(ANNA, by="counsel:1", basis="tax", classes=content)
    erasures.release(ANNA, by="counsel:1", basis="tax", classes=content)
    erasures.release(ANNA, by="counsel:1", basis="case-71", classes=content)
    open_town().crm.erasures.resume()

    assert [one.basis for one in erasures.holds(ANNA)] == ["case-17"]
    assert sum(isinstance(one, Revealed) for one in opened(town).values()) == 2
    (kept,) = town.keys.get_many([KeyName(TENANT, f"customer/{ANNA}", content[0])]).values()
    assert [one.held for one in kept] == [True]
    erasures.release(ANNA, by="counsel:1", basis="case-17", classes=content)
    assert set(opened(town).values()) == {Erased()}
    assert erasures.holds() == []


def test_a_release_that_was_cut_short_is_carried_on(open_town: Open) -> None:
    town = town_of(open_town)
    town.crm.erasures.hold(ANNA, by="counsel:1", basis="tax", classes=[DataClass.CONTENT])
    assert not erase(town).complete
    # What a release records first, before it tells the keys.
    town.execute(ReleaseHold(customer=ANNA, at=NOON, classes=(DataClass.CONTENT,), basis="tax"))

    (certificate,) = open_town().crm.erasures.resume()

    assert certificate.complete
    assert set(opened(town).values()) == {Erased()}


def test_what_is_held_again_stays_held_after_a_release_that_was_cut_short(
    open_town: Open,
) -> None:
    town, content = town_of(open_town), (DataClass.CONTENT,)
    town.crm.erasures.hold(ANNA, by="counsel:1", basis="tax", classes=content)
    town.execute(ReleaseHold(customer=ANNA, at=NOON, classes=content, basis="tax"))
    town.execute(PlaceHold(customer=ANNA, at=NOON, classes=content, basis="claim"))

    certificate = erase(town)

    assert (certificate.complete, certificate.restricted) == (False, content)
    assert sum(isinstance(one, Revealed) for one in opened(town).values()) == 2


def test_who_erases_opens_nothing_of_it_with_what_is_in_memory(open_town: Open) -> None:
    town = town_of(open_town)
    registered = next(one for one in town.events() if boxes_of(one.event))
    (name, box), *_ = boxes_of(registered.event).items()

    erase(town)

    assert town.vault.open(box, spot_of(registered, name)) == Erased()


def test_a_new_life_that_was_cut_short_is_carried_on(open_town: Open) -> None:
    town = town_of(open_town)
    erase(town)
    town.execute(AuthoriseNewLife(customer=ANNA, at=NOON, classes=EVERY_CLASS, basis="came-back"))
    with pytest.raises(SubjectErased):
        town.execute(NEW_CONTACT)

    assert open_town().crm.erasures.resume() == []

    again = open_town()
    again.execute(NEW_CONTACT)
    assert Revealed(Contact(name="Anna again")) in opened(again).values()


def test_no_new_life_begins_where_the_log_tells_of_no_erasure() -> None:
    keys = MemoryKeyStore()
    erase(town_of(lambda: core(MemoryStorage(tenant=TENANT), keys)))
    restored = core(MemoryStorage(tenant=TENANT), keys)

    with pytest.raises(ErasureNotTold, match="contact keys of customer/anna"):
        restored.crm.erasures.authorise_new_life(ANNA, by="officer:1", basis="came-back")

    with pytest.raises(SubjectErased):
        restored.execute(STORY[0])
    erase(restored)
    restored.crm.erasures.authorise_new_life(ANNA, by="officer:1", basis="came-back")
    restored.execute(STORY[0])


def test_one_erasure_that_fails_keeps_no_other_from_being_carried_on() -> None:
    sink = Stuck({"customer/anna", "customer/bo"})
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    town = core(storage, keys, sinks=[sink])
    for command in STORY:
        town.execute(command)
    for customer in (ANNA, BO):
        with pytest.raises(RuntimeError, match="not now"):
            town.crm.erasures.erase(customer, by="officer:1", basis="asked")
    sink.refuses = {"customer/anna"}

    with pytest.raises(RuntimeError, match="not now"):
        town.crm.erasures.resume()

    assert [one.customer for one in completions(town)] == [BO]


@define
class Stuck:
    """A place of the host's that cannot let go of some."""

    refuses: set[str]
    name: str = "search"

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:  # noqa: ARG002 - it knows no classes
        if self.refuses.intersection(subjects):
            raise RuntimeError("not now")
        return 0


def test_holds_are_listed_until_they_end() -> None:
    town = town_of(lambda: core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))
    erasures = town.crm.erasures
    tax, fraud = [DataClass.CONTENT], [DataClass.CONTACT, DataClass.PROFILE]
    erasures.hold(ANNA, by="counsel:1", basis="tax", classes=tax)
    erasures.hold(BO, by="counsel:2", basis="fraud", classes=fraud)
    erase(town)

    def listed(customer: str | None = None) -> list[tuple[str, DataClass, str, str]]:
        return [
            (one.by, one.data_class, str(one.customer), one.basis)
            for one in erasures.holds(customer)
        ]

    assert listed(ANNA) == [("counsel:1", DataClass.CONTENT, ANNA, "tax")]
    assert listed() == listed(ANNA) + [("counsel:2", one, BO, "fraud") for one in fraud]
    erasures.release(BO, by="counsel:2", basis="fraud", classes=fraud[:1])
    assert listed(BO) == [("counsel:2", DataClass.PROFILE, BO, "fraud")]


def test_a_key_that_a_refused_review_left_holds_nothing_of_the_customer(
    open_town: Open,
) -> None:
    town = town_of(open_town)
    with pytest.raises(NotTheirOrder):
        town.execute(SubmitReview(order=ORDER, at=NOON, stars=1, text=Content(text="not me")))
    town.execute(
        PlaceOrder(
            order=OrderId("o-2"), at=NOON, currency="CNY", total=1, extra=Content(text="nobody's")
        )
    )

    (completion,) = erase(town).completions

    assert {key.subject for key in completion.keys} == {"customer/anna"}
    assert set(opened(town).values()) == {Erased()}
    assert boxed_for(town, ORDER) == {"customer/anna"}
    assert boxed_for(town, OrderId("o-2")) == {"order/o-2"}


def boxed_for(town: Parts, order: OrderId) -> set[str]:
    """Whose boxes the events of an order hold."""
    events = town.storage.log.stream(order_stream(order))
    return {spot_of(one, name).subject for one in events for name in boxes_of(one.event)}


MERGE = MergeCustomers(absorbed=BO, survivor=ANNA, at=NOON, evidence="same-phone")


def test_whoever_was_merged_into_a_customer_is_erased_with_them(open_town: Open) -> None:
    town = town_of(open_town)
    other = OrderId("o-2")
    town.execute(evolve(PLACE, order=other, customer=BO), MarkDelivered(order=other, at=NOON))
    town.execute(MERGE)
    before = town.rows()
    with pytest.raises(MergedInto, match="into anna"):
        town.crm.erasures.erase(BO, by="officer:1", basis="asked")

    (completion,) = erase(town).completions

    assert {*opened(town).values(), *opened(town, BO).values()} == {Erased()}
    assert {key.subject for key in completion.keys} == {
        "customer/anna",
        "customer/bo",
    }
    assert town.rows() == before
    assert town.crm.erasures.living(ANNA) == {}
    with pytest.raises(ErasedTogether):
        town.execute(RevertMerge(absorbed=BO, survivor=ANNA, at=NOON, evidence="oops"))


def test_a_new_life_of_merged_people_is_the_survivors(open_town: Open) -> None:
    town = town_of(open_town)
    town.execute(MERGE)
    erase(town)

    town.crm.erasures.authorise_new_life(ANNA, by="officer:1", basis="came-back")
    town.execute(NEW_CONTACT)

    assert set(opened(town, BO).values()) == {Erased()}
    assert Revealed(Contact(name="Anna again")) in opened(town).values()
    with pytest.raises(SubjectErased):
        town.execute(evolve(NEW_CONTACT, customer=BO))
    with pytest.raises(MergedInto, match="into anna"):
        town.crm.erasures.authorise_new_life(BO, by="officer:1", basis="came-back")


def test_a_hold_on_either_holds_both(open_town: Open) -> None:
    town = town_of(open_town)
    erasures = town.crm.erasures
    erasures.hold(BO, by="counsel:1", basis="tax", classes=[DataClass.CONTACT])
    town.execute(MERGE)

    assert erase(town).restricted == (DataClass.CONTACT,)
    assert all(isinstance(one, Revealed) for one in opened(town, BO).values())
    erasures.release(ANNA, by="counsel:1", basis="tax", classes=[DataClass.CONTACT])
    assert {*opened(town).values(), *opened(town, BO).values()} == {Erased()}


def test_holds_of_two_who_are_merged_stand_each_for_both(open_town: Open) -> None:
    town, contact = town_of(open_town), [DataClass.CONTACT]
    erasures = town.crm.erasures
    erasures.hold(ANNA, by="counsel:1", basis="case-1", classes=contact)
    erasures.hold(BO, by="counsel:1", basis="case-2", classes=contact)
    town.execute(MERGE)
    erase(town)

    erasures.release(ANNA, by="counsel:1", basis="case-1", classes=contact)

    assert [(one.customer, one.basis) for one in erasures.holds()] == [(ANNA, "case-2")]
    assert erasures.holds(BO) == erasures.holds(ANNA)
    assert all(isinstance(one, Revealed) for one in opened(town, BO).values())
    erasures.release(ANNA, by="counsel:1", basis="case-2", classes=contact)
    assert erasures.holds() == []
    assert {*opened(town).values(), *opened(town, BO).values()} == {Erased()}


def test_keys_of_the_absorbed_that_a_backup_brought_back_are_destroyed_again(
    open_town: Open,
) -> None:
    town = town_of(open_town)
    town.execute(MERGE)
    (kept,) = town.keys.get_many([KeyName(TENANT, f"customer/{BO}", DataClass.CONTACT)]).values()
    erase(town)
    town.keys.provision(evolve(kept[0], version=3))
    assert town.crm.erasures.living(ANNA) == {DataClass.CONTACT: 1}

    town.crm.erasures.resume()

    assert town.crm.erasures.living(ANNA) == {}


def test_an_erasure_is_done_once(open_town: Open) -> None:
    town = town_of(open_town)
    first = erase(town)

    assert erase(town) == first
    assert town.crm.erasures.resume() == []
    assert len(completions(town)) == 1
    with pytest.raises(ErasureIdTaken):
        town.execute(
            EraseCustomer(
                customer=BO, at=NOON, erasure=ErasureId("x"), basis="b", classes=EVERY_CLASS[:1]
            ),
            EraseCustomer(
                customer=BO, at=NOON, erasure=ErasureId("x"), basis="b", classes=EVERY_CLASS
            ),
        )
    with pytest.raises(ValueError, match="class"):
        town.crm.erasures.erase(ANNA, by="officer:1", basis="asked", classes=())


class Cut(Exception):
    """Ends an erasure in the middle."""


def cut_after(step: Step) -> Callable[[Step], None]:
    def told(done: Step) -> None:
        if done is step:
            raise Cut

    return told


@pytest.mark.parametrize("step", Step)
def test_an_erasure_that_is_cut_short_anywhere_is_carried_on(open_town: Open, step: Step) -> None:
    town = town_of(open_town)
    before = town.rows()
    with pytest.raises(Cut):
        erase(town, told=cut_after(step))

    other = open_town()
    for _ in range(2):
        with suppress(Cut):  # this step may not be among those that are left
            other.crm.erasures.resume(told=cut_after(step))
    other.crm.erasures.resume()

    assert set(opened(other).values()) == {Erased()}
    for one in (other, town):
        assert [completion.classes for completion in completions(one)] == [EVERY_CLASS]
        assert one.crm.erasures.resume() == []
        with pytest.raises(SubjectErased):
            one.execute(NEW_CONTACT)
    assert town.rows() == before
    assert len(completions(town)[0].keys) == 4


@pytest.mark.parametrize("step", [Step.REQUESTED, Step.FENCED, Step.DESTROYED, Step.SCRUBBED])
def test_who_is_late_destroys_nothing_of_the_life_that_came_after(
    open_town: Open, step: Step
) -> None:
    town, other = town_of(open_town), open_town()

    def overtake(done: Step) -> None:
        if done is step:
            other.crm.erasures.resume()
            other.crm.erasures.authorise_new_life(ANNA, by="officer:2", basis="came-back")
            other.execute(NEW_CONTACT)

    erase(town, told=overtake)

    assert len(completions(other)) == 1
    assert Revealed(Contact(name="Anna again")) in opened(town).values()


def test_a_key_in_the_memory_of_another_process_seals_nothing_after_the_fence(
    open_town: Open,
) -> None:
    town, other = town_of(open_town), open_town()
    other.execute(NEW_CONTACT)  # the key is in its memory now
    with pytest.raises(Cut):
        erase(town, told=cut_after(Step.FENCED))
    before = len(other.events())

    for together in ((NEW_CONTACT,), (NEW_CONTACT, NEW_CONTACT)):
        with pytest.raises(ErasureWaits):
            other.execute(*together)

    assert len(other.events()) == before


@pytest.mark.parametrize("step", [Step.REQUESTED, Step.SCRUBBED])
def test_nothing_is_taken_in_that_an_erasure_cut_short_would_destroy(
    open_town: Open, step: Step
) -> None:
    town, other = town_of(open_town), open_town()
    other.execute(NEW_CONTACT)  # the key is in its memory now
    with pytest.raises(Cut):
        erase(town, DataClass.CONTACT, erasure="e-1", told=cut_after(step))
    before = len(other.events())

    for one in (town, other, open_town()):
        with pytest.raises(ErasureWaits, match=r"contact data of customer/anna.* e-1, requested"):
            one.execute(NEW_CONTACT)
        outcomes = one.execute_all(request(NEW_CONTACT, id="r-1"), request(NEW_CONTACT))
        assert [type(outcome) for outcome in outcomes] == [ErasureWaits] * 2

    assert len(other.events()) == before
    other.execute(evolve(NEW_CONTACT, contact=None, profile=Profile(gender="x")))
    other.execute(evolve(PLACE, order=OrderId("o-2"), extra=None))
    other.crm.erasures.resume()
    with pytest.raises(SubjectErased):
        town.execute(NEW_CONTACT)


def test_nothing_is_taken_in_of_what_a_hold_keeps_from_its_erasure(open_town: Open) -> None:
    town, other, content = town_of(open_town), open_town(), [DataClass.CONTENT]
    second = evolve(PLACE, order=OrderId("o-2"))
    other.execute(second)  # the key is in its memory now
    town.crm.erasures.hold(ANNA, by="counsel:1", basis="tax", classes=content)
    other.execute(evolve(PLACE, order=OrderId("o-3")))

    asked = erase(town, erasure="e-1").requested

    for one in (town, other, open_town()):
        with pytest.raises(ErasureWaits) as refused:
            one.execute(evolve(PLACE, order=OrderId("o-4")))
        assert asdict(refused.value) == {
            "subject": "customer/anna",
            "data_class": "content",
            "erasure": "e-1",
            "requested_at": asked.at,
        }
    assert sum(isinstance(one, Revealed) for one in opened(other).values()) == 4
    town.crm.erasures.release(ANNA, by="counsel:1", basis="tax", classes=content)
    town.crm.erasures.authorise_new_life(ANNA, by="officer:1", basis="came-back")
    assert other.execute(evolve(PLACE, order=OrderId("o-4"))).position


def test_an_erasure_asked_for_by_its_command_alone_is_heeded_too(open_town: Open) -> None:
    town, other = town_of(open_town), open_town()
    other.execute(NEW_CONTACT)

    town.execute(
        EraseCustomer(
            customer=ANNA, at=NOON, erasure=ErasureId("e-1"), classes=EVERY_CLASS, basis="asked"
        )
    )

    with pytest.raises(ErasureWaits):
        other.execute(NEW_CONTACT)


class SlowKeys:
    """A key store that something happens to between its answer and what comes of it."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self.then: Callable[[], None] = lambda: None

    def get_many(self, names: Collection[KeyName]) -> Mapping[KeyName, Sequence[StoredKey]]:
        found = self._keys.get_many(names)
        if any(name.subject == f"customer/{ANNA}" for name in names):
            then, self.then = self.then, lambda: None
            then()
        return found

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the port has
        return getattr(self._keys, name)


def test_what_was_read_from_the_store_before_an_erasure_is_not_remembered_after_it(
    open_town: Open,
) -> None:
    town, other = town_of(open_town), open_town()
    boxed = next(one for one in town.events() if boxes_of(one.event))
    box = boxes_of(boxed.event)["contact"]
    spot = spot_of(boxed, "contact")
    slow = SlowKeys(other.keys)
    reader = vault(cast("KeyStore", slow), TENANT)

    def erase_in_the_middle() -> None:
        erase(town)
        reader.heed_erasures()

    slow.then = erase_in_the_middle

    assert isinstance(reader.open(box, spot), Revealed)
    assert reader.open(box, spot) == Erased()


class Refusing:
    """A place that cannot forget at first."""

    name = "search"

    def __init__(self) -> None:
        self.asked: list[tuple[Collection[str], Collection[DataClass]]] = []

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:
        self.asked.append((subjects, classes))
        if len(self.asked) == 1:
            raise StorageUnavailable(store="search", why="is away")
        return 7


def test_a_place_that_does_not_answer_leaves_the_erasure_to_be_carried_on() -> None:
    sink = Refusing()
    town = core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), sinks=[sink])
    for command in STORY:
        town.execute(command)
    with pytest.raises(StorageUnavailable):
        erase(town, DataClass.CONTACT)
    assert completions(town) == []
    assert set(town.crm.erasures.of(ANNA)[0].waiting) == {DataClass.CONTACT}

    (certificate,) = town.crm.erasures.resume()

    assert certificate.complete
    assert certificate.completions[0].purged == (
        Purged(place="snapshots", entries=0),
        Purged(place="contact_index", entries=0),
        Purged(place="search", entries=7),
    )
    assert sink.asked == [(("customer/anna",), (DataClass.CONTACT,))] * 2


def test_keys_that_a_host_holds_itself_leave_their_class_waiting() -> None:
    town = town_of(memory_core)
    names = [KeyName(TENANT, "customer/anna", DataClass.CONTACT)]
    town.keys.hold(names)

    assert erase(town).waiting == (DataClass.CONTACT,)
    assert erase(town, DataClass.CONTACT).waiting == (DataClass.CONTACT,)
    assert len(completions(town)) == 1
    town.keys.release(names)
    town.crm.erasures.resume()

    assert set(opened(town).values()) == {Erased()}


def test_snapshots_of_the_erased_go_and_are_made_again(open_town: Open) -> None:
    town = town_of(open_town)
    for number in range(100):
        news = GrantConsent(customer=ANNA, at=NOON, purpose="marketing", channel=f"news-{number}")
        town.execute(news)
    assert town.storage.snapshots.streams() == ["customer-anna"]

    assert Purged(place="snapshots", entries=1) in erase(town).completions[0].purged

    assert town.storage.snapshots.streams() == []
    assert town.crm.verify().sound


def test_traces_are_told_as_they_are() -> None:
    town = core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), scrub=lambda: Traces.HELD)
    town.execute(RegisterCustomer(customer=ANNA, at=NOON))

    assert erase(town).completions[0].traces is Traces.HELD


def test_an_older_key_of_a_subject_goes_with_the_newest(open_town: Open) -> None:
    town = town_of(open_town)
    name = KeyName(TENANT, "customer/anna", DataClass.IDENTITY)
    for version, state in ((1, KeyState.SUPERSEDED), (2, KeyState.ACTIVE)):
        town.keys.provision(evolve(stored(version, state), name=name))

    (completion,) = erase(town, DataClass.IDENTITY).completions

    assert [key.version for key in completion.keys] == [1, 2]


@settings(max_examples=25)
@given(
    history=histories(PLAIN, most_orders=3),
    erased=st.lists(
        st.tuples(
            st.integers(0, 40),
            st.sampled_from([ANNA, BO]),
            st.sets(st.sampled_from(DataClass), min_size=1),
        ),
        max_size=4,
    ),
)
def test_money_points_and_counts_are_the_same_whoever_is_erased_and_whenever(
    history: tuple[Command, ...], erased: list[tuple[int, str, set[DataClass]]]
) -> None:
    # Merged, they would be erased as one: tests of their own tell of that.
    history = tuple(one for one in history if not isinstance(one, MergeCustomers | RevertMerge))
    first = {whose: min(at for at, one, _ in erased if one == whose) for _, whose, _ in erased}
    told = [
        command
        for place, command in enumerate(history)
        for command in _bare(command, after=place >= first.get(_whose(command), len(history)))
    ]
    town, untouched = memory_core(), tell_histories(told)
    done = 0
    for place, command in enumerate(history):
        for at, customer, classes in erased:
            if at == place:
                town.crm.erasures.erase(
                    customer, by="o", basis="asked", classes=classes, unknown=True
                )
        for bare in _bare(command, after=place >= first.get(_whose(command), len(history))):
            town.execute_all(request(bare))
            done += 1
    assert done == len(told)

    assert _counted(town) == _counted(untouched)
    live = town.rows()
    town.crm.rebuild()
    assert town.rows() == live
    assert town.crm.verify().sound
    for one in town.events():
        if isinstance(one.event, OrderPlaced) and one.event.customer is not None:
            # So no erasure of a customer has to look for orders with keys of their own.
            assert f"order/{one.event.order}" not in boxed_for(town, one.event.order)


def _whose(command: Command) -> str:
    return getattr(command, "customer", None) or ""


def _bare(command: Command, *, after: bool) -> list[Command]:
    """The command, or after an erasure what of it is not personal."""
    if not after:
        return [command]
    personal = {spec.name: None for spec in fields(type(command)) if spec.name in _PERSONAL}
    bare = cast("Callable[..., Command]", evolve)
    nothing_left = isinstance(command, AddDeliveryAddress | BindBankCard | VerifyRealName)
    return [] if nothing_left else [bare(command, **personal)]


_PERSONAL = {name for boxed in BOXED.values() for name, _ in boxed}


def _counted(town: Parts) -> dict[str, list[Any]]:
    """The rows of every view, but for the places that events have in the log."""
    return {
        name: [evolve(row, position=0) if name in {"ledger", "accesses"} else row for row in rows]
        for name, rows in town.rows().items()
    }


@pytest.mark.parametrize("again", ["erase", "resume"])
def test_keys_that_came_back_with_a_backup_are_destroyed_again(again: str) -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    town = core(storage, keys)
    for command in STORY:
        town.execute(command)
    contact = KeyName(TENANT, "customer/anna", DataClass.CONTACT)
    kept = keys.get_many([contact])[contact]
    erase(town)
    restored = core(storage, MemoryKeyStore(kept))

    if again == "erase":
        erase(restored)
    else:
        assert restored.crm.erasures.resume() == []

    found = restored.keys.get_many([contact])[contact]
    assert {key.state for key in found} == {KeyState.ERASED}
    assert len(completions(restored)) == 1
