"""A loyalty programme as a person writes it: TOML to commands, with errors that name the place."""

import re
import tomllib
from collections import Counter
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final

import msgspec
from attrs import frozen

from regulars.domain.earning_rules import MOST_POINTS, Group, Rate, Rule, RuleId, RuleSet
from regulars.domain.program import Command, DefineProgram, PublishEarningRules
from regulars.domain.rule_flaws import flaw
from regulars.domain.values import BEGINNING, ProgramId, is_currency

_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    points: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    per: str = "1"
    currency: str | None = None
    effective_from: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    earning: Annotated[list[_Rule], msgspec.Meta(min_length=1)]
    name: str = "Regulars"


@frozen(kw_only=True)
class UnusableProgram(Exception):
    """The file says no programme. Names the file, and the line or rule."""

    file: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.why}"


def read_program(path: Path, *, program_id: ProgramId) -> tuple[Command, ...]:
    """
    The commands that define the programme of a TOML file.

    Such a file says:

        name = "Regulars"

        [[earning]]
        points = 1
        per = "1.00"                            # major units of money; the default is "1"
        currency = "USD"                        # any currency if left out
        effective_from = 2024-01-01T00:00:00Z   # orders placed from then on; always if left out

    Raises:
        UnusableProgram: the file cannot be read, is no TOML, or says something else.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnusableProgram(file=str(path), why=f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnusableProgram(file=str(path), why="is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise UnusableProgram(file=str(path), why=f"is no TOML: {error}") from None
    try:
        return _commands(msgspec.convert(found, _File), program_id)
    except (msgspec.ValidationError, _Wrong) as wrong:
        raise UnusableProgram(file=str(path), why=str(wrong)) from None


class _Wrong(Exception):
    """What the file says is no programme."""


def _commands(found: _File, program_id: ProgramId) -> tuple[Command, ...]:
    if not found.name.strip():
        raise _Wrong("name: is blank")
    same = Counter((rule.effective_from, rule.currency) for rule in found.earning)
    if max(same.values()) > 1:
        raise _Wrong("two earning rules begin at the same time for the same currency")
    return (
        DefineProgram(program=program_id, at=BEGINNING, name=found.name),
        *(
            _published(rule, f"earning rule {number}", program_id)
            for number, rule in enumerate(found.earning, 1)
        ),
    )


def _published(rule: _Rule, where: str, program_id: ProgramId) -> PublishEarningRules:
    if not _AMOUNT.fullmatch(rule.per) or not Fraction(rule.per):
        raise _Wrong(f'{where}: per must be an amount above 0 in quotes, such as "10" or "0.50"')
    if rule.currency is not None and not is_currency(rule.currency):
        raise _Wrong(f"{where}: currency must be a code such as USD")
    per = Fraction(rule.per)
    rate = Rate(points=rule.points, per_numerator=per.numerator, per_denominator=per.denominator)
    rules = RuleSet(groups=(Group(rules=(Rule(rule=RuleId("earning"), rate=rate),)),))
    if flaw(rules) is not None:
        raise _Wrong(f"{where}: points must be from 0 to {MOST_POINTS} for a unit of money")
    return PublishEarningRules(
        program=program_id,
        at=rule.effective_from or BEGINNING,
        rules=rules,
        currency=rule.currency,
        effective_from=rule.effective_from,
    )
