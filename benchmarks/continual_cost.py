"""Multiply-adds of one answer: a window of 300 frames run again for each, against a stream.

    python benchmarks/continual_cost.py --out results/continual_cost.json

Published arguments, people and classes of every network, 25 joints; two people are counted together
where a network labels them together. A window is the published clip network, with means over the
whole clip. A stream has the same layers with means over the past (window 256, refresh 8), as
published, and once more without strides, so that it answers every frame as windows at every frame
do. Streams are averages over a period: strided layers and contexts count at their own rate, so a
runtime that computes the two strided layers on every frame does up to a fifth more than the
stream as published. This is a count by the convention of published tables
(kinestream.models.counting), the same on any machine, and no timing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kinestream.benchmarking.machine import write_result
from kinestream.models import Network
from kinestream.models.counting import step_macs, window_macs
from kinestream.models.published import PUBLISHED, published_network

WINDOW = 300
PAST = {"over": "past", "window": 256, "refresh": 8}
AT_LEAST = {"stgcn": 100, "stgcnpp": 100, "aagcn": 100, "ctrgcn": 100}
"""How many times fewer a stream that answers every frame must need."""


def main() -> None:
    """Count, write, and fail where a stream needs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = {name: row(name) for name in PUBLISHED}
    write_result(
        options.out,
        {"protocol": " ".join((__doc__ or "").split()), "window_frames": WINDOW, "rows": rows},
    )
    show(rows)
    for name, times in AT_LEAST.items():
        found = rows[name]["stream_of_every_frame"]["times_fewer_per_answer"]
        if found < times:
            raise SystemExit(f"{name}: {found} times fewer multiply-adds, expected {times}.")


def row(name: str) -> dict[str, Any]:
    """What a network costs in windows and as a stream."""
    arguments = PUBLISHED[name]["arguments"]
    past: dict[str, Any] = {"averaging": PAST} if "averaging" in arguments else {}
    dense: dict[str, Any] = {"strides": None} if "strides" in arguments else {}
    answer = window_macs(published_network(name), WINDOW)
    return {
        "people": PUBLISHED[name]["people"],
        "window_macs_per_answer": round(answer),
        "stream": stream_cost(published_network(name, **past), answer),
        "stream_of_every_frame": stream_cost(published_network(name, **past, **dense), answer),
    }


def stream_cost(network: Network, window: float) -> dict[str, float]:
    """A stream beside windows: per input frame with a window at every frame, and per answer."""
    step = step_macs(network)
    return {
        "answers_every": network.stride,
        "macs_per_frame": round(step),
        "macs_per_answer": round(step * network.stride),
        "times_fewer_per_frame": round(window / step, 1),
        "times_fewer_per_answer": round(window / (step * network.stride), 1),
    }


def show(rows: dict[str, dict[str, Any]]) -> None:
    """The rows as a table."""
    heads = ("network", "window", "stream", "answers", "times", "stream of", "times")
    below = ("", "of 300", "as publ.", "every", "fewer", "every frame", "fewer")
    print("\nmillion multiply-adds per answered frame")
    for cells in (heads, below):
        print("{:<11}{:>10}{:>10}{:>9}{:>7}{:>13}{:>7}".format(*cells))
    for name, about in rows.items():
        stream, dense = about["stream"], about["stream_of_every_frame"]
        print(
            f"{name:<11}{about['window_macs_per_answer'] / 1e6:>10,.1f}"
            f"{stream['macs_per_answer'] / 1e6:>10,.2f}{stream['answers_every']:>9}"
            f"{stream['times_fewer_per_answer']:>7.1f}"
            f"{dense['macs_per_answer'] / 1e6:>13,.2f}{dense['times_fewer_per_answer']:>7.1f}"
        )


if __name__ == "__main__":
    main()
