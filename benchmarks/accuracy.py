"""Accuracy of the shipped configurations on recordings of people they never saw.

    python benchmarks/accuracy.py --archives ARCHIVES --work build/accuracy --out FILE

For each configuration: the data set is prepared, the network trained on the training subjects and
exported, and the bundle streams every test recording frame by frame in ONNX Runtime, flushed at its
end. Last epoch; settings were chosen on training subjects only. Frame accuracy over all labelled
frames; edit is the mean over recordings; F1 pooled over recordings (protocol ms-tcn), with background
as a class like any other and, beside it, left out. Each configuration is trained with three seeds: a
row is that of the shipped one, seed 0, and beside it are the others and the mean. What the work folder
already holds is not done again, and a run that was stopped goes on.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from kinestream.benchmarking.accuracy import evaluate_timelines, stream_recordings
from kinestream.benchmarking.machine import machine, write_result
from kinestream.bundle import Bundle, load
from kinestream.datasets import FolderDataset
from kinestream.export import export_run
from kinestream.training.run_folder import RunFolder
from trained import options_of, prepared_set, trained

SEEDS = (0, 1, 2)
ROWS = {"sp_sw_har": "sp_sw_har", "sp_sw_har_1s": "sp_sw_har", "utkinect": "utkinect"}


def main() -> None:
    """Measure and write."""
    options = options_of(__doc__)
    rows = {}
    for name, dataset in ROWS.items():
        prepared = prepared_set(dataset, options.archives, options.work)
        found = [
            streamed(trained_bundle(name, seed, prepared, options.work), prepared) for seed in SEEDS
        ]
        rows[name] = found[0] | {
            "seeds": [short(row) for row in found],
            "mean": {
                key: round(statistics.mean(short(row)[key] for row in found), 2)
                for key in short(found[0])
            },
        }
        print(name, rows[name]["seeds"], flush=True)
    write_result(
        options.out,
        {"protocol": " ".join((__doc__ or "").split()), "machine": machine(), "rows": rows},
    )


def trained_bundle(name: str, seed: int, prepared: Path, work: Path) -> Bundle:
    """Train and export a configuration."""
    run = RunFolder(work / "runs" / (f"{name}-{seed}" if seed else name))
    if not (run.path / "bundle").exists():
        trained(name, run, prepared, [f"training.seed={seed}"])
        export_run(run)
    return load(run.path / "bundle")


def streamed(bundle: Bundle, prepared: Path) -> dict[str, Any]:
    """Stream the test recordings through a bundle."""
    clips = list(FolderDataset(prepared, "test"))
    timelines = stream_recordings(bundle, clips)
    report = evaluate_timelines(timelines)
    background = [i for i, name in enumerate(bundle.classes) if name == "background"]
    actions = evaluate_timelines(timelines, background)
    return {
        "network": bundle.manifest.network.name,
        "parameters": bundle.manifest.network.parameters,
        "delay_frames": bundle.delay_frames,
        "delay_ms": bundle.manifest.delay_ms,
        "test_subjects": sorted({clip.subject for clip in clips}),
        **report.to_dict(),
        "background_left_out": {"edit": actions.edit, "f1": actions.to_dict()["f1"]},
    }


def short(row: dict[str, Any]) -> dict[str, float]:
    """The figures that seeds are compared by."""
    return {
        "frame_accuracy": round(row["frame_accuracy"], 2),
        "edit": round(row["edit"], 2),
        "f1@50": round(row["f1"]["50"], 2),
    }


if __name__ == "__main__":
    main()
