"""Several processes that send the same commands under the same ids at once: each counts once."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from regulars import connect
from tests.acceptance.cashiers import Till, begin, is_sound, running
from tests.postgres_server import new_database

PROCESSES: Final = 3
COMMANDS: Final = 60


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_command_that_several_processes_send_at_once_is_recorded_once_and_has_one_receipt(
    tmp_path: Path, store: str
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}" if store == "sqlite" else new_database()
    till = Till(url, tmp_path / "shop.keys")
    connect(till.url, keys=till.keys).close()
    ids = [f"o-{number}" for number in range(COMMANDS)]

    with ExitStack() as closing:
        all_of_them = [
            running("repeater", till, str(COMMANDS), closing=closing) for _ in range(PROCESSES)
        ]
        begin(*all_of_them)
        told = [one.answer().splitlines() for one in all_of_them]

    receipts = [[line.rsplit(" ", 1)[0] for line in lines] for lines in told]
    assert receipts == [receipts[0]] * PROCESSES
    assert [receipt.split()[0] for receipt in receipts[0]] == ids
    first = [line.split()[0] for lines in told for line in lines if line.endswith(" first")]
    assert sorted(first) == sorted(ids)
    with till.open() as crm:
        kept = [(one.stream, one.position) for one in crm.events() if one.type == "OrderPlaced"]
    assert kept == [
        (f"order-{order}", int(position)) for order, position, _ in map(str.split, receipts[0])
    ]
    assert is_sound(till)
