"""
What a command may record and be refused with, read from the code that decides on it.

Branches for other commands are left out; what depends on states is not known here, so that this
tells what may be, and never less.
"""

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from textwrap import dedent
from types import FunctionType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from attrs import define, field, frozen

from regulars.application.aggregates import (
    ACCOUNT,
    ACTOR,
    CAMPAIGN,
    CUSTOMER,
    ERASURE,
    MERCHANT,
    OFFER,
    ORDER,
    PROGRAM,
    REFERRAL,
)
from regulars.application.events import Command, Event
from regulars.application.reactions import ReactedTo, reactions
from regulars.domain import claim, merge, two_accounts
from regulars.domain.redemption import RedeemPoints
from regulars.domain.values import Refusal

AGGREGATES: Final = (
    ACCOUNT,
    ACTOR,
    CAMPAIGN,
    CUSTOMER,
    ERASURE,
    MERCHANT,
    OFFER,
    ORDER,
    PROGRAM,
    REFERRAL,
)
COMMANDS: Final = frozenset(get_args(Command))
EVENTS: Final = frozenset(get_args(Event))
_OURS: Final = "regulars."


@frozen
class Outcomes:
    """Events that may be recorded, and refusals that may be raised."""

    events: frozenset[type[Any]]
    refusals: frozenset[type[Any]]


_KNOWN: Final[dict[type[Any], Outcomes]] = {}


def outcomes(kind: type[Any]) -> Outcomes:
    """What comes of a command by itself; what its events lead to is in `asked_for`."""
    if kind not in _KNOWN:
        _KNOWN[kind] = _outcomes(kind)
    return _KNOWN[kind]


def _outcomes(kind: type[Any]) -> Outcomes:
    found = _Reading()
    for decide in _deciders(kind):
        found.read(decide, kind)
    if kind is claim.ClaimReward:
        found.read(ACCOUNT.decide, RedeemPoints)
    return Outcomes(
        events=frozenset(found.made & EVENTS),
        refusals=frozenset(one for one in found.made if issubclass(one, Refusal)),
    )


def _deciders(kind: type[Any]) -> Iterator[Callable[..., Any]]:
    """What decides on a command, as `regulars.application.merging` has it."""
    if kind is claim.ClaimReward:
        yield claim.priced
    deciders: list[Callable[..., Any]] = [merge.decide, two_accounts.decide]
    for decide in [*deciders, *(one.decide for one in AGGREGATES)]:
        taken = next(iter(get_type_hints(decide).values()))
        if kind in {*_classes(taken)}:
            yield decide


def asked_for(event: type[Any]) -> frozenset[type[Any]]:
    """The commands that policies ask for after an event."""
    found = _Reading()
    if event in {*_classes(ReactedTo)}:
        found.read(reactions, event)
    return frozenset(found.made & COMMANDS)


def _classes(hint: object) -> Iterator[type[Any]]:
    """The classes of a hint, those of a union each by itself."""
    if get_origin(hint) in {Union, UnionType}:
        for one in get_args(hint):
            yield from _classes(one)
    elif isinstance(hint, type):
        yield hint


@define
class _Reading:
    """The classes of ours that functions make, for a subject of one class."""

    made: set[type[Any]] = field(factory=set[type[Any]])
    seen: set[tuple[object, object]] = field(factory=set[tuple[object, object]])

    def read(self, function: Callable[..., Any], subject: type[Any] | None) -> None:
        function = inspect.unwrap(function)
        if not isinstance(function, FunctionType) or not function.__module__.startswith(_OURS):
            return
        hints = _hints(function)
        named = {name for name, hint in hints.items() if subject and _may_be(hint, subject)}
        about = subject if named else None
        if (function, about) in self.seen:
            return
        self.seen.add((function, about))
        _Body(self, function.__globals__, about, named, {**hints}).statements(_statements(function))


