"""Erasures killed at each of their steps: they converge, once, and nothing comes back."""

from contextlib import ExitStack, closing
from pathlib import Path
from signal import SIGKILL

import pytest

from regulars import (
    Contact,
    Crm,
    CustomerId,
    MarkDelivered,
    MergeCustomers,
    OrderId,
    PlaceOrder,
    PointsBalance,
    RegisterCustomer,
    SubjectErased,
    UpdateCustomerDetails,
    connect,
)
from regulars.adapters.database import Database
from regulars.adapters.key_ring import create_key_file
from regulars.adapters.keys import SqlKeyStore
from regulars.application.erasing import Step
from regulars.application.erasures import EVERY_CLASS
from regulars.application.keys import KeyName
from regulars.domain.erasure import CustomerErased
from regulars.testing import canaries_of, canary_people
from tests.acceptance.eraser import AT, CUSTOMER, MANY, PATIENCE
from tests.forked import Forked
from tests.postgres_server import new_database

ORDER = OrderId("o-1")
TWIN = CustomerId("zosia")
STORES = ["sqlite", "postgresql"]
QUICK = [Step.FENCED, Step.PURGED]
(WHO,) = canary_people(1)
CANARIES = canaries_of([WHO])


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_key_file(tmp_path / "shop.keys")
    return tmp_path / "shop.keys"


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, tmp_path: Path, keys: Path) -> str:
    """A database in which a customer, known twice, has told of themselves and ordered."""
    url = f"sqlite:///{tmp_path / 'shop.db'}" if request.param == "sqlite" else new_database()
    with connect(url, keys=keys, environment={}) as crm:
        for command in (
            RegisterCustomer(customer=CUSTOMER, at=AT, contact=WHO.contact),
            PlaceOrder(
                order=ORDER,
                at=AT,
                currency="USD",
                total=19_99,
                customer=CUSTOMER,
                extra=WHO.content,
            ),
            MarkDelivered(order=ORDER, at=AT),
            RegisterCustomer(customer=TWIN, at=AT, contact=Contact(name="Zosia")),
            MergeCustomers(absorbed=TWIN, survivor=CUSTOMER, at=AT, evidence="same-phone"),
        ):
            crm.execute(command, by="app")
    return url


def started(url: str, keys: Path, *words: str) -> Forked:
    return Forked("tests.acceptance.eraser", url, str(keys), *words)


def ended(url: str, keys: Path, *words: str) -> int:
    with started(url, keys, *words) as running:
        return running.wait(PATIENCE)


def wrapped_keys(url: str) -> list[bytes]:
    """The customer's keys, as they are stored."""
    names = [KeyName("default", f"customer/{CUSTOMER}", one) for one in EVERY_CLASS]
    with closing(Database(url, create=False)) as database:
        stored = SqlKeyStore(database).get_many(names)
    return [key.wrapped for keys in stored.values() for key in keys if key.wrapped]


def found(folder: Path, needles: list[bytes]) -> list[str]:
    """The files that hold one of these."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return [path.name for path in files if any(one in path.read_bytes() for one in needles)]


def assert_erased(crm: Crm) -> None:
    done = [one.event for one in crm.events() if isinstance(one.event, CustomerErased)]
    assert [one.classes for one in done] == [EVERY_CLASS]
    assert {key.data_class.value for key in done[0].keys} == {"contact", "content"}
    assert {key.subject for key in done[0].keys} == {f"customer/{one}" for one in (CUSTOMER, TWIN)}
    assert crm.erasures.resume() == []
    assert crm.erasures.living(CUSTOMER) == {}
    verdict = crm.verify()
    assert verdict.sound
    assert verdict.boxes_open == 0
    assert verdict.boxes_erased >= 3
    balance = crm.ask(PointsBalance(customer=CUSTOMER))
    assert balance is not None
    assert balance.balance == 19
    with pytest.raises(SubjectErased):
        crm.execute(
            UpdateCustomerDetails(customer=CUSTOMER, at=AT, contact=Contact(name="Z")), by="app"
        )


@pytest.mark.parametrize(
    "step", [step if step in QUICK else pytest.param(step, marks=pytest.mark.slow) for step in Step]
)
def test_an_erasure_killed_after_a_step_is_carried_on_by_the_next_process(
    url: str, keys: Path, step: Step
) -> None:
    gone = wrapped_keys(url)
    assert found(keys.parent, gone) or not url.startswith("sqlite")

    assert ended(url, keys, "erase", step.value) == -SIGKILL

    assert CANARIES.in_folder(keys.parent) == []
    with connect(url, keys=keys, environment={}) as crm:
        crm.erasures.resume()
        assert_erased(crm)
        assert found(keys.parent, gone) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("step", Step)
def test_killed_again_and_again_while_others_write_it_converges(
    url: str, keys: Path, step: Step
) -> None:
    with ExitStack() as processes:
        writers = [processes.enter_context(started(url, keys, "write")) for _ in range(2)]
        for writer in writers:
            processes.callback(writer.kill)
            assert writer.stdout.readline() == "ready\n"

        assert ended(url, keys, "erase", step.value) == -SIGKILL
        for again in Step:
            assert ended(url, keys, "resume", again.value) in {0, -SIGKILL}
        assert ended(url, keys, "resume") == 0

        assert [writer.wait(PATIENCE) for writer in writers] == [0, 0]
    with connect(url, keys=keys, environment={}) as crm:
        assert_erased(crm)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nobody_who_was_erased_has_a_key_however_many_write_at_once(url: str, keys: Path) -> None:
    """
    Three processes tell the first data of every class of many, who are erased meanwhile.

    Some were erased before anything was told of them, and have nothing but fences.
    """
    with connect(url, keys=keys, environment={}) as crm, ExitStack() as processes:
        for customer in MANY:
            crm.execute(RegisterCustomer(customer=customer, at=AT), by="app")
        early, late = MANY[::3], [one for one in MANY if one not in MANY[::3]]
        certificates = [crm.erasures.erase(one, by="officer:1", basis="asked") for one in early]
        writers = [
            processes.enter_context(started(url, keys, "begin", str(seed))) for seed in range(3)
        ]
        for writer in writers:
            processes.callback(writer.kill)
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()

        certificates += [crm.erasures.erase(one, by="officer:1", basis="asked") for one in late]

        assert [writer.wait(PATIENCE) for writer in writers] == [0, 0, 0]
        destroyed = [key for one in certificates for done in one.completions for key in done.keys]
        assert all(one.complete for one in certificates)
        assert [crm.erasures.living(one) for one in MANY] == [{}] * len(MANY)
        assert {key.version for key in destroyed} <= {1}
        assert crm.verify().sound
