"""Which folders may be written over: none, but a data set that is written once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Literal

from kinestream.datasets.layouts.store_index import STORE, read_store_info
from kinestream.datasets.layouts.writing import REPORT
from kinestream.datasets.protocols import Protocol
from kinestream.errors import ConfigError, DataError, KinestreamError
from kinestream.files import replaced_folder
from kinestream.formats.folder import ABOUT, read_info

SHOWN = 60


@dataclass(frozen=True)
class Identity:
    """Which data set it is; what is the same in all of this may be written over.

    Attributes:
        name: Name of the data set.
        layout: How it lies on disk.
        protocol: How it is divided, in words.
    """

    name: str
    layout: Literal["folder", "store"]
    protocol: str

    @classmethod
    def of_store(cls, name: str, protocol: str, protocols: Mapping[str, Protocol]) -> Identity:
        """That of a store: its usual protocol is told by name and rules."""
        rules = protocols[protocol].rules() if protocol in protocols else ""
        return cls(name, "store", f"{protocol} ({rules})")

    @classmethod
    def at(cls, target: Path) -> Identity | None:
        """That of the data set in a folder, or None where nothing is.

        Raises:
            DataError: The folder holds anything but a data set that Kinestream wrote.
        """
        if not target.exists() or (target.is_dir() and not any(target.iterdir())):
            return None
        try:
            found, files = _read(target)
        except (KinestreamError, OSError):
            raise DataError(
                f"{target} exists and is not a data set that Kinestream wrote: name another folder."
            ) from None
        for path in target.rglob("*"):
            part = path.relative_to(target).as_posix()
            if not path.is_dir() and part not in files:
                raise DataError(
                    f"{target} also holds {part}, which would be lost: move it away first."
                )
        return found

    def __str__(self) -> str:
        protocol = shorten(self.protocol.partition(" (")[0], SHOWN, placeholder=" ...")
        return f"{self.name} as a {self.layout}, protocol {protocol or 'none'}"


def check_target(target: Path, new: Identity, overwrite: bool = False) -> bool:
    """Refuse a place that holds anything but the same data set.

    Args:
        target: The folder to be written.
        new: What is to be written there.
        overwrite: Whether another data set that Kinestream wrote may go too.

    Returns:
        Whether a data set is there that will be replaced.

    Raises:
        ConfigError: Another data set is there.
        DataError: Something else is there.
    """
    there = Identity.at(target)
    if there is not None and there != new and not overwrite:
        wanted = "it, divided otherwise" if str(there) == str(new) else new
        raise ConfigError(
            f"{target} holds another data set ({there}; this is {wanted}): name another folder, or "
            f"pass --overwrite."
        )
    return there is not None


@contextmanager
def replaced(target: str | Path, new: Identity, overwrite: bool = False) -> Iterator[Path]:
    """A new folder that takes the place of ``target`` when the block ends well.

    Raises:
        ConfigError: As :func:`check_target`.
        DataError: The same.
    """
    check_target(Path(target), new, overwrite)
    with replaced_folder(Path(target)) as fresh:
        yield fresh


def _read(target: Path) -> tuple[Identity, set[str]]:
    """What a data set is, and the files that belong to it."""
    if (target / STORE).exists():
        store = read_store_info(target)
        found = Identity.of_store(store.name, store.protocol, store.protocols)
        return found, {STORE, REPORT, *store.sha256}
    info = read_info(target / ABOUT)
    return Identity(info.name, "folder", info.protocol), {ABOUT, REPORT, *info.sha256}
