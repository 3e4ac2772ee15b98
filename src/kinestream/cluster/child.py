"""The training as a child process: a crash is an exit code, and signals reach it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

TOLD_BY = ("SIGTERM", "SIGUSR1", "SIGUSR2")
"""What schedulers send before they take a machine back."""
LOOK_S = 0.1


class Forwarding:
    """In the block, signals that ask for an end are passed on to the child as SIGTERM.

    Attributes:
        came: Name of the signal that came first; None while none did.
    """

    def __init__(self) -> None:
        self.came: str | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._told = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Forwarding:
        for name in TOLD_BY:
            number = signal.Signals[name]
            self._before[number] = signal.signal(number, self._forward)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def run(
        self, command: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None
    ) -> int:
        """Run a command to its end.

        Args:
            command: Program and arguments.
            folder: Where it runs.
            extra: Environment variables beside those of this process.

        Returns:
            Its exit code; minus the signal's number if one killed it.
        """
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(extra or {})}
        with subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            preexec_fn=_leave_user_signals,
        ) as child:
            self._told, self._child = False, child
            try:
                self._tell()  # of what came while the child was being started
                while (code := child.poll()) is None:
                    # Waiting for good would be deaf: a signal that another thread is given, one of
                    # NumPy's, say, wakes nobody here.
                    time.sleep(LOOK_S)
                return code
            finally:
                self._child = None
                if child.poll() is None:
                    child.kill()

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        self.came = self.came or signal.Signals(number).name
        self._tell()

    def _tell(self) -> None:
        # Once: a second signal would disturb torchrun while it waits for its processes.
        if self.came and self._child is not None and not self._told:
            self._told = True
            self._child.send_signal(signal.SIGTERM)


def _leave_user_signals() -> None:
    """A scheduler sends them to all processes of a job; torchrun and young ones would die of them."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
