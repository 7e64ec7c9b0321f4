"""A subscription to the log as the `eventsourcing` library asks for it."""

from collections.abc import Sequence

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

from regulars.application import subscription
from regulars.application.ports import Wakeup


class RecorderSubscription(Subscription[ApplicationRecorder]):
    """
    Notifications in the order of the log, each once; iterating waits for the next one.

    Reads when it is asked, in the thread that asks: no thread of its own runs on. After an error
    of the store the next call goes on where that one began.

    A notification that `topics` leave out is not told of, and that library has no other word for
    how far a subscription is. So a tracking recorder behind it stays where the last event of its
    topics stood: `ProjectionRunner.wait` for a later position ends by its timeout, or when the
    next event of the topics is processed, and a runner that starts again reads what lies between
    once more. Wait for positions of events of the topics, or subscribe to all of them.
    """

    def __init__(
        self,
        recorder: ApplicationRecorder,
        read: subscription.Read[Notification],
        wakeup: Wakeup,
        *,
        gt: int | None,
        topics: Sequence[str],
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._following = subscription.Subscription(read, wakeup, after=gt or 0)

    def __next__(self) -> Notification:
        return next(self._following)

    def stop(self) -> None:
        """End it, also while another thread waits in it."""
        super().stop()
        self._following.stop()
