"""The proof that an export gives the numbers of its model, from the first frame to the last.

Legend: N clips, C channels, T frames, V joints, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from kinestream.errors import ParityError
from kinestream.memory import Memory
from kinestream.models import Network
from kinestream.streaming import Engine, make_runner, open_session

Array = NDArray[np.float32]

TOLERANCE = 1e-4


def check_parity(network: Network, step: bytes, clip: bytes, features: Array) -> dict[str, float]:
    """Run both graphs as a host would and compare them with the network.

    Args:
        network: In evaluation mode.
        step: The step graph.
        clip: The clip graph.
        features: (N, C, T, V[, M]), real or like real.

    Returns:
        Largest difference over the peak of the logits, by graph: ``step``, ``clip``, ``people``
        (N streams in one call) and the ``tolerance``.

    Raises:
        ParityError: A graph differs by more than the tolerance.
    """
    with torch.no_grad():
        truth = network(torch.from_numpy(features)).numpy()  # (N, K, T)
    session = open_session(clip)
    memories, stride = network.memories(), network.stride

    def stream(rows: Array) -> Array:
        return run_steps(step, memories, rows, network.num_classes, network.delay, stride)

    found = {
        "clip": session.run(["logits"], {"clip": features})[0],
        "step": np.concatenate([stream(row[None]) for row in features]),
        "people": stream(features),
    }
    peak = float(np.abs(truth).max()) or 1.0
    errors = {name: float(np.abs(y - truth).max()) / peak for name, y in found.items()}
    for name, error in errors.items():
        if not error <= TOLERANCE:
            raise ParityError(
                f"the {name} graph differs from the network by {error:.1e} of the peak, more than "
                f"{TOLERANCE:g}: nothing was written."
            )
    return {**errors, "tolerance": TOLERANCE}


def run_steps(
    step: bytes,
    memories: Sequence[Memory],
    features: Array,
    classes: int,
    delay: int,
    stride: int = 1,
    engine: str = "onnxruntime",
) -> Array:
    """Stream N recordings together through a step graph, flushed.

    Args:
        step: The step graph.
        memories: What it remembers.
        features: (N, C, T, V[, M]).
        classes: K.
        delay: Of the network.
        stride: Of the network.
        engine: What runs the graph.

    Returns:
        (N, K, ceil(T / stride)) logits.
    """
    runner, (_, channels, _, *rest) = make_runner(engine, step), features.shape
    stepped = Engine(runner, memories, (channels, *rest), classes, delay=delay, stride=stride)
    streams = [stepped.start() for _ in features]
    frames = features.shape[2]
    logits = []
    for t in range(frames + delay):
        if t == frames:
            for stream in streams:
                stream.length = frames
        frame = np.ascontiguousarray(features[:, :, min(t, frames - 1)])
        logits.append(stepped.step(streams, frame))
    return np.stack(logits[delay::stride], axis=2)
