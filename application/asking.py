"""Asking: a question goes to views or to states of streams, now or as of a moment of the past."""

from datetime import datetime
from typing import TypeVar

from attrs import frozen

from regulars.application.books import BOOKS, Books
from regulars.application.events import microseconds
from regulars.application.fields import check_question
from regulars.application.handling import Commands
from regulars.application.ports import Clock, Storage
from regulars.application.projecting import Projector
from regulars.application.queries import AsOf, Query, ReplayedRows
from regulars.application.questions import Question, past, present

Answer = TypeVar("Answer")


@frozen(kw_only=True)
class Asking:
    """Answers from one storage. Views are as far as the log before they answer, if `inline`."""

    storage: Storage
    commands: Commands
    projector: Projector
    clock: Clock
    inline: bool

    def ask(self, asked: Query[Answer] | Question[Answer], as_of: AsOf | None) -> Answer:
        """The answer; see `Crm.ask`."""
        check_question(asked)
        at = self.clock.now()
        if isinstance(as_of, datetime) and microseconds(as_of) >= microseconds(at):
            at, as_of = as_of, None
        if isinstance(asked, Question):
            return self._from_streams(asked, as_of, at)
        if as_of is not None:
            if BOOKS in asked.views:
                self.catch_up()
                return asked.answer(Books(self.storage).as_of(as_of))
            with self.storage.snapshot():
                return asked.answer(ReplayedRows(self.storage.log, asked, as_of))
        self.catch_up()
        if BOOKS in asked.views:
            Books(self.storage).catch_up()
        with self.storage.snapshot():
            return asked.answer(self.storage.views)

    def _from_streams(self, asked: Question[Answer], as_of: AsOf | None, at: datetime) -> Answer:
        log = self.storage.log
        if as_of is not None:
            with self.storage.snapshot():
                return asked.answer(past(log, as_of))
        if asked.views:
            self.catch_up()
        with self.commands.beside() as state:
            return asked.answer(present(log, self.storage.views, state, at))

    def catch_up(self) -> None:
        """Have views that go along with commands fold what others recorded."""
        if not self.inline:
            return
        with self.storage.snapshot():
            head = self.storage.log.head()
        if not self.projector.is_at(head):
            self.projector.catch_up()
