"""What people whose every detail is a canary do as members: points, coupons, merges and holds."""

from typing import Any, Final

from regulars import Crm
from regulars.application.balances import PointsBalance
from regulars.application.events import Command
from regulars.domain.actor import Actor
from regulars.domain.adjustment import AdjustPoints, MigratePoints
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.personal import DataClass
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.transfer import TransferPoints
from regulars.domain.values import (
    AdjustmentId,
    CustomerId,
    LotId,
    OccasionId,
    ProgramId,
    TransferId,
)
from regulars.testing.number_protections import NOON
from tests.acceptance.overheard import Overheard

PROGRAM: Final = ProgramId("default")


def told_of_points(customer: CustomerId, friend: CustomerId) -> tuple[Command, ...]:
    """A member's points from every side: brought along, adjusted, given on, and an occasion."""
    of: dict[str, Any] = {"program": PROGRAM, "customer": customer, "at": NOON}
    return (
        MigratePoints(**of, lot=LotId("migrated/old"), points=90, legacy_ref="old-shop/17"),
        AdjustPoints(
            **of,
            adjustment=AdjustmentId("fix"),
            points=-5,
            reason="ticket-12",
            approver="lead:4",
        ),
        TransferPoints(**of, transfer=TransferId("gift"), receiver=friend, points=20),
        RecordOccasion(**of, occasion=OccasionId("2026"), on="birthday"),
    )


def merged_for_a_while(crm: Crm, overheard: Overheard, one: CustomerId, other: CustomerId) -> None:
    """Two are taken for one person, read and held as one, and told apart again."""
    officer = Actor(role="privacy_officer", id="po-1")
    both: dict[str, Any] = {"absorbed": one, "survivor": other, "at": NOON}
    receipt = crm.execute(MergeCustomers(**both, evidence="same-phone"), by="app")
    overheard.text("a merge", receipt)
    overheard.text("a card of both", crm.card(other, purpose="legal_duty", actor=officer))
    copy = crm.export_personal_data(other, export_id="x-2", actor=officer)
    overheard.text("a copy of both", copy)
    hold: dict[str, Any] = {"by": "counsel", "classes": [DataClass.CONTACT, DataClass.PAYMENT]}
    crm.erasures.hold(other, basis="case-17", **hold)
    overheard.text("holds", *crm.erasures.holds())
    crm.erasures.release(other, basis="case-17", **hold)
    receipt = crm.execute(RevertMerge(**both, evidence="two-people"), by="app")
    overheard.text("a merge undone", receipt, crm.ask(PointsBalance(customer=other)))
    overheard.text("what is over", *crm.retention.due(at=NOON))
