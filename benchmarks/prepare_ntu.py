"""Preparing NTU RGB+D: files per second on a sample, and what that makes of all 114,480 files.

    python benchmarks/prepare_ntu.py --out results/prepare_ntu.json

The sample has files as NTU's are: 84 frames on average, drawn from 40 to 128; one body in four files
of five and two in the fifth, people chosen as published; image places and orientations as long as
the sensor writes them. Forty different files stand under all names, and the files are in memory's
cache, so reading from a slow disk comes on top. Layouts take turns; times are medians over rounds,
with the start of the processes. The projection multiplies by 114,480 over the sample's files; sizes
are those of the result, text and all. Last, the sample is prepared with a kill of the whole process
group halfway, to see what a restart costs.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from kinestream.benchmarking.machine import machine, write_result
from kinestream.clips import Clip
from kinestream.datasets import prepare
from kinestream.datasets.preparing.batches import MAX_RECORDINGS
from kinestream.formats.ntu import write_ntu
from kinestream.skeletons import skeleton

ALL_FILES = 114_480
KINDS = 40
BODY = " 0 1 1 0 0 0 0.02764709 -0.1232 2\n25\n"
JOINT = " 277.4192 191.8218 1036.233 519.1677 -0.2059419 0.05349901 0.9692109 -0.1239193 2\n"
LAYOUTS: dict[str, dict[str, Any]] = {
    "folder": {"layout": "folder"},
    "store, float32": {"layout": "store"},
    "store, float16": {"layout": "store", "dtype": "float16"},
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = write_sample(folder / "raw", options.files)
        rows = measured(source, folder, options.rounds, options.jobs)
        restart = interrupted(source, folder / "killed", options.rounds, options.jobs)
        source_bytes = size(source)
    scale = ALL_FILES / options.files
    write_result(
        options.out,
        {
            "protocol": " ".join((__doc__ or "").split()),
            "machine": machine(),
            "files": options.files,
            "rounds": options.rounds,
            "processes": options.jobs,
            "source_gb_projected": round(source_bytes * scale / 1e9, 1),
            "layouts": {name: projected(row, options.files) for name, row in rows.items()},
            "restart": restart,
        },
    )


def write_sample(folder: Path, count: int) -> Path:
    """Files named as those of NTU RGB+D 120, each with one of the kinds of content."""
    folder.mkdir()
    kinds = [content(folder / "kind.skeleton", seed) for seed in range(KINDS)]
    (folder / "kind.skeleton").unlink()
    for k in range(count):
        subject, action = k % 106 + 1, k // 106 % 120 + 1
        name = f"S{k // 12_720 + 4:03d}C001P{subject:03d}R001A{action:03d}.skeleton"
        (folder / name).write_text(kinds[k % KINDS])
    return folder


def content(path: Path, seed: int) -> str:
    """The text of one file; every fifth has two bodies."""
    rng = np.random.default_rng(seed)
    shape = (3, int(rng.integers(40, 129)), 25, 2 if seed % 5 == 0 else 1)
    data = np.round(rng.normal(0, 0.02, shape).cumsum(axis=1) + rng.normal(0, 0.4, shape), 7)
    write_ntu(Clip(data, skeleton("ntu25"), 30.0), path)
    text = path.read_text().replace(" 0 0 0 0 0 0 0 0 2\n25\n", BODY)
    return text.replace(" 0 0 0 0 0 0 0 0 2\n", JOINT)


def measured(source: Path, folder: Path, rounds: int, jobs: int) -> dict[str, dict[str, Any]]:
    """Seconds and bytes of each layout."""
    rows: dict[str, dict[str, Any]] = {name: {"seconds": []} for name in LAYOUTS}
    for _ in range(rounds):
        for name, layout in LAYOUTS.items():
            start = time.perf_counter()
            report = prepare("ntu120", source, folder / "set", jobs=jobs, resume=False, **layout)
            rows[name]["seconds"].append(time.perf_counter() - start)
            rows[name]["bytes"] = size(folder / "set")
            rows[name]["recordings"] = report.totals()["recordings"]
    return rows


def projected(row: dict[str, Any], count: int) -> dict[str, Any]:
    """What a sample's time and size make of the whole data set."""
    seconds = median(row["seconds"])
    return {
        "recordings": row["recordings"],
        "files_per_second": round(count / seconds, 1),
        "least": round(count / max(row["seconds"]), 1),
        "most": round(count / min(row["seconds"]), 1),
        "projected_hours": round(ALL_FILES * seconds / count / 3600, 2),
        "projected_gb": round(row["bytes"] * ALL_FILES / count / 1e9, 1),
    }


def interrupted(source: Path, target: Path, rounds: int, jobs: int) -> dict[str, Any]:
    """Kill a preparation when half of its batches are done, and go on."""
    command = [sys.executable, "-c", "from kinestream.cli import main; main()"]
    command += ["data", "prepare", "ntu120", str(source), str(target), "--jobs", str(jobs)]
    journals = target.parent / f".{target.name}.partial" / "journal"
    batches = -(-len(list(source.iterdir())) // MAX_RECORDINGS)
    whole, again = [], []
    for _ in range(rounds):
        whole.append(seconds(command))
        process = subprocess.Popen(
            [*command, "--no-resume"], stdout=subprocess.DEVNULL, start_new_session=True
        )
        while len(list(journals.glob("*.json"))) < batches // 2:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        again.append(seconds(command))
    return {
        "batches": batches,
        "batches_done_when_killed": batches // 2,
        "seconds_without_a_kill": round(median(whole), 2),
        "seconds_of_the_restart": round(median(again), 2),
    }


def seconds(command: list[str]) -> float:
    """How long a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
