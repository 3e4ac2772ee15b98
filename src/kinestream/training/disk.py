"""What is said when the disk refuses to take a file of a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kinestream.errors import CheckpointError, DataError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """In the block a file of a run is written.

    Raises:
        CheckpointError: It cannot be; names the file and how many bytes are free beside it.
    """
    try:
        yield
    except DataError as error:  # of kinestream.files, which says the rest
        raise CheckpointError(f"{error} {_advice(path)}") from None
    except OSError as error:
        reason = error.strerror or error
        raise CheckpointError(f"{path} cannot be written: {reason}. {_advice(path)}") from None


def _advice(path: Path) -> str:
    free = "an unknown number of"
    with suppress(OSError):
        free = str(shutil.disk_usage(path.parent).free)
    return (
        f"{free} bytes are free there; the checkpoints before it are whole: see to the disk and go "
        f"on with --resume."
    )
