"""Events for a host, read page by page, so that nobody has to wait while it looks at them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Final

from regulars.application.events import Recorded, pages
from regulars.application.ports import Storage
from regulars.application.subscription import Read

_PAGE: Final = 1000


def stream_by_pages(
    storage: Storage,
    lock: AbstractContextManager[object],
    name: str,
    *,
    after: int,
    upto: int | None,
) -> Iterator[Recorded]:
    """The events of one stream past version `after`; the lock is held while a page is read."""
    while True:
        with lock, storage.snapshot():
            found = storage.log.stream(name, after=after, upto=upto)
            page = next(pages(found, _PAGE), list[Recorded]())
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].version


def log_by_pages(
    read: Read[Recorded], lock: AbstractContextManager[object], *, after: int
) -> Iterator[Recorded]:
    """The events past position `after`; the lock is held while a page is read."""
    while True:
        with lock:
            page = read(after)
        yield from (recorded for _, recorded in page.items)
        if page.upto == after:
            return
        after = page.upto
