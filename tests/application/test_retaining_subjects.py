"""Retention of who is no customer: who serves orders, and orders that nobody is named for."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile

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
from regulars.application.certificate import Certificate
from regulars.application.erasing import Step
from regulars.application.erasure_subjects import Whose
from regulars.application.errors import SubjectErased
from regulars.application.ports import Erased, Opened, Revealed
from regulars.application.retaining import Retaining
from regulars.domain.customer import RegisterCustomer
from regulars.domain.erasure import EraseCustomer
from regulars.domain.order import AcceptOrder, CompleteOrder, MarkDelivered, PickUpOrder
from regulars.domain.personal import Contact, Content, DataClass
from regulars.domain.protection import AssignCourier, NameParty, Party
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reading import DEFAULT_POLICY
from regulars.domain.refund import IssueRefund
from regulars.domain.retention import Retention
from regulars.domain.review import SubmitReview
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import ErasureId, OrderId, RefundId
from tests.application.memory_crm import TENANT, Parts, core
from tests.domain.chronicle import Command
from tests.domain.examples import ANNA
from tests.postgres_server import new_database

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = DEFAULT_POLICY.retention
COURIER = Subject(kind=SubjectKind.COURIER, id="c-7")
MERCHANT = Subject(kind=SubjectKind.MERCHANT, id="m-1")
HERS, NOBODYS = OrderId("o-1"), OrderId("o-2")
ORDER = Subject(kind=SubjectKind.ORDER, id=NOBODYS)
PLACE = PlaceOrder(order=HERS, at=START, currency="CNY", total=100, customer=ANNA)
WRITE = evolve(PLACE, order=NOBODYS, customer=None, extra=Content(text="ring twice"))
NAME = NameParty(
    order=HERS, at=START, party=Party.COURIER, who="c-7", contact=Contact(phone="13800000001")
)
SELL = evolve(NAME, party=Party.MERCHANT, who="m-1", contact=Contact(phone="13800000002"))
DELIVER = MarkDelivered(order=NOBODYS, at=START)
REVIEW = SubmitReview(order=NOBODYS, at=START, stars=1, text=Content(text="cold"))
HER_REVIEW = evolve(REVIEW, order=HERS, customer=ANNA)
STORY: tuple[Command, ...] = (
    RegisterCustomer(customer=ANNA, at=START, contact=Contact(name="Anna")),
    PLACE,
    WRITE,
    NAME,
    SELL,
)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def told(town: Parts, story: Sequence[Command] = STORY) -> Parts:
    for command in story:
        town.execute(command)
    return town


def memory_town(*more: Command) -> Parts:
    return told(core(MemoryStorage(tenant=TENANT), MemoryKeyStore()), (*STORY, *more))


def sql_town(database: Database) -> Parts:
    storage = SqlStorage(database, VIEWS, tenant=TENANT)
    return core(storage, SqlKeyStore(database), scrub=database.scrub)


@pytest.fixture(params=["memory", "sqlite"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parts]:
    if request.param == "memory":
        yield memory_town()
        return
    with closing(Database(f"sqlite:///{tmp_path / 'town.db'}", synchronous="NORMAL")) as database:
        yield told(sql_town(database))


def due(town: Parts, on: int) -> set[Whose]:
    """Of whom something is over on a day, but for customers."""
    found = list(town.crm.retention.due(at=day(on)))
    assert len({(one.customer, one.data_class) for one in found}) == len(found)
    return {one.customer for one in found if isinstance(one.customer, Subject)}


def run(town: Parts, on: int) -> list[Certificate]:
    certificates: list[Certificate] = []
    town.crm.retention.run(at=day(on), told=certificates.append)
    return certificates


def opened(town: Parts) -> dict[str, Opened]:
    """What becomes of the last box of each subject."""
    town.vault.rolled_back()
    return {
        subject_of(one.event): town.vault.open(box, spot_of(one, name))
        for one in town.events()
        for name, box in boxes_of(one.event).items()
    }


def small(town: Parts, *, most: int = 1, rules: Sequence[Retention] = RULES) -> Retaining:
    """One that remembers very little, and reads the log an event at a time."""
    return Retaining(
        town.crm.retention._lock,  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - the core's
        storage=town.storage,
        commands=town.commands,
        erasures=town.crm.erasures,
        clock=town.clock,
        rules=rules,
        most=most,
        span=1,
    )


def test_so_it_is_on_a_server() -> None:
    with closing(Database(new_database(), synchronous="NORMAL")) as database:
        each_goes_by_its_own_rule(told(sql_town(database)))


def test_each_goes_by_its_own_rule_and_nobody_else_does(town: Parts) -> None:
    each_goes_by_its_own_rule(town)


def each_goes_by_its_own_rule(town: Parts) -> None:
    before = town.rows()
    assert due(town, 183) == set()
    assert due(town, 184) == {COURIER, MERCHANT}

    gone = run(town, 184)

    assert [(one.customer, one.basis) for one in gone] == [
        (COURIER, "retention:service"),
        (MERCHANT, "retention:service"),
    ]
    assert all(one.complete for one in gone)
    assert {key for key, value in opened(town).items() if value == Erased()} == {
        str(COURIER),
        str(MERCHANT),
    }
    assert (due(town, 1095), due(town, 1096)) == (set(), {ORDER})
    assert [one.customer for one in run(town, 1096)] == [ANNA, ORDER]
    assert set(opened(town).values()) == {Erased()}
    assert due(town, 9000) == set()
    assert run(town, 9000) == []
    assert town.rows() == before
    assert town.crm.verify().sound


@pytest.mark.parametrize(
    "later",
    [
        [AssignCourier(order=HERS, at=day(100), courier="c-7")],
        [evolve(NAME, at=day(100), who="c-8")],
        [AcceptOrder(order=HERS, at=day(100))],
        [PickUpOrder(order=HERS, at=day(100))],
        [MarkDelivered(order=HERS, at=day(100))],
        [CompleteOrder(order=HERS, at=day(100))],
        [
            MarkDelivered(order=HERS, at=day(1)),
            IssueRefund(order=HERS, at=day(100), refund=RefundId("r"), amount=1),
        ],
        [MarkDelivered(order=HERS, at=day(1)), evolve(HER_REVIEW, at=day(100))],
        [evolve(NAME, at=day(100))],
    ],
    ids=lambda later: f"{type(later[-1]).__name__} {getattr(later[-1], 'who', '')}",
)
def test_whatever_happens_of_an_order_counts_for_who_serves_it(later: list[Command]) -> None:
    # Somebody else came in between, so that an assignment says something.
    other = AssignCourier(order=HERS, at=START, courier="c-8")
    filled = [evolve(PLACE, order=OrderId(f"x-{number}")) for number in range(3)]
    town = memory_town(other, *filled, *later)

    for retention in (town.crm.retention, small(town), small(town, most=2)):
        found = {one.customer for one in retention.due(at=day(283))}
        assert COURIER not in found
        assert COURIER in {one.customer for one in retention.due(at=day(284))}


def test_words_on_an_order_of_nobody_are_over_once_however_often_it_was_written_on() -> None:
    town = memory_town(
        DELIVER,
        evolve(DELIVER, order=HERS),
        evolve(REVIEW, at=day(10)),
        HER_REVIEW,
        evolve(PLACE, order=OrderId("o-3"), customer=None),
    )

    assert due(town, 1105) == {COURIER, MERCHANT}
    assert due(town, 1106) == {COURIER, MERCHANT, ORDER}
    for retention in (town.crm.retention, small(town)):
        found = [one.customer for one in retention.due(at=day(1106))]
        assert found.count(ORDER) == 1


def test_an_order_is_looked_at_once_however_many_pages_tell_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("regulars.application.subscription.SPAN", 1)
    town = memory_town(AcceptOrder(order=NOBODYS, at=START), DELIVER, evolve(REVIEW, at=day(10)))

    assert due(town, 1105) == {COURIER, MERCHANT}
    assert due(town, 1106) == {COURIER, MERCHANT, ORDER}


def test_who_serves_again_is_taken_in_and_has_a_time_of_their_own(town: Parts) -> None:
    run(town, 184)

    town.execute(evolve(NAME, at=day(500), contact=Contact(phone="13800000003")))

    assert isinstance(opened(town)[str(COURIER)], Revealed)
    assert (due(town, 683), due(town, 684)) == (set(), {COURIER})


def test_what_is_written_on_an_order_later_is_taken_in_too() -> None:
    town = memory_town(DELIVER)
    assert ORDER in {one.customer for one in run(town, 1096)}

    town.execute(evolve(REVIEW, at=day(1100)))

    assert isinstance(opened(town)[str(ORDER)], Revealed)
    assert (due(town, 2195), due(town, 2196)) == (set(), {ORDER})
    assert [one.customer for one in run(town, 2196)] == [ORDER]
    assert due(town, 9000) == set()


@pytest.mark.parametrize("whose", [COURIER, ORDER], ids=str)
def test_who_was_erased_on_request_is_never_let_in_by_retention(whose: Subject) -> None:
    town = memory_town(DELIVER)
    town.crm.erasures.erase(whose, by="officer", basis="asked")

    assert whose not in {one.customer for one in run(town, 5000)}
    with pytest.raises(SubjectErased):
        town.execute(NAME if whose is COURIER else REVIEW)


@pytest.mark.parametrize(
    ("whose", "data_class"), [(COURIER, DataClass.CONTACT), (ORDER, DataClass.CONTENT)], ids=str
)
def test_what_is_held_is_kept_and_goes_when_the_hold_ends(
    town: Parts, whose: Subject, data_class: DataClass
) -> None:
    erasures = town.crm.erasures
    erasures.hold(whose, by="counsel", basis="case-17", classes=[data_class])
    assert [(one.customer, one.data_class) for one in erasures.holds()] == [(whose, data_class)]

    assert whose not in {one.customer for one in run(town, 5000)}
    asked = erasures.erase(whose, by="officer", basis="asked")
    assert asked.restricted == (data_class,)
    assert isinstance(opened(town)[str(whose)], Revealed)
    erasures.release(whose, by="counsel", basis="case-17", classes=[data_class])

    assert erasures.holds(whose) == []
    assert opened(town)[str(whose)] == Erased()
    assert erasures.of(whose)[-1].complete


def test_what_was_held_is_over_once_the_hold_has_ended(town: Parts) -> None:
    contact = [DataClass.CONTACT]
    town.crm.erasures.hold(COURIER, by="counsel", basis="case-17", classes=contact)
    assert due(town, 184) == {MERCHANT}

    town.crm.erasures.release(COURIER, by="counsel", basis="case-17", classes=contact)

    assert due(town, 184) == {COURIER, MERCHANT}


@pytest.mark.parametrize("last", list(Step)[:-1])
@pytest.mark.parametrize("whose", [COURIER, ORDER], ids=str)
def test_what_was_cut_short_is_finished_by_the_next_run_and_locks_nobody_out(
    last: Step, whose: Subject
) -> None:
    def cut(step: Step) -> None:
        if step is last:
            raise KeyboardInterrupt

    town = memory_town(DELIVER)
    asked = EraseCustomer(
        customer=whose,
        at=START,
        erasure=ErasureId("cut"),
        classes=(DataClass.CONTACT, DataClass.CONTENT),
        basis="retention:some",
        new_life=True,
    )
    town.execute(asked)
    if last is not Step.REQUESTED:
        with pytest.raises(KeyboardInterrupt):
            town.crm.erasures.carry_on(whose, told=cut)

    finished = [one for one in run(town, 1096) if one.customer == whose]

    assert [(one.erasure, one.complete) for one in finished] == [("cut", True)]
    town.execute(NAME if whose is COURIER else REVIEW)
    assert isinstance(opened(town)[str(whose)], Revealed)


def test_what_happens_while_it_runs_counts() -> None:
    town = memory_town(DELIVER)
    came: list[Certificate] = []

    def comes_back(certificate: Certificate) -> None:
        if not came:
            town.execute(evolve(SELL, order=NOBODYS, at=day(1090)))
            town.execute(evolve(REVIEW, at=day(1090)))
        came.append(certificate)

    town.crm.retention.run(at=day(1096), told=comes_back)

    assert {one.customer for one in came} == {ANNA, COURIER}
    assert due(town, 1096) == set()
    assert due(town, 1274) == {MERCHANT}
    assert due(town, 2186) == {MERCHANT, ORDER}


@pytest.mark.parametrize("span", [1, 2, 5_000])
def test_what_is_written_while_it_reads_counts_if_it_comes_to_it(span: int) -> None:
    town = memory_town(DELIVER)
    looked: list[tuple[int, int]] = []
    retention = small(town, most=100)
    retention._span = span  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - as a host never does

    def somebody_writes(done: int, of: int) -> None:
        looked.append((done, of))
        if len(looked) == 1:
            town.execute(evolve(SELL, order=NOBODYS, at=day(180)))

    found = {one.customer for one in retention.due(at=day(184), progress=somebody_writes)}

    assert found == {COURIER}
    assert looked == sorted(looked)
    assert looked[-1][0] == looked[-1][1]


def test_two_runs_at_once_erase_everything_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'town.db'}"
    with (
        closing(Database(url, synchronous="NORMAL")) as one,
        closing(Database(url, synchronous="NORMAL")) as two,
    ):
        here, there = told(sql_town(one)), sql_town(two)
        others: list[Certificate] = []

        def the_other_too(certificate: Certificate) -> None:
            if not others:
                others.append(certificate)
                there.crm.retention.run(at=day(1096), told=others.append)

        first = here.crm.retention.run(at=day(1096), told=the_other_too)

        assert first == 1
        done = [one for one in here.crm.erasures.all() if one.complete]
        assert [len(one.completions) for one in done] == [1] * len(others)
        assert {one.customer for one in done} == {ANNA, COURIER, MERCHANT, ORDER}
        assert there.crm.verify().sound


def test_what_a_backup_brings_back_is_over_again(tmp_path: Path) -> None:
    file, backup = tmp_path / "town.db", tmp_path / "backup.db"
    with closing(Database(f"sqlite:///{file}", synchronous="NORMAL")) as database:
        town = told(sql_town(database))
        database.scrub()
        copyfile(file, backup)
        assert len(run(town, 1096)) == 4
    with closing(Database(f"sqlite:///{backup}", synchronous="NORMAL")) as database:
        restored = sql_town(database)
        assert {type(one) for one in opened(restored).values()} == {Revealed}

        assert {one.customer for one in run(restored, 1096)} == {ANNA, COURIER, MERCHANT, ORDER}

        assert set(opened(restored).values()) == {Erased()}


def test_a_rule_reaches_whom_it_names() -> None:
    town = memory_town()
    rule = evolve(RULES[-1], days=1)

    for one in (COURIER, MERCHANT):
        kind = [of for of in rule.of if of.value == one.kind.value]
        rules = [evolve(rule, of=frozenset(kind))]
        found = [of.customer for of in small(town, rules=rules).due(at=day(2))]
        assert found == [one]
