"""Reading NTU skeleton text: the reader against one that keeps a dictionary for each joint.

    python benchmarks/ntu_reading.py --out results/ntu_reading.json

Files of 300 frames with one and with two bodies, from the project's own writer, with image places
and orientations as long as the sensor writes them. The contestants take turns in every round; times
are medians over rounds, the ratio is the median over rounds of the round's ratio, with the smallest
and largest beside it. Both must give the same joints. Memory is the peak of what Python and NumPy
hold (tracemalloc) in a reading of its own, as a multiple of the file's size.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kinestream.benchmarking.machine import machine, write_result
from kinestream.clips import Clip
from kinestream.formats.ntu import read_ntu, write_ntu
from kinestream.skeletons import skeleton

FRAMES = 300
BODY = ("id", "edges", "lhc", "lhs", "rhc", "rhs", "restricted", "lean_x", "lean_y", "tracked")
JOINT = (
    "x",
    "y",
    "z",
    "depth_x",
    "depth_y",
    "colour_x",
    "colour_y",
    "w",
    "qx",
    "qy",
    "qz",
    "state",
)
LIKE_THE_SENSOR = " 277.4192 191.8218 1036.233 519.1677 -0.2059419 0.05349901 0.9692109 -0.1239193 "

Reader = Callable[[Path], np.ndarray]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    readers: dict[str, Reader] = {
        "Kinestream": lambda path: read_ntu(path)[0].data,
        "a dictionary for each joint": with_dictionaries,
    }
    result: dict[str, Any] = {
        "protocol": " ".join((__doc__ or "").split()),
        "machine": machine(),
        "rounds": options.rounds,
        "files": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        for people in (1, 2):
            path = write_sample(Path(folder) / "sample.skeleton", people)
            result["files"][f"{people} of {FRAMES} frames"] = compare(readers, path, options.rounds)
    write_result(options.out, result)


def write_sample(path: Path, people: int) -> Path:
    """A recording of people standing about, with 7 digits to a coordinate as in NTU."""
    rng = np.random.default_rng(people)
    data = np.round(rng.normal(size=(3, FRAMES, 25, people)), 7)
    write_ntu(Clip(data, skeleton("ntu25"), 30.0), path)
    text = path.read_text().replace(" 0 0 0 0 0 0 0 0 2\n", f"{LIKE_THE_SENSOR}2\n")
    bodies = text.replace(f"{LIKE_THE_SENSOR}2\n25\n", " 0 1 1 0 0 0 0.02764709 -0.1232 2\n25\n")
    path.write_text(bodies)
    return path


def with_dictionaries(path: Path) -> np.ndarray:
    """(3, T, 25, M), every field of every line kept under its name on the way."""
    frames = []
    with open(path) as file:
        for _ in range(int(file.readline())):
            bodies = []
            for _ in range(int(file.readline())):
                body: dict[str, Any] = dict(zip(BODY, file.readline().split(), strict=True))
                body["joints"] = [
                    dict(zip(JOINT, map(float, file.readline().split()), strict=True))
                    for _ in range(int(file.readline()))
                ]
                bodies.append(body)
            frames.append(bodies)
    data = np.zeros((3, len(frames), 25, max(map(len, frames))), dtype=np.float32)
    for t, bodies in enumerate(frames):
        for m, body in enumerate(bodies):
            for v, joint in enumerate(body["joints"]):
                data[:, t, v, m] = joint["x"], joint["y"], joint["z"]
    return data


def compare(readers: dict[str, Reader], path: Path, rounds: int) -> dict[str, Any]:
    """Times, their ratio and peak memory of the readers on one file."""
    size = path.stat().st_size
    answers = [reader(path) for reader in readers.values()]
    if not np.array_equal(*answers):
        raise SystemExit("the readers disagree")
    times = np.array([[timed(reader, path) for reader in readers.values()] for _ in range(rounds)])
    ratios = times[:, 1] / times[:, 0]
    return {
        "bytes": size,
        "milliseconds": {
            name: round(1e3 * median, 2)
            for name, median in zip(readers, np.median(times, axis=0), strict=True)
        },
        "times_as_fast": {
            "median": round(float(np.median(ratios)), 2),
            "least": round(float(ratios.min()), 2),
            "most": round(float(ratios.max()), 2),
        },
        "peak_memory_in_file_sizes": {
            name: round(peak(reader, path) / size, 2) for name, reader in readers.items()
        },
    }


def timed(reader: Reader, path: Path) -> float:
    """Seconds of one reading."""
    start = time.perf_counter()
    reader(path)
    return time.perf_counter() - start


def peak(reader: Reader, path: Path) -> int:
    """Most bytes held at once during one reading."""
    tracemalloc.start()
    reader(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


if __name__ == "__main__":
    main()
