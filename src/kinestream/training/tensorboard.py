"""The figures of a run as event files for TensorBoard, beside ``metrics.jsonl``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from kinestream.extras import needs
from kinestream.training.disk import writing
from kinestream.training.run_folder import RunFolder

FOLDER = "tensorboard"
LARGEST = 3.4e38  # what the float32 of an event file holds

Write = Callable[[Mapping[str, Any]], None]


@contextmanager
def event_file(run: RunFolder, *, wanted: bool = True) -> Iterator[Write]:
    """In the block, each call of what it gives writes one epoch's row to ``RUN/tensorboard``.

    The file begins with all rows of ``metrics.jsonl`` and takes the place of those before it. So
    however a run was interrupted, and wherever it goes on, the events are those of its rows.

    Args:
        run: Its metrics are those that count: on resuming, rows without a checkpoint are dropped
            before.
        wanted: Otherwise nothing is written, and no package is needed.

    Raises:
        MissingExtraError: TensorBoard is not installed.
        CheckpointError: ``metrics.jsonl`` is damaged, or the disk refuses.
    """
    if not wanted:
        yield lambda row: None
        return
    make = _writer_class()
    folder = run.path / FOLDER
    rows = run.metrics()
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        before = list(folder.glob("events.out.tfevents.*"))
        # The mark tells a TensorBoard that is watching to drop what it has read from step 1 on.
        writer = make(str(folder), purge_step=1)

    def write(row: Mapping[str, Any]) -> None:
        with writing(folder):
            _add(writer, row)
            writer.flush()

    try:
        with writing(folder):
            for row in rows:
                _add(writer, row)
            writer.flush()
            for path in before:
                path.unlink(missing_ok=True)
        yield write
    finally:
        with suppress(OSError):  # said when the row was written
            writer.close()


def check_tensorboard() -> None:
    """See at once whether event files can be written, not when the first epoch is over.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """
    _writer_class()


def _writer_class() -> Any:
    with (
        needs("training.tensorboard", "tensorboard", "tensorboard"),
        warnings.catch_warnings(),
    ):
        # Of its own dependencies, in some releases, on import.
        warnings.simplefilter("ignore", DeprecationWarning)
        from torch.utils.tensorboard import SummaryWriter
    return SummaryWriter


def _add(writer: Any, row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if name != "epoch" and type(value) in (int, float) and abs(value) <= LARGEST:
            writer.add_scalar(name, float(value), row["epoch"])
