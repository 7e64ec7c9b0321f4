"""
Who may read which personal data, for what, and why not: rules as data, and one question to them.

A rule allows; what no rule allows is denied. `DEFAULT_POLICY` is what a host gets that brings none.
"""

from enum import Enum
from typing import Final, TypeAlias

from attrs import field, frozen

from regulars.domain.personal import DataClass
from regulars.domain.protection import DELIVERY, NUMBER_PROTECTION
from regulars.domain.retention import DataSubject, Retention, Since

MOST_READS: Final = 1_000
"""The highest number of reads that a limit can count to."""


class Basis(Enum):
    """Why personal data may be used at all (GDPR 6, PIPL 13)."""

    CONTRACT = "contract"
    CONSENT = "consent"
    LEGAL_DUTY = "legal_duty"


class Shown(Enum):
    """How much of a value is shown to who may read it."""

    REVEALED = "revealed"
    MASKED = "masked"


class Reach(Enum):
    """
    Whose data a rule is about, seen from who reads.

    Anybody's, their own, that of the customer of the order in question, or that only if the reader
    is the merchant of the order, or the courier who brings it. Where it is about an order, of
    addresses it is about the one that the order goes to.
    """

    ANYBODY = "anybody"
    OWN = "own"
    ORDER = "order"
    SALE = "sale"
    DELIVERY = "delivery"


class OrderState(Enum):
    """
    Where the order stands that a read is for.

    Closed is what was cancelled or completed, or delivered long enough ago; see `ReadingPolicy`.
    """

    NONE = "none"
    OPEN = "open"
    CLOSED = "closed"


class Consent(Enum):
    """What a person has said about a purpose, and whether that still holds."""

    NEVER = "never"
    GIVEN = "given"
    EXPIRED = "expired"
    OUTDATED = "outdated"
    WITHDRAWN = "withdrawn"


class Denial(Enum):
    """Why nothing is shown. Says nothing about the value, nor whether there is one."""

    SUSPENDED = "suspended"
    TOO_MANY = "too_many"
    PURPOSE = "purpose"
    NOT_THEIRS = "not_theirs"
    NO_ORDER = "no_order"
    ORDER_CLOSED = "order_closed"
    OTHER_ADDRESS = "other_address"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    NO_CONSENT = "no_consent"
    CONSENT_EXPIRED = "consent_expired"
    CONSENT_OUTDATED = "consent_outdated"
    CONSENT_WITHDRAWN = "consent_withdrawn"


SAID: Final = frozenset(
    {
        Denial.RESTRICTED,
        Denial.OBJECTED,
        Denial.NO_CONSENT,
        Denial.CONSENT_EXPIRED,
        Denial.CONSENT_OUTDATED,
        Denial.CONSENT_WITHDRAWN,
    }
)
"""Denials that come of what the person said; who gets one would see their data otherwise."""


@frozen
class Denied:
    """Nothing is shown, for this reason."""

    reason: Denial


Verdict: TypeAlias = Shown | Denied

ANY_ORDER: Final = frozenset(OrderState)
OF_AN_ORDER: Final = frozenset({Reach.ORDER, Reach.SALE, Reach.DELIVERY})
"""Where the reader comes for an order, and sees nothing without one."""

_CONTACT, _ADDRESS = DataClass.CONTACT, DataClass.ADDRESS
_REFUSED: Final = {
    Consent.NEVER: Denial.NO_CONSENT,
    Consent.EXPIRED: Denial.CONSENT_EXPIRED,
    Consent.OUTDATED: Denial.CONSENT_OUTDATED,
    Consent.WITHDRAWN: Denial.CONSENT_WITHDRAWN,
}


@frozen(kw_only=True)
class Rule:
    """
    A role may read data of some classes for a purpose, while an order stands in one of `orders`.

    A class is shown as it is, or masked. What rests on consent needs one for the same purpose,
    valid at that moment. `finds`: the role may also find customers by their phone number or e-mail
    address, those of whom it may read data of the class contact.
    """

    role: str
    purpose: str
    revealed: frozenset[DataClass] = frozenset()
    masked: frozenset[DataClass] = frozenset()
    basis: Basis
    reach: Reach = Reach.ANYBODY
    orders: frozenset[OrderState] = ANY_ORDER
    finds: bool = False


def _countable(limit: "Limit", spec: object, value: int) -> None:  # noqa: ARG001 - as attrs calls it
    if not 0 < value <= MOST_READS:
        message = f"a limit of {limit.role} is 1 to {MOST_READS} reads"
        raise ValueError(message)


