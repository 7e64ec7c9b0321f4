"""A follower that comes to a log which never was where it is."""

from pathlib import Path

import pytest

import regulars
from regulars import AheadOfLog, connect
from tests.domain.examples import DELIVER, PLACE
from tests.postgres_server import new_database


def test_a_follower_is_told_of_a_log_from_an_older_backup(tmp_path: Path) -> None:
    url, backup = f"sqlite:///{tmp_path}/shop.db", tmp_path / "shop.backup"
    with connect(url) as crm:
        crm.execute(PLACE, by="web")
        before = crm.head()
        regulars.back_up(url, backup)
        crm.execute(DELIVER, by="courier:9")
        with crm.subscribe() as following:
            following.page(0)
            reached = following.position
    regulars.restore(url, backup, replace=True)

    with connect(url) as crm:
        with pytest.raises(AheadOfLog) as told:
            crm.subscribe(after=reached)
        with crm.subscribe(after=before) as following:
            assert not following.page(0)

    assert (told.value.position, told.value.head) == (reached, before)


def test_a_follower_that_tells_how_far_it_is_is_told_of_an_older_backup(tmp_path: Path) -> None:
    url, backup = f"sqlite:///{tmp_path}/shop.db", tmp_path / "shop.backup"
    with connect(url) as crm:
        crm.execute(PLACE, by="web")
        before = crm.head()
        crm.positions.keep("billing", before)
        regulars.back_up(url, backup)
        crm.execute(DELIVER, by="courier:9")
        reached = crm.head()
        crm.positions.keep("billing", reached)
    regulars.restore(url, backup, replace=True)

    with connect(url) as crm:
        assert crm.positions.kept("billing") == before  # kept with the log, it went back with it
        with pytest.raises(AheadOfLog) as told:
            crm.positions.keep("billing", reached)

    assert (told.value.position, told.value.head) == (reached, before)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_followers_of_one_tenant_are_none_of_another(store: str, tmp_path: Path) -> None:
    url = new_database() if store == "postgresql" else f"sqlite:///{tmp_path}/shop.db"
    with (
        connect(url, keyless=True, tenant="north") as north,
        connect(url, keyless=True, tenant="south") as south,
    ):
        north.execute(PLACE, by="web")
        south.execute(PLACE, by="web")
        end = north.head()
        north.positions.keep("billing", end - 1)
        south.positions.keep("billing", end)
        south.positions.keep("mail", 1)
        south.positions.forget("mail")
        assert (north.positions.kept("billing"), north.positions.kept("mail")) == (end - 1, 0)
        south.positions.forget("billing")
        assert (north.positions.kept("billing"), south.positions.kept("billing")) == (end - 1, 0)

    (shown,) = regulars.log_status(url, tenant="north").followers
    assert (shown.follower, shown.position, shown.ahead) == ("billing", end - 1, False)
    assert regulars.log_status(url, tenant="south").followers == ()


def test_a_follower_is_told_of_a_position_that_the_log_never_gave() -> None:
    url = new_database()
    with connect(url, keyless=True, views="deferred") as crm, crm.subscribe() as following:
        crm.execute(PLACE, by="web")
        assert following.page(5)
        with connect(url, keyless=True) as other:
            assert other.head() == following.position
        with pytest.raises(AheadOfLog):
            crm.subscribe(after=following.position + 1)
