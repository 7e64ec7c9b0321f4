"""The gate of folds: the code by which an aggregate folds, against what its version once was."""

import ast
from collections.abc import Iterator
from inspect import getsource
from pathlib import Path
from textwrap import dedent
from types import FunctionType, ModuleType
from typing import Any, Final

from regulars.adapters.codec import CODEC, Codec
from regulars.application.aggregates import Aggregate

FOLDS: Final = Path(__file__).parent / "folds"


def golden(name: str, aggregate: Aggregate) -> Path:
    """The file with the code that this version of a fold has for ever."""
    return FOLDS / f"{name}.{aggregate.fold_version}.txt"


def source(aggregate: Aggregate, codec: Codec = CODEC) -> str:
    """
    Every function that the fold of an aggregate comes to, and every constant that these name.

    So are the upcasters that lead to its events. Comments, docstrings, annotations and layout are
    left out, for they change no state.
    """
    origins = {
        one for event in aggregate.events for one in codec.chain.origins(codec.stored[event])
    }
    turns = [turn for older, turn in sorted(codec.chain.turns.items()) if older in origins]
    functions: list[Any] = [aggregate.fold, *turns]
    package = aggregate.fold.__module__.partition(".")[0]
    lines: list[str] = []
    for function in functions:  # grows on the way
        tree = _Bare().visit(ast.parse(dedent(getsource(function))))
        for name, value in _named(tree, function.__globals__):
            if isinstance(value, property):
                value = value.fget  # noqa: PLW2901 - what there is to read of it
            if isinstance(value, FunctionType):
                if value.__module__.partition(".")[0] == package and value not in functions:
                    functions.append(value)
            elif not isinstance(value, type | ModuleType) and not callable(value):
                lines.append(f"{name} = {value!r}")
        lines.append(ast.unparse(tree))
    return "\n\n".join(dict.fromkeys(lines)) + "\n"


def _named(tree: ast.AST, known: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the names and attributes in some code may stand for, those of classes included."""
    classes = [value for value in known.values() if isinstance(value, type)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in known:
            yield node.id, known[node.id]
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name):
                holder = known.get(node.value.id)
                if isinstance(holder, ModuleType):
                    yield node.attr, getattr(holder, node.attr)
            for one in classes:
                member = vars(one).get(node.attr)
                if isinstance(member, FunctionType | property):
                    yield node.attr, member


class _Bare(ast.NodeTransformer):
    """Takes out what changes nothing."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node
