"""The data-set folder: a folder per split, arrays in ``features/``, labels in ``labels/``.

actions.txt                  class names, one per line
skeleton.json                num_node, edge, center
dataset.json                 what Kinestream writes beside it; other people's sets may lack it
<split>/features/NAME.npy    (C, T, V, M)
<split>/labels/NAME.csv      a label per frame, or a single one
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kinestream.clips import Clip
from kinestream.errors import DataError, MissingFileError
from kinestream.formats.labels import read_classes, read_labels
from kinestream.formats.parsing.npy import channels_for, read_joints
from kinestream.skeletons import Skeleton

ACTIONS = "actions.txt"
SKELETON = "skeleton.json"
ABOUT = "dataset.json"
MAX_ABOUT_BYTES = 1 << 26


class DatasetInfo(BaseModel):
    """What ``dataset.json`` holds.

    Attributes:
        name: What the data set is called.
        fps: Frames per second of every recording.
        channels: What the C axis means.
        units: Units of the channels, for example ``m``.
        people: Number of people M in every recording.
        licence: Under which terms the data may be used.
        source: Where it comes from.
        protocol: Which subjects are in which split, and how the clips were made.
        subjects: Subject of each recording, by ``split/NAME``.
        sha256: Checksum of each file, by its path inside the data set.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    fps: float = Field(gt=0, allow_inf_nan=False)
    channels: tuple[str, ...] = Field(min_length=1)
    units: str = ""
    people: int = Field(default=1, ge=1)
    licence: str = ""
    source: str = ""
    protocol: str = ""
    subjects: dict[str, str] = {}
    sha256: dict[str, str] = {}


@dataclass(frozen=True)
class Layout:
    """What holds for every recording of a data-set folder.

    Attributes:
        root: The folder.
        classes: Class names in the order of their indices.
        skeleton: What the V axis means.
        info: The content of ``dataset.json``, or None where there is none.
    """

    root: Path
    classes: tuple[str, ...]
    skeleton: Skeleton
    info: DatasetInfo | None

    @classmethod
    def read(cls, root: str | Path) -> Layout:
        """Read the three files at the top of a data-set folder.

        Raises:
            MissingFileError: The folder, ``actions.txt`` or ``skeleton.json`` does not exist.
            DataError: One of the files is not what it should be.
            SkeletonError: The skeleton is malformed.
        """
        root = Path(root)
        if not root.is_dir():
            raise MissingFileError(
                f"there is no data set {root}: `kinestream data prepare` writes one."
            )
        return cls(
            root=root,
            classes=read_classes(root / ACTIONS),
            skeleton=Skeleton.from_json(root / SKELETON),
            info=read_info(root / ABOUT) if (root / ABOUT).exists() else None,
        )

    def recording(self, split: str, name: str, fps: float | None = None) -> Clip:
        """Read one recording.

        Args:
            split: Folder of the split.
            name: File name without ending.
            fps: Frames per second, for data sets whose ``dataset.json`` does not state it.

        Raises:
            MissingFileError: A file of the recording does not exist.
            DataError: A file is damaged, or does not fit the rest of the data set.
            SkeletonError: The recording has another number of joints than the skeleton.
        """
        path = self.root / split / "features" / f"{name}.npy"
        data = read_joints(path)
        labels = read_labels(
            self.root / split / "labels" / f"{name}.csv", self.classes, data.shape[1]
        )
        if self.info is not None and data.shape[3] != self.info.people:
            raise DataError(
                f"{path} holds {data.shape[3]} people, {ABOUT} states {self.info.people}."
            )
        return Clip(
            data=data,
            skeleton=self.skeleton,
            fps=self.rate(fps),
            channels=channels_for(data.shape[0]) if self.info is None else self.info.channels,
            classes=self.classes,
            labels=labels,
            subject="" if self.info is None else self.info.subjects.get(f"{split}/{name}", ""),
            source=str(path),
        )

    def rate(self, fps: float | None = None) -> float:
        """Frames per second: as ``dataset.json`` states it, else as given.

        Raises:
            DataError: Neither tells, or the two differ.
        """
        stated = None if self.info is None else self.info.fps
        if stated is None and fps is None:
            raise DataError(
                f"{self.root} has no {ABOUT} that states the frame rate: give it with data.fps in a "
                f"configuration, --fps on the command line or fps=... in Python."
            )
        if stated is not None and fps is not None and stated != fps:
            raise DataError(
                f"{self.root} has {stated:g} frames per second, got fps={fps:g}: leave it out."
            )
        return float(stated if fps is None else fps)  # type: ignore[arg-type]


def read_info(path: str | Path) -> DatasetInfo:
    """Read a ``dataset.json``.

    Raises:
        MissingFileError: There is no such file.
        DataError: It is not JSON, or a key is missing, unknown or of the wrong type.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no file {path}.")
    if path.stat().st_size > MAX_ABOUT_BYTES:
        raise DataError(f"{path} is over 64 MiB, too large for a {ABOUT}.")
    try:
        return DatasetInfo.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise DataError(f"{path} is not a data-set description: {where}: {first['msg']}.") from None


def find_layout(recording: Path) -> tuple[Layout, str] | None:
    """The data-set folder and split that a ``.npy`` file lies in, or None."""
    split = recording.parent.parent
    root = split.parent
    if recording.parent.name != "features" or not (root / ACTIONS).is_file():
        return None
    return Layout.read(root), split.name
