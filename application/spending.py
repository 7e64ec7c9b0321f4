"""The order in which a programme has points spent."""

from attrs import frozen

from regulars.application.questions import Look, Question
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.values import ProgramId


@frozen(kw_only=True)
class SpendOrderOf(Question[SpendOrder]):
    """Which points a programme has spent first at that moment."""

    program: ProgramId

    def answer(self, look: Look) -> SpendOrder:
        """The order."""
        return look.program(self.program).policies_at(look.at).spend_order
