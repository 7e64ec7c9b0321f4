"""What a customer has said about the use of their data, as it stands at a moment."""

from datetime import datetime

from attrs import evolve, frozen

from regulars.application.aggregates import CUSTOMER, customer_stream
from regulars.application.events import moment
from regulars.application.questions import Look, Question
from regulars.domain.consents import ConsentGranted, Consents, ConsentWithdrawn, Purpose
from regulars.domain.customer import Customer, UnknownCustomer
from regulars.domain.personal import DataClass
from regulars.domain.reading import Consent
from regulars.domain.records import require_own
from regulars.domain.rights import ProcessingObjected, ProcessingRestricted
from regulars.domain.values import CustomerId


@frozen(kw_only=True)
class ConsentSaid:
    """
    The last word about a purpose on one channel, or on all of them (None).

    `stands` is what it comes to at that moment. Of one that was withdrawn only that is told.
    """

    purpose: str
    channel: str | None
    stands: Consent
    since: datetime
    policy_version: str | None = None
    evidence_ref: str | None = None
    valid_until: datetime | None = None


@frozen(kw_only=True)
class ObjectionSaid:
    """An objection that stands, and since when."""

    purpose: str
    since: datetime


@frozen(kw_only=True)
class RestrictionSaid:
    """Data of the class, or all (None), is kept and not used: why, and since when."""

    data_class: DataClass | None
    reason: str | None
    since: datetime


@frozen(kw_only=True)
class PrivacyChoices:
    """
    What a customer allows, objects to and has restricted; each by its purpose or class.

    `accepted` is the version of the privacy text that they accepted.
    """

    customer: CustomerId
    consents: tuple[ConsentSaid, ...]
    objections: tuple[ObjectionSaid, ...]
    restrictions: tuple[RestrictionSaid, ...]
    accepted: str | None


@frozen(kw_only=True)
class PrivacyChoicesOf(Question[PrivacyChoices]):
    """
    What a customer said about the use of their data, with when, how and under which text.

    `text` is the version of the privacy text in force, under which a consent has to be.
    """

    customer: CustomerId
    text: str | None = None

    def answer(self, look: Look) -> PrivacyChoices:
        """
        What stands by then.

        Raises:
            UnknownCustomer: nobody was registered under the id.
            MergedInto: another speaks for the customer, and is the one to ask about.
        """
        stream = customer_stream(self.customer)
        person: Customer = look.state(stream, CUSTOMER)
        require_own(self.customer, person.records)
        if not person.registered:
            raise UnknownCustomer(customer=self.customer)
        consents: dict[Purpose, ConsentSaid] = {}
        objections: dict[str, ObjectionSaid] = {}
        restrictions: dict[DataClass | None, RestrictionSaid] = {}
        for one in look.events(stream):
            at = moment(one.occurred_at)
            match one.event:
                case ConsentGranted() as granted:
                    said = _given(granted, at)
                    consents[said.purpose, said.channel] = said
                case ConsentWithdrawn(purpose=purpose, channel=channel):
                    consents[purpose, channel] = ConsentSaid(
                        purpose=purpose, channel=channel, stands=Consent.WITHDRAWN, since=at
                    )
                case ProcessingObjected(purpose=purpose):
                    objections[purpose] = ObjectionSaid(purpose=purpose, since=at)
                case ProcessingRestricted(data_class=of, reason=reason):
                    restrictions[of] = RestrictionSaid(data_class=of, reason=reason, since=at)
                case _:
                    pass
        allowed, rights = person.consents, person.rights
        return PrivacyChoices(
            customer=self.customer,
            consents=tuple(
                evolve(consents[one], stands=self._stands(one, allowed, look.at))
                for one in sorted(
                    {*allowed.given, *allowed.withdrawn}, key=lambda one: (one[0], one[1] or "")
                )
            ),
            objections=tuple(objections[one] for one in sorted(rights.objections)),
            restrictions=tuple(
                restrictions[one] for one in (None, *DataClass) if one in rights.restricted
            ),
            accepted=rights.accepted,
        )

    def _stands(self, said: Purpose, allowed: Consents, at: datetime) -> Consent:
        if said in allowed.withdrawn:
            return Consent.WITHDRAWN
        alone = Consents(given={said: allowed.given[said]})
        return alone.about(*said, at, text=self.text)


def _given(event: ConsentGranted, at: datetime) -> ConsentSaid:
    return ConsentSaid(
        purpose=event.purpose,
        channel=event.channel,
        stands=Consent.GIVEN,
        since=at,
        policy_version=event.policy_version,
        evidence_ref=event.evidence_ref,
        valid_until=event.valid_until,
    )
