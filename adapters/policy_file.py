"""A reading policy as a person writes it: TOML to rules, with every mistake by line and field."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args

import msgspec
from attrs import define, frozen
from msgspec.structs import fields

from regulars.adapters.toml_file import NotToml, Place, Written, read_toml
from regulars.domain.codes import NoCode, require_code
from regulars.domain.empty import empty
from regulars.domain.personal import DataClass
from regulars.domain.reading import (
    ANY_ORDER,
    MOST_READS,
    OF_AN_ORDER,
    Basis,
    Limit,
    OrderState,
    Reach,
    ReadingPolicy,
    Rule,
)
from regulars.domain.retention import EVERYBODY, MOST_DAYS, DataSubject, Retention, Since

Made = TypeVar("Made")


@frozen(kw_only=True)
class Mistake:
    """What is wrong with a policy, on which line of its file, and in which field of what."""

    line: int
    field: str
    why: str

    def __str__(self) -> str:
        where = f"line {self.line}: {self.field}" if self.field else f"line {self.line}"
        return f"{where}: {self.why}"


@frozen(kw_only=True)
class UnusablePolicy(Exception):
    """The file says no policy. Names the file and every mistake."""

    file: str
    mistakes: tuple[Mistake, ...]

    def __str__(self) -> str:
        first, *others = self.mistakes
        rest = f", and {len(others)} more: see regulars policy check" if others else ""
        return f"{self.file}: {first}{rest}"


_BULK: Final = 50
_CLOSED: Final = 24
_MOST_HOURS: Final = 10_000


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    role: str
    purpose: str
    basis: Basis
    revealed: frozenset[DataClass] = frozenset()
    masked: frozenset[DataClass] = frozenset()
    reach: Reach = Reach.ANYBODY
    orders: Annotated[frozenset[OrderState], msgspec.Meta(min_length=1)] = ANY_ORDER
    finds: bool = False


class _Limit(msgspec.Struct, forbid_unknown_fields=True):
    role: str
    reads: Annotated[int, msgspec.Meta(ge=1, le=MOST_READS)]
    seconds: Annotated[int, msgspec.Meta(ge=1)]


class _Retention(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    classes: Annotated[frozenset[DataClass], msgspec.Meta(min_length=1)]
    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)]
    since: Since = Since.ACTIVITY
    purpose: str | None = None
    of: Annotated[frozenset[DataSubject], msgspec.Meta(min_length=1)] = EVERYBODY


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rule: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)]
    limit: list[dict[str, Any]] = []
    retention: list[dict[str, Any]] = []
    bulk_from: Annotated[int, msgspec.Meta(ge=1)] = _BULK
    text: str | None = None
    read_only: frozenset[str] = frozenset()
    closed_after_hours: Annotated[int, msgspec.Meta(ge=1, le=_MOST_HOURS)] = _CLOSED
    purposes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()


_CODES: Final = frozenset({"role", "purpose", "kind", "read_only", "purposes", "channels"})


def read_policy(path: Path) -> ReadingPolicy:
    """
    The policy that a TOML file says, all of it: what the file leaves out is not allowed or kept.

    Such a file says:

        bulk_from = 50                # so many values at once are flagged; 50 if left out
        text = "2026-01"              # the privacy text in force; any if left out
        read_only = ["analyst"]       # roles that may read at most; none if left out
        closed_after_hours = 24       # after its delivery an order is closed; 24 if left out
        purposes = ["receipts"]       # to allow or object to beside the rules'; none if left out
        channels = ["sms", "app"]     # that a consent may be for; any if left out

        [[rule]]
        role = "courier"
        purpose = "delivery"
        revealed = ["address"]
        masked = ["contact"]
        basis = "contract"            # or consent, legal_duty
        reach = "delivery"            # or own, order, sale; anybody if left out
        orders = ["open"]             # none, open, closed; all if left out
        finds = true                  # may look up whose contact it may read; false if left out

        [[limit]]
        role = "courier"
        reads = 60
        seconds = 3600

        [[retention]]
        kind = "address"
        classes = ["address"]
        days = 184
        since = "order"               # or consent, with a purpose; activity if left out
        of = ["customer"]             # customer, courier, merchant, order; all if left out

    Raises:
        UnusablePolicy: the file cannot be read, is no TOML, or says something else.
    """
    try:
        written = read_toml(path)
    except NotToml as error:
        mistake = Mistake(line=error.line or 1, field="", why=error.why)
        raise UnusablePolicy(file=str(path), mistakes=(mistake,)) from None
    checking = _Checking(written=written)
    policy = checking.policy()
    if policy is None:
        found = sorted(checking.mistakes, key=lambda one: one.line)
        raise UnusablePolicy(file=str(path), mistakes=tuple(found))
    return policy


@define
class _Checking:
    """Reads a file to its end, whatever is wrong on the way."""

    written: Written
    mistakes: list[Mistake] = empty(list[Mistake])

    def policy(self) -> ReadingPolicy | None:
        """What the file says; None if there are mistakes."""
        top = self._values((), self.written.document, _File)
        rules = self._each("rule", top, _Rule, Rule)
        limits = self._each("limit", top, _Limit, Limit)
        kept = self._each("retention", top, _Retention, Retention)
        self._rules(rules)
        self._limits(limits, [found.get("role") for found in top.get("rule", ())])
        self._once("limit", {number: one.role for number, one in limits.items()}, "role")
        self._once("retention", {number: one.kind for number, one in kept.items()}, "kind")
        if self.mistakes:
            return None
        return ReadingPolicy(
            rules=tuple(rules.values()),
            limits=tuple(limits.values()),
            retention=tuple(kept.values()),
            bulk_from=top.get("bulk_from", _BULK),
            text=top.get("text"),
            read_only=top.get("read_only", frozenset()),
            closed_after_hours=top.get("closed_after_hours", _CLOSED),
            purposes=top.get("purposes", frozenset()),
            channels=top.get("channels", frozenset()),
        )

    def _each(
        self, name: str, top: Mapping[str, Any], struct: type[Any], make: Callable[..., Made]
    ) -> dict[int, Made]:
        """The tables of that name that are without a mistake, by their place in the list."""
        made: dict[int, Made] = {}
        for number, found in enumerate(top.get(name, ())):
            before = len(self.mistakes)
            values = self._values((name, number), found, struct)
            if len(self.mistakes) == before:
                try:
                    made[number] = make(**values)
                except ValueError as error:
                    self._note((name, number), str(error))
        return made

    def _values(self, place: Place, found: Mapping[str, Any], struct: type[Any]) -> dict[str, Any]:
        """The fields of a table, each checked by itself; those that are wrong are left out."""
        known = {one.name: one for one in fields(struct)}
        for name in found.keys() - known.keys():
            self._note((*place, name), f"is not known here; known are {', '.join(known)}")
        values: dict[str, Any] = {}
        for name, spec in known.items():
            if name in found:
                try:
                    values[name] = msgspec.convert(found[name], spec.type)
                    for code in _codes(name, values[name]):
                        require_code(name, code)
                except msgspec.ValidationError as error:
                    self._note((*place, name), _said(error, spec.type))
                except NoCode as error:
                    self._note((*place, name), str(error).removeprefix(f"{name}: "))
            elif spec.required:
                self._note((*place, name), "is missing")
        return values

    def _rules(self, rules: Mapping[int, Rule]) -> None:
        first: dict[tuple[str, str, DataClass], int] = {}
        for number, rule in rules.items():
            if not rule.revealed | rule.masked:
                self._note(("rule", number), "shows nothing: name classes as revealed or masked")
            if rule.finds and DataClass.CONTACT not in rule.revealed | rule.masked:
                self._note(("rule", number, "finds"), "needs contact to be revealed or masked")
            if rule.reach in OF_AN_ORDER and not rule.orders - {OrderState.NONE}:
                why = f"the reach {rule.reach.value} shows nothing without an order"
                self._note(("rule", number, "orders"), why)
            for one in sorted(rule.revealed & rule.masked, key=lambda one: one.value):
                self._note(("rule", number, "masked"), f"{one.value} is revealed already")
            for one in sorted(rule.revealed | rule.masked, key=lambda one: one.value):
                known = first.setdefault((rule.role, rule.purpose, one), number)
                if known != number:
                    why = f"rule {known + 1} says already what {rule.role} sees of {one.value}"
                    self._note(("rule", number), f"{why} for {rule.purpose}")

    def _limits(self, limits: Mapping[int, Limit], roles: Sequence[object]) -> None:
        for number, limit in limits.items():
            if roles and limit.role not in roles:
                why = f"no rule is for {limit.role}, who reads nothing that could be counted"
                self._note(("limit", number, "role"), why)

    def _once(self, name: str, values: Mapping[int, str], field: str) -> None:
        first: dict[str, int] = {}
        for number, value in values.items():
            known = first.setdefault(value, number)
            if known != number:
                self._note((name, number, field), f"{name} {known + 1} has the same")

    def _note(self, place: Place, why: str) -> None:
        self.mistakes.append(
            Mistake(line=self.written.line_of(place), field=_named(place), why=why)
        )


def _codes(name: str, value: Any) -> Iterable[str]:  # noqa: ANN401 - the value of a field
    """The codes in a field; none if it holds something else."""
    if name not in _CODES:
        return ()
    return [value] if isinstance(value, str) else sorted(value)


def _named(place: Place) -> str:
    """A place in the words of who wrote it: `rule 2, role`."""
    words = ""
    for one in place:
        if isinstance(one, int):
            words += f" {one + 1}"
        else:
            words += f", {one}" if words else one
    return words


def _said(error: msgspec.ValidationError, kind: Any) -> str:  # noqa: ANN401 - the type of a field
    """What msgspec says, without its path, and what could stand there instead."""
    why = str(error).partition(" - at ")[0].replace("`", "")
    choices = next(iter(_enums(kind)), None)
    if choices is None:
        return why[:1].lower() + why[1:]
    return f"{why[:1].lower()}{why[1:]}; one of {', '.join(one.value for one in choices)}"


def _enums(kind: Any) -> Iterator[type[Enum]]:  # noqa: ANN401 - a type
    if isinstance(kind, type) and issubclass(kind, Enum):
        yield kind
    for one in get_args(kind):
        yield from _enums(one)


def policy_document(policy: ReadingPolicy) -> dict[str, Any]:
    """A policy in the terms of its file, which are those of JSON too; unset is left out."""
    return {
        "bulk_from": policy.bulk_from,
        **({} if policy.text is None else {"text": policy.text}),
        "read_only": sorted(policy.read_only),
        "closed_after_hours": policy.closed_after_hours,
        "purposes": sorted(policy.purposes),
        "channels": sorted(policy.channels),
        "rule": [
            {
                "role": one.role,
                "purpose": one.purpose,
                "revealed": _words(one.revealed, DataClass),
                "masked": _words(one.masked, DataClass),
                "basis": one.basis.value,
                "reach": one.reach.value,
                "orders": _words(one.orders, OrderState),
                "finds": one.finds,
            }
            for one in policy.rules
        ],
        "limit": [
            {"role": one.role, "reads": one.reads, "seconds": one.seconds} for one in policy.limits
        ],
        "retention": [
            {
                "kind": one.kind,
                "classes": _words(one.classes, DataClass),
                "days": one.days,
                "since": one.since.value,
                **({} if one.purpose is None else {"purpose": one.purpose}),
                "of": _words(one.of, DataSubject),
            }
            for one in policy.retention
        ],
    }


def policy_text(policy: ReadingPolicy) -> str:
    """A policy as a file that `read_policy` reads."""
    document = policy_document(policy)
    tables = ("rule", "limit", "retention")
    lines = list(_lines({k: v for k, v in document.items() if k not in tables}))
    for name in tables:
        for table in document[name]:
            lines += ["", f"[[{name}]]", *_lines(table)]
    return "\n".join(lines) + "\n"


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    # Truth, numbers, texts and lists of texts are in TOML as they are in JSON, but for one letter.
    for name, value in table.items():
        written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        yield f"{name} = {written}"


def _words(chosen: Iterable[Enum], every: type[Enum]) -> list[str]:
    return [one.value for one in every if one in set(chosen)]