@frozen(kw_only=True)
class Limit:
    """One reader of `role` who reaches `reads` within `seconds` is suspended."""

    role: str
    reads: int = field(validator=_countable)
    seconds: int


@frozen(kw_only=True)
class ReadingPolicy:
    """
    The rules, the limits, and what counts as bulk: so many values at once, or more.

    `text` is the version of the privacy text in force: consents under another are outdated. None
    asks for no version. `retention` says how long data is kept. `read_only` are the roles that may
    read at most: their commands are refused, and so recorded. So many hours after its delivery an
    order is closed, if nobody completed it. `purposes` are those, beside the rules', that customers
    may allow or object to, because a host heeds them itself. `channels` are those of consents, any
    if there are none.
    """

    rules: tuple[Rule, ...]
    limits: tuple[Limit, ...] = ()
    bulk_from: int = 50
    text: str | None = None
    read_only: frozenset[str] = frozenset()
    retention: tuple[Retention, ...] = ()
    closed_after_hours: int = 24
    purposes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()

    @property
    def known_purposes(self) -> frozenset[str]:
        """Everything that is done with personal data, as far as the policy tells."""
        kept = (rule.purpose for rule in self.retention if rule.purpose is not None)
        return self.purposes.union((rule.purpose for rule in self.rules), kept)

    @property
    def open_to_objection(self) -> frozenset[str]:
        """The known purposes, but for those whose every rule is a legal duty (GDPR 21)."""
        duties = {rule.purpose for rule in self.rules if rule.basis is Basis.LEGAL_DUTY}
        others = {rule.purpose for rule in self.rules if rule.basis is not Basis.LEGAL_DUTY}
        return self.known_purposes - (duties - others - self.purposes)

    def rule(self, role: str, data_class: DataClass, purpose: str) -> Rule | None:
        """The first rule for these; None if there is none."""
        for rule in self.rules:
            if (rule.role, rule.purpose) == (role, purpose) and (
                data_class in rule.revealed | rule.masked
            ):
                return rule
        return None

    def limit(self, role: str) -> Limit | None:
        """How much one reader of a role may read; None is as much as they like."""
        return next((limit for limit in self.limits if limit.role == role), None)


@frozen(kw_only=True)
class Question:
    """
    Whether a role may read a class of data for a purpose.

    `own`: the reader is the person themselves. `party`: the order is the person's. `seller`: the
    reader is its merchant. `courier`: the reader is the courier that it was assigned to.
    `destination`: what is asked for is the address that it is known to go to.
    `restricted`: the person had the processing of this class restricted (GDPR 18, PIPL 47).
    `objected`: they objected to the purpose (GDPR 21).
    """

    role: str
    data_class: DataClass
    purpose: str
    order: OrderState = OrderState.NONE
    consent: Consent = Consent.NEVER
    own: bool = False
    party: bool = False
    seller: bool = False
    courier: bool = False
    destination: bool = False
    restricted: bool = False
    objected: bool = False
    suspended: bool = False


def may_read(policy: ReadingPolicy, asked: Question) -> Verdict:
    """How much is shown, or the first reason why nothing is. The same question, the same answer."""
    rule = policy.rule(asked.role, asked.data_class, asked.purpose)
    if asked.suspended:
        return Denied(Denial.SUSPENDED)
    if rule is None:
        return Denied(Denial.PURPOSE)
    reason = _reason(rule, asked)
    shown = Shown.REVEALED if asked.data_class in rule.revealed else Shown.MASKED
    return shown if reason is None else Denied(reason)


def may_find(policy: ReadingPolicy, role: str, purpose: str, *, suspended: bool) -> Denial | None:
    """Why a role may not look customers up for a purpose; None if it may, whoever is found."""
    if suspended:
        return Denial.SUSPENDED
    rule = policy.rule(role, DataClass.CONTACT, purpose)
    return None if rule is not None and rule.finds else Denial.PURPOSE


def _reason(rule: Rule, asked: Question) -> Denial | None:
    if rule.reach is Reach.OWN and not asked.own:
        return Denial.NOT_THEIRS
    if asked.order not in rule.orders:
        return Denial.NO_ORDER if asked.order is OrderState.NONE else Denial.ORDER_CLOSED
    if rule.reach in OF_AN_ORDER and not asked.party:
        return Denial.NOT_THEIRS
    if rule.reach is Reach.SALE and not asked.seller:
        return Denial.NOT_THEIRS
    if rule.reach is Reach.DELIVERY and not asked.courier:
        return Denial.NOT_THEIRS
    if rule.reach in OF_AN_ORDER and asked.data_class is _ADDRESS and not asked.destination:
        return Denial.OTHER_ADDRESS
    # What the law demands is done for who restricted, objected or withdrew as well.
    if rule.basis is Basis.LEGAL_DUTY:
        return None
    if asked.restricted:
        return Denial.RESTRICTED
    if asked.objected:
        return Denial.OBJECTED
    return _REFUSED.get(asked.consent) if rule.basis is Basis.CONSENT else None


