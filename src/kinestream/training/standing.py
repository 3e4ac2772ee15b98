"""Where a run stands between two optimizer steps, beside its weights.

All that is random in a step follows from the seed and the numbers of epoch, step and recording: see
chance.py. So nothing of chance has to be kept.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Tally(BaseModel):
    """What the steps of an epoch add up to.

    Attributes:
        steps: Steps done, with the skipped ones.
        loss: Sum over the steps that were taken.
        right: Frames labelled right in them.
        frames: Frames that have a label in them.
        skipped: Steps that were not taken, because loss or gradient was no number.
        overflows: Steps that were not taken, because their gradient was too large for fp16.
    """

    model_config = ConfigDict(extra="forbid")

    steps: int = Field(default=0, ge=0)
    loss: float = 0.0
    right: int = 0
    frames: int = 0
    skipped: int = 0
    overflows: int = 0


class Standing(BaseModel):
    """What a resumed run needs to know beside tensors.

    Attributes:
        tally: Of the epoch under way; empty between epochs.
        bad_in_a_row: Steps skipped since the last one that was taken.
        damaged: Checkpoints that were passed over when the run was resumed, until a line says so.
        segment: Frames in memory at once, where they are found out; 0 before that.
        scaler: State of the scaler of half-precision gradients, where there is one.
        best: The best figure on validation so far, where one is asked for.
        ranges: Of the frames of products that are rounded, as the newest rounded epoch found them.
    """

    model_config = ConfigDict(extra="forbid")

    tally: Tally = Tally()
    bad_in_a_row: int = Field(default=0, ge=0)
    damaged: list[str] = []
    segment: int = Field(default=0, ge=0)
    scaler: dict[str, int | float] = {}
    best: float | None = None
    ranges: dict[str, tuple[float, float]] = {}
