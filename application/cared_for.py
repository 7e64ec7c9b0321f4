"""Whom one may care for, and when they were born, by the reading policy and through the gate."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final, TypeAlias, cast

from attrs import evolve

from regulars.application.aggregates import customer_stream
from regulars.application.crm import Crm
from regulars.application.events import Event, moment
from regulars.application.ports import Revealed
from regulars.application.reading import MOST_AT_ONCE, DataOf
from regulars.domain import customer, erasure
from regulars.domain.actor import Actor
from regulars.domain.care_plan import CARE
from regulars.domain.consents import ConsentGranted
from regulars.domain.customer import Customer, CustomerRegistered
from regulars.domain.erasure import CustomerErased, Erasure, ErasureRequested, NewLifeAuthorised
from regulars.domain.personal import DataClass, Profile
from regulars.domain.reading import Basis, Denied, Question, may_read
from regulars.domain.values import CustomerId

CARER: Final = Actor(role="care", id="job")
"""Who reads birth dates, for the purpose `care`."""

Progress: TypeAlias = Callable[[int, int], None]
"""Hears how many of how many customers were looked at."""

_ASKED: Final = Question(role=CARER.role, data_class=DataClass.PROFILE, purpose=CARE)

_ERASING: Final = frozenset({ErasureRequested, CustomerErased, NewLifeAuthorised})


class CaredFor:
    """The customers of one core whom its reading policy lets be cared for."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def people(
        self,
        channel: str | None,
        at: datetime,
        *,
        progress: Progress = lambda _done, _of: None,
    ) -> list[CustomerId]:
        """
        Who may be cared for on a channel at a moment, in the order of their ids.

        By default who consented to `care`; who objected to it or restricted their profile may not,
        whatever the basis, nor may one whose profile is erased or waits for it. One who was merged
        into another is cared for as that one.
        """
        erased = self._erased()
        known = [one for one in self._known() if one not in erased]
        found: list[CustomerId] = []
        for number, one in enumerate(known, 1):
            if self._may(one, channel, at):
                found.append(one)
            progress(number, len(known))
        return found

    def born(self, people: Sequence[CustomerId], channel: str | None) -> dict[CustomerId, date]:
        """
        The birth dates of those who gave one and may be read; each look is recorded first.

        Raises:
            StorageUnavailable: the access cannot be recorded: there is no value.
        """
        found: dict[CustomerId, date] = {}
        for start in range(0, len(people), MOST_AT_ONCE):
            some = people[start : start + MOST_AT_ONCE]
            sought = [DataOf(customer=one, data_class=DataClass.PROFILE) for one in some]
            outcomes = self._crm.reveal_many(sought, purpose=CARE, actor=CARER, channel=channel)
            for one, outcome in zip(some, outcomes, strict=True):
                value = outcome.value if isinstance(outcome, Revealed) else None
                if isinstance(value, Profile) and value.birth_date is not None:
                    found[one] = value.birth_date
        return found

    def _known(self) -> list[CustomerId]:
        """Who comes into question: who ever consented, or everybody where no consent is asked."""
        rule = self._crm.policy.rule(CARER.role, DataClass.PROFILE, CARE)
        if rule is None:
            return []
        if rule.basis is not Basis.CONSENT:
            registered = self._crm.events(types={CustomerRegistered})
            return sorted(cast("CustomerRegistered", one.event).customer for one in registered)
        granted = (
            cast("ConsentGranted", one.event) for one in self._crm.events(types={ConsentGranted})
        )
        return sorted({one.customer for one in granted if one.purpose == CARE})

    def _erased(self) -> set[CustomerId]:
        """Those of whom no profile is kept any more, or not for long."""
        states: defaultdict[CustomerId, Erasure] = defaultdict(Erasure)
        for recorded in self._crm.events(types=_ERASING):
            event = cast("ErasureRequested | CustomerErased | NewLifeAuthorised", recorded.event)
            erasure.fold(states[event.customer], event, moment(recorded.occurred_at))
        return {
            one
            for one, state in states.items()
            if DataClass.PROFILE in state.erased | state.pending.keys()
        }

    def _may(self, one: CustomerId, channel: str | None, at: datetime) -> bool:
        person, policy = self._customer(one), self._crm.policy
        asked = evolve(
            _ASKED,
            consent=person.consents.about(CARE, channel, at, text=policy.text),
            restricted=person.rights.restricts(DataClass.PROFILE),
            objected=CARE in person.rights.objections,
        )
        return person.records.into is None and not isinstance(may_read(policy, asked), Denied)

    def _customer(self, one: CustomerId) -> Customer:
        state = Customer()
        for recorded in self._crm.events(stream=customer_stream(one)):
            event: Event = cast("Event", recorded.event)
            customer.fold(state, cast("customer.Event", event), moment(recorded.occurred_at))
        return state
