"""A standby of PostgreSQL answers as its primary does, follows the log, and takes nothing."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from attrs import evolve
from sqlalchemy import make_url

import regulars
from regulars import OrderId, PointsBalance, StorageUnavailable, connect
from regulars.adapters.key_ring import create_key_file
from regulars.orders import OrderDelivered
from tests.adapters.cli_shop import Shop
from tests.domain.examples import ANNA, DELIVER, PLACE
from tests.postgres_server import Server, new_database, replayed, start_standby

pytestmark = pytest.mark.slow  # of two servers


@pytest.fixture(scope="module")
def standby() -> Iterator[Server]:
    server = start_standby(Path(mkdtemp(prefix="standby-")))
    yield server
    server.stop()


@pytest.fixture
def url() -> str:
    return new_database()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_key_file(tmp_path / "shop.keys")
    return tmp_path / "shop.keys"


@pytest.fixture
def there(url: str, standby: Server, keys: Path) -> str:
    """The URL of the standby's copy, once there is one."""
    with connect(url, keys=keys) as crm:
        crm.execute(PLACE, by="web")
        crm.execute(DELIVER, by="courier:9")
        crm.positions.keep("billing", crm.head())
    replayed(standby.url)
    options = make_url(url).query["options"]
    found = make_url(standby.url).update_query_dict({"options": options})
    return found.render_as_string(hide_password=False)


def test_a_standby_answers_as_its_primary_does(url: str, there: str, keys: Path) -> None:
    asked = PointsBalance(customer=ANNA)
    with connect(url, keys=keys) as primary, connect(there, keys=keys, read_only=True) as crm:
        balance = crm.ask(asked)
        assert balance is not None
        assert balance.balance == 100
        assert balance == primary.ask(asked)
        assert crm.ask(asked, as_of=crm.head()) == primary.ask(asked, as_of=primary.head())
        assert crm.verify() == primary.verify()
        assert crm.positions.kept("billing") == primary.head()


def test_the_log_of_a_standby_is_sound_and_that_of_its_primary(
    url: str, there: str, tmp_path: Path
) -> None:
    check = Shop(tmp_path).json("log", "check", "--database", there)
    status = regulars.log_status(there)

    assert check["sound"]
    assert check["events"] > 0
    assert check["hash"] == regulars.check_log(url).hash == status.hash
    assert [(one.follower, one.lag) for one in status.followers] == [("billing", 0)]


def test_a_follower_on_a_standby_hears_what_its_primary_records(
    url: str, there: str, keys: Path
) -> None:
    second = OrderId("o-2")
    place, deliver = evolve(PLACE, order=second), evolve(DELIVER, order=second)
    with (
        connect(url, keys=keys) as primary,
        connect(there, keys=keys, read_only=True) as crm,
        crm.subscribe(after=crm.head(), types={OrderDelivered}) as delivered,
    ):
        assert not delivered.page(0)
        primary.execute(place, by="web")
        receipt = primary.execute(deliver, by="courier:9")

        (heard,) = delivered.page(60)

        assert isinstance(heard.event, OrderDelivered)
        assert (heard.event.order, heard.position) == (second, receipt.position)


def test_a_standby_takes_nothing_and_says_so(there: str, keys: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="is a standby: open it with read_only=True"):
        connect(there, keys=keys)
    with connect(there, keys=keys, read_only=True) as crm:
        before = crm.head()
        with pytest.raises(StorageUnavailable, match="was opened to read only"):
            crm.execute(PLACE, by="web", id="again")
        with pytest.raises(StorageUnavailable, match="was opened to read only"):
            crm.positions.keep("billing", 1)
        assert crm.head() == before

    told = Shop(tmp_path).run("rebuild", "--database", there, status=3)

    assert "was opened to read only" in told.output