_EVERY: Final = frozenset(DataClass)
_SELF: Final = frozenset({_CONTACT})
_THEIRS: Final = {"customer": _EVERY, "courier": _SELF, "merchant": _SELF}
_OPEN: Final = frozenset({OrderState.OPEN})

DEFAULT_POLICY: Final = ReadingPolicy(
    rules=(
        *(
            Rule(
                role=role,
                purpose="subject_access",
                revealed=theirs,
                basis=Basis.LEGAL_DUTY,
                reach=Reach.OWN,
            )
            for role, theirs in _THEIRS.items()
        ),
        Rule(
            role="courier",
            purpose="delivery",
            revealed=frozenset({_ADDRESS}),
            masked=frozenset({_CONTACT}),
            basis=Basis.CONTRACT,
            reach=Reach.DELIVERY,
            orders=_OPEN,
        ),
        Rule(
            role="merchant",
            purpose="delivery",
            masked=frozenset({_CONTACT, _ADDRESS}),
            basis=Basis.CONTRACT,
            reach=Reach.SALE,
            orders=_OPEN,
        ),
        Rule(
            role="support",
            purpose="service",
            masked=frozenset({_CONTACT, _ADDRESS, DataClass.PAYMENT, DataClass.PROFILE}),
            basis=Basis.CONTRACT,
            finds=True,
        ),
        Rule(
            role="finance",
            purpose="billing",
            revealed=frozenset({_CONTACT, _ADDRESS}),
            masked=frozenset({DataClass.PAYMENT}),
            basis=Basis.CONTRACT,
        ),
        Rule(
            role="marketing",
            purpose="marketing",
            revealed=frozenset({_CONTACT}),
            basis=Basis.CONSENT,
        ),
        Rule(
            role="care",
            purpose="care",
            revealed=frozenset({DataClass.PROFILE}),
            basis=Basis.CONSENT,
        ),
        Rule(
            role="analyst",
            purpose="analytics",
            masked=frozenset({_ADDRESS, DataClass.PROFILE}),
            basis=Basis.CONSENT,
        ),
        *(
            Rule(
                role="privacy_officer",
                purpose=purpose,
                revealed=_EVERY,
                basis=Basis.LEGAL_DUTY,
                finds=True,
            )
            for purpose in ("subject_access", "legal_duty")
        ),
        Rule(
            role=NUMBER_PROTECTION,
            purpose=DELIVERY,
            revealed=frozenset({_CONTACT}),
            basis=Basis.CONTRACT,
            orders=frozenset({OrderState.OPEN, OrderState.CLOSED}),
        ),
    ),
    limits=(
        Limit(role="courier", reads=60, seconds=3600),
        Limit(role="merchant", reads=200, seconds=3600),
        Limit(role="support", reads=100, seconds=3600),
        Limit(role="finance", reads=200, seconds=3600),
        Limit(role="marketing", reads=1_000, seconds=3600),
        Limit(role="analyst", reads=1_000, seconds=3600),
    ),
    # No three years have more days than these, and no six months.
    retention=(
        Retention(
            kind="order",
            classes=frozenset({DataClass.PAYMENT, DataClass.CONTENT}),
            days=3 * 365 + 1,
            since=Since.ORDER,
        ),
        Retention(kind="address", classes=frozenset({_ADDRESS}), days=184, since=Since.ORDER),
        Retention(
            kind="customer",
            classes=frozenset({_CONTACT, DataClass.IDENTITY, DataClass.PROFILE}),
            days=3 * 365 + 1,
            since=Since.ACTIVITY,
            of=frozenset({DataSubject.CUSTOMER}),
        ),
        Retention(
            kind="service",
            classes=frozenset({_CONTACT}),
            days=184,
            since=Since.ORDER,
            of=frozenset({DataSubject.COURIER, DataSubject.MERCHANT}),
        ),
    ),
    read_only=frozenset({"support", "analyst", "auditor"}),
)
"""The policy of a host that brings none. An auditor reads no personal data: no rule names one."""
