"""Who serves an order, and an order that nobody is named for, are erased as customers are."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.storage import SqlStorage
from regulars.application.audit import spot_of
from regulars.application.boxed import boxes_of, subject_of
from regulars.application.catalogue import VIEWS
from regulars.application.erasing import Step
from regulars.application.erasure_subjects import OrderHasCustomer
from regulars.application.erasures import EVERY_CLASS
from regulars.application.errors import SubjectErased
from regulars.application.keys import KeyName
from regulars.application.ports import Erased, Opened, Revealed
from regulars.application.reading import BoxIn
from regulars.application.stray_keys import Returned
from regulars.domain.actor import Actor
from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import Contact, Content, DataClass
from regulars.domain.protection import NameParty, Party
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reading import Denial, Denied
from regulars.domain.subject import Subject, SubjectErasureCompleted, SubjectKind
from regulars.domain.values import OrderId
from tests.application.memory_crm import TENANT, Parts, core
from tests.domain.examples import ANNA
from tests.domain.story import NOON
from tests.postgres_server import new_database

OPEN, NOBODYS = OrderId("o-1"), OrderId("o-2")
COURIER = Subject(kind=SubjectKind.COURIER, id="c-7")
MERCHANT = Subject(kind=SubjectKind.MERCHANT, id="m-1")
ORDER = Subject(kind=SubjectKind.ORDER, id=NOBODYS)
SUBJECTS = [COURIER, MERCHANT, ORDER]
PLACE = PlaceOrder(order=OPEN, at=NOON, currency="CNY", total=100, customer=ANNA)
WRITE = PlaceOrder(
    order=NOBODYS, at=NOON, currency="CNY", total=1, extra=Content(text="ring twice")
)
NAME = NameParty(
    order=OPEN, at=NOON, party=Party.COURIER, who="c-7", contact=Contact(phone="13800000001")
)
SELL = evolve(NAME, party=Party.MERCHANT, who="m-1", contact=Contact(phone="13800000002"))
STORY = (
    RegisterCustomer(customer=ANNA, at=NOON, contact=Contact(name="Anna")),
    PLACE,
    WRITE,
    NAME,
    SELL,
)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parts]:
    if request.param == "memory":
        yield told(core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))
        return
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'town.db'}" if sqlite else new_database()
    with closing(Database(url, synchronous="NORMAL")) as database:
        storage = SqlStorage(database, VIEWS, tenant=TENANT)
        yield told(core(storage, SqlKeyStore(database), scrub=database.scrub))


def told(town: Parts) -> Parts:
    for command in STORY:
        town.execute(command)
    return town


def opened(town: Parts) -> dict[str, Opened]:
    """What becomes of the box of each subject."""
    town.vault.rolled_back()
    return {
        subject_of(one.event): town.vault.open(box, spot_of(one, name))
        for one in town.events()
        for name, box in boxes_of(one.event).items()
    }


@pytest.mark.parametrize("whose", SUBJECTS, ids=str)
def test_one_is_erased_and_nobody_else(town: Parts, whose: Subject) -> None:
    before = town.rows()

    certificate = town.crm.erasures.erase(whose, by="officer", basis="left", erasure="e-1")

    found = opened(town)
    assert found.pop(str(whose)) == Erased()
    assert {type(one) for one in found.values()} == {Revealed}
    document = certificate.document()
    assert (document[whose.kind.value], "customer" in document) == (whose.id, False)
    (completion,) = certificate.completions
    assert [key.subject for key in completion.keys] == [str(whose)]
    assert certificate.complete
    assert town.crm.erasures.all() == town.crm.erasures.of(whose) == [certificate]
    assert town.rows() == before
    assert town.crm.verify().sound


def test_no_more_is_taken_in_until_a_new_life_is_authorised(town: Parts) -> None:
    erasures = town.crm.erasures
    erasures.erase(COURIER, by="officer", basis="left")

    newer = evolve(NAME, order=OrderId("o-3"), contact=Contact(phone="13800000003"))
    town.execute(evolve(PLACE, order=newer.order))
    with pytest.raises(SubjectErased):
        town.execute(newer)
    erasures.authorise_new_life(COURIER, by="officer", basis="came-back")
    town.execute(newer)

    assert isinstance(opened(town)[str(COURIER)], Revealed)
    assert erasures.living(COURIER)[DataClass.CONTACT] == 1


@pytest.mark.parametrize("step", [Step.REQUESTED, Step.FENCED, Step.DESTROYED, Step.SCRUBBED])
def test_what_was_cut_short_is_carried_on(step: Step) -> None:
    town = told(core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))

    def cut(done: Step) -> None:
        if done is step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        town.crm.erasures.erase(COURIER, by="officer", basis="left", told=cut)
    (resumed,) = town.crm.erasures.resume()

    assert resumed.complete
    assert [one.event for one in town.events() if isinstance(one.event, SubjectErasureCompleted)]
    assert opened(town)[str(COURIER)] == Erased()


def test_an_order_that_is_somebodys_is_erased_with_them() -> None:
    town = told(core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))

    with pytest.raises(OrderHasCustomer) as refused:
        town.crm.erasures.erase(
            Subject(kind=SubjectKind.ORDER, id=OPEN), by="officer", basis="asked"
        )

    assert str(refused.value) == "order o-1 is of customer anna: erase data of theirs"
    with pytest.raises(OrderHasCustomer):
        town.crm.erasures.hold(
            Subject(kind=SubjectKind.ORDER, id=OPEN),
            by="counsel",
            basis="tax",
            classes=[DataClass.CONTENT],
        )
    assert (town.crm.erasures.all(), town.crm.erasures.holds()) == ([], [])


@pytest.mark.parametrize("done", [True, False])
def test_the_gate_shows_nothing_of_theirs_whatever_keys_came_back(*, done: bool) -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    town = told(core(storage, keys))
    name = KeyName(TENANT, str(COURIER), DataClass.CONTACT)
    kept = keys.get_many([name])[name]

    def cut(step: Step) -> None:
        if not done and step is Step.REQUESTED:
            raise KeyboardInterrupt

    try:
        town.crm.erasures.erase(COURIER, by="officer", basis="asked", told=cut)
    except KeyboardInterrupt:
        assert not done
    restored = core(storage, MemoryKeyStore(kept))
    named = next(one for one in town.events() if subject_of(one.event) == str(COURIER))

    (shown,) = restored.crm.reveal_many(
        [BoxIn(recorded=named, field="contact")],
        actor=Actor(role="support", id="s-1"),
        purpose="service",
    )

    assert shown == (Erased() if done else Denied(Denial.RESTRICTED))


def test_keys_that_came_back_are_told_of_with_whose_they_are() -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    town = told(core(storage, keys))
    names = [KeyName(TENANT, one, DataClass.CONTACT) for one in ("customer/anna", str(COURIER))]
    kept = [key for name in names for key in keys.get_many([name])[name]]
    for whose in (ANNA, COURIER):
        town.crm.erasures.erase(whose, by="officer", basis="asked", classes=EVERY_CLASS)
    town.crm.erasures.authorise_new_life(COURIER, by="officer", basis="came-back")
    restored = core(storage, MemoryKeyStore(kept))

    verdict = restored.crm.verify()

    assert verdict.keys_returned == (
        Returned(customer=ANNA, data_class=DataClass.CONTACT, keys=1, new_life=False),
        Returned(customer=COURIER, data_class=DataClass.CONTACT, keys=1, new_life=True),
    )
    assert not evolve(verdict, boxes_without_key=0).sound
    restored.crm.erasures.resume()
    restored.crm.erasures.erase(COURIER, by="officer", basis="asked")
    assert restored.crm.verify().keys_returned == ()


def test_a_key_that_is_held_contradicts_nothing() -> None:
    town = told(core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))
    town.crm.erasures.hold(ANNA, by="counsel", basis="tax", classes=EVERY_CLASS)

    assert town.crm.verify().sound


def test_the_keys_of_an_order_that_came_back_go_again() -> None:
    storage, keys = MemoryStorage(tenant=TENANT), MemoryKeyStore()
    town = told(core(storage, keys))
    name = KeyName(TENANT, str(ORDER), DataClass.CONTENT)
    kept = keys.get_many([name])[name]
    town.crm.erasures.erase(ORDER, by="officer", basis="asked")
    restored = core(storage, MemoryKeyStore(kept))

    restored.crm.erasures.resume()

    assert opened(restored)[str(ORDER)] == Erased()
