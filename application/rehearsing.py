"""A rehearsal: what commands to orders and accounts would lead to, with nothing recorded."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from attrs import define, frozen

from regulars.application.aggregates import ACCOUNT, ORDER, Aggregate, addressed
from regulars.application.events import Command, Event
from regulars.application.questions import Look
from regulars.application.reacting import AtHand
from regulars.application.reactions import ReactedTo, reactions
from regulars.domain.empty import empty
from regulars.domain.values import ProgramId

_REHEARSED: Final = (ORDER, ACCOUNT)


@frozen
class Rehearsed:
    """An event as it would be recorded, and when it would have occurred."""

    event: Event
    at: datetime


@define
class Rehearsal:
    """
    Orders and accounts as they would become from what `look` shows, in states of its own.

    Commands are decided and reacted to as they are when they are recorded, by the programme in
    which orders earn. What reactions ask of other streams, as of those of offers, is left out.
    """

    look: Look
    program_id: ProgramId
    _own: dict[str, Any] = empty(dict[str, Any])

    @property
    def at_hand(self) -> AtHand:
        """What has become of the states so far."""
        return AtHand(self.program_id, self._state)

    def take(self, command: Command) -> Sequence[Rehearsed]:
        """
        What a command and all that it leads to would record.

        Raises:
            Refusal: it, or what it leads to, would be refused.
        """
        found = self._decided(command)
        for one in found:  # what reactions add at its end is itself looked at
            if isinstance(one.event, ReactedTo):
                for reaction in reactions(one.event, one.at, self.program_id, self.at_hand):
                    found += self._decided(reaction)
        return found

    def _decided(self, command: Command) -> list[Rehearsed]:
        stream, aggregate = addressed(command)
        if aggregate not in _REHEARSED:
            return []
        state = self._state(stream, aggregate)
        found: list[Rehearsed] = []
        for event in aggregate.decide(command, state):
            at = aggregate.moment(event, command.at, state)
            aggregate.fold(state, event, at)
            found.append(Rehearsed(event, at))
        return found

    def _state(self, stream: str, aggregate: Aggregate) -> Any:  # noqa: ANN401 - each aggregate has its own
        if aggregate not in _REHEARSED:
            return self.look.state(stream, aggregate)
        if stream not in self._own:
            self._own[stream] = deepcopy(self.look.state(stream, aggregate))
        return self._own[stream]
