from collections.abc import Callable
from pathlib import Path

import pytest

import regulars
from regulars import FileInTheWay
from tests.domain.examples import PLACE


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with regulars.connect(f"sqlite:///{path}", environment={}) as crm:
        crm.execute(PLACE, by="checkout")
    return path


@pytest.mark.parametrize("end", ["", "-wal", ".keys"])
@pytest.mark.parametrize("copy", [regulars.export_log, regulars.back_up])
def test_nothing_is_written_over_the_database_that_is_read_or_its_keys(
    shop: Path, end: str, copy: Callable[..., object]
) -> None:
    own = Path(f"{shop}{end}")
    before = own.read_bytes() if own.exists() else None

    with pytest.raises(FileInTheWay, match="belongs to the database"):
        copy(f"sqlite:///{shop}", own, replace=True)

    assert (own.read_bytes() if own.exists() else None) == before
    assert regulars.check_log(f"sqlite:///{shop}").sound
