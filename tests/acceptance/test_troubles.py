"""A store in trouble: it says so, keeps nothing by halves, and takes the same command later."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from attrs import frozen

from regulars import Content, Crm, Receipt, StorageUnavailable, connect
from regulars.domain.consents import ConsentGranted, GrantConsent
from regulars.domain.customer import RegisterCustomer
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import CustomerId, OrderId
from tests.acceptance import troubles
from tests.acceptance.cashier import AT
from tests.acceptance.cashiers import Till, is_sound, recorded
from tests.acceptance.troubles import Troubled

MOST = 3_000


@frozen
class Sent:
    number: int

    @property
    def id(self) -> str:
        return f"request-{self.number}"

    def to(self, crm: Crm) -> Receipt:
        order = PlaceOrder(
            order=OrderId(f"order-{self.number}"),
            at=AT,
            currency="USD",
            total=4_200 + self.number,
            customer=CustomerId("ada-of-the-corner"),
            extra=Content(text="ring twice " * 100),
        )
        return crm.execute(order, by="cashier", id=self.id)


@pytest.mark.parametrize(
    "store",
    [
        troubles.full_before_a_checkpoint,
        troubles.full_at_a_checkpoint,
        troubles.full_postgresql,
        troubles.locked_sqlite,
        troubles.locked_postgresql,
        pytest.param(troubles.server_that("stop"), id="server_stopped"),
        pytest.param(troubles.server_that("crash"), id="server_killed"),
    ],
)
def test_a_store_in_trouble_says_so_and_takes_the_same_command_when_it_is_over(
    tmp_path: Path, store: Callable[[Path], AbstractContextManager[Troubled]]
) -> None:
    with store(tmp_path) as troubled:
        till = troubled.till
        with connect(till.url, keys=till.keys, busy_seconds=0.2) as crm:
            told = {Sent(0): Sent(0).to(crm)}
            with (
                troubled.trouble(),
                pytest.raises(StorageUnavailable, match=troubled.says) as said,
            ):
                told.update((sent, sent.to(crm)) for sent in map(Sent, range(1, MOST)))
            failed = Sent(len(told))
            after = failed.to(crm)
            again = {sent: sent.to(crm) for sent in told}

        assert said.value.store.partition("://")[0] in till.url
        for value in ("ada", "twice", f"order-{failed.number}", failed.id, str(4_200)):
            assert value not in said.value.why
        assert not after.repeated
        assert {sent: one.position for sent, one in again.items()} == {
            sent: one.position for sent, one in told.items()
        }
        assert all(one.repeated for one in again.values())
        assert recorded(till) == {
            f"order-{number}": ["OrderPlaced"] for number in range(failed.number + 1)
        }
        assert is_sound(till)


@pytest.mark.parametrize("store", [troubles.full_postgresql, troubles.locked_postgresql])
def test_a_store_in_trouble_says_so_where_commands_are_decided_first(
    tmp_path: Path, store: Callable[[Path], AbstractContextManager[Troubled]]
) -> None:
    ada = CustomerId("ada-of-the-corner")

    def grant(crm: Crm, number: int) -> Receipt:
        # Its state is in memory and nothing in it is personal: it needs no lock to be decided.
        channel, proof = f"{number:x>99}", "x" * 99
        command = GrantConsent(
            customer=ada, at=AT, purpose="marketing", channel=channel, evidence_ref=proof
        )
        return crm.execute(command, by="cashier", id=f"request-{number}")

    with store(tmp_path) as troubled:
        till = troubled.till
        with connect(till.url, keys=till.keys, views="deferred", busy_seconds=0.2) as crm:
            crm.execute(RegisterCustomer(customer=ada, at=AT), by="cashier")
            told = [grant(crm, 0)]
            with troubled.trouble(), pytest.raises(StorageUnavailable, match=troubled.says):
                told.extend(grant(crm, number) for number in range(1, MOST))
            after = grant(crm, len(told))
            again = [grant(crm, number) for number in range(len(told))]

        assert not after.repeated
        assert [one.position for one in again] == [one.position for one in told]
        assert all(one.repeated for one in again)
        with till.open() as crm:
            consents = [one for one in crm.events() if isinstance(one.event, ConsentGranted)]
        assert len(consents) == len(told) + 1


def test_a_file_that_may_only_be_read_is_left_as_it_is_and_opened_when_it_may_be_written(
    tmp_path: Path,
) -> None:
    with troubles.mounted() as disk:
        till = Till(f"sqlite:///{disk / 'shop.db'}", tmp_path / "shop.keys")
        with connect(till.url, keys=till.keys) as crm:
            first = Sent(0).to(crm)
        before = (disk / "shop.db").read_bytes()
        with (
            troubles.read_only(disk),
            pytest.raises(StorageUnavailable) as said,
            till.open() as crm,
        ):
            Sent(1).to(crm)
        assert (disk / "shop.db").read_bytes() == before
        assert str(disk) in str(said.value)

        with till.open() as crm:
            assert Sent(1).to(crm).position > Sent(0).to(crm).position == first.position
        assert recorded(till) == {"order-0": ["OrderPlaced"], "order-1": ["OrderPlaced"]}
        assert is_sound(till)
