"""The plain FIFO form of RT-ST-GCN in torch: as it is, compiled by ``torch.jit``, and lean."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import cycle

import numpy as np
import torch
from torch import nn

from kinestream.benchmarking.peers.plain_fifo import LeanFifo, PlainFifo
from kinestream.benchmarking.peers.subject import Subject
from kinestream.benchmarking.stepping import Array, moving
from kinestream.benchmarking.timing import Contestant
from kinestream.errors import ConfigError
from kinestream.models.rtstgcn import RTSTGCN

COMPARED = 40
TOLERANCE = 1e-3

Step = Callable[[Array], Array]


def plain_peers(subject: Subject) -> list[Contestant]:
    """``jit``, ``eager`` and ``jit, lean``, after their answers were compared with the engine's.

    Raises:
        ConfigError: The network is no causal RT-ST-GCN of one person as published, or its plain form
            answers otherwise.
    """
    network = subject.network
    if not isinstance(network, RTSTGCN):
        raise ConfigError(
            f"jit is the plain form of rtstgcn, {subject.name} is {subject.key}: left out."
        )
    if network.delay or network.people > 1:
        raise ConfigError(
            f"jit neither looks ahead nor labels several people together, as {subject.name} does: left "
            f"out."
        )
    forms: dict[str, PlainFifo] = {"jit": PlainFifo(network), "jit, lean": LeanFifo(network)}
    made: dict[str, tuple[PlainFifo, nn.Module]] = {}
    with warnings.catch_warnings():  # later versions of torch tell that there are newer compilers
        warnings.simplefilter("ignore", DeprecationWarning)
        for name, plain in forms.items():
            made[name] = plain, torch.jit.script(plain.eval())
    made["eager"] = forms["jit"], forms["jit"]
    for name, (plain, run) in made.items():
        compare(name, plain_step(plain, run, network.num_joints), subject)
    return [_contestant(name, plain, run, network) for name, (plain, run) in made.items()]


def plain_step(plain: PlainFifo, run: nn.Module, joints: int) -> Step:
    """Frames (1, C, V) in, logits (1, K) out; the state is handed on from call to call."""
    state = [plain.start(joints)]

    def step(frame: Array) -> Array:
        with torch.inference_mode():
            logits, state[0] = run(torch.from_numpy(frame)[:, :, None], state[0])
        answer: Array = logits.numpy()
        return answer

    return step


def compare(name: str, step: Step, subject: Subject) -> None:
    """Step both on the same frames from their start.

    Raises:
        ConfigError: They answer differently.
    """
    memory = subject.engine.start()
    for frame in moving(1, subject.network.frame_shape)[:COMPARED]:
        ours, theirs = subject.engine.step([memory], frame), step(frame)
        error = float(np.abs(ours - theirs).max() / max(np.abs(ours).max(), 1e-6))
        if not error <= TOLERANCE:
            raise ConfigError(
                f"{name} differs from the engine by {error:.1e} of the peak: left out."
            )


def _contestant(name: str, plain: PlainFifo, run: nn.Module, network: RTSTGCN) -> Contestant:
    frames = cycle(moving(1, network.frame_shape))
    step = plain_step(plain, run, network.num_joints)
    return Contestant(name, lambda: step(next(frames)))
