"""
A process that does one thing to ada's account: `python -m tests.acceptance.contender`.

Its arguments are the database, the file of keys and what it does. It says that it is ready, does it
when a line comes in, and says that it is done, or why it was refused.
"""

import sys
from typing import Final

from regulars import connect
from regulars.application.events import Command
from regulars.domain.account_merge import MergeAccounts
from regulars.domain.closing import CloseAccount
from regulars.domain.redemption import RedeemPoints
from regulars.domain.reward import Reward
from regulars.domain.transfer import TransferPoints
from regulars.domain.values import CustomerId, ProgramId, RedemptionId, Refusal, TransferId
from tests.acceptance.cashier import AT

PROGRAM: Final = ProgramId("default")
ADA: Final = CustomerId("ada")
BOB: Final = CustomerId("bob")

DOES: Final[dict[str, Command]] = {
    "redeem": RedeemPoints(
        program=PROGRAM,
        customer=ADA,
        at=AT,
        redemption=RedemptionId("s-1"),
        points=3,
        reward=Reward(kind="item"),
    ),
    "transfer": TransferPoints(
        program=PROGRAM,
        customer=ADA,
        at=AT,
        transfer=TransferId("t-1"),
        receiver=BOB,
        points=4,
    ),
    "merge": MergeAccounts(program=PROGRAM, absorbed=ADA, survivor=BOB, at=AT),
    "close": CloseAccount(program=PROGRAM, customer=ADA, at=AT, reason="left"),
}


def main(url: str, keys: str, what: str) -> None:
    """Do it."""
    with connect(url, keys=keys, create=False) as crm:
        print("ready", flush=True)  # noqa: T201 - the word that it waits
        sys.stdin.readline()
        try:
            crm.execute(DOES[what], by="contender")
        except Refusal as refused:
            print(type(refused).__name__, flush=True)  # noqa: T201 - the answer
        else:
            print("done", flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main(*sys.argv[1:])
