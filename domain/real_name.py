"""The real name of a customer, as somebody verified it."""

from datetime import datetime

from attrs import frozen

from regulars.domain.personal import Identity, Sealed, sealed
from regulars.domain.values import CustomerId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class RealNameVerified:
    """Who the customer really is, by `method`; `evidence` is where the host keeps the proof."""

    customer: CustomerId
    identity: Sealed
    method: str
    evidence: str


@frozen(kw_only=True)
class VerifyRealName:
    """
    Record a verification. A later one, with evidence of its own, replaces what was known.

    `method` is a code such as `id-card`, `evidence` a reference such as the number of the check;
    neither may be personal.
    """

    customer: CustomerId
    at: datetime
    identity: Identity | Sealed
    method: str
    evidence: str


@frozen(kw_only=True)
class RealNameAlreadyVerified(Refusal):
    """The same evidence was recorded before."""

    customer: CustomerId
    evidence: str

    def __str__(self) -> str:
        return f"the real name of customer {self.customer} was verified by {self.evidence} already"


def verify(command: VerifyRealName, evidence: str | None) -> list[RealNameVerified]:
    """
    The verification to record, after one by `evidence`.

    Raises:
        RealNameAlreadyVerified: it is the same evidence.
    """
    if command.evidence == evidence:
        raise RealNameAlreadyVerified(customer=command.customer, evidence=command.evidence)
    return [
        RealNameVerified(
            customer=command.customer,
            identity=sealed(command.identity),
            method=command.method,
            evidence=command.evidence,
        )
    ]
