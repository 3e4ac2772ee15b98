"""Streaming against what is asked of it: latency, people on one core, share of the machine, memory.

    OMP_NUM_THREADS=1 python benchmarks/streaming.py --out results/streaming.json

Published widths, 25 joints, random weights, one thread. Contestants take turns in one process; times
are medians over all frames, ratios are medians over rounds of the ratio of the round's medians. Every
engine has stepped a whole period of its rings before it is timed: the first time that a phase comes
round a plan is made for it. The plain FIFO form is RT-ST-GCN operation for operation as it was
published, its answers compared first; the lean form is the quickest one in torch that we know. Ranges
of eight bits are those of the frames that are timed. `continual` is CoST-GCN built of the modules of
continual-inference, with as many multiply-adds; a window is the published, strided ST-GCN of one
person run again for every frame. The share of the machine is what the products of a frame need, two
operations for each multiply-add, over the rate of numpy's fp32 product of 1024^3 in the same rounds:
`needed` sums neighbours along the edges that there are, `executed` counts the dense products that
really run. People is how many one core keeps up with at 30 fps, stepped so many at a time. Memory is
what 128 streams and the weights add to a process of their own, over weights once and state words.
`running` is the share of its turns that a contestant ran: where it is much below 1 the machine was
busy, which flatters short steps, and `by_cpu_time`, the same figures by the time that threads ran, is
nearer to the truth.
"""

from __future__ import annotations

import argparse
import copy
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinestream.benchmarking import (
    Contestant,
    Times,
    cpu_times_as_long,
    take_turns,
    times_as_long,
)
from kinestream.benchmarking.machine import machine, write_result
from kinestream.benchmarking.peers import make_peer
from kinestream.benchmarking.peers.subject import Subject, still
from kinestream.benchmarking.peers.window import sliding
from kinestream.benchmarking.resident import memory_of
from kinestream.benchmarking.rows import CAMERA_FPS
from kinestream.benchmarking.stepping import moving, stepping
from kinestream.bundle import WEIGHTS
from kinestream.export.card import Origin
from kinestream.export.graphs import step_graph
from kinestream.export.quantise import quantised_step_graph
from kinestream.export.writing import manifest_of, write_bundle
from kinestream.models import Network, build_network
from kinestream.models.counting import executed_macs
from kinestream.models.graph_conv import GraphConv
from kinestream.models.published import published_network
from kinestream.models.quantising.ranges import watching
from kinestream.skeletons import adjacency, skeleton
from kinestream.streaming import Engine, make_runner
from kinestream.streaming.runners import Runner
from kinestream.training.rounding import lay_grids

BODY = skeleton("ntu25")
WIDTHS: dict[str, dict[str, Any]] = {
    "rtstgcn": {"spacing": [1, 1, 1, 2, 1, 1, 2, 1, 1]},
    "costgcn": {"norm": "batch"},
}
CLASSES = {"rtstgcn": 52, "costgcn": 60}

Reached = dict[str, tuple[float, float | None]]
"""Figures by the clock and, of times, by the time that the thread ran."""

ASKED: dict[str, float] = {
    "RT-ST-GCN_9: torch.jit plain FIFO, times as long": 3.8,
    "RT-ST-GCN_9: eager plain FIFO, times as long": 5.8,
    "RT-ST-GCN_9, int8: eager plain FIFO, times as long": 9,
    "RT-ST-GCN: kernel 299 over kernel 9, at most": 1.05,
    "CoST-GCN_9: continual, times as long": 9,
    "CoST-GCN_69: continual, times as long": 70,
    "CoST-GCN_9: ST-GCN on a window of 50, times as long": 13,
    "CoST-GCN_9: ST-GCN on a window of 300, times as long": 80,
    "RT-ST-GCN_9: share of sgemm (needed), %": 60,
    "RT-ST-GCN_9: people at 30 fps, 1 stream": 60,
    "RT-ST-GCN_9: people at 30 fps, 8 streams": 68,
    "RT-ST-GCN_9: people at 30 fps, 32 streams": 60,
    "RT-ST-GCN_9: people at 30 fps, 128 streams": 60,
    "RT-ST-GCN_9, int8: people at 30 fps, 1 stream": 95,
    "RT-ST-GCN_9, int8: people at 30 fps, 8 streams": 120,
    "RT-ST-GCN_9, int8: people at 30 fps, 32 streams": 100,
    "RT-ST-GCN_9, int8: people at 30 fps, 128 streams": 90,
    "RT-ST-GCN_69: memory of 128 streams over what it must be, at most": 1.15,
}
"""Figures and what is asked of them; where the name says ``at most`` less is better."""

