"""What a program lets others hear, searched for canaries."""

import traceback
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

import regulars
from regulars.testing.canaries import Canaries, Find
from tests.acceptance.aviary import CANARIES

_OURS: Final = Path(regulars.__file__).parent


@define
class Overheard:
    """Everything that was said, and which of the canaries were heard in it."""

    canaries: Canaries = CANARIES
    finds: list[Find] = field(factory=list[Find])
    texts: int = 0

    def text(self, place: str, *texts: object) -> None:
        """Something that a host may print, log or show."""
        for text in texts:
            self.texts += 1
            self.finds += self.canaries.in_text(f"{text}\n{text!r}", place)

    def error(self, place: str, error: BaseException) -> None:
        """An exception, with all that led to it."""
        self.text(f"{place}: the traceback", "".join(traceback.format_exception(error)))
        seen: BaseException | None = error
        while seen is not None:
            self.text(f"{place}: {type(seen).__name__}", seen, seen.args)
            seen = seen.__cause__ or seen.__context__

    def frames(self, place: str, error: BaseException) -> None:
        """What the frames of ours that an exception passed hold, as some reports of errors show."""
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if Path(frame.f_code.co_filename).is_relative_to(_OURS):
                self.text(f"{place}: in {frame.f_code.co_qualname}", frame.f_locals)

    def log(self, caplog: pytest.LogCaptureFixture) -> None:
        """The log at its most talkative."""
        said = [f"{record.getMessage()}\n{record.args!r}" for record in caplog.records]
        self.text("the log", "\n".join(said), caplog.text)

    def folder(self, folder: Path) -> None:
        """All files, those without a name too, but for the history that the caller wrote."""
        self.finds += self.canaries.in_folder(folder, apart=[folder / "history"])
        self.finds += self.canaries.in_nameless_files()
