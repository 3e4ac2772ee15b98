"""A command of the user's that is told how a job ended; what it does is its own affair."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

TIMEOUT_S = 60.0
SHORT_TIMEOUT_S = 10.0
"""Before a requeue, when the scheduler does not wait long."""

Outcome = Literal["done", "failed", "requeued"]

log = logging.getLogger(__name__)


def notify(command: Sequence[str], run: Path, outcome: Outcome, exit_code: int, epoch: int) -> str:
    """Run a notification; nothing it does can raise.

    Args:
        command: Program and arguments, started without a shell; nothing happens when empty.
        run: The run folder, as ``KINESTREAM_RUN``.
        outcome: As ``KINESTREAM_STATE``.
        exit_code: Of the training, as ``KINESTREAM_EXIT_CODE``.
        epoch: Epochs done, as ``KINESTREAM_EPOCH``.

    Returns:
        What went wrong, for the record; empty when nothing did.
    """
    if not command:
        return ""
    environment = {
        **os.environ,
        "KINESTREAM_RUN": str(run),
        "KINESTREAM_STATE": outcome,
        "KINESTREAM_EXIT_CODE": str(exit_code),
        "KINESTREAM_EPOCH": str(epoch),
    }
    timeout_s = SHORT_TIMEOUT_S if outcome == "requeued" else TIMEOUT_S
    try:
        done = subprocess.run(
            list(command), env=environment, stdin=subprocess.DEVNULL, timeout=timeout_s, check=False
        )
        trouble = f"exited with code {done.returncode}" if done.returncode else ""
    except subprocess.TimeoutExpired:
        trouble = f"took longer than {timeout_s:g} s"
    except (OSError, ValueError) as error:
        trouble = f"could not be started: {getattr(error, 'strerror', None) or error}"
    if trouble:
        trouble = f"the notification {command[0]!r} {trouble}"
        log.warning("%s", trouble)
    return trouble