PLAIN = {
    "jit": "plain FIFO, torch.jit",
    "eager": "plain FIFO, eager",
    "jit, lean": "lean FIFO, torch.jit",
}
"""Peers of RT-ST-GCN and what the file calls them."""


def main() -> None:
    """Measure, write, and print what was asked and reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--slow-rounds", type=int, default=3, help="of those that need a second")
    parser.add_argument("--frames", type=int, default=60, help="most frames of a turn")
    options = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        raise SystemExit("set OMP_NUM_THREADS=1, or numpy's product runs on every core.")
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    turns = {"rounds": options.rounds, "frames": options.frames}
    reached: Reached = {}
    latency: dict[str, Times] = {}
    extra: dict[str, Any] = {}
    real_time(reached, latency, extra, turns)
    continual(reached, latency, turns, options.slow_rounds)
    crowds(reached, turns)
    memory(reached, extra)
    write_result(
        options.out,
        {
            "protocol": " ".join((__doc__ or "").split()),
            "machine": machine(),
            "latency_us": {
                name: {f"p{q}": round(times.percentile_us(q), 1) for q in (50, 95, 99)}
                | {
                    "cpu": None
                    if times.cpu_s is None
                    else round(1e6 * float(np.median(times.cpu_s)), 1)
                }
                for name, times in latency.items()
            },
            "running": {name: round(times.running, 2) for name, times in latency.items()},
            "figures": dict(judged(reached)),
            **extra,
        },
    )
    show(dict(judged(reached)))


def real_time(
    reached: Reached,
    latency: dict[str, Times],
    extra: dict[str, Any],
    turns: Mapping[str, int],
) -> None:
    """RT-ST-GCN against its plain form, longer kernels and the product of the machine."""
    subjects = {kernel: subject("rtstgcn", kernel) for kernel in (9, 69, 299)}
    nine = subjects[9]
    own = [engine_of(f"engine, kernel {k}", each) for k, each in subjects.items()]
    eight = engine_on(make_runner("onnxruntime", rounded(nine.network)), nine.network)
    own.append(stepping("engine, kernel 9, int8", eight, nine.network.frame_shape))
    times = take_turns([*own, *make_peer("jit", nine, ()), product()], **turns)
    engine, sgemm = times["engine, kernel 9"], times.pop("sgemm")
    latency["engine, kernel 9, int8"] = times["engine, kernel 9, int8"]
    for peer, name in PLAIN.items():
        latency[name] = times[peer]
    reached["RT-ST-GCN_9: torch.jit plain FIFO, times as long"] = both(times["jit"], engine)
    reached["RT-ST-GCN_9: eager plain FIFO, times as long"] = both(times["eager"], engine)
    ratio = both(times["eager"], times["engine, kernel 9, int8"])
    reached["RT-ST-GCN_9, int8: eager plain FIFO, times as long"] = ratio
    for kernel in subjects:
        latency[f"engine, kernel {kernel}"] = times[f"engine, kernel {kernel}"]
    longest = times["engine, kernel 299"]
    reached["RT-ST-GCN: kernel 299 over kernel 9, at most"] = both(longest, engine)
    counts = {"needed": needed_macs(nine.network), "executed": executed_macs(nine.network, 1)}
    taken = both(engine, sgemm)
    shares = {
        name: [100 * macs / SIDE**3 / ratio for ratio in taken] for name, macs in counts.items()
    }
    reached["RT-ST-GCN_9: share of sgemm (needed), %"] = shares["needed"][0], shares["needed"][1]
    extra["share_of_sgemm"] = {
        "gflops": round(2e-9 * SIDE**3 / float(np.median(sgemm.seconds)), 1),
        "macs": counts,
        "percent": {name: [round(share, 1) for share in each] for name, each in shares.items()},
    }
    extra["times_as_long"] = {
        name: dict(zip(("by_clock", "by_cpu_time"), both(each, engine), strict=True))
        for name, each in latency.items()
    }


def continual(
    reached: Reached,
    latency: dict[str, Times],
    turns: Mapping[str, int],
    slow_rounds: int,
) -> None:
    """CoST-GCN against continual-inference, and against a window that is run again."""
    nine = subject("costgcn", 9)
    clips = published_network("stgcn", people=1)
    windows = [sliding(clips, frames) for frames in (50, 300)]
    others = [*make_peer("continual", nine, ()), *windows]
    times = take_turns([engine_of("CoST-GCN_9", nine), *others], **turns)
    latency |= {
        {"continual": "CoST-GCN_9, continual"}.get(name, name): each for name, each in times.items()
    }
    engine = times["CoST-GCN_9"]
    reached["CoST-GCN_9: continual, times as long"] = both(times["continual"], engine)
    for frames in (50, 300):
        ratio = both(times[f"window {frames}"], engine)
        reached[f"CoST-GCN_9: ST-GCN on a window of {frames}, times as long"] = ratio
    long = subject("costgcn", 69)
    pair = [engine_of("CoST-GCN_69", long), *make_peer("continual", long, ())]
    slow = take_turns(pair, rounds=slow_rounds, frames=turns["frames"])
    latency |= {"CoST-GCN_69": slow["CoST-GCN_69"], "CoST-GCN_69, continual": slow["continual"]}
    ratio = both(slow["continual"], slow["CoST-GCN_69"])
    reached["CoST-GCN_69: continual, times as long"] = ratio


def crowds(reached: Reached, turns: Mapping[str, int]) -> None:
    """People that one core keeps up with, stepped so many at a time."""
    network = subject("rtstgcn", 9).network
    graphs = {"RT-ST-GCN_9": step_graph(network), "RT-ST-GCN_9, int8": rounded(network)}
    runners = {name: make_runner("onnxruntime", graph) for name, graph in graphs.items()}
    contestants = [
        stepping(
            f"{name}: people at 30 fps, {people} stream{'s' if people > 1 else ''}",
            engine_on(runner, network),
            network.frame_shape,
            people,
        )
        for name, runner in runners.items()
        for people in (1, 8, 32, 128)
    ]
    for name, times in take_turns(contestants, **turns).items():
        assert times.cpu_s is not None
        at_work = times.people / float(np.median(times.cpu_s)) / CAMERA_FPS
        reached[name] = times.people_at(CAMERA_FPS), at_work


def memory(reached: Reached, extra: dict[str, Any], people: int = 128) -> None:
    """What many streams and the weights take, against what they must."""
    network = subject("rtstgcn", 69).network
    with tempfile.TemporaryDirectory() as folder:
        bundle = packed(network, Path(folder) / "rtstgcn_69")
        found = memory_of(bundle, "onnxruntime", people)
        weights = (bundle / WEIGHTS).stat().st_size
    if found is None:
        raise SystemExit("this system does not tell the memory of a process.")
    words = sum(memory.words for memory in network.memories())
    must, grown = weights + 4 * words * people, found["streaming"] - found["imported"]
    name = "RT-ST-GCN_69: memory of 128 streams over what it must be, at most"
    reached[name] = grown / must, None
    extra["memory_bytes"] = {"streams": people, "measured": grown, "must": must}


def both(one: Times, other: Times) -> tuple[float, float]:
    """How many times as long, by the clock and by the time that the thread ran."""
    return times_as_long(one, other), cpu_times_as_long(one, other)


def subject(key: str, kernel: int) -> Subject:
    """A network of published widths with random weights, and an engine."""
    torch.manual_seed(0)
    arguments = WIDTHS[key] | {"kernel": kernel}
    network = still(build_network(key, adjacency(BODY), 3, CLASSES[key], **arguments))
    engine = engine_on(make_runner("onnxruntime", step_graph(network)), network)
    return Subject(f"{key}_{kernel}", key, arguments, network, engine)


def engine_on(runner: Runner, network: Network) -> Engine:
    """The runtime as it ships."""
    return Engine(runner, network.memories(), network.frame_shape, network.num_classes)


def engine_of(name: str, each: Subject) -> Contestant:
    """The engine of a subject, with one stream."""
    return stepping(name, each.engine, each.network.frame_shape)


def rounded(network: Network) -> bytes:
    """The step graph in eight bits, of ranges that the timed frames show."""
    network = copy.deepcopy(network)
    clip = moving(1, network.frame_shape).transpose(1, 2, 0, 3)  # (1, C, F, V)
    with watching(network) as seen:
        network(torch.from_numpy(np.tile(clip, (1, 1, TIMES_ROUND, 1))))
    lay_grids(network, {name: (grid.low, grid.high) for name, grid in seen.items()})
    return quantised_step_graph(network)


TIMES_ROUND = 3
"""How often frames come round before ranges are known."""

SIDE = 1024


def product() -> Contestant:
    """The product of two square matrices in numpy, single precision."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, SIDE, SIDE)).astype(np.float32)
    made = np.empty_like(a)
    return Contestant("sgemm", lambda: np.matmul(a, b, out=made), warm=3)


