"""The folder beside a target in which it grows, until it takes its place in one move.

.TARGET.partial/settings.json    what the work was begun with
.TARGET.partial/journal/         a file for each batch of recordings that is done
.TARGET.partial/tree/            the data set as far as it has grown

Nothing in ``tree`` counts unless a journal vouches for it with size and checksum, so it does not
matter when a process that writes there is killed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kinestream.errors import DataError
from kinestream.files import write_atomically


@dataclass(frozen=True)
class Workspace:
    """Where a data set grows.

    Attributes:
        target: What it will become.
        root: The folder beside it.
        resumed: Whether work of an earlier start with the same settings was found.
        discarded: Whether work with other settings was found and thrown away.
    """

    target: Path
    root: Path
    resumed: bool = False
    discarded: bool = False

    @property
    def tree(self) -> Path:
        """The data set as far as it has grown."""
        return self.root / "tree"

    def journal(self, batch: int) -> Path:
        """The file that vouches for a batch."""
        return self.root / "journal" / f"{batch:05d}.json"

    def keep_only(self, files: set[str]) -> None:
        """Remove what no journal vouches for: the rests of writers that were killed."""
        for path in sorted(self.tree.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(self.tree).as_posix() not in files:
                path.unlink()

    def finish(self) -> None:
        """Move the tree into the target's place; what was there before goes."""
        if hasattr(os, "sync"):
            os.sync()  # a name must not outlive a power cut that its content does not
        old = self.root / "old"
        if self.target.exists():
            shutil.rmtree(old, ignore_errors=True)
            self.target.rename(old)
        self.tree.rename(self.target)
        shutil.rmtree(self.root, ignore_errors=True)


@contextmanager
def workspace(target: Path, settings: bytes, resume: bool = True) -> Iterator[Workspace]:
    """Open the workspace of a target, for one process at a time.

    Args:
        target: The folder to be written.
        settings: Everything the result depends on; work begun with others is not continued.
        resume: Whether to continue at all.

    Raises:
        DataError: Another process works on this target, or the place cannot be written.
    """
    target = target.absolute()
    root = target.parent / f".{target.name}.partial"
    begun = root / "settings.json"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _locked(root / "lock", target):
            if (root / "old").exists() and not target.exists():
                (root / "old").rename(target)  # killed between the two moves of finish
            other = begun.is_file() and begun.read_bytes() != settings
            resumed = resume and begun.is_file() and not other and (root / "tree").is_dir()
            if not resumed:
                _empty(root)
                write_atomically(begun, settings)
            (root / "tree").mkdir(exist_ok=True)
            (root / "journal").mkdir(exist_ok=True)
            yield Workspace(target, root, resumed, discarded=other)
    except OSError as error:
        kept = ""
        if any((root / "journal").glob("*.json")):
            kept = f" What is done is kept in {root}; the same command goes on from there."
        raise DataError(f"{target} cannot be written: {error.strerror or error}.{kept}") from None


def _empty(root: Path) -> None:
    (root / "settings.json").unlink(missing_ok=True)
    for name in ("tree", "journal", "old"):
        if (root / name).exists():
            shutil.rmtree(root / name)


@contextmanager
def _locked(path: Path, target: Path) -> Iterator[None]:
    """Hold a lock that the system takes away when the process ends, however it ends."""
    try:
        import fcntl
    except ModuleNotFoundError:  # no such locks on this system
        yield
        return
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(
                f"another process is preparing {target}: wait for it or name another target."
            ) from None
        yield
