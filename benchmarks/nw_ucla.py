"""Whole clips seen from a camera that was not trained on: one stream, and four fused.

    python benchmarks/nw_ucla.py --archives ARCHIVES --work build/nw_ucla --out FILE

NW-UCLA, trained on views 1 and 2, tested on view 3, subjects 1 to 7: 1,020 and 316 clips. The
configuration configs/nw_ucla.yaml, last epoch, averaged weights. Joints with three seeds; bones,
motions of joints and motions of bones with one; fused, the probabilities of all four count alike.
Settings were chosen on the training views. A run that was stopped goes on where it stood, and what
the work folder holds already is not done again.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from kinestream.benchmarking.machine import machine, write_result
from kinestream.training.reports.testing import measure_run
from kinestream.training.run_folder import RunFolder
from trained import options_of, prepared_set, trained

SEEDS = (0, 1, 2)
STREAMS: dict[str, list[Any]] = {
    "joint": [],
    "bone": ["hold", "bone"],
    "joint_motion": ["hold", "motion"],
    "bone_motion": ["hold", "bone_motion"],
}


def main() -> None:
    """Train, test and write."""
    options = options_of(__doc__)
    data = prepared_set("nw_ucla", options.archives, options.work)
    joints = [run_of("joint", seed, data, options.work) for seed in SEEDS]
    others = [run_of(name, 0, data, options.work) for name in STREAMS if name != "joint"]
    alone = [accuracy(run) for run in joints]
    result = {
        "protocol": " ".join((__doc__ or "").split()),
        "machine": machine(),
        "joint": {"seeds": alone, "mean": round(statistics.mean(alone), 2)},
        "streams": dict(zip(list(STREAMS)[1:], map(accuracy, others), strict=True)),
        "four_streams_seed_0": accuracy(joints[0], others),
    }
    write_result(options.out, result)


def run_of(stream: str, seed: int, data: Path, work: Path) -> RunFolder:
    """The run of a stream and a seed, trained to its end."""
    run = RunFolder(work / "runs" / f"{stream}-{seed}")
    features = f"features={STREAMS[stream]}" if STREAMS[stream] else "name=nw_ucla"
    trained("nw_ucla", run, data, [f"training.seed={seed}", features, "training.threads=1"])
    print(run.path.name, accuracy(run), flush=True)
    return run


def accuracy(run: RunFolder, others: list[RunFolder] | None = None) -> float:
    """Percent of the test clips, of one run or of several fused."""
    whole = measure_run(run, fuse=others or []).figures.whole
    assert whole
    return round(whole.top1, 2)


if __name__ == "__main__":
    main()
