"""The part of the core's front that reads personal data: every value goes through the gate."""

from collections.abc import Sequence
from threading import RLock
from typing import Final

from regulars.application.gate import Gate
from regulars.application.lookup import Lookup
from regulars.application.portable import Portable
from regulars.application.portable_parties import PARTIES, party_copy
from regulars.application.reading import Card, Outcome, SeveralKept, Sought, Visit
from regulars.domain.actor import Actor
from regulars.domain.personal import Contact
from regulars.domain.reading import ReadingPolicy
from regulars.domain.subject import Subject
from regulars.domain.values import CustomerId, OrderId


class Reader:
    """What of `Crm` reads personal data. `lock` is the one by which threads take turns."""

    def __init__(self, gate: Gate, lookup: Lookup, lock: RLock) -> None:
        self._gate = gate
        self.lookup: Final = lookup
        self._turn = lock

    @property
    def policy(self) -> ReadingPolicy:
        """Who may read what for which purpose, and how long it is kept."""
        return self._gate.policy

    def reveal(  # noqa: PLR0913 - each is a part of the question
        self,
        sought: Sought,
        *,
        purpose: str,
        actor: Actor,
        order: OrderId | None = None,
        channel: str | None = None,
        reason: str | None = None,
    ) -> Outcome:
        """
        A personal value for who may read it, once the access is recorded; or why there is none.

            crm.reveal(
                DataOf(customer="ada", data_class=DataClass.CONTACT),
                purpose="service",
                actor=Actor(role="support", id="s-7"),
                reason="ticket-12",
            )

        `Revealed` and `Masked` hold a value. `Denied` says why there is none, and nothing of what
        there may be; `Erased`, `Tampered`, `KeyUnavailable` and `NotKept` are what they say. Every
        one of them is recorded first. Who reads for an `order` is told by it; a consent for the
        `channel`, or for all of them, is asked for where one is needed.

        Not for the inside of a transaction of the host's, which could take the record back.

        Raises:
            SeveralKept: `sought` does not say which of several values it means; that is recorded.
            Refusal: an id is none, or the purpose or the reason is no code.
            StorageUnavailable: the access cannot be recorded: there is no value.
        """
        (outcome,) = self.reveal_many(
            [sought], purpose=purpose, actor=actor, order=order, channel=channel, reason=reason
        )
        if isinstance(outcome, SeveralKept):
            raise outcome
        return outcome

    def reveal_many(  # noqa: PLR0913 - as `reveal`
        self,
        sought: Sequence[Sought],
        *,
        purpose: str,
        actor: Actor,
        order: OrderId | None = None,
        channel: str | None = None,
        reason: str | None = None,
    ) -> list[Outcome]:
        """
        Many values in one access record, which tells whose they are; see `reveal`.

        From so many on as the policy says it is flagged as bulk. If they are more than the reader
        may still read, none is shown and the reader is suspended. What `reveal` raises of one that
        does not say which of several it means, `SeveralKept`, is its outcome here.

        Raises:
            Refusal: as `reveal`; or they are more than 10,000.
            StorageUnavailable: as `reveal`.
        """
        visit = Visit(actor=actor, purpose=purpose, order=order, channel=channel, reason=reason)
        with self._turn:
            return self._gate.read(sought, visit)

    def card(
        self,
        customer: CustomerId,
        *,
        purpose: str,
        actor: Actor,
        order: OrderId | None = None,
        reason: str | None = None,
    ) -> Card:
        """
        A customer as one in this role sees them: each value revealed, masked or denied.

        Read from the log, so that what a completed order or a withdrawn consent hides is hidden
        at once. One access record for all of it.

        Raises:
            Refusal: as `reveal`.
            StorageUnavailable: as `reveal`.
        """
        visit = Visit(actor=actor, purpose=purpose, order=order, reason=reason)
        with self._turn:
            return self._gate.card(customer, visit)

    def find_customer(
        self,
        *,
        phone: str | None = None,
        email: str | None = None,
        purpose: str,
        actor: Actor,
        reason: str | None = None,
    ) -> tuple[CustomerId, ...]:
        """
        The customers who have this phone number or e-mail address now, once that is recorded.

            crm.find_customer(
                phone="+8613812345678", purpose="service", actor=Actor(role="support", id="s-7")
            )

        One at most where contacts are unique. None for somebody unknown as for somebody who was
        erased, waits for it, or whose contact the policy keeps from who asks. Each look-up counts
        to the limit of who asks, as a read does.

        Raises:
            LookupDenied: who asks may not look customers up; that is recorded.
            InvalidPersonalData: it is no phone number or e-mail address; it is not repeated.
            UnusableIndex: no index is kept, or it is not filled.
            Refusal: as `reveal`.
            StorageUnavailable: as `reveal`.
        """
        visit = Visit(actor=actor, purpose=purpose, reason=reason)
        sought = Contact(phone=phone, email=email)
        del phone, email  # reports of errors show what is left in a frame
        return self.lookup.find(sought, visit)

    def export_personal_data(
        self,
        customer: CustomerId | Subject,
        *,
        export_id: str,
        actor: Actor,
        purpose: str = "subject_access",
        reason: str | None = None,
    ) -> Portable:
        """
        A portable copy of what a customer gave, recorded as an access and as an export.

        With all that was recorded of them in clear, and with who used what for which purpose. What
        that adds up to, such as a balance, is left out. Reads the whole log once.
        Of who serves orders, a `Subject` in place of the customer's id, it has the newest contact
        and what names them, and is recorded as an access alone.

        Raises:
            ExportDenied: who asks may not have it; that is recorded.
            NobodyKnown: nothing was ever told of who serves orders.
            Refusal: as `reveal`; or nobody is registered under the id.
            StorageUnavailable: as `reveal`.
            ValueError: the subject is an order, of which `reveal` gives what was written on it.
        """
        visit = Visit(actor=actor, purpose=purpose, reason=reason)
        if isinstance(customer, Subject):
            if customer.kind not in PARTIES:
                raise ValueError("a portable copy is a customer's, a courier's or a merchant's")
            with self._turn:
                return party_copy(self._gate, customer, export_id, visit)
        with self._turn:
            return self._gate.export(customer, export_id, visit)
