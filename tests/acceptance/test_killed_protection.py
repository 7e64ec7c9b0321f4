"""Who has numbers bound is killed at each moment: nothing stays bound, or is bound twice."""

from datetime import datetime
from pathlib import Path
from signal import SIGKILL

import pytest
from attrs import frozen

from regulars import (
    AcceptOrder,
    CompleteOrder,
    Contact,
    Crm,
    CustomerId,
    NameParty,
    OrderId,
    Party,
    PlaceOrder,
    RegisterCustomer,
    connect,
)
from regulars.adapters.clock import SystemClock
from regulars.adapters.key_ring import create_key_file
from regulars.application.events import Command
from regulars.application.number_protection import NumberProtection
from regulars.application.ports import Clock
from regulars.domain.protection import VirtualNumberAssigned
from regulars.testing import NumberProtectionContract
from tests.acceptance.protector import POOL
from tests.acceptance.switchboard import Moment, Switchboard
from tests.forked import Forked
from tests.postgres_server import new_database

ADA = CustomerId("ada")
HERS, SHOPS, RIDERS, OTHERS = (f"+86 138 7429 183{number}" for number in range(4))
BINDING = (Moment.ASKED, Moment.BOUND, Moment.RECORDED)
LETTING_GO = (Moment.LETTING_GO, Moment.LET_GO)
MOMENTS = {
    "accepted": BINDING,
    "another courier": BINDING,
    "completed": LETTING_GO,
    "erased": (*LETTING_GO, Moment.RECORDED),
}


class TestSwitchboard(NumberProtectionContract):
    folder: Path

    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def open(self, numbers: int, clock: Clock) -> NumberProtection:
        pool = [f"+861700000000{number}" for number in range(numbers)]
        return Switchboard(file=self.folder / "numbers.db", pool=pool, clock=clock)


def now() -> datetime:
    return SystemClock().now()


@frozen(kw_only=True)
class Shop:
    """A database, its keys, and a provider of numbers."""

    url: str
    keys: Path
    board: Switchboard

    def opened(self) -> Crm:
        return connect(
            self.url, keys=self.keys, environment={}, numbers=self.board, views="deferred"
        )

    def tell(self, *commands: Command) -> None:
        with self.opened() as crm:
            for command in commands:
                crm.execute(command, by="shop")

    def follower(self, killed_at: Moment | None = None) -> Forked:
        words = [] if killed_at is None else [killed_at.value]
        protector = "tests.acceptance.protector"
        return Forked(protector, self.url, str(self.keys), str(self.board.file), *words)

    def followed(self, killed_at: Moment | None = None) -> int:
        with self.follower(killed_at) as running:
            return running.wait(60)

    def bound(self) -> list[str]:
        return [key for key, _, _ in self.board.living()]


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    url = f"sqlite:///{tmp_path / 'shop.db'}" if request.param == "sqlite" else new_database()
    create_key_file(tmp_path / "shop.keys")
    board = Switchboard(file=tmp_path / "numbers.db", pool=POOL, clock=SystemClock())
    shop = Shop(url=url, keys=tmp_path / "shop.keys", board=board)
    shop.tell(RegisterCustomer(customer=ADA, at=now(), contact=Contact(phone=HERS)))
    return shop


def accepted(number: int) -> list[Command]:
    order, at = OrderId(f"o-{number}"), now()
    return [
        PlaceOrder(order=order, at=at, customer=ADA, currency="CNY", total=1),
        AcceptOrder(order=order, at=at),
        named(order, Party.MERCHANT, "shop", SHOPS),
        named(order, Party.COURIER, "rider", RIDERS),
    ]


def named(order: OrderId, party: Party, who: str, phone: str) -> Command:
    return NameParty(order=order, at=now(), party=party, who=who, contact=Contact(phone=phone))


def change(shop: Shop, what: str) -> None:
    order = OrderId("o-1")
    match what:
        case "another courier":
            shop.tell(named(order, Party.COURIER, "other", OTHERS))
        case "completed":
            shop.tell(CompleteOrder(order=order, at=now()))
        case _:
            with shop.opened() as crm:
                crm.erasures.erase(ADA, by="officer", basis="asked")


def assert_as_the_log_says(shop: Shop, bound: list[str]) -> None:
    assert shop.bound() == bound
    with shop.opened() as crm:
        told = {
            f"{event.party.value}/{event.order}": event.number_ref
            for event in (one.event for one in crm.events(types={VirtualNumberAssigned}))
            if isinstance(event, VirtualNumberAssigned)
        }
        for key, ref, number in shop.board.living():
            assert told[key] == ref
            party, _, order = key.partition("/")
            line = crm.protection.line(OrderId(order), as_="customer", to=Party(party))
            assert line is not None
            assert line.number == number


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "moment"), [(what, moment) for what, moments in MOMENTS.items() for moment in moments]
)
def test_what_is_killed_at_a_moment_is_made_good_by_the_next_process(
    shop: Shop, what: str, moment: Moment
) -> None:
    shop.tell(*accepted(1))
    both = ["courier/o-1", "merchant/o-1"]
    if what != "accepted":
        assert shop.followed() == 0
        assert_as_the_log_says(shop, both)
        change(shop, what)

    assert shop.followed(moment) == -SIGKILL
    assert shop.followed() == 0

    assert_as_the_log_says(shop, [] if what in {"completed", "erased"} else both)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_again_and_again_while_orders_come_and_go_it_converges(shop: Shop) -> None:
    going: list[str] = []
    for round_, moment in enumerate([*Moment, *Moment], 1):
        shop.tell(*accepted(round_))
        with shop.follower(moment) as follower:
            if round_ % 2:
                shop.tell(CompleteOrder(order=OrderId(f"o-{round_}"), at=now()))
            else:
                going += [f"courier/o-{round_}", f"merchant/o-{round_}"]
            assert follower.wait(60) in {0, -SIGKILL}

    assert shop.followed() == 0

    assert set(shop.bound()) <= set(going)
    with shop.opened() as crm:
        crm.erasures.erase(ADA, by="officer", basis="asked")
    for moment in Moment:
        assert shop.followed(moment) in {0, -SIGKILL}
    assert shop.followed() == 0
    assert_as_the_log_says(shop, [])
    with shop.opened() as crm:
        assert crm.verify().sound
