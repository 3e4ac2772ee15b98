"""Every format there is: what ``read_clip`` and ``kinestream data convert`` look up.

To add one, write its file beside this one and name it here.
"""

from __future__ import annotations

from pathlib import Path

from kinestream.errors import ConfigError, DataError, MissingFileError
from kinestream.formats import (
    array,
    bvh,
    c3d,
    clip,
    coco,
    csv_table,
    daphnet,
    florence3d,
    hugadb,
    imu_fog_it,
    mediapipe,
    ms_gcn,
    msr_action3d,
    ntu,
    nw_ucla,
    openpose,
    pku_mmd,
    pyskl,
    sbu,
    sp_sw_har,
    utd_mhad,
    utd_mhad_inertial,
    utkinect,
)
from kinestream.formats.annotations.table import LABEL_FORMATS, fitting_labels
from kinestream.formats.format import Format, Head
from kinestream.formats.unknown import beginning, cause

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        clip.FORMAT,
        array.FORMAT,
        bvh.FORMAT,
        c3d.FORMAT,
        coco.FORMAT,
        csv_table.FORMAT,
        daphnet.FORMAT,
        florence3d.FORMAT,
        hugadb.FORMAT,
        imu_fog_it.FORMAT,
        mediapipe.FORMAT,
        ms_gcn.FORMAT,
        msr_action3d.FORMAT,
        ntu.FORMAT,
        nw_ucla.FORMAT,
        openpose.FORMAT,
        pku_mmd.FORMAT,
        pyskl.FORMAT,
        sbu.FORMAT,
        sp_sw_har.FORMAT,
        utd_mhad.FORMAT,
        utd_mhad_inertial.FORMAT,
        utkinect.FORMAT,
    )
}


def format_of(path: Path, name: str | None = None) -> Format:
    """The format of a recording.

    Args:
        path: A file or folder.
        name: Its format's name, where the content does not tell it or tells it wrongly.

    Raises:
        MissingFileError: There is nothing there.
        ConfigError: There is no format of that name.
        DataError: No format fits.
    """
    if not path.exists():
        raise MissingFileError(f"there is no recording {path}.")
    if name is not None:
        return named_format(name)
    if path.is_file() and path.stat().st_size == 0:
        raise DataError(f"{path} is empty.")
    found = fitting(path)
    if found is None and fitting_labels(path) is not None:
        raise DataError(
            f"{path} holds labels and no recording: give it with a recording (--labels FILE, "
            f"labels=... in Python)."
        )
    if found is None and (known := cause(path)) is not None:
        raise DataError(f"{path} {known}.")
    if found is None and (labels := _labels_by_name(path)) is not None:
        raise DataError(f"{path} holds no labels ({labels}), nor a recording: {beginning(path)}.")
    if found is None:
        raise DataError(
            f"{path} is no recording Kinestream knows: {beginning(path)}. Name its format "
            f"(--format, format=...) if it is one of {', '.join(FORMATS)}."
        )
    return found


def fitting(path: Path) -> Format | None:
    """The first format that a file or folder fits, or None."""
    head = Head.of(path)
    return next((each for each in FORMATS.values() if each.fits(head)), None)


def named_format(name: str) -> Format:
    """A format by its name, or by a file ending that is of no other: ``npz`` is ``clip``.

    Raises:
        ConfigError: There is none of that name.
    """
    ending = [each for each in FORMATS.values() if f".{name}" in each.endings]
    if name in FORMATS or len(ending) == 1:
        return FORMATS.get(name) or ending[0]
    raise ConfigError(f"there is no format {name!r}; use one of {', '.join(FORMATS)}.")


def _labels_by_name(path: Path) -> str | None:
    """What labels a file's ending promises, where it is of labels only."""
    ending = path.suffix.lower()
    if any(ending in each.endings for each in FORMATS.values()):
        return None
    return next((each.title for each in LABEL_FORMATS.values() if ending in each.endings), None)
