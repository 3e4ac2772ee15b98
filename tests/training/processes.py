"""Several processes that are joined, as torchrun would start them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


def start(
    arguments: Sequence[str], size: int, own: Sequence[Sequence[str]] = ()
) -> list[subprocess.Popen[str]]:
    """Start ``python ARGUMENTS`` in so many processes that know of each other.

    Args:
        arguments: For all of them.
        size: How many.
        own: Further arguments of each.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    return [
        subprocess.Popen(
            [sys.executable, *arguments, *(own[rank] if own else ())],
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for rank in range(size)
    ]


def finish(processes: Sequence[subprocess.Popen[str]], seconds: float = 60) -> list[int]:
    """Wait for all; none may hang. Returns their exit codes, and prints what they printed.

    Raises:
        TimeoutError: Somebody still waits.
    """
    deadline = time.monotonic() + seconds
    try:
        for process in processes:
            print(process.communicate(timeout=max(deadline - time.monotonic(), 0.1))[0])
    except subprocess.TimeoutExpired:
        for process in processes:
            process.kill()
            print(process.communicate()[0])
        raise TimeoutError(f"processes hang after {seconds} s.") from None
    return [process.returncode for process in processes]
