"""Arrays of joints (``.npy``): of a data-set folder, or alone with what the caller states."""

from __future__ import annotations

from pathlib import Path

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.folder import find_layout
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.npy import channels_for, read_joints
from kinestream.formats.repairs import Repairs


def _fits(head: Head) -> bool:
    return head.ending == ".npy" or head.start.startswith(b"\x93NUMPY")


def _read(path: Path, stated: Stated) -> Reading:
    found = find_layout(path)
    if found is not None:
        layout, split = found
        return Reading(layout.recording(split, path.stem, stated.fps), Repairs())
    missing = [
        f"its {what} ({option})"
        for what, option, value in (
            ("skeleton", "--skeleton NAME, skeleton=... in Python", stated.skeleton),
            ("frame rate", "--fps N, fps=... in Python", stated.fps),
        )
        if value is None
    ]
    if stated.skeleton is None or stated.fps is None:
        raise DataError(
            f"{path} does not lie in a data-set folder, so it does not tell {' and '.join(missing)}."
        )
    data = read_joints(path)
    clip = Clip(data, stated.skeleton, stated.fps, channels_for(data.shape[0]), source=str(path))
    return Reading(clip, Repairs())


FORMAT = Format(
    name="npy",
    title="NumPy array",
    endings=(".npy",),
    fits=_fits,
    read=_read,
    tells="positions only; skeleton, rate and axes are stated or come from a data-set folder",
)
