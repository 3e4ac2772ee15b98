"""Arrays of joints (``.npy``): of a data-set folder, or alone with what the caller states.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.clips import MAX_VALUES, Clip
from kinestream.errors import DataError, SkeletonError
from kinestream.files import write_atomically
from kinestream.formats.folder import find_layout
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.ms_gcn_folder import in_ms_gcn_folder
from kinestream.formats.parsing.npy import channels_for, read_header, read_joints
from kinestream.formats.repairs import Repairs
from kinestream.skeletons import Skeleton

AXES = "CTVM"

_OPTION = "--axes TVC, axes=... in Python, letters of C channels, T frames, V joints, M people"


def check_axes(path: Path, axes: str) -> None:
    """Refuse an order of axes that is none.

    >>> check_axes(Path("walk.npy"), "TVC")

    Raises:
        DataError: A letter is unknown or comes twice, or C, T or V is missing.
    """
    if "N" in axes:
        raise DataError(
            f"{path}: axes {axes!r} hold N recordings in one array: cut it into one file for each."
        )
    if len(set(axes)) != len(axes) or not set("CTV") <= set(axes) <= set(AXES):
        raise DataError(
            f"{path}: axes must be the letters C, T, V and, for several people, M, each once and in "
            f"the array's order; got {axes!r}."
        )


def read_axes(path: Path, axes: str) -> NDArray[np.float32]:
    """Read an array whose axes are in another order, as (C, T, V, M); without M one person.

    Raises:
        MissingFileError: There is no such file.
        DataError: It has another number of axes, is damaged, or holds no numbers.
    """
    check_axes(path, axes)
    shape, dtype, start, order = read_header(path)
    if len(shape) != len(axes):
        raise DataError(
            f"{path} holds an array of shape {shape}, axes {axes!r} name {len(axes)}: one letter "
            f"for each."
        )
    if len(axes) == len(AXES):
        return read_joints(path).transpose([axes.index(letter) for letter in AXES])
    count = int(np.prod(shape, dtype=np.float64))
    if dtype.kind not in "fiu" or not 0 < count <= MAX_VALUES:
        raise DataError(
            f"{path} holds {dtype} of shape {shape}; joints are at most {MAX_VALUES} numbers."
        )
    if path.stat().st_size != start + count * dtype.itemsize:
        raise DataError(f"{path} is damaged: it is not as long as shape {shape} of {dtype} needs.")
    values = np.memmap(path, dtype, "r", start, shape, order)
    try:
        with np.errstate(over="raise"):
            data = np.array(values, dtype=np.float32)
    except FloatingPointError:
        raise DataError(f"{path} holds values that are too large for float32.") from None
    return data.transpose([axes.index(letter) for letter in "CTV"])[..., None]


def _fits(head: Head) -> bool:
    is_array = head.ending == ".npy" or head.start.startswith(b"\x93NUMPY")
    return is_array and not in_ms_gcn_folder(head.path)


def _read(path: Path, stated: Stated) -> Reading:
    found = find_layout(path)
    if found is not None:
        layout, split = found
        if stated.axes not in (None, AXES):
            raise DataError(
                f"{path} lies in a data-set folder, whose arrays are {AXES}; got {stated.axes!r}."
            )
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
    shape = read_header(path).shape
    if stated.axes is None and len(shape) != len(AXES):
        raise DataError(
            f"{path} holds an array of shape {shape} and does not tell what its axes are: name them "
            f"({_OPTION})."
        )
    data = read_axes(path, stated.axes or AXES)
    _check_joints(path, data.shape, stated.skeleton, stated.axes or AXES)
    clip = Clip(data, stated.skeleton, stated.fps, channels_for(data.shape[0]), source=str(path))
    return Reading(clip, Repairs())


def _check_joints(path: Path, shape: tuple[int, ...], layout: Skeleton, axes: str) -> None:
    if shape[2] != layout.num_joints:
        raise SkeletonError(
            f"{path}: with the axes {axes}, joints must be (C, T, {layout.num_joints}, M) for skeleton "
            f"{layout.name!r}, got {shape}: name the axes in their order ({_OPTION}), or the skeleton "
            f"that has {shape[2]} joints."
        )


def _write(clip: Clip, path: Path) -> None:
    content = io.BytesIO()
    np.save(content, clip.data)
    write_atomically(path, content.getvalue())


FORMAT = Format(
    name="npy",
    title="NumPy array",
    endings=(".npy",),
    fits=_fits,
    read=_read,
    write=_write,
    tells="positions only; skeleton, rate and axes are stated or come from a data-set folder",
)
