"""Latency of one frame: the engine against the plain FIFO form, in one run.

    python benchmarks/step_latency.py --out results/step_latency.json

One person, 25 joints, 52 classes, published widths, random weights, one thread. The contestants take
turns in blocks; times are medians over all frames, ratios are medians over rounds of the ratio of
the round's medians. Every contestant's answers are compared first.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from plain_fifo import PlainFifo
from timing import interleave

from kinestream.benchmarking.machine import machine, write_result
from kinestream.export.graphs import step_graph
from kinestream.models.rtstgcn import RTSTGCN
from kinestream.skeletons import adjacency, skeleton
from kinestream.streaming import Engine, make_runner

SPACING = [1, 1, 1, 2, 1, 1, 2, 1, 1]
KERNELS = (9, 69, 299)
FRAMES = 400

Step = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--block", type=int, default=60, help="frames per turn")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    frames = np.random.default_rng(0).normal(size=(FRAMES, 1, 3, 25)).astype(np.float32)
    steps: dict[str, Step] = {}
    for kernel in KERNELS:
        network = network_of(kernel)
        steps[f"engine, kernel {kernel}"] = engine_step(network)
        if kernel == KERNELS[0]:
            plain = PlainFifo(network, [kernel] * len(SPACING), SPACING).eval()
            scripted = torch.jit.script(plain)
            steps["plain FIFO, torch.jit"] = plain_step(plain, scripted)
            steps["plain FIFO, eager"] = plain_step(plain, plain)
            compare([engine_step(network), *(steps[name] for name in list(steps)[1:])], frames)
    times = interleave(steps, frames, rounds=options.rounds, block=options.block)
    medians = {name: np.median(rounds, axis=1) for name, rounds in times.items()}
    own = medians[f"engine, kernel {KERNELS[0]}"]
    result = {
        "protocol": " ".join((__doc__ or "").split()),
        "machine": machine(),
        "latency_us": {
            name: {
                "p50": round(1e6 * float(np.median(rounds)), 1),
                "p99": round(1e6 * float(np.percentile(rounds, 99)), 1),
            }
            for name, rounds in times.items()
        },
        "times_as_long_as_engine_9": {
            name: round(float(np.median(values / own)), 3) for name, values in medians.items()
        },
    }
    write_result(options.out, result)


def network_of(kernel: int) -> RTSTGCN:
    """The published widths with random weights."""
    torch.manual_seed(0)
    network = RTSTGCN(adjacency(skeleton("ntu25")), 3, 52, kernel=kernel, spacing=SPACING)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval()


def engine_step(network: RTSTGCN) -> Step:
    """The runtime as it ships: ONNX Runtime and rings in numpy."""
    runner = make_runner("onnxruntime", step_graph(network))
    engine = Engine(runner, network.memories(), network.frame_shape, network.num_classes)
    memory = engine.start()
    return lambda frame: engine.step([memory], frame)


def plain_step(plain: PlainFifo, run: torch.nn.Module) -> Step:
    """The plain form, state handed on from call to call."""
    state = [plain.start(25)]

    def step(frame: np.ndarray) -> np.ndarray:
        logits, fifos, sums = run(torch.from_numpy(frame)[:, :, None], *state[0])
        state[0] = fifos, sums
        return logits.numpy()

    return step


def compare(steps: list[Step], frames: np.ndarray) -> None:
    """All contestants answer alike."""
    for frame in frames[:40]:
        first, *others = [step(frame) for step in steps]
        for other in others:
            error = np.abs(other - first).max() / np.abs(first).max()
            assert error < 1e-4, f"contestants differ by {error:.1e} of the peak"


if __name__ == "__main__":
    main()
