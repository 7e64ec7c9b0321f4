"""
A process that has numbers bound: `python -m tests.acceptance.protector`.

Its arguments are the database, the file of keys, the file of the switchboard, and at which moment
to kill itself, if at all.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

from attrs import evolve

from regulars import Crm, connect
from regulars.adapters.clock import SystemClock
from regulars.application.events import Command
from tests.acceptance.switchboard import Moment, Switchboard

POOL = ("+8617000000001", "+8617000000002", "+8617000000003")


def main(database: str, keys: str, file: str, killed_at: str = "") -> None:
    """Do as it was told."""

    def reached(moment: Moment) -> None:
        if moment.value == killed_at:
            os.kill(os.getpid(), SIGKILL)

    board = Switchboard(file=Path(file), pool=POOL, clock=SystemClock(), reached=reached)
    with connect(database, keys=keys, create=False, environment={}, numbers=board) as crm:
        protect(crm, reached)


def protect(crm: Crm, reached: Callable[[Moment], None]) -> None:
    """Do what the log asks for, and tell when something was recorded of it."""
    protection = crm.protection

    def record(command: Command) -> None:
        protection.record(command)
        reached(Moment.RECORDED)

    evolve(protection, record=record).catch_up()


if __name__ == "__main__":
    main(*sys.argv[1:])
