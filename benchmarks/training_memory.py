"""Memory of one training step against the length of the recording.

    python benchmarks/training_memory.py --out results/training_memory.json

RT-ST-GCN of published widths, kernel 9, 25 joints, 52 classes. Each row is a process of its own that
makes one recording and runs forward and backward over it in segments of 500 frames (and, for
comparison, over 4,000 frames whole). Peak is the largest resident memory of the process, base the
same just before the step.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from kinestream.benchmarking.machine import machine, write_result

ROWS = ((1000, 500), (4000, 500), (16000, 500), (4000, 0))


def main() -> None:
    """Measure and write, or (with --frames) be one row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--frames", type=int)
    parser.add_argument("--segment", type=int)
    options = parser.parse_args()
    if options.frames:
        print(json.dumps(one_step(options.frames, options.segment)))
        return
    rows = []
    for frames, segment in ROWS:
        command = [sys.executable, __file__, "--frames", str(frames), "--segment", str(segment)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append(json.loads(done.stdout))
        print(rows[-1], file=sys.stderr)
    by_frames = {row["frames"]: row for row in rows if row["segment"]}
    result = {
        "protocol": " ".join((__doc__ or "").split()),
        "machine": machine(),
        "rows": rows,
        "peak_16000_over_1000": round(by_frames[16000]["peak_mb"] / by_frames[1000]["peak_mb"], 3),
        "over_base_16000_over_1000": round(
            by_frames[16000]["over_base_mb"] / by_frames[1000]["over_base_mb"], 3
        ),
    }
    write_result(options.out, result)


def one_step(frames: int, segment: int) -> dict[str, float]:
    """Run one training step; returns memory in MB and seconds."""
    import torch

    from kinestream.models.rtstgcn import RTSTGCN
    from kinestream.skeletons import adjacency, skeleton
    from kinestream.training.losses.making import make_loss
    from kinestream.training.losses.settings import LossConfig
    from kinestream.training.step import Trial, accumulate_gradients

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = RTSTGCN(adjacency(skeleton("ntu25")), 3, 52, spacing=[1, 1, 1, 2, 1, 1, 2, 1, 1])
    trial = Trial(torch.randn(3, frames, 25, 1), torch.randint(0, 52, (frames,)))
    base = peak_mb()
    started = time.perf_counter()
    loss = make_loss(LossConfig(), [trial.labels], 52)
    accumulate_gradients(network, loss, [trial], segment)
    return {
        "frames": frames,
        "segment": segment,
        "peak_mb": round(peak_mb(), 1),
        "over_base_mb": round(peak_mb() - base, 1),
        "seconds": round(time.perf_counter() - started, 1),
    }


def peak_mb() -> float:
    """Largest resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
