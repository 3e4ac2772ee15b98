"""When memory runs out."""

from __future__ import annotations

import torch

from kinestream.errors import TrainingError


class OutOfMemoryError(TrainingError):
    """A batch did not fit, in this process or another; no gradient of it is to be used."""


_WORDS = ("can't allocate memory", "out of memory", "STATUS_ALLOC_FAILED")
"""Of torch on a CPU, of CUDA, of its libraries."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left: on a GPU or for torch on a CPU."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)


def first_segment(whole: int, receptive_field: int, device: torch.device) -> int:
    """Frames in memory at once to begin with, where the configuration says ``auto``.

    A GPU says when its memory is full, so a whole batch is tried first. A CPU is not told:
    the process is killed. There the segment is long enough that reading its surroundings again
    costs little, and no longer.

    Args:
        whole: Frames of the longest batch.
        receptive_field: Frames that a label depends on.
        device: Where the network is.
    """
    if device.type == "cpu":
        return min(whole, max(CPU_FRAMES, 4 * min(receptive_field, whole)))
    return whole


CPU_FRAMES = 1000
SHORTEST = 16
"""A segment below this many frames is given up."""
