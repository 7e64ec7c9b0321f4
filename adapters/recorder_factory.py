"""
What an `Application` of the `eventsourcing` library asks for recorders over the event log.

Its PERSISTENCE_MODULE is `regulars.adapters.recorder_factory`. Hosts import it, nothing else does.
"""

from collections.abc import Callable
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, InfrastructureFactory
from eventsourcing.utils import Environment, EnvType, resolve_topic

from regulars.adapters.database import Database
from regulars.adapters.recorder import Recorder
from regulars.application.errors import InvalidId
from regulars.application.fields import check_id


class RecorderFactory(InfrastructureFactory[Recorder]):
    """
    Makes recorders from an environment.

    REGULARS_DATABASE is the database's URL, REGULARS_TENANT the tenant ("eventsourcing" if it is
    not given), ORIGINATOR_ID_TYPE "uuid" or "text" as for that library's own SQLite.

    Raises:
        OSError: a variable is missing or says something else.
    """

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        url = self.env.get("REGULARS_DATABASE")
        if not url:
            raise OSError("REGULARS_DATABASE: the URL of a database is needed")
        kind = (self.env.get("ORIGINATOR_ID_TYPE") or "uuid").lower()
        if kind not in {"uuid", "text"}:
            raise OSError("ORIGINATOR_ID_TYPE: must be uuid or text")
        self._id_type: Callable[[str], UUID | str] = UUID if kind == "uuid" else str
        self._tenant = self.env.get("REGULARS_TENANT") or "eventsourcing"
        try:
            check_id("REGULARS_TENANT", self._tenant)
        except InvalidId as error:
            raise OSError(str(error)) from None
        self._database = Database(url)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """
        A recorder of events.

        Raises:
            NotImplementedError: it is for snapshots, whose versions have gaps.
        """
        if purpose != "events":
            message = f"the log keeps events, not {purpose}: leave snapshotting off"
            raise NotImplementedError(message)
        return self.process_recorder()

    def application_recorder(self) -> Recorder:
        """A recorder for an application."""
        return self.process_recorder()

    def tracking_recorder(self, tracking_recorder_class: type[Recorder] | None = None) -> Recorder:
        """A recorder for a projection, of the class given or named by TRACKING_RECORDER_TOPIC."""
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        kind = tracking_recorder_class or (resolve_topic(topic) if topic else Recorder)
        return self._made(kind)

    def process_recorder(self) -> Recorder:
        """A recorder for an application that follows others."""
        return self._made(Recorder)

    def _made(self, kind: type[Recorder]) -> Recorder:
        return kind(self._database, tenant=self._tenant, id_type=self._id_type)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()
