"""
A process that redeems one point of ada's when told: `python -m tests.acceptance.spender`.

Its arguments are the database, the file of keys and the id of the redemption. It says that it is
ready, redeems when a line comes in, and says whether it could.
"""

import sys

from regulars import connect
from regulars.domain.redemption import NotEnoughPoints, RedeemPoints
from regulars.domain.reward import Reward
from regulars.domain.values import CustomerId, ProgramId, RedemptionId
from tests.acceptance.cashier import AT


def main(url: str, keys: str, redemption: str) -> None:
    """Redeem."""
    with connect(url, keys=keys, create=False) as crm:
        print("ready", flush=True)  # noqa: T201 - the word that it waits
        sys.stdin.readline()
        command = RedeemPoints(
            program=ProgramId("default"),
            customer=CustomerId("ada"),
            at=AT,
            redemption=RedemptionId(redemption),
            points=1,
            reward=Reward(kind="item"),
        )
        try:
            crm.execute(command, by="spender", id=redemption)
        except NotEnoughPoints:
            print("refused", flush=True)  # noqa: T201 - the answer
        else:
            print("redeemed", flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main(*sys.argv[1:])
