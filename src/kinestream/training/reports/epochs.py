"""What a run wrote down of each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinestream.training.run_folder import RunFolder

LARGEST = 1e300
ACCURACIES = ("frame_accuracy", "accuracy")
"""Of networks that label frames, and of those that answer once for a clip."""


def epochs_of(run: RunFolder) -> list[dict[str, float]]:
    """The figures of each epoch; what is no finite number is no figure.

    Raises:
        CheckpointError: A line of ``metrics.jsonl`` is damaged.
    """
    return [
        {key: float(value) for key, value in row.items() if _is_number(value)}
        for row in run.metrics()
    ]


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
    return {
        f"train - {part}/accuracy gap (points)": row[f"train/{name}"] - row[f"{part}/{name}"]
        for name in ACCURACIES
        for part in ("valid", "test")
        if {f"train/{name}", f"{part}/{name}"} <= row.keys()
    }


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST  # NaN fails too, and so do whole numbers that no float holds
