"""A key-encryption key is not taken away from a command that has wrapped a key under it."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

import regulars
from regulars.application.key_rotation import CannotRetire
from tests.domain.story import NOON
from tests.postgres_server import new_database

REGISTER = regulars.RegisterCustomer(
    customer=regulars.CustomerId("ada"), at=NOON, contact=regulars.Contact(name="Ada King")
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_who_retires_a_key_waits_for_who_has_wrapped_under_it(tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}" if kind == "sqlite" else new_database()
    keys = tmp_path / "shop.keys"
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with (
        regulars.connect(url, keys=keys, environment={}) as shop,
        regulars.connect(url, keys=keys, environment={}, busy_seconds=0.2) as officer,
    ):
        old = officer.keys.status().active
        with closing(engine.connect()) as connection:
            with connection.begin(), shop.joined(connection) as inside:
                inside.execute(REGISTER, by="shop")
                officer.keys.rotate()
                with pytest.raises(regulars.StorageUnavailable):
                    officer.keys.retire(old)
            with pytest.raises(CannotRetire, match="still wraps"):
                officer.keys.retire(old)
        officer.keys.rewrap()
        officer.keys.retire(old)

        assert shop.verify().boxes_open == 1
    engine.dispose()
