"""The core inside a transaction of a host's own."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from regulars.application.batch import Outcome, Receipt
from regulars.application.door import Request
from regulars.application.events import Command
from regulars.application.positions import Positions
from regulars.application.queries import AsOf, Query
from regulars.application.questions import Question

if TYPE_CHECKING:
    from regulars.application.crm import Crm

Answer = TypeVar("Answer")


class Joined:
    """
    The core inside a transaction of the host's; `Crm.joined` makes it, for the length of a block.

    Each call begins with nothing in memory, for the host may have gone back to a savepoint since.
    """

    def __init__(self, core: Callable[[], "Crm"]) -> None:
        self._core = core

    def execute(
        self,
        command: Command,
        *,
        by: str,
        id: str | None = None,  # noqa: A002 - the word that a host uses
        correlation: str | None = None,
    ) -> Receipt:
        """Record what `command` leads to, if the host commits; see `Crm.execute`."""
        return self._core().execute(command, by=by, id=id, correlation=correlation)

    def execute_all(self, requests: Sequence[Request]) -> list[Outcome]:
        """Record many requests, each whole or refused by itself; see `Crm.execute_all`."""
        return self._core().execute_all(requests)

    def ask(self, query: Query[Answer] | Question[Answer], *, as_of: AsOf | None = None) -> Answer:
        """The answer as the host's transaction sees it; see `Crm.ask`."""
        return self._core().ask(query, as_of=as_of)

    @property
    def positions(self) -> Positions:
        """How far followers are, kept or lost with the host's rows; see `Crm.positions`."""
        return self._core().positions
