"""Retention over every store: what is over, what its erasure leaves, and that it is done once."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve, frozen

from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.storage import SqlStorage
from regulars.application.catalogue import VIEWS
from regulars.application.certificate import Certificate
from regulars.application.erasing import Step
from regulars.application.errors import StorageUnavailable, SubjectErased
from regulars.application.keys import KeyName, KeyState
from regulars.application.retaining import Retaining
from regulars.domain.customer import AddDeliveryAddress, RegisterCustomer
from regulars.domain.erasure import EraseCustomer
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.order import CompleteOrder, MarkDelivered
from regulars.domain.personal import Address, Contact, DataClass
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reading import DEFAULT_POLICY
from regulars.domain.rights import RestrictProcessing
from regulars.domain.values import AddressId, CustomerId, ErasureId, OrderId
from tests.application.memory_crm import TENANT, Parts, core
from tests.domain.chronicle import Command
from tests.domain.examples import ANNA, BO

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = DEFAULT_POLICY.retention
HOME = AddDeliveryAddress(
    customer=ANNA, at=START, address_id=AddressId("home"), address=Address(text="Lane 1")
)
ORDER = OrderId("o-1")
PLACE = PlaceOrder(order=ORDER, at=START, currency="CNY", total=1, customer=ANNA)
MERGE = MergeCustomers(absorbed=ANNA, survivor=BO, at=START, evidence="same-phone")
STORY: tuple[Command, ...] = (
    RegisterCustomer(customer=ANNA, at=START, contact=Contact(name="Anna")),
    RegisterCustomer(customer=BO, at=START, contact=Contact(name="Bo")),
    HOME,
    PLACE,
    PlaceOrder(order=OrderId("o-2"), at=START, currency="CNY", total=1),
)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture(params=["memory", "sqlite"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parts]:
    if request.param == "memory":
        yield told(core(MemoryStorage(tenant=TENANT), MemoryKeyStore()))
        return
    with closing(Database(f"sqlite:///{tmp_path / 'town.db'}", synchronous="NORMAL")) as database:
        storage = SqlStorage(database, VIEWS, tenant=TENANT)
        yield told(core(storage, SqlKeyStore(database), scrub=database.scrub))


def told(town: Parts) -> Parts:
    for command in STORY:
        town.execute(command)
    return town


def due(town: Parts, on: int) -> list[tuple[str, str, str]]:
    return [
        (str(one.customer), one.data_class.value, one.rule.kind)
        for one in town.crm.retention.due(at=day(on))
    ]


def run(town: Parts, on: int) -> list[Certificate]:
    certificates: list[Certificate] = []
    erasures = town.crm.retention.run(at=day(on), told=certificates.append)
    assert erasures == len(certificates)
    return certificates


def few_at_once(town: Parts, most: int) -> Retaining:
    return Retaining(
        town.crm.retention._lock,  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - the core's
        storage=town.storage,
        commands=town.commands,
        erasures=town.crm.erasures,
        clock=town.clock,
        rules=RULES,
        most=most,
        span=1,
    )


def test_exactly_what_is_over_is_erased_each_class_by_its_rule(town: Parts) -> None:
    before = town.rows()
    assert run(town, 183) == []

    (address,) = run(town, 184)
    assert (address.customer, address.classes) == (ANNA, (DataClass.ADDRESS,))
    assert (address.basis, address.requested.by) == ("retention:address", "retention")
    assert address.complete
    assert [key.data_class for key in address.completions[0].keys] == [DataClass.ADDRESS]

    assert due(town, 1096) == [(ANNA, "contact", "customer"), (BO, "contact", "customer")]
    assert [one.customer for one in run(town, 1096)] == [ANNA, BO]
    assert town.rows() == before
    assert town.crm.verify().sound


def test_a_repeated_run_does_nothing_more(town: Parts) -> None:
    run(town, 1096)
    head = town.storage.log.head()

    assert run(town, 2000) == []
    assert due(town, 2000) == []
    assert town.storage.log.head() == head


def test_classes_of_a_customer_that_end_by_different_rules_have_a_certificate_each(
    town: Parts,
) -> None:
    assert [(one.customer, one.basis) for one in run(town, 1096)] == [
        (ANNA, "retention:customer"),
        (ANNA, "retention:address"),
        (BO, "retention:customer"),
    ]


def test_a_customer_who_comes_back_gives_an_address_again_and_it_has_its_own_time(
    town: Parts,
) -> None:
    run(town, 200)

    town.execute(evolve(HOME, at=day(500), address_id=AddressId("new")))

    assert due(town, 683) == []
    assert due(town, 684) == [(ANNA, "address", "address")]
    (again,) = run(town, 684)
    assert [key.version for key in again.completions[0].keys] == [1, 3]


def test_who_asks_to_be_forgotten_is_not_let_in_again_by_retention(town: Parts) -> None:
    run(town, 200)
    town.crm.erasures.erase(ANNA, by="officer:1", basis="asked")

    assert run(town, 5000)[0].customer == BO
    with pytest.raises(SubjectErased):
        town.execute(evolve(HOME, at=day(500), address_id=AddressId("new")))


def test_the_completion_of_an_order_counts_also_long_after_its_placing(town: Parts) -> None:
    town.execute(MarkDelivered(order=ORDER, at=day(1)))
    town.execute(CompleteOrder(order=ORDER, at=day(100)))
    for number in range(3, 6):
        town.execute(evolve(PLACE, order=OrderId(f"o-{number}"), customer=BO))

    for most in (1, 2, 100):
        late = few_at_once(town, most).due(at=day(284))
        assert [one.customer for one in late] == [ANNA]
        assert list(few_at_once(town, most).due(at=day(283))) == []


def test_where_there_are_more_customers_than_memory_the_log_is_read_again(town: Parts) -> None:
    for number in range(9):
        who = CustomerId(f"c-{number}")
        town.execute(RegisterCustomer(customer=who, at=START, contact=Contact(name="C")))
    looked: list[tuple[int, int]] = []

    few = few_at_once(town, 3).due(
        at=day(1096), progress=lambda done, of: looked.append((done, of))
    )

    whole = town.crm.retention.due(at=day(1096))
    assert {(one.customer, one.data_class) for one in few} == {
        (one.customer, one.data_class) for one in whole
    }
    assert len(looked) > 3
    assert looked == sorted(looked)
    assert all(0 < done <= of for done, of in looked)
    assert looked[-1][0] == looked[-1][1]


def test_what_is_held_or_restricted_is_kept(town: Parts) -> None:
    town.crm.erasures.hold(ANNA, by="counsel", basis="tax", classes=[DataClass.ADDRESS])
    town.execute(RestrictProcessing(customer=BO, at=START, data_class=DataClass.CONTACT))

    assert [(one.customer, one.classes) for one in run(town, 5000)] == [
        (ANNA, (DataClass.CONTACT,))
    ]
    town.crm.erasures.release(ANNA, by="counsel", basis="tax", classes=[DataClass.ADDRESS])
    assert due(town, 5000) == [(ANNA, "address", "address")]


@pytest.mark.parametrize("last", list(Step)[:-1])
def test_what_was_cut_short_anywhere_is_finished_by_the_next_run_and_locks_nobody_out(
    town: Parts, last: Step
) -> None:
    def cut(step: Step) -> None:
        if step is last:
            raise KeyboardInterrupt

    asked = ErasureId("cut")
    town.execute(
        EraseCustomer(
            customer=ANNA,
            at=START,
            erasure=asked,
            classes=(DataClass.ADDRESS,),
            basis="retention:address",
            new_life=True,
        )
    )
    if last is not Step.REQUESTED:
        with pytest.raises(KeyboardInterrupt):
            town.crm.erasures.carry_on(ANNA, told=cut)

    (finished,) = run(town, 200)

    assert (finished.erasure, finished.complete, len(finished.completions)) == (asked, True, 1)
    name = KeyName(TENANT, f"customer/{ANNA}", DataClass.ADDRESS)
    states = [key.state for key in town.keys.get_many([name])[name]]
    assert states == [KeyState.ERASED, KeyState.ERASED, KeyState.ACTIVE]
    assert run(town, 200) == []


@pytest.mark.parametrize(
    ("error", "erased"),
    [(RuntimeError("not now"), [BO]), (StorageUnavailable(store="search", why="not now"), [])],
)
def test_one_erasure_that_fails_keeps_no_other_from_being_done_unless_a_store_is_away(
    error: Exception, erased: list[CustomerId]
) -> None:
    town = told(core(MemoryStorage(tenant=TENANT), MemoryKeyStore(), sinks=[Stuck(error)]))
    certificates: list[Certificate] = []

    with pytest.raises(type(error), match="not now"):
        town.crm.retention.run(at=day(1096), told=certificates.append)

    assert [one.customer for one in certificates] == erased
    assert {one.customer for one in town.crm.erasures.all() if one.waiting} == {ANNA}


@frozen
class Stuck:
    """A place of the host's that cannot let go of what is Anna's."""

    error: Exception
    name: str = "search"

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:  # noqa: ARG002 - it knows no classes
        if f"customer/{ANNA}" in subjects:
            raise self.error
        return 0


def test_what_somebody_does_while_it_runs_counts(town: Parts) -> None:
    def comes_back(certificate: Certificate) -> None:
        assert certificate.customer == ANNA
        town.execute(evolve(PLACE, order=OrderId("o-9"), customer=BO, at=day(1090)))

    town.crm.retention.run(at=day(1096), told=lambda one: once(one, comes_back))

    assert due(town, 1096) == []
    assert town.crm.erasures.of(BO) == []
    assert due(town, 2186) == [(BO, "contact", "customer")]


def merged(town: Parts) -> Parts:
    town.execute(MERGE)
    return town


def test_what_either_of_the_merged_does_keeps_the_data_of_both(town: Parts) -> None:
    merged(town)
    town.execute(evolve(PLACE, order=OrderId("o-3"), at=day(900)))

    assert due(town, 1900) == [(BO, "address", "address")]
    assert [one[:2] for one in due(town, 1996)] == [(BO, "contact"), (BO, "address")]


def test_of_the_merged_only_who_speaks_for_both_is_erased(town: Parts) -> None:
    merged(town)

    assert {one.customer for one in run(town, 1096)} == {BO}
    assert town.crm.erasures.of(ANNA) == []
    assert town.crm.erasures.living(ANNA) == {}
    assert run(town, 2000) == []


@pytest.mark.parametrize("most", [1, 2, 100])
def test_merged_customers_are_counted_together_however_many_are_in_memory(
    town: Parts, most: int
) -> None:
    for number in range(6):
        who = CustomerId(f"c-{number}")
        town.execute(RegisterCustomer(customer=who, at=START, contact=Contact(name="C")))
        into = evolve(MERGE, absorbed=who, survivor=ANNA)
        town.execute(into)
    town.execute(MERGE)
    town.execute(evolve(PLACE, order=OrderId("o-3"), customer=CustomerId("c-4"), at=day(900)))

    over = few_at_once(town, most).due(at=day(1900))

    assert [(one.customer, one.data_class) for one in over] == [(BO, DataClass.ADDRESS)]


def test_what_is_held_or_restricted_of_the_survivor_is_that_of_both(town: Parts) -> None:
    merged(town)
    town.crm.erasures.hold(BO, by="counsel", basis="tax", classes=[DataClass.ADDRESS])
    town.execute(RestrictProcessing(customer=BO, at=START, data_class=DataClass.CONTACT))

    assert run(town, 5000) == []


def test_a_merge_that_was_reverted_parts_them_again(town: Parts) -> None:
    merged(town)
    town.execute(RevertMerge(absorbed=ANNA, survivor=BO, at=START, evidence="ticket-1"))
    town.execute(evolve(PLACE, order=OrderId("o-3"), at=day(900)))

    assert due(town, 1900) == [
        (ANNA, "address", "address"),
        (BO, "contact", "customer"),
    ]


def test_who_is_merged_while_it_runs_is_left_to_who_speaks_for_them(town: Parts) -> None:
    for number in range(6):
        who = CustomerId(f"c-{number}")
        town.execute(RegisterCustomer(customer=who, at=START, contact=Contact(name="C")))
    done: list[CustomerId] = []

    def merges(certificate: Certificate) -> None:
        if not done:
            some = [CustomerId(f"c-{number}") for number in range(6)]
            left = [one for one in some if one != certificate.customer]
            done.extend(left[:2])
            town.execute(evolve(MERGE, absorbed=left[0], survivor=left[1]))

    few_at_once(town, 1).run(at=day(1096), told=merges)
    few_at_once(town, 1).run(at=day(1096))

    absorbed, survivor = done
    assert town.crm.erasures.of(absorbed) == []
    assert town.crm.erasures.living(absorbed) == {}
    assert [one.complete for one in town.crm.erasures.of(survivor)] == [True]
    assert list(town.crm.retention.due(at=day(1096))) == []


def once(certificate: Certificate, then: Callable[[Certificate], None]) -> None:
    if certificate.basis == "retention:address":
        then(certificate)


def test_by_default_it_goes_by_the_clock_of_the_core(town: Parts) -> None:
    assert list(town.crm.retention.due()) == []

    town.clock.at = day(184)

    assert [one.since for one in town.crm.retention.due()] == [START]
    assert town.crm.retention.run() == 1


def test_a_moment_needs_a_time_zone(town: Parts) -> None:
    with pytest.raises(ValueError, match="time zone"):
        town.crm.retention.due(at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
