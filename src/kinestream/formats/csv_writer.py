"""A clip as a CSV table.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from kinestream.clips import UNLABELLED, Clip
from kinestream.errors import DataError
from kinestream.files import write_atomically
from kinestream.formats.csv_header import CHANNELS, MISSING, Header
from kinestream.formats.parsing.joints import listed


def write_csv_table(clip: Clip, path: Path) -> None:
    """Write a row per frame (and person), with times in seconds and, if there are any, labels.

    Raises:
        DataError: The channels are not among :data:`CHANNELS`, a joint's or class's name does not
            fit into the table, or the place cannot be written.
    """
    people = range(clip.num_people)
    labels = clip.labels if clip.classes else None
    head = [
        "time_s",
        *(["person"] if len(people) > 1 else []),
        *([] if labels is None else ["label"]),
    ]
    head += [f"{joint}_{channel}" for joint in clip.skeleton.joints for channel in clip.channels]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    header = Header.of(text.getvalue().strip())
    if header is None or (header.joints, header.channels) != (clip.skeleton.joints, clip.channels):
        raise DataError(
            f"{path}: a table holds channels among {', '.join(CHANNELS)} in this order, the clip has "
            f"{listed(clip.channels)} of the joints {listed(clip.skeleton.joints)}."
        )
    if any(name.strip().lower() in MISSING or name != name.strip() for name in clip.classes):
        raise DataError(f"{path}: a class name is empty or blank around: {clip.classes}.")
    values = clip.data.transpose(1, 3, 2, 0).reshape(clip.num_frames, len(people), -1)
    for t, scene_values in enumerate(values):
        name = "" if labels is None or labels[t] == UNLABELLED else clip.classes[labels[t]]
        for person in people:
            row = [repr(t / clip.fps)]
            row += [str(person)] if len(people) > 1 else []
            row += [] if labels is None else [name]
            writer.writerow(
                row
                + [f"{v:.9g}" if math.isfinite(v) else "" for v in scene_values[person].tolist()]
            )
    write_atomically(path, text.getvalue().encode())
