"""The score below which frames are nobody's, measured on the run's validation subjects.

``RUN/rejection.json`` keeps it for later tests and for the bundle. It belongs to the last weights of
one epoch: after more training it counts no longer.
"""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kinestream.config import explain
from kinestream.errors import CheckpointError
from kinestream.files import write_atomically
from kinestream.streaming.events import rejection_threshold
from kinestream.training.reports.answers import Answer
from kinestream.training.run_folder import MAX_EPOCH, RunFolder

NAME = "rejection.json"
MAX_BYTES = 1 << 16


class Rejection(BaseModel):
    """What was measured.

    Attributes:
        unknown: Frames whose best score is lower are nobody's.
        keep: Share of the frames rightly seen as an action that it had to keep.
        frames: How many of these frames there were.
        wrong_rejected: Percent of the wrongly labelled frames that it rejects; None without any.
        epoch: Of the weights.
    """

    model_config = ConfigDict(extra="forbid")

    unknown: float = Field(ge=0, le=1)
    keep: float = Field(gt=0, le=1)
    frames: int = Field(ge=1)
    wrong_rejected: float | None = Field(ge=0, le=100)
    epoch: int = Field(ge=1, le=MAX_EPOCH)


def measure_rejection(
    answers: list[Answer], background: tuple[int, ...], keep: float, epoch: int
) -> Rejection | None:
    """Find the score on recordings that nothing was learned from; None without a right frame."""
    scores = np.concatenate([answer.scores for answer in answers])
    truth = np.concatenate([answer.truth for answer in answers])
    unknown = rejection_threshold(scores, truth, keep=keep, background=background)
    if unknown is None:
        return None
    best, sure = scores.argmax(axis=1), scores.max(axis=1)
    right, wrong = best == truth, (best != truth) & (truth >= 0)
    return Rejection(
        unknown=min(unknown, 1.0),
        keep=keep,
        frames=int((right & ~np.isin(truth, background)).sum()),
        wrong_rejected=100 * float((sure[wrong] < unknown).mean()) if wrong.any() else None,
        epoch=epoch,
    )


def write_rejection(run: RunFolder, found: Rejection) -> None:
    """Keep what was measured in the run's folder."""
    write_atomically(run.path / NAME, f"{found.model_dump_json(indent=1)}\n".encode())


def read_rejection(run: RunFolder, epoch: int) -> Rejection | None:
    """What was measured for the last weights; None where it was not, or for those of another epoch.

    Raises:
        CheckpointError: The file is damaged.
    """
    path = run.path / NAME
    if not path.is_file():
        return None
    again = "measure anew with 'kinestream test RUN --split valid'"
    if (size := path.stat().st_size) > MAX_BYTES:
        raise CheckpointError(f"{path} has {size} bytes, {MAX_BYTES} are allowed: {again}.")
    try:
        found = Rejection.model_validate_json(path.read_bytes())
    except ValidationError as error:
        told = explain(error, Rejection).rstrip(".")
        raise CheckpointError(f"{path} is damaged: {told}; {again}.") from None
    return found if found.epoch == epoch else None
