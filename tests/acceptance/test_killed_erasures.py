"""Erasures killed at each of their steps: they converge, once, and nothing comes back."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from signal import SIGKILL

import pytest

from regulars import (
    Contact,
    Content,
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
from regulars.adapters.key_ring import create_key_file
from regulars.application.erasures import EVERY_CLASS, Step
from regulars.domain.erasure import CustomerErased
from tests.acceptance.eraser import AT, CUSTOMER
from tests.postgres_server import new_database

ROOT = Path(__file__).parents[2]
ORDER = OrderId("o-1")
TWIN = CustomerId("zosia")
STORES = ["sqlite", "postgresql"]
QUICK = [Step.FENCED, Step.PURGED]


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
            RegisterCustomer(customer=CUSTOMER, at=AT, contact=Contact(name="Zofie")),
            PlaceOrder(
                order=ORDER,
                at=AT,
                currency="USD",
                total=19_99,
                customer=CUSTOMER,
                extra=Content(text="ring twice"),
            ),
            MarkDelivered(order=ORDER, at=AT),
            RegisterCustomer(customer=TWIN, at=AT, contact=Contact(name="Zosia")),
            MergeCustomers(absorbed=TWIN, survivor=CUSTOMER, at=AT, evidence="same-phone"),
        ):
            crm.execute(command, by="app")
    return url


def started(url: str, keys: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.eraser", url, str(keys), *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def ended(url: str, keys: Path, *words: str) -> int:
    with started(url, keys, *words) as running:
        return running.wait(60)


def assert_erased(crm: Crm) -> None:
    done = [one.event for one in crm.events() if isinstance(one.event, CustomerErased)]
    assert [one.classes for one in done] == [EVERY_CLASS]
    assert {key.data_class.value for key in done[0].keys} == {"contact", "content"}
    assert {key.subject for key in done[0].keys} == {f"customer/{one}" for one in (CUSTOMER, TWIN)}
    assert crm.erasures.resume() == []
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
    assert ended(url, keys, "erase", step.value) == -SIGKILL

    with connect(url, keys=keys, environment={}) as crm:
        crm.erasures.resume()
        assert_erased(crm)


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
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"

        assert ended(url, keys, "erase", step.value) == -SIGKILL
        for again in Step:
            assert ended(url, keys, "resume", again.value) in {0, -SIGKILL}
        assert ended(url, keys, "resume") == 0

        assert [writer.wait(60) for writer in writers] == [0, 0]
    with connect(url, keys=keys, environment={}) as crm:
        assert_erased(crm)
