"""
What customers allow and object to, held against the policy that is to heed it.

A purpose is compared letter by letter: what no rule names would be recorded, and stop nothing.
"""

from typing import Final

from regulars.application.errors import NotInPolicy, NotToObjectTo
from regulars.application.events import Command
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.reading import ReadingPolicy
from regulars.domain.rights import ObjectToProcessing, WithdrawObjection

_WISHES: Final = frozenset({GrantConsent, WithdrawConsent, ObjectToProcessing, WithdrawObjection})


def check_wish(command: Command, policy: ReadingPolicy) -> None:
    """
    Refuse a wish for something that the policy does not name.

    What is taken back may be older than the policy; of that the channel alone is looked at here.

    Raises:
        NotInPolicy: the purpose is that of no rule, or the channel none of those in use.
        NotToObjectTo: an objection would stop nothing, for all is done as the law demands.
    """
    if type(command) not in _WISHES:
        return
    if isinstance(command, GrantConsent | ObjectToProcessing):
        _require_purpose(command.purpose, policy)
    if isinstance(command, ObjectToProcessing):
        _require_choice(command.purpose, policy)
    if isinstance(command, GrantConsent | WithdrawConsent):
        channels = policy.channels
        if command.channel is not None and channels and command.channel not in channels:
            raise NotInPolicy(field="channel", known=tuple(sorted(channels)))


def check_in_vain(command: Command, policy: ReadingPolicy) -> None:
    """
    Refuse to take back what was never said, of a purpose that the policy does not name.

    Raises:
        NotInPolicy: nothing was recorded, and the purpose is that of no rule.
    """
    if isinstance(command, WithdrawConsent | WithdrawObjection):
        _require_purpose(command.purpose, policy)


def _require_purpose(purpose: str, policy: ReadingPolicy) -> None:
    known = policy.known_purposes
    if purpose not in known:
        raise NotInPolicy(field="purpose", known=tuple(sorted(known)))


def _require_choice(purpose: str, policy: ReadingPolicy) -> None:
    free = policy.open_to_objection
    if purpose not in free:
        raise NotToObjectTo(purpose=purpose, known=tuple(sorted(free)))
