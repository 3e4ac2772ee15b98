"""CTR-GCN as PYSKL keeps it: its joints give rather than take."""

from __future__ import annotations

from collections.abc import Sequence

from kinestream.importing.ctrgcn import read_blocks
from kinestream.importing.found import Found
from kinestream.importing.transfer import Transfer


def read(transfer: Transfer, *, dilations: Sequence[int] | None = None) -> Found:
    """Find our ``ctrgcn``.

    Args:
        transfer: Moves the weights.
        dilations: Of the branches that convolve; default 1, 2.

    Raises:
        CheckpointError: Something is missing or does not fit.
        ConfigError: There are too many dilations, or too few.
    """
    transfer.foreign.leave("A")  # every block has an adjacency of its own
    blocks = transfer.foreign.blocks("net.")
    return read_blocks(transfer, blocks, "A", dilations=dilations, transposed=True)
