"""The programmes of a log: which there are, what was published of each, and who has part in one."""

from typing import Any, ClassVar, Final
from urllib.parse import quote

from attrs import frozen

from regulars.application.aggregates import program_stream
from regulars.application.coupons import CouponsOf
from regulars.application.crm import Crm
from regulars.application.loyalty import ACCOUNTS
from regulars.application.queries import Query, ViewRows
from regulars.application.questions import Look, Question
from regulars.application.views import Key, View
from regulars.domain.program import ProgramDefined, UnknownProgram
from regulars.domain.values import CustomerId, ProgramId

_WITHIN: Final = ("account", "offer", "campaign", "referral")
"""The kinds of streams that belong to a programme."""


@frozen(kw_only=True)
class ProgramEntry:
    """A programme that was defined, and how many versions of each part of it were published."""

    program: ProgramId
    name: str
    rules: int
    policies: int
    ladders: int
    catalogues: int
    benefits: int
    cares: int


@frozen(kw_only=True)
class Programs(Question[tuple[ProgramEntry, ...]]):
    """Every programme that was defined, by id. Costs a pass over the definitions of the log."""

    def answer(self, look: Look) -> tuple[ProgramEntry, ...]:
        """The programmes, with what was published by then."""
        told = look.everywhere({ProgramDefined})
        defined = {
            one.event.program: one.event.name
            for one in told
            if isinstance(one.event, ProgramDefined)
        }
        return tuple(_entry(program, name, look) for program, name in sorted(defined.items()))


def _entry(program: ProgramId, name: str, look: Look) -> ProgramEntry:
    state = look.program(program)
    return ProgramEntry(
        program=program,
        name=name,
        rules=len(state.published),
        policies=len(state.policies),
        ladders=len(state.ladders),
        catalogues=len(state.catalogues),
        benefits=len(state.benefits),
        cares=len(state.cares),
    )


def known_program(crm: Crm, program: ProgramId) -> None:
    """
    Say so where a programme is not there, but others are.

    One that nobody defined is there all the same if it has accounts, offers, campaigns or
    referrals. In a log without programmes none is less known than another.

    Raises:
        UnknownProgram: nothing is known of it; with the ids of those that are defined.
    """
    if any(crm.events(stream=program_stream(program), upto=1)):
        return
    known = crm.ask(Programs())
    within = (f"{kind}-{quote(program, safe='')}/" for kind in _WITHIN)
    if known and not any(one for prefix in within for one in crm.events(prefix=prefix)):
        raise UnknownProgram(program=program, known=tuple(one.program for one in known))


@frozen(kw_only=True)
class ProgramsOf(Question[tuple[ProgramId, ...]]):
    """The programmes in which a customer has an account, or coupons, by id."""

    views: ClassVar[tuple[View[Any, Any], ...]] = (ACCOUNTS, *CouponsOf.views)

    customer: CustomerId

    def answer(self, look: Look) -> tuple[ProgramId, ...]:
        """The programmes; none of who takes part in none."""
        found = set(look.ask(_AccountsOf(customer=self.customer)))
        found |= {one.program for one in CouponsOf(customer=self.customer).answer(look)}
        return tuple(ProgramId(program) for program in sorted(found))


@frozen(kw_only=True)
class _AccountsOf(Query[tuple[str, ...]]):
    views: ClassVar[tuple[View[Any, Any], ...]] = (ACCOUNTS,)

    customer: str

    def concerns(self, view: View[Any, Any], key: Key) -> bool:  # noqa: ARG002 - there is but one
        """Only the rows of this customer."""
        return key[1] == self.customer

    def answer(self, rows: ViewRows) -> tuple[str, ...]:
        return tuple(row.program for row in rows.rows(ACCOUNTS, customer=self.customer))
