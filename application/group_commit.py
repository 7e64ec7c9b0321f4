"""Group commit: requests that would wait for one another are recorded in one transaction."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock
from typing import Final, NamedTuple

from attrs import evolve

from regulars.application.batch import Outcome, Receipt
from regulars.application.door import Request
from regulars.application.errors import StorageUnavailable
from regulars.domain.values import Refusal

_TOGETHER: Final = 256
"""Requests of one transaction at most, so that nobody waits long for those of others."""


class _Waiting(NamedTuple):
    """A request, and where its caller looks for what became of it."""

    request: Request
    future: Future[Receipt]

    def settle(self, outcome: Outcome) -> None:
        if isinstance(outcome, Refusal):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class GroupCommit:
    """
    Brings requests of many callers to `record`, which one thread at a time calls, under `lock`.

    Each request is whole or refused by itself, and acknowledged after the commit that keeps it.
    What is wrong with one, be it a refusal or a bug, is raised to its own caller alone.
    """

    def __init__(self, record: Callable[[Sequence[Request]], list[Outcome]], lock: RLock) -> None:
        self._record = record
        self._lock = lock
        self._waiting = deque[_Waiting]()
        self._server = ThreadPoolExecutor(1, thread_name_prefix="regulars-group-commit")
        self._called = False

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._waiting)

    def execute(self, request: Request) -> Receipt:
        """
        Record the request, with those of others if it has to wait for them.

        Raises:
            Refusal: the request cannot be; nothing was recorded of it.
            StorageUnavailable: the store does not answer; nothing was recorded, unless it was lost
                in the middle: the request, sent again with its id, is recorded once.
        """
        if not self._waiting and self._lock.acquire(blocking=False):
            try:
                outcome = self._record([request])[0]
            finally:
                self._lock.release()
            if isinstance(outcome, Refusal):
                raise outcome
            return outcome
        one = _Waiting(request, Future())
        self._waiting.append(one)
        try:
            with self._lock:
                # Whoever had the lock meanwhile may have served this one too.
                while not one.future.done():
                    self._serve()
        except BaseException:
            # Whoever comes next must not record what its caller has given up.
            one.future.cancel()
            raise
        return one.future.result()

    def submit(self, request: Request) -> Future[Receipt]:
        """
        Have another thread record the request. The future raises what `execute` would.

        What is called when it is done runs in the thread that records, and must not wait for it.

        One that is cancelled before its turn records nothing.
        """
        one = _Waiting(request, Future())
        self._waiting.append(one)
        if not self._called:
            self._called = True
            try:
                self._server.submit(self._serve_all)
            except RuntimeError:  # it was closed, and the store will say so
                self._serve_all()
        return one.future

    def close(self) -> None:
        """Record what was submitted, and nothing more. Not for a thread that has the lock."""
        self._server.shutdown()

    def _serve_all(self) -> None:
        # Who comes from here on calls again, and finds nothing left to do if this serves it.
        self._called = False
        while self._waiting:
            with self._lock:
                self._serve()

    def _serve(self) -> None:
        """Record what waits, as much as goes together."""
        taken = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
        wanted = [one for one in taken if one.future.set_running_or_notify_cancel()]
        try:
            self._record_together(wanted)
        finally:
            for one in wanted:
                if not one.future.done():
                    why = "was interrupted at a commit for several: send the command again"
                    one.future.set_exception(StorageUnavailable(store="regulars", why=why))

    def _record_together(self, wanted: Sequence[_Waiting]) -> None:
        try:
            outcomes = self._record([one.request for one in wanted])
        except StorageUnavailable as error:
            for one in wanted:
                one.future.set_exception(evolve(error))
        except Exception as error:  # noqa: BLE001 - raised again, to whom it belongs
            if len(wanted) == 1:
                wanted[0].future.set_exception(error)
                return
            for one in wanted:
                self._record_together([one])
        else:
            for one, outcome in zip(wanted, outcomes, strict=True):
                one.settle(outcome)
