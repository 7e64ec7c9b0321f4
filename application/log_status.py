"""How a log stands: how much there is of what, since when, and how far its views are."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256

from attrs import frozen

from regulars.application.events import moment
from regulars.application.projecting import Progress
from regulars.application.stored import Line, StoredEvents, counted, is_time


@frozen(kw_only=True)
class ViewStatus:
    """How far a view has folded the log, and how many events it has not folded yet."""

    view: str
    position: int
    lag: int


@frozen(kw_only=True)
class FollowerStatus:
    """
    How far a follower has read the log of the tenant that it `follows`, and what it has not yet.

    `lag` is None where that log is elsewhere. `ahead` tells that the log here never came to its
    position, as where an older one was put under it: it would miss what is recorded up to there.
    """

    follower: str
    follows: str
    position: int
    lag: int | None
    ahead: bool = False


@frozen(kw_only=True)
class LogStatus:
    """
    How a log stands.

    `followers` are those that keep their positions in this database; a log of another program's
    events has none of our `views`.
    `size` is that of the whole database in bytes. `types` counts events by their type, most
    first. `first` and `last` are the earliest and the latest time of recording, None for a log
    without events; a time that is none is left to the check. `hash` is that of a `LogCheck`.
    """

    tenant: str
    size: int
    head: int
    events: int
    streams: int
    types: tuple[tuple[str, int], ...]
    first: datetime | None
    last: datetime | None
    views: tuple[ViewStatus, ...]
    followers: tuple[FollowerStatus, ...]
    hash: str


def status(  # noqa: PLR0913 - each is a part of how it stands
    events: StoredEvents,
    checkpoints: Mapping[str, int],
    *,
    size: int,
    followers: Collection[FollowerStatus] = (),
    line: Line,
    progress: Progress | None = None,
) -> LogStatus:
    """
    How the log stands, in the snapshot that the caller holds.

    `checkpoints` are the positions that the views have reached, by name; `followers` and `size`
    are told as they are.
    """
    types = Counter[str]()
    streams = set[str]()
    times: tuple[int, int] | None = None
    foreign = False
    digest = sha256()
    total = events.count()
    for stored in counted(events.read(), total, progress):
        types[stored.type] += 1
        foreign |= stored.foreign
        streams.add(stored.stream)
        at = stored.recorded_at
        if is_time(at):
            times = (at, at) if times is None else (min(times[0], at), max(times[1], at))
        digest.update(line(stored))
    return LogStatus(
        tenant=events.tenant,
        size=size,
        head=events.head(),
        events=total,
        streams=len(streams),
        types=tuple(sorted(types.items(), key=lambda kind: (-kind[1], kind[0]))),
        first=moment(times[0]) if times else None,
        last=moment(times[1]) if times else None,
        views=tuple(
            ViewStatus(view=name, position=position, lag=events.count(after=position))
            for name, position in checkpoints.items()
            if not foreign
        ),
        followers=tuple(followers),
        hash=digest.hexdigest(),
    )
