"""The way of a command: door, load, decide, append, react, project; all of it one transaction."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from secrets import token_hex
from typing import Any, Final

from regulars.application.aggregates import CUSTOMER, Aggregate
from regulars.application.ahead import check_moment
from regulars.application.batch import Batch, Cause, Outcome, Planned, Receipt, receipt
from regulars.application.door import Admitted, Door, Request, are_bare, refusal_of, request_base
from regulars.application.errors import (
    AlreadyRecorded,
    IdempotencyConflict,
    MayNotWrite,
    StaleHistory,
)
from regulars.application.events import (
    Command,
    EventId,
    Pending,
    Recorded,
    Retired,
    as_recorded,
    microseconds,
    moment,
)
from regulars.application.merging import decided, streams_of
from regulars.application.ports import Clock, Storage
from regulars.application.projecting import Projector
from regulars.application.reacting import AtHand, asked_after
from regulars.application.states import Held, States
from regulars.application.wishes import check_in_vain
from regulars.domain.values import ProgramId, Refusal

_ATTEMPTS: Final = 5


class _NotHeld(Exception):
    """A state that is needed is not at hand; those of `args` may be ahead of the log."""


class Commands:
    """
    Executes requests against the log, and keeps the states of recent streams in memory.

    A kept state is trusted only while nobody else has written: the log's head tells.
    With `inline`, views fold the events of a command together with it. What is dated more than
    `ahead` beyond the clock is refused, but for what is known already; None believes any.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        *,
        storage: Storage,
        door: Door,
        clock: Clock,
        projector: Projector,
        inline: bool,
        program: ProgramId,
        ahead: timedelta | None = None,
    ) -> None:
        self._storage = storage
        self._log = storage.log
        self._door = door
        self._clock = clock
        self._projector = projector
        self._inline = inline
        self._program = program
        self._ahead = ahead
        self._states = States(storage.log, storage.snapshots)
        self._head = -1
        self._incarnation = storage.incarnation
        self.recorded = 0
        """Events that were recorded so far, those of reactions included."""

    def forget(self) -> None:
        """Trust nothing that is held, and load anew what is asked for next."""
        self._forget()

    @contextmanager
    def together(self) -> Generator[Callable[[str, Aggregate], Held]]:
        """
        A transaction for who decides on several streams: reads what they hold now, then executes.

        What is executed inside is kept with the block, or not at all if it raises.
        """
        try:
            with self._storage.transaction():
                self._go_to_the_head()
                yield self._states.load
        except BaseException:
            self._forget()
            raise

    @contextmanager
    def beside(self) -> Generator[Callable[[str, Aggregate], Any]]:
        """What streams hold now, for who reads only, all of it as of one moment."""
        with self._storage.snapshot():
            self._go_to_the_head()
            yield lambda stream, aggregate: self._states.load(stream, aggregate).state
            self._states.trim()

    def _go_to_the_head(self) -> None:
        self._forget_if_lost()
        head = self._log.head()
        if head != self._head:
            self._states.clear()
            self._head = head

    def execute(self, request: Request) -> Receipt:
        """
        Record what the request leads to.

        Raises:
            Refusal: the request cannot be; nothing was recorded.
            StaleHistory: others were faster, again and again; nothing was recorded.
            StorageUnavailable: the store does not answer; nothing was recorded, unless it was lost
                in the middle: the request, sent again with its id, is recorded once.
        """
        outcome = self.execute_all([request])[0]
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome

    def execute_all(self, requests: Sequence[Request], *, project: bool = True) -> list[Outcome]:
        """
        Record many requests in one transaction, each whole or refused by itself.

        With `project` False the views are left behind, and the projector gathers what they lack.

        Raises:
            StorageUnavailable: the store does not answer; nothing was recorded of any, unless it
                was lost in the middle; see `execute`.
        """
        if project and self._may_decide_first(requests):
            with suppress(StaleHistory, AlreadyRecorded):
                outcomes = self._decide_first(requests)
                if outcomes is not None:
                    return outcomes
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._attempt(requests, project=project)
            except (StaleHistory, AlreadyRecorded):
                continue
        return self._attempt(requests, project=project)

    def _may_decide_first(self, requests: Sequence[Request]) -> bool:
        # Keys, snapshots and rows of views are written inside a transaction only.
        return len(requests) <= self._storage.optimistic and not self._inline and are_bare(requests)

    def _decide_first(self, requests: Sequence[Request]) -> list[Outcome] | None:
        """
        Decide on the states at hand, and append if nothing was recorded that they lack.

        None if something may have been: a refusal, or nothing to record, can come of an old state
        or of a repeat, and no append would find that out. None too if a snapshot is due, an erasure
        asked for, or a state to be loaded, which is read in a transaction only.

        Raises:
            StaleHistory: a state that was asked has moved on; nothing was recorded.
            AlreadyRecorded: a request is a repeat; nothing was recorded.
        """
        self._forget_if_lost()
        try:
            try:
                batch = self._decided(requests, known={})
            except _NotHeld as missing:
                for stream in missing.args:
                    self._states.forget(stream)
                return None
            new = all(isinstance(one, Planned) and one.new for one in batch.outcomes)
            if batch.due or batch.asks_for_erasure or not new:
                for stream in batch.asked:
                    self._states.forget(stream)
                return None
            added = {pending.stream for pending in batch.pending}
            held = {name: one.version for name, one in batch.asked.items() if name not in added}
            recorded_at = microseconds(batch.clock)
            last = self._log.append(batch.pending, recorded_at=recorded_at, held=held)
        except BaseException:
            self._forget()
            raise
        nobody_else = last - len(batch.pending) == self._head
        return self._done(batch, last, head=last if nobody_else else -1)

    def _attempt(self, requests: Sequence[Request], *, project: bool) -> list[Outcome]:
        try:
            with self._storage.transaction():
                self._forget_if_lost()
                head = self._log.head()
                if head != self._head:
                    self._states.clear()
                if not are_bare(requests):
                    self._door.vault.heed_erasures()
                batch = self._decided(requests)
                last = self._append(batch, project=project) if batch.pending else head
                if batch.asks_for_erasure:
                    self._door.vault.ask_again()
                self._door.contacts.write(batch.claims)
                self._states.keep(batch.due)
            if not batch.pending:
                # What answers a repeat or a refusal is to last as long as the answer.
                self._storage.settle()
        except BaseException:
            self._forget()
            raise
        return self._done(batch, last, head=last)

    def _forget_if_lost(self) -> None:
        # A log that lost its end may have grown again since, to another end under the same head.
        if self._incarnation != self._storage.incarnation:
            self._forget()
            self._incarnation = self._storage.incarnation

    def _forget(self) -> None:
        """Trust nothing: folded states and freshly made keys may be ahead of what was kept."""
        self._states.clear()
        self._head = -1
        self._door.vault.rolled_back()
        self._projector.forget()

    def _done(self, batch: Batch, last: int, *, head: int) -> list[Outcome]:
        self._head = head
        self.recorded += len(batch.pending)
        self._states.trim()
        return [receipt(outcome, batch, last) for outcome in batch.outcomes]

    def _append(self, batch: Batch, *, project: bool) -> int:
        pending, recorded_at = batch.pending, microseconds(batch.clock)
        last = self._log.append(pending, recorded_at=recorded_at)
        if self._inline or not project:
            first = last - len(pending) + 1
            events = [
                as_recorded(
                    event,
                    position=position,
                    recorded_at=recorded_at,
                    stored_as=self._log.stored_as(type(event.event)),
                    tenant=self._door.tenant,
                )
                for position, event in enumerate(pending, first)
            ]
            (self._projector.follow if project else self._projector.gather)(events, last)
        return last

    def _decided(
        self, requests: Sequence[Request], *, known: dict[EventId, Recorded] | None = None
    ) -> Batch:
        if len(requests) > 1:
            self._door.prepare(requests)
        entrants: list[Admitted | Refusal] = []
        for request in requests:
            try:
                entrants.append(self._door.admit(request))
            except Refusal as refusal:
                entrants.append(refusal)
        admitted = [entrant for entrant in entrants if isinstance(entrant, Admitted)]
        first = known is not None
        if known is None:
            known = self._log.find([block for one in admitted for block in one.block()])
        batch = Batch(known, first=first, clock=self._clock.now())
        if len(admitted) > 1 and not first:
            self._states.load_ahead(
                {
                    stream: aggregate
                    for one in admitted
                    for command in one.commands
                    for stream, aggregate in streams_of(command).items()
                }
            )
        for entrant in entrants:
            batch.outcomes.append(
                entrant if isinstance(entrant, Refusal) else self._outcome(entrant, batch)
            )
        for request, entrant in zip(requests, entrants, strict=True):
            if isinstance(entrant, MayNotWrite):
                self._note(request, batch)
        return batch

    def _note(self, request: Request, batch: Batch) -> None:
        name = f"refusal/{token_hex(16)}"
        cause = Cause(request.by, request.correlation or name, name)
        note = refusal_of(request, self._clock.now())
        self._take(note, request_base(self._door.tenant, name), cause, batch)

    def _outcome(self, admitted: Admitted, batch: Batch) -> Planned | Outcome:
        for block in admitted.block() if batch.known else ():
            if block in batch.known:
                return self._repeated(admitted, batch.known[block])
        twin = batch.plans.get(admitted.id)
        if twin is not None:
            if twin.fingerprint != admitted.fingerprint:
                return IdempotencyConflict(command_id=admitted.id)
            return twin._replace(repeated=True)
        start, claimed = len(batch.pending), len(batch.claims.made)
        try:
            stop = self._decide(admitted, batch)
        except Refusal as refusal:
            batch.claims.back_to(claimed)
            for pending in batch.pending[start:]:
                self._states.forget(pending.stream)
            del batch.pending[start:]
            return refusal
        plan = Planned(admitted.id, admitted.fingerprint, start, stop)
        if stop > start:
            # What recorded nothing is not remembered, in a batch as little as in the log.
            batch.plans[admitted.id] = plan
        return plan

    def _repeated(self, admitted: Admitted, first: Recorded) -> Outcome:
        request_id = admitted.id
        if first.fingerprint != admitted.fingerprint:
            return IdempotencyConflict(command_id=request_id)
        run = self._log.caused_by(request_id, after=first.position - 1)
        return Receipt(
            request_id=request_id,
            events=tuple(one.event for one in run if not isinstance(one.event, Retired)),
            position=run[-1].position,
            version=run[-1].version,
            repeated=True,
        )

    def _decide(self, admitted: Admitted, batch: Batch) -> int:
        cause = Cause(admitted.by, admitted.correlation or admitted.id, admitted.id)
        start = len(batch.pending)
        for place, command in enumerate(admitted.commands):
            check_moment(command, batch.clock, self._ahead)
            before = len(batch.pending)
            self._take(command, admitted.first_id(place), cause, batch)
            if len(batch.pending) == before:
                check_in_vain(command, self._door.policy)
            if place in admitted.claims and len(batch.pending) > before:
                stream = batch.pending[before].stream
                others = self._held(stream, CUSTOMER, batch).state.records.others
                self._door.contacts.settle(admitted.claims[place], batch.claims, others)
        stop = len(batch.pending)
        if stop > start and admitted.fingerprint is not None:
            first = batch.pending[start]._replace(fingerprint=admitted.fingerprint)
            batch.pending[start] = first
        self._react(start, batch)
        return stop

    def _react(self, place: int, batch: Batch) -> None:
        def state(stream: str, aggregate: Aggregate) -> Any:  # noqa: ANN401 - each aggregate has its own
            return self._held(stream, aggregate, batch).state

        look, tenant = AtHand(self._program, state), self._door.tenant
        # Events that reactions add are themselves looked at, until none is left.
        while place < len(batch.pending):
            for command, first_id, cause in asked_after(batch.pending[place], look, tenant):
                self._take(command, first_id, cause, batch)
            place += 1

    def _take(self, command: Command, first_id: int, cause: Cause, batch: Batch) -> None:
        load = partial(self._held, batch=batch)
        for stream, aggregate, events in decided(command, load):
            held = load(stream, aggregate)
            for event in events:
                held.version += 1
                at = aggregate.moment(event, command.at, held.state)
                aggregate.fold(held.state, event, at)
                batch.pending.append(
                    Pending(
                        stream=stream,
                        version=held.version,
                        event=event,
                        event_id=EventId(first_id.to_bytes(16, "big")),
                        occurred_at=microseconds(at),
                        actor=cause.by,
                        correlation=cause.correlation,
                        causation=cause.causation,
                    )
                )
                first_id += 1
            if events and held.is_due():
                batch.due[stream] = None

    def _held(self, stream: str, aggregate: Aggregate, batch: Batch) -> Held:
        held = self._states.get(stream)
        if held is not None:
            batch.asked[stream] = held
            return held
        if batch.first:
            raise _NotHeld(*batch.asked)
        held = batch.asked[stream] = self._states.load(stream, aggregate)
        # A refused request made the batch forget this stream: what it holds of it comes back.
        for pending in batch.pending:
            if pending.stream == stream:
                aggregate.fold(held.state, pending.event, moment(pending.occurred_at))
                held.version = pending.version
        return held
