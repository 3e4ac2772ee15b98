"""What ``kinestream run --events`` prints while a recording goes on, and what it keeps.

Legend: K classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from kinestream.bundle import Bundle
from kinestream.cli.showing import console, plain
from kinestream.clips import Clip
from kinestream.recognition import check_fits, people_events
from kinestream.streaming.events import Event, write_events
from kinestream.timeline import FrameLabel


class Watch:
    """The events of everybody in a recording, each printed in a line when it is known.

    Args:
        clip: The recording.
        bundle: Whose scores are watched, and whose rules count.

    Raises:
        InputError: The recording does not fit the bundle.
    """

    def __init__(self, clip: Clip, bundle: Bundle) -> None:
        check_fits(clip, bundle)
        self._people = people_events(clip, bundle)
        self._said: list[Event] = []
        source = Path(clip.source).name or "recording"
        console.print(f"[bold]{plain(source)}[/bold], events", soft_wrap=True)

    def take(self, label: FrameLabel, scores: np.ndarray) -> None:
        """Take what is known of one more frame: its label and (K,) probabilities."""
        self._say(self._people[label.person].push(scores, label.time_s))

    def finish(self) -> None:
        """Print what is left to say at the end of the recording."""
        for person in self._people:
            self._say(person.finish())

    def save(self, folder: Path, person: int) -> list[Path]:
        """Write the events of one person."""
        own = [event for event in self._said if event.person == person]
        return write_events(folder, own, self._people[person].rules)

    def save_all(self, folder: Path) -> None:
        """Write what was said of everybody by now; each in a folder where there are several."""
        several = len(self._people) > 1
        for person in range(len(self._people)):
            self.save(folder / f"person{person}" if several else folder, person)

    def _say(self, events: Iterable[Event]) -> None:
        for event in events:
            self._said.append(event)
            console.print(line(event), soft_wrap=True)


def line(event: Event) -> str:
    """An event in a line.

    >>> line(Event("started", 1, "walk", 1.0, None, 1.24, 0.81, 0.9))
    '    1.24 s  person 0  started walk at 1.00 s, score 0.81'
    >>> line(Event("ended", 1, "walk", 1.0, 3.5, 3.8, 0.86, 0.97))
    '    3.80 s  person 0  ended   walk at 3.50 s, score 0.86, after 2.50 s'
    """
    at_s = event.start_s if event.end_s is None else event.end_s
    after = "" if event.end_s is None else f", after {event.end_s - event.start_s:.2f} s"
    return (
        f"{event.known_s:8.2f} s  person {event.person}  {event.kind:7} {plain(event.name)} "
        f"at {at_s:.2f} s, score {event.score:.2f}{after}"
    )
