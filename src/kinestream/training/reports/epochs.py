"""What a run wrote down of each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinestream.errors import CheckpointError
from kinestream.training.run_folder import RunFolder

LARGEST = 1e300


def epochs_of(run: RunFolder) -> list[dict[str, float]]:
    """The figures of each epoch; what is no finite number is no figure.

    Raises:
        CheckpointError: A line of ``metrics.jsonl`` is damaged.
    """
    rows: list[Any] = run.metrics()
    if not all(isinstance(row, dict) for row in rows):
        raise CheckpointError(
            f"{run.path / 'metrics.jsonl'} is damaged: it must hold a JSON object a line."
        )
    return [{key: float(value) for key, value in row.items() if _is_number(value)} for row in rows]


def curve_rows(run: RunFolder) -> list[dict[str, float]]:
    """What is drawn: the figures, and how far accuracy in training is ahead of that on others.

    How long an epoch took says nothing about the model.
    """
    rows = [
        {key: value for key, value in row.items() if key != "seconds"} | _gaps(row)
        for row in epochs_of(run)
    ]
    return rows if any(set(row) - {"epoch"} for row in rows) else []


def _gaps(row: Mapping[str, float]) -> dict[str, float]:
    trained = row.get("train/frame_accuracy")
    if trained is None:
        return {}
    return {
        f"train - {part}/accuracy gap (points)": trained - row[f"{part}/frame_accuracy"]
        for part in ("valid", "test")
        if f"{part}/frame_accuracy" in row
    }


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST  # NaN fails too, and so do whole numbers that no float holds
