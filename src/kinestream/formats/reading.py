"""One door for recordings: find the reader that fits a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kinestream.clips import Clip, load_clip
from kinestream.errors import DataError, MissingFileError, SkeletonError
from kinestream.formats.folder import find_layout
from kinestream.formats.npy import channels_for, read_joints
from kinestream.formats.sp_sw_har import read_sp_sw_har
from kinestream.formats.utkinect import read_utkinect
from kinestream.skeletons import Skeleton
from kinestream.skeletons import skeleton as find_skeleton

_READERS: dict[str, Callable[[Path], Clip]] = {
    ".npz": load_clip,
    ".txt": lambda path: read_utkinect(path)[0],
    ".csv": lambda path: read_sp_sw_har(path)[0],
}


def read_clip(
    path: str | Path, *, skeleton: Skeleton | str | Path | None = None, fps: float | None = None
) -> Clip:
    """Read one recording, whatever known format it has.

    Args:
        path: A Kinestream clip (``.npz``), an array (``.npy``, (C, T, V, M)), a UTKinect joints
            file (``.txt``) or either device file of an SP-SW-HAR execution (``.csv``). An array in
            a data-set folder brings its skeleton, rate and labels along.
        skeleton: What the V axis of a lone array means: a skeleton, a layout's name or a JSON file.
        fps: Frames per second of a lone array.

    Raises:
        MissingFileError: There is no such file.
        DataError: The file is no recording, is damaged, or does not tell its skeleton or rate; or
            it tells another rate than ``fps``.
        SkeletonError: The joints are not those of ``skeleton``.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no recording {path}.")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty.")
    given = find_skeleton(skeleton) if isinstance(skeleton, str | Path) else skeleton
    if path.suffix.lower() == ".npy":
        return _read_array(path, given, fps)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"{path} is not a recording Kinestream reads: a clip (.npz), an array (.npy), UTKinect "
            f"joints (.txt) or SP-SW-HAR devices (.csv)."
        )
    return _agreed(reader(path), given, fps)


def _read_array(path: Path, given: Skeleton | None, fps: float | None) -> Clip:
    found = find_layout(path)
    if found is not None:
        layout, split = found
        return _agreed(layout.recording(split, path.stem, fps), given, fps)
    missing = [
        f"its {what} ({option})"
        for what, option, value in (
            ("skeleton", "--skeleton NAME, skeleton=... in Python", given),
            ("frame rate", "--fps N, fps=... in Python", fps),
        )
        if value is None
    ]
    if given is None or fps is None:
        raise DataError(
            f"{path} does not lie in a data-set folder, so it does not tell {' and '.join(missing)}."
        )
    data = read_joints(path)
    return Clip(data, given, fps, channels_for(data.shape[0]), source=str(path))


def _agreed(clip: Clip, given: Skeleton | None, fps: float | None) -> Clip:
    if fps is not None and fps != clip.fps:
        raise DataError(f"{clip.source} has {clip.fps:g} frames per second, got fps={fps:g}.")
    if given is not None and given.joints != clip.skeleton.joints:
        raise SkeletonError(
            f"{clip.source} has the joints of skeleton {clip.skeleton.name!r}, got "
            f"skeleton={given.name!r}: leave it out."
        )
    return clip if given is None else replace(clip, skeleton=given)
