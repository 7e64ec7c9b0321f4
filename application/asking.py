"""Asking: a question goes to views or to states of streams, now or as of a moment of the past."""

from datetime import datetime
from typing import Any, TypeVar

from attrs import frozen

from regulars.application.books import BOOKS, Books
from regulars.application.events import microseconds
from regulars.application.fields import check_question
from regulars.application.handling import Commands
from regulars.application.ports import Clock, Storage
from regulars.application.projecting import Projector
from regulars.application.queries import AsOf, Query, ReplayedRows, ViewRows
from regulars.application.questions import Question, past, present
from regulars.application.unwritten_rows import books_of, unwritten_rows

Answer = TypeVar("Answer")


@frozen(kw_only=True)
class Asking:
    """
    Answers from one storage. Views are as far as the log before they answer, if `inline`.

    With `read_only` nothing is written: what views lack is made anew in memory for each answer.
    """

    storage: Storage
    commands: Commands
    projector: Projector
    clock: Clock
    inline: bool
    read_only: bool = False

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
                with self.storage.snapshot():
                    return asked.answer(self._books().as_of(as_of))
            with self.storage.snapshot():
                return asked.answer(ReplayedRows(self.storage.log, asked, as_of))
        self.catch_up()
        if BOOKS in asked.views and not self.read_only:
            Books(self.storage).catch_up()
        with self.storage.snapshot():
            return asked.answer(self._rows(asked))

    def _books(self) -> Books:
        return books_of(self.storage) if self.read_only else Books(self.storage)

    def _rows(self, asked: Query[Any]) -> ViewRows:
        return unwritten_rows(self.storage, asked) if self.read_only else self.storage.views

    def _from_streams(self, asked: Question[Answer], as_of: AsOf | None, at: datetime) -> Answer:
        log = self.storage.log
        if as_of is not None:
            with self.storage.snapshot():
                return asked.answer(past(log, as_of))
        if asked.views:
            self.catch_up()
        with self.commands.beside() as state:
            return asked.answer(present(log, self._rows, state, at))

    def catch_up(self) -> None:
        """Have views that go along with commands fold what others recorded."""
        if self.read_only or not self.inline:
            return
        with self.storage.snapshot():
            head = self.storage.log.head()
        if not self.projector.is_at(head):
            self.projector.catch_up()