def needed_macs(network: Network) -> int:
    """Those that run, less those that a dense sum over neighbours spends where there is no edge."""
    graphs = [module for module in network.modules() if isinstance(module, GraphConv)]
    empty = sum(int((g.partition == 0).sum()) * g.weight.shape[1] for g in graphs)
    return executed_macs(network, 1) - empty


def packed(network: Network, target: Path) -> Path:
    """The network as a bundle."""
    manifest = manifest_of(
        network,
        "rtstgcn",
        {},
        name=target.name,
        classes=[f"class {k}" for k in range(network.num_classes)],
        skeleton=BODY.to_dict(),
        channels=["x", "y", "z"],
        fps=30.0,
        features=[],
    )
    return write_bundle(network, manifest, Origin((), "", ""), target).path


def judged(reached: Reached) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each figure with what was asked of it; it holds if it does by the clock and by CPU time."""
    for name, asked in ASKED.items():
        value, at_work = reached[name]
        known = [each for each in (value, at_work) if each is not None]
        holds = max(known) <= asked if name.endswith("at most") else min(known) >= asked
        cpu = None if at_work is None else float(f"{at_work:.4g}")
        yield (
            name,
            {"asked": asked, "reached": float(f"{value:.4g}"), "by_cpu_time": cpu, "holds": holds},
        )


def show(figures: Mapping[str, Mapping[str, Any]]) -> None:
    """The figures as a table."""
    print(f"\n{'':<68}{'asked':>8}{'reached':>10}{'by CPU time':>13}")
    for name, row in figures.items():
        missed = "" if row["holds"] else "  missed"
        cpu = "" if row["by_cpu_time"] is None else f"{row['by_cpu_time']:.4g}"
        print(f"{name:<68}{row['asked']:>8g}{row['reached']:>10.4g}{cpu:>13}{missed}")


if __name__ == "__main__":
    main()
