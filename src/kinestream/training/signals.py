"""Being asked to stop: a signal sets a flag, and the run stops where it can be resumed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from kinestream.errors import TrainingError

EXIT_CODE = 75
"""What ``kinestream train`` exits with when it stopped to be resumed: EX_TEMPFAIL of sysexits.h."""


class StoppedError(TrainingError):
    """The run was asked to stop, and was saved before it did."""


class StopFlag:
    """Whether somebody asked the run to stop.

    Attributes:
        signal: Name of the signal that came first; None while nobody asked.
    """

    def __init__(self) -> None:
        self.signal: str | None = None

    def __call__(self) -> bool:
        return self.signal is not None

    def raise_it(self, number: int, _frame: FrameType | None = None) -> None:
        """The handler: it does nothing but remember."""
        self.signal = self.signal or signal.Signals(number).name


@contextmanager
def stop_signals(*, last: bool = False) -> Iterator[StopFlag]:
    """In the block, SIGTERM and SIGUSR1 set a flag and nothing else; main thread only.

    Args:
        last: Nothing but the end of the process follows. Both are ignored from then on, or one that
            comes late would hide the exit code that says how the run went.
    """
    flag = StopFlag()
    names = [name for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), flag.raise_it) for name in names}
    try:
        yield flag
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), signal.SIG_IGN if last else handler)
