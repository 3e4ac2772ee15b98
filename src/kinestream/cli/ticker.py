"""Labels passing in the terminal."""

from __future__ import annotations

from types import TracebackType

from rich.live import Live
from rich.text import Text

from kinestream.bundle import Bundle
from kinestream.cli.showing import console
from kinestream.clips import Clip
from kinestream.timeline import FrameLabel

# As-fast-as-possible runs answer thousands of frames a second; the eye needs a dozen.
REFRESH_HZ = 12
BAR = 20


class Ticker:
    """Shows the newest label and prints a line whenever it changes.

    Args:
        clip: The recording, for its true labels.
        bundle: Says the names of the classes.
    """

    def __init__(self, clip: Clip, bundle: Bundle) -> None:
        self._clip = clip
        self._width = max(map(len, bundle.classes))
        self._live = Live(console=console, refresh_per_second=REFRESH_HZ, transient=True)
        self._last = -1

    def __enter__(self) -> Ticker:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, label: FrameLabel) -> None:
        """Take the newest label."""
        line = self._line(label)
        self._live.update(line)
        if label.label != self._last:
            self._last = label.label
            self._live.console.print(line)

    def _line(self, label: FrameLabel) -> Text:
        filled = round(BAR * label.score)
        text = Text(f"{label.time_s:7.2f} s  ")
        text.append(f"{label.name:<{self._width}}", style="bold")
        text.append(f"  {label.score:4.2f} {'█' * filled}{'░' * (BAR - filled)}")
        if self._clip.labels is not None and label.index < self._clip.num_frames:
            truth = self._clip.labels[label.index]
            name = self._clip.classes[truth] if truth >= 0 else "?"
            style = "green" if name == label.name else "yellow"
            text.append(f"  truth {name}", style=style)
        return text
