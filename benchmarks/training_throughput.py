"""How fast training is: in chunks against whole recordings, on two processes against one.

    python benchmarks/training_throughput.py --out results/training_throughput.json

Chunks: RT-ST-GCN of published widths (kernel 9, 25 joints, 52 classes), one recording of 4,000 frames,
forward and backward, one thread. Segments take turns in one process for time; for memory each has a
process of its own, whose largest resident memory is read, and the same before the step. Processes: the
same network, batches of four recordings of 600 to 1,000 frames in segments of 500, one thread each,
one process and two (gloo) in turns; recordings a second over all steps but the first. Medians.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from kinestream.benchmarking.machine import machine, write_result

FRAMES, SEGMENTS = 4000, (0, 500, 1000)
LENGTHS = (600, 1000, 700, 900)
ROUNDS, STEPS = 3, 4


def main() -> None:
    """Measure and write, or be one of the processes measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--part", choices=["times", "memory", "rank"])
    parser.add_argument("--segment", type=int, default=0)
    options = parser.parse_args()
    if options.part:
        part = {"times": times, "memory": memory, "rank": rank}[options.part]
        found = part(options.segment)
        if found:
            print(json.dumps(found))
        return
    seconds = child("times")
    rows = [
        child("memory", segment) | {"segment": segment, "seconds": seconds[str(segment)]}
        for segment in SEGMENTS
    ]
    rates: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(2 * ROUNDS):
        size = 1 + (turn + turn // 2) % 2
        rates[size].append(processes(size))
        print(f"{size} processes: {rates[size][-1]:.2f} recordings/s", file=sys.stderr)
    medians = {size: statistics.median(found) for size, found in rates.items()}
    whole = rows[0]
    result = {
        "protocol": " ".join((__doc__ or "").split()),
        "machine": machine(),
        "chunks": [
            row
            | {
                "time_ratio": round(row["seconds"] / whole["seconds"], 3),
                "memory_ratio": round(row["over_base_mb"] / whole["over_base_mb"], 3),
                "peak_ratio": round(row["peak_mb"] / whole["peak_mb"], 3),
            }
            for row in rows
        ],
        "processes": {
            "recordings_per_s": {str(size): round(rate, 3) for size, rate in medians.items()},
            "runs": {
                str(size): [round(rate, 3) for rate in found] for size, found in rates.items()
            },
            "two_over_one": round(medians[2] / medians[1], 3),
            "load_average_before": round(os.getloadavg()[0], 2),
        },
    }
    print(json.dumps(result, indent=1))
    if options.out:
        write_result(options.out, result)


def child(part: str, segment: int = 0) -> dict[str, Any]:
    """What a process of its own measures."""
    command = [sys.executable, __file__, "--part", part, "--segment", str(segment)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    print(part, segment, found, file=sys.stderr)
    return found


def processes(size: int) -> float:
    """Recordings a second of so many processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    started = [
        subprocess.Popen(
            [sys.executable, __file__, "--part", "rank", "--segment", "500"],
            env={**os.environ, **shared, "RANK": str(number), "LOCAL_RANK": str(number)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(size)
    ]
    said = [process.communicate()[0] for process in started]
    return float(json.loads(said[0])["recordings_per_s"])


def times(_segment: int) -> dict[str, float]:
    """Median seconds of a step for every segment, in turns."""
    network, loss, batch = task((FRAMES,))
    found: dict[int, list[float]] = {segment: [] for segment in SEGMENTS}
    for turn in range(ROUNDS + 1):
        for segment in SEGMENTS:
            started = time.perf_counter()
            step(network, loss, batch, segment)
            if turn:
                found[segment].append(time.perf_counter() - started)
    return {str(segment): round(statistics.median(row), 2) for segment, row in found.items()}


def memory(segment: int) -> dict[str, float]:
    """Peak memory of one step, in all and over that before it."""
    network, loss, batch = task((FRAMES,))
    base = peak_mb()
    step(network, loss, batch, segment)
    return {"peak_mb": round(peak_mb(), 1), "over_base_mb": round(peak_mb() - base, 1)}


def rank(segment: int) -> dict[str, float]:
    """Steps of one of several processes; the first one says how many recordings a second."""
    from kinestream.training.computing import Computing
    from kinestream.training.ranks import joined

    network, loss, batch = task(LENGTHS)
    with joined(gpu=False) as ranks:
        shares = ranks.shares(LENGTHS)
        own = [batch[place] for place in shares[ranks.rank]]
        for turn in range(STEPS + 1):
            if turn == 1:
                started = time.perf_counter()
            step(network, loss, own, segment, Computing(ranks=ranks), shares)
        seconds = time.perf_counter() - started
        return {"recordings_per_s": STEPS * len(LENGTHS) / seconds} if ranks.first else {}


def task(lengths: tuple[int, ...]) -> tuple[Any, Any, list[Any]]:
    """Network, loss and recordings."""
    import torch

    from kinestream.models.rtstgcn import RTSTGCN
    from kinestream.skeletons import adjacency, skeleton
    from kinestream.training.losses.making import make_loss
    from kinestream.training.losses.settings import LossConfig
    from kinestream.training.pieces import Trial

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = RTSTGCN(adjacency(skeleton("ntu25")), 3, 52, spacing=[1, 1, 1, 2, 1, 1, 2, 1, 1])
    batch = [Trial(torch.randn(3, n, 25, 1), torch.randint(0, 52, (n,))) for n in lengths]
    return network, make_loss(LossConfig(), [trial.labels for trial in batch], 52), batch


def step(network: Any, *rest: Any) -> None:
    """One gradient."""
    from kinestream.training.step import accumulate_gradients

    network.zero_grad(set_to_none=True)
    accumulate_gradients(network, *rest)


def peak_mb() -> float:
    """Largest resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