@cache
def _statements(function: FunctionType) -> list[ast.stmt]:
    tree = ast.parse(dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree.body


@cache
def _hints(function: FunctionType) -> dict[str, Any]:
    """The types of what a function is given, that of its own object among them."""
    of, _, _ = function.__qualname__.rpartition(".")
    own = {"self": function.__globals__[of]} if of in function.__globals__ else {}
    return own | {name: hint for name, hint in get_type_hints(function).items() if name != "return"}


def _may_be(hint: object, subject: type[Any]) -> bool:
    return any(one in {subject, object} for one in _classes(hint))


@define
class _Body:
    """The body of a function, read for one class of its subject."""

    reading: _Reading
    globals: dict[str, Any]
    subject: type[Any] | None
    named: set[str]
    types: dict[str, Any]

    def statements(self, body: list[ast.stmt]) -> bool:
        """Read statements up to the first that ends them all; whether one does."""
        return any(self.statement(one) for one in body)

    def statement(self, node: ast.stmt) -> bool:
        match node:
            case ast.Match(subject=ast.Name(id=name), cases=cases) if name in self.named:
                return self.cases(cases)
            case ast.If():
                known = self.known(node.test)
                self.expression(node.test)
                if known is not None:
                    return self.statements(node.body if known else node.orelse)
                ends = [self.statements(node.body), self.statements(node.orelse)]
                return all(ends)
            case ast.Return() | ast.Raise():
                self.children(node)
                return True
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.types[name] = self.type_of(value)
                self.expression(value)
            case _:
                self.children(node)
        return False

    def cases(self, cases: list[ast.match_case]) -> bool:
        ends = False
        for one in cases:
            if self.fits(one.pattern):
                ends = self.statements(one.body)
                if one.guard is None:
                    return ends
                self.expression(one.guard)
        return ends

    def children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child)
            else:
                self.expression(child)

    def expression(self, node: ast.AST) -> None:
        if isinstance(node, ast.IfExp) and self.known(node.test) is not None:
            self.expression(node.body if self.known(node.test) else node.orelse)
            return
        if isinstance(node, ast.Call):
            made = self.resolved(node.func)
            if isinstance(made, type) and made.__module__.startswith(_OURS):
                self.reading.made.add(made)
        if isinstance(node, ast.Name | ast.Attribute):
            found = self.resolved(node)
            found = found.fget if isinstance(found, property) else found
            if callable(found) and not isinstance(found, type):
                self.reading.read(found, self.subject)
        self.children(node)

    def fits(self, pattern: ast.pattern) -> bool:
        match pattern:
            case ast.MatchClass(cls=kind):
                return self.is_a(kind)
            case ast.MatchOr(patterns=patterns):
                return any(map(self.fits, patterns))
            case ast.MatchAs(pattern=ast.pattern() as inner):
                return self.fits(inner)
            case _:
                return True

    def known(self, test: ast.expr) -> bool | None:
        """What a test comes to for this subject; None if that depends on anything else."""
        match test:
            case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), kinds]) if (
                name in self.named
            ):
                return self.is_a(kinds)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                known = self.known(operand)
                return None if known is None else not known
            case ast.BoolOp(op=operator, values=values):
                found = {self.known(one) for one in values}
                ending = isinstance(operator, ast.Or)
                return ending if ending in found else (None if None in found else not ending)
            case _:
                return None

    def is_a(self, kinds: ast.expr) -> bool:
        if isinstance(kinds, ast.BinOp):
            return self.is_a(kinds.left) or self.is_a(kinds.right)
        return self.subject in {*_classes(self.resolved(kinds))}

    def resolved(self, node: ast.AST) -> Any:  # noqa: ANN401 - whatever a name stands for
        match node:
            case ast.Name(id=name):
                return None if name in self.types else self.globals.get(name)
            case ast.Attribute(value=value, attr=name):
                of = self.resolved(value)
                return inspect.getattr_static(self.type_of(value) if of is None else of, name, None)
            case _:
                return None

    def type_of(self, node: ast.AST) -> Any:  # noqa: ANN401 - a type hint is any object
        match node:
            case ast.Name(id=name):
                return self.types.get(name)
            case ast.Attribute(value=value, attr=name):
                found = self.resolved(node)
                if isinstance(found, property):
                    return get_type_hints(found.fget).get("return")
                of = self.type_of(value)
                return get_type_hints(of).get(name) if isinstance(of, type) else None
            case ast.Call(func=func):
                found = self.resolved(func)
                if isinstance(found, type):
                    return found
                return (
                    get_type_hints(found).get("return") if isinstance(found, FunctionType) else None
                )
            case _:
                return None
