"""Rows of views for who may not write: as they are kept, or made anew where views lag behind."""

from typing import Any, ClassVar, Final

from regulars.application.books import BOOKS, Books
from regulars.application.loyalty import ACCOUNTS
from regulars.application.ports import Storage
from regulars.application.queries import Query, ReplayedRows, ViewRows
from regulars.application.views import View


class _EveryAccount(Query[Any]):
    views: ClassVar[tuple[View[Any, Any], ...]] = (ACCOUNTS,)

    def answer(self, rows: ViewRows) -> ViewRows:
        return rows


_EVERY_ACCOUNT: Final = _EveryAccount()


def unwritten_rows(storage: Storage, query: Query[Any]) -> ViewRows:
    """
    What `query` sees of its views as of now, in the snapshot of the caller; nothing is written.

    A view that lags stays so: its rows are folded from the log in memory, which costs as much
    reading as there are events that the query may depend on.
    """
    if all(_is_level(storage, view) for view in query.views):
        return storage.views
    if BOOKS in query.views:
        return books_of(storage).as_of(storage.log.head())
    return ReplayedRows(storage.log, query, storage.log.head())


def books_of(storage: Storage) -> Books:
    """The books over all accounts of the log, whether or not the view of accounts has them."""
    rows = unwritten_rows(storage, _EVERY_ACCOUNT)
    return Books(storage, accounts=_EVERY_ACCOUNT.answer(rows))


def _is_level(storage: Storage, view: View[Any, Any]) -> bool:
    mark = storage.views.checkpoint(view)
    # Of a view that was never folded there may be no table. Past a mark others may have recorded.
    return mark > 0 and next(iter(storage.log.occurrences(after=mark)), None) is None
