"""Group commit: requests that would wait for one another are recorded in one transaction."""

from asyncio import AbstractEventLoop, get_running_loop
from asyncio import Future as Promise
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import RLock
from typing import Final, NamedTuple, TypeAlias

from attrs import evolve

from regulars.application.batch import Outcome, Receipt
from regulars.application.door import Request
from regulars.application.errors import StorageUnavailable
from regulars.domain.values import Refusal

_TOGETHER: Final = 256
"""Requests of one transaction at most, so that nobody waits long for those of others."""


_Answer: TypeAlias = Receipt | Exception
"""What became of a request: an exception is raised to its caller."""


class _Waiting(NamedTuple):
    """A request, and where the thread that called looks for what became of it."""

    request: Request
    future: Future[Receipt]

    def begins(self) -> bool:
        return self.future.set_running_or_notify_cancel()

    def settle(self, answer: _Answer) -> None:
        if isinstance(answer, Receipt):
            self.future.set_result(answer)
        else:
            self.future.set_exception(answer)


class _Awaiting(NamedTuple):
    """A request, and where the task of `asyncio` that called looks for what became of it."""

    request: Request
    promise: Promise[_Answer]
    loop: AbstractEventLoop

    def begins(self) -> bool:
        return not self.promise.cancelled()


class GroupCommit:
    """
    Brings requests of many callers to `record`, which one thread at a time calls, under `lock`.

    Each request is whole or refused by itself, and acknowledged after the commit that keeps it.
    What is wrong with one, be it a refusal or a bug, is raised to its own caller alone.
    """

    def __init__(self, record: Callable[[Sequence[Request]], list[Outcome]], lock: RLock) -> None:
        self._record = record
        self._lock = lock
        self._waiting = deque[_Waiting | _Awaiting]()
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
        self._queue(one)
        return one.future

    async def awaited(self, request: Request) -> Receipt:
        """
        Have another thread record the request, and await it. Raises what `execute` would.

        If it is cancelled before its turn, nothing is recorded.
        """
        loop = get_running_loop()
        promise: Promise[_Answer] = loop.create_future()
        self._queue(_Awaiting(request, promise, loop))
        answer = await promise
        if isinstance(answer, Receipt):
            return answer
        raise answer

    def _queue(self, one: _Waiting | _Awaiting) -> None:
        self._waiting.append(one)
        if not self._called:
            self._called = True
            try:
                self._server.submit(self._serve_all)
            except RuntimeError:  # it was closed, and the store will say so
                self._serve_all()

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
        wanted = [one for one in taken if one.begins()]
        answers: list[_Answer] = []
        try:
            self._record_together([one.request for one in wanted], answers)
        finally:
            why = "was interrupted at a commit for several: send the command again"
            answers.extend(
                StorageUnavailable(store="regulars", why=why) for _ in wanted[len(answers) :]
            )
            _tell(wanted, answers)

    def _record_together(self, requests: Sequence[Request], answers: list[_Answer]) -> None:
        try:
            answers.extend(self._record(requests))
        except StorageUnavailable as error:
            answers.extend(evolve(error) for _ in requests)
        except Exception as error:  # noqa: BLE001 - raised again, to whom it belongs
            if len(requests) == 1:
                answers.append(error)
                return
            for request in requests:
                self._record_together([request], answers)


def _tell(wanted: Sequence[_Waiting | _Awaiting], answers: Sequence[_Answer]) -> None:
    # Waking a loop costs as much as deciding, so that each is woken once for all of its tasks.
    awaited: dict[AbstractEventLoop, list[tuple[Promise[_Answer], _Answer]]] = {}
    for one, answer in zip(wanted, answers, strict=True):
        if isinstance(one, _Waiting):
            one.settle(answer)
        else:
            awaited.setdefault(one.loop, []).append((one.promise, answer))
    for loop, promised in awaited.items():
        with suppress(RuntimeError):  # it is closed, and nobody awaits anything
            loop.call_soon_threadsafe(_keep, promised)


def _keep(promised: Sequence[tuple[Promise[_Answer], _Answer]]) -> None:
    for promise, answer in promised:
        if not promise.done():
            promise.set_result(answer)
