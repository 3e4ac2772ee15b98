"""A clip: joints over time with their skeleton, rate and labels.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import io
import json
import math
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import DataError, MissingFileError, SkeletonError
from kinestream.files import write_atomically
from kinestream.skeletons import Skeleton

XYZ = ("x", "y", "z")
IMU = ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
UNLABELLED = -1

MAX_VALUES = 1 << 28  # 1 GiB of float32: longer recordings are to be cut first
MAX_ABOUT_BYTES = 1 << 24
# Motion does not shrink a hundredfold, bombs do; small members may, as labels that never change.
MAX_RATIO, RATIO_FROM_BYTES = 100, 1 << 24
_MEMBERS = {"data", "labels", "about"}
_TAIL_BYTES = (1 << 16) + 22  # the last record of an archive and the longest comment behind it
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# What zipfile, numpy and json raise at files that were damaged or made to hurt.
_DAMAGED = (
    ValueError,
    KeyError,
    TypeError,
    OSError,
    EOFError,
    RuntimeError,
    ArithmeticError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording.

    Attributes:
        data: (C, T, V, M) float32, C-contiguous; NaN marks a joint that is missing.
        skeleton: What the V axis means.
        fps: Frames per second of the T axis.
        channels: What the C axis means, for example ``("x", "y", "z")``.
        classes: Names that ``labels`` index; empty when there are no labels.
        labels: (T,) int64 class index per frame, -1 where a frame is not labelled; or None.
        subject: Who is seen, as the source names them.
        source: Where the recording came from.

    Raises:
        DataError: Shapes, rate or labels do not fit together.
        SkeletonError: The V axis is not as long as the skeleton.
    """

    data: NDArray[np.float32]
    skeleton: Skeleton
    fps: float
    channels: tuple[str, ...] = XYZ
    classes: tuple[str, ...] = ()
    labels: NDArray[np.int64] | None = field(default=None)
    subject: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        where = f"{self.source}: " if self.source else ""
        with np.errstate(over="ignore"):  # becomes infinite, which recognition refuses by name
            data = np.ascontiguousarray(self.data, dtype=np.float32)
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "channels", tuple(self.channels))
        object.__setattr__(self, "classes", tuple(self.classes))
        if data.ndim != 4:
            raise DataError(f"{where}a clip must be (C, T, V, M), got shape {data.shape}.")
        if data.shape[1] == 0 or data.shape[3] == 0:
            raise DataError(f"{where}the recording is empty: shape (C, T, V, M) = {data.shape}.")
        if data.shape[2] != self.skeleton.num_joints:
            raise SkeletonError(
                f"{where}joints must be (C, T, {self.skeleton.num_joints}, M) for skeleton "
                f"{self.skeleton.name!r}, got {data.shape}: name the skeleton that has "
                f"{data.shape[2]} joints."
            )
        if data.shape[0] != len(self.channels):
            raise DataError(
                f"{where}channels {self.channels} name {len(self.channels)} values, the data has "
                f"{data.shape[0]}."
            )
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise DataError(f"{where}fps must be above 0, got {self.fps}.")
        if self.labels is not None:
            self._check_labels(np.asarray(self.labels), where)

    def _check_labels(self, labels: NDArray[np.generic], where: str) -> None:
        if labels.size and labels.dtype.kind not in "iu":
            raise DataError(f"{where}labels must be class indices, got {labels.dtype}.")
        labels = labels.astype(np.int64)
        object.__setattr__(self, "labels", labels)
        if labels.shape != (self.num_frames,):
            raise DataError(
                f"{where}{labels.size} labels for {self.num_frames} frames; there must be one for "
                f"each frame."
            )
        if labels.min() < UNLABELLED or labels.max() >= len(self.classes):
            raise DataError(
                f"{where}label {labels.max() if labels.max() >= len(self.classes) else labels.min()}"
                f" is outside the list of {len(self.classes)} classes."
            )

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return int(self.data.shape[1])

    @property
    def num_people(self) -> int:
        """Number of people M."""
        return int(self.data.shape[3])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.num_frames / self.fps

    def person(self, index: int) -> Clip:
        """The clip of one person, M = 1."""
        return replace(self, data=self.data[..., index : index + 1])

    def save(self, path: str | Path) -> None:
        """Write the clip as a ``.npz`` file that :func:`load_clip` reads.

        Raises:
            DataError: The place cannot be written.
        """
        about = {
            "skeleton": self.skeleton.to_dict(),
            "fps": self.fps,
            "channels": list(self.channels),
            "classes": list(self.classes),
            "subject": self.subject,
            "source": self.source,
        }
        arrays: dict[str, NDArray[np.generic]] = {
            "data": self.data,
            "about": np.array(json.dumps(about)),
        }
        if self.labels is not None:
            arrays["labels"] = self.labels
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
        write_atomically(path, content.getvalue())


def load_clip(path: str | Path) -> Clip:
    """Read a clip that :meth:`Clip.save` wrote.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is not a clip file, or it claims to be larger than a clip may be.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no recording {path}.")
    try:
        with warnings.catch_warnings():  # at headers that Python 2 wrote, or seems to have
            warnings.simplefilter("ignore", UserWarning)
            return _load(path)
    except _DAMAGED as error:
        if isinstance(error, DataError | SkeletonError):
            raise
        raise DataError(
            f"{path} is not a clip file (.npz with data, about and labels as Kinestream writes it)."
        ) from None


def _load(path: Path) -> Clip:
    _check_directory(path)
    with zipfile.ZipFile(path) as archive:
        _check_members(archive, path)
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        return Clip(
            data=arrays["data"],
            skeleton=Skeleton.from_dict(about["skeleton"]),
            fps=float(about["fps"]),
            channels=_names(about["channels"]),
            classes=_names(about["classes"]),
            labels=arrays.get("labels"),
            subject=str(about["subject"]),
            source=str(about["source"]) or str(path),
        )


def _check_directory(path: Path) -> None:
    """Refuse an archive of more files than a clip has before its directory is taken into memory."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        tail = file.read(_TAIL_BYTES)
    end = tail.rfind(b"PK\5\6")
    count = int.from_bytes(tail[end + 10 : end + 12], "little") if end >= 0 else 0
    if not 0 < count <= len(_MEMBERS):
        raise ValueError("no archive, or one of more files than a clip has")


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse what would take more memory than a clip may, from the headers alone."""
    members = archive.infolist()
    names = {member.filename.removesuffix(".npy") for member in members}
    if len(members) != len(names) or not names <= _MEMBERS:
        raise DataError(f"{path} holds {sorted(names)[:5]}, a clip file holds {sorted(_MEMBERS)}.")
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("a compression that numpy does not write")
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            shape, _, dtype = _HEADERS[version](file)
        size = math.prod(shape) * dtype.itemsize
        if size > (MAX_ABOUT_BYTES if dtype.kind == "U" else dtype.itemsize * MAX_VALUES):
            raise DataError(f"{path} unpacks to {size} bytes, more than a clip may hold.")
        if member.file_size > max(RATIO_FROM_BYTES, MAX_RATIO * member.compress_size):
            raise DataError(
                f"{path} unpacks to over {MAX_RATIO} times its size, as no recording does."
            )
        if size > member.file_size or dtype.kind not in "fiuU":
            raise ValueError("no array of numbers or text, or less of it than its header says")


def _names(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
