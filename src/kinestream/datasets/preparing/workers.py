"""Batches over processes: the same files for any number of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import repeat
from multiprocessing.connection import wait

from kinestream.datasets.preparing.batches import Batch, Job, run_batch
from kinestream.datasets.preparing.journal import BatchResult
from kinestream.errors import DataError


def run_batches(job: Job, batches: Sequence[Batch], jobs: int) -> Iterator[BatchResult]:
    """What the batches wrote, in their order.

    Args:
        job: What holds for all of them.
        batches: What to do.
        jobs: Number of processes; with 1 everything happens in this one.

    Raises:
        DataError: A process ended before its batch was done.
    """
    if jobs == 1 or len(batches) < 2:
        yield from map(run_batch, repeat(job), batches)
        return
    # A fresh process, not a copy of this one, whose threads and locks it would inherit.
    fresh = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(batches)), fresh, _prepare_worker)
    try:
        with _without_interrupts():
            results = pool.map(run_batch, repeat(job), batches)  # this starts the processes
        yield from results
    except BrokenProcessPool:
        raise DataError(
            "a process that reads recordings was ended, perhaps for lack of memory: begin again with "
            "fewer jobs, and it goes on from here. A script that asks for several jobs needs the "
            "line if __name__ == '__main__'."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep Ctrl-C until the block ends; processes started in it never get any."""
    if not hasattr(signal, "pthread_sigmask"):  # no such masks on this system
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare_worker() -> None:
    """Leave Ctrl-C to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
