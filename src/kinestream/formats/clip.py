"""Kinestream's own clip file: everything a clip holds, in a compressed ``.npz``."""

from __future__ import annotations

from pathlib import Path

from kinestream.clips import Clip, load_clip
from kinestream.formats.format import Format, Head, Reading, Stated
from kinestream.formats.repairs import Repairs


def _fits(head: Head) -> bool:
    return head.ending == ".npz" or (head.start[:4] == b"PK\3\4" and b"about.npy" in head.start)


def _read(path: Path, stated: Stated) -> Reading:
    return Reading(load_clip(path), Repairs())


def _write(clip: Clip, path: Path) -> None:
    clip.save(path)


FORMAT = Format(
    name="clip",
    title="Kinestream clip",
    endings=(".npz",),
    fits=_fits,
    read=_read,
    write=_write,
    tells="everything",
)
