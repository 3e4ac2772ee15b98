"""Data sets that Kinestream can prepare: where their recordings lie and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kinestream.clips import Clip
from kinestream.errors import DataError, MissingFileError
from kinestream.formats import sp_sw_har, utkinect
from kinestream.formats.repairs import Repairs


@dataclass(frozen=True)
class KnownSet:
    """One public data set.

    Attributes:
        name: What the command line calls it.
        folders: Where its recordings lie below the unpacked folder or that folder's parent.
        pattern: Files of its recordings in one of these folders.
        recording: Recording that a file stands for (``SUBJECT_...``), or None.
        read: Reads a recording from one of its files.
        train: Subjects trained on unless told otherwise.
        test: Subjects tested on unless told otherwise.
        units: Units of the channels.
        licence: Under which terms the data may be used.
        source: Where it comes from.
        made: How its clips are made, in a sentence or two.
    """

    name: str
    folders: tuple[str, ...]
    pattern: str
    recording: Callable[[Path], str | None]
    read: Callable[[Path], tuple[Clip, Repairs]]
    train: str
    test: str
    units: str
    licence: str
    source: str
    made: str

    def find(self, source: str | Path) -> dict[str, Path]:
        """One file of each recording, by name, in the order of names.

        Raises:
            MissingFileError: There is no such folder.
            DataError: It does not hold the data set.
        """
        root = Path(source)
        if not root.is_dir():
            raise MissingFileError(f"there is no folder {root}; unpack {self.name} there first.")
        for folder in self.folders:
            files = sorted((root / folder).glob(self.pattern))
            named = {name: file for file in files if (name := self.recording(file))}
            if named:
                return dict(sorted(named.items()))
        raise DataError(
            f"{root} does not hold {self.name}: there is no {self.pattern} in it or in "
            f"{', '.join(folder for folder in self.folders if folder != '.')}."
        )


UTKINECT = KnownSet(
    name="utkinect",
    folders=(".", "joints", "utkinect/joints", "utkinect"),
    pattern="joints_s*_e*.txt",
    recording=utkinect.recording_name,
    read=lambda path: utkinect.read_utkinect(path, labels=path.with_name(utkinect.LABEL_FILE)),
    train="s01-s06",
    test="s07-s08",
    units="m",
    licence="research use",
    source=(
        "UTKinect-Action3D. Xia, Chen, Aggarwal, View Invariant Human Action Recognition Using "
        "Histograms of 3D Joints, CVPRW 2012."
    ),
    made=(
        "Continuous recordings on a 15 Hz clock (frame numbers count sixtieths of a second), "
        "each frame the newest row at its time, so nothing of a later row is used. In pauses over "
        "0.5 s the last pose is held and frames are unlabelled. Frames outside every action are "
        "background."
    ),
)

SP_SW_HAR = KnownSet(
    name="sp_sw_har",
    folders=(".", "sp_sw_har"),
    pattern="s*/s*_s[pw].csv",
    recording=sp_sw_har.execution_name,
    read=sp_sw_har.read_sp_sw_har,
    train="s01-s16",
    test="s17-s19",
    units="m/s2, rad/s",
    licence="CC BY 4.0",
    source="Matey-Sanz, Casteleyn, Granell, Data in Brief 2023, 109809.",
    made=(
        "Phone and watch on a common 25 Hz clock over the time both recorded: mean of the rows of "
        "the last 40 ms, the frame before where there is none. In pauses over 0.5 s frames are "
        "unlabelled. Labels are the phone's."
    ),
)

KNOWN_SETS = {known.name: known for known in (UTKINECT, SP_SW_HAR)}
