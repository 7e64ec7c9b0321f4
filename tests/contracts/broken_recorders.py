"""Recorders that track badly, for the contract to find."""

from collections.abc import Sequence

from eventsourcing.persistence import StoredEvent, Tracking

from regulars.adapters.recorder import Recorder


class DropsTracking(Recorder):
    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        return super().insert_events(stored_events)


class TracksApart(Recorder):
    """Keeps the tracking in a transaction after that of the events."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: object
    ) -> Sequence[int]:
        positions = super().insert_events(stored_events)
        tracking = kwargs.get("tracking")
        if isinstance(tracking, Tracking):
            self.insert_tracking(tracking)
        return positions


class TracksAgain(Recorder):
    """Takes for done what was tracked before, and keeps its events once more."""

    def _track(self, tracking: Tracking) -> None:
        if tracking.notification_id > (self.max_tracking_id(tracking.application_name) or 0):
            super()._track(tracking)


BROKEN: list[type[Recorder]] = [DropsTracking, TracksApart, TracksAgain]
