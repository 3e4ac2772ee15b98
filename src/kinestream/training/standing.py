"""Where a run stands between two optimizer steps, beside its weights.

All that is random in an epoch follows from the seed and the epoch's number, so between epochs nothing
of chance has to be kept. Within an epoch the state of the two generators is.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Tally(BaseModel):
    """What the steps of an epoch add up to.

    Attributes:
        steps: Steps done, with the skipped ones.
        loss: Sum over the steps that were taken.
        right: Frames labelled right in them.
        frames: Frames that have a label in them.
        skipped: Steps that were not taken, because loss or gradient was no number.
    """

    model_config = ConfigDict(extra="forbid")

    steps: int = Field(default=0, ge=0)
    loss: float = 0.0
    right: int = 0
    frames: int = 0
    skipped: int = 0


class Standing(BaseModel):
    """What a resumed run needs to know beside tensors.

    Attributes:
        tally: Of the epoch under way; empty between epochs.
        bad_in_a_row: Steps skipped since the last one that was taken.
        damaged: Checkpoints that were passed over when the run was resumed, until a line says so.
        random: State of the epoch's NumPy generator; None between epochs.
    """

    model_config = ConfigDict(extra="forbid")

    tally: Tally = Tally()
    bad_in_a_row: int = Field(default=0, ge=0)
    damaged: list[str] = []
    random: dict[str, Any] | None = None
