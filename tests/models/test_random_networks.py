"""Three hundred networks that nobody chose: clip, steps and chunks give the same numbers.

Legend: N clips, C channels, T frames, V joints.
"""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.chunked import forward_in_chunks
from tests.contracts.zoo import Case, clips, make

from kinestream.models import stream

FP64 = 1e-9
BRANCHES = st.one_of(
    st.tuples(st.sampled_from([1, 3, 5]), st.integers(1, 3)),
    st.tuples(st.just("max"), st.sampled_from([1, 3])),
    st.just("1x1"),
)


@st.composite
def averagings(draw: st.DrawFn) -> dict[str, Any]:
    refresh = draw(st.integers(1, 4))
    blocks = draw(st.one_of(st.none(), st.integers(1, 4)))
    return {"window": None if blocks is None else blocks * refresh, "refresh": refresh}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A network of one to three blocks with arguments drawn at random."""
    depth = draw(st.integers(1, 3))
    numbers = st.lists(st.integers(1, 3), min_size=depth, max_size=depth)
    kernels = st.lists(st.integers(1, 6), min_size=depth, max_size=depth)
    name = draw(
        st.sampled_from(
            ["stgcn", "costgcn", "rtstgcn", "stgcnpp", "aagcn", "agcn", "ctrgcn", "dgstgcn"]
            + ["shiftgcn", "shiftgcnpp", "mstcn", "mstcnpp", "msgcn"]
        )
    )
    staged = name in ("mstcn", "mstcnpp", "msgcn")
    few = {"stages": draw(st.integers(0, 2)), "layers": draw(st.integers(1, 3)), "channels": 4}
    reads = draw(st.sampled_from(["softmax", "log_softmax", "logits"]))
    arguments: dict[str, Any] = {
        "norm": draw(st.sampled_from(["batch", "layer"])),
        "lookahead": draw(st.sampled_from([0, 1, 2, "centred"])),
        "refine": {**few, "reads": reads},
    }
    if name in ("mstcn", "mstcnpp"):
        arguments |= {"layers": depth, "channels": 5, "norm_in": draw(st.booleans())}
        return _within_reach(Case(name, "random", arguments))
    arguments["norm_in"] = draw(st.sampled_from(["joints", "none"]))
    arguments["pool"] = draw(st.sampled_from(["mean", "joints"]))
    if not staged:
        arguments["averaging"] = draw(averagings())
        arguments["head"] = draw(st.sampled_from(["frame", "clip"]))
        arguments["channels"] = [draw(st.sampled_from([6, 8])) for _ in range(depth)]
    if name not in ("rtstgcn", *("mstcn", "mstcnpp", "msgcn")):
        arguments["strides"] = draw(numbers)
    if name in ("stgcn", "costgcn", "agcn", "aagcn"):
        arguments["kernel"] = draw(kernels)
    if name == "stgcn":
        arguments["dilations"] = draw(numbers)
        arguments["residual"] = draw(st.sampled_from(["auto", "project", "none"]))
        arguments["edges"] = draw(st.sampled_from(["importance", "offset", "learned", "fixed"]))
        arguments["join"] = draw(st.sampled_from(["after", "before", "both"]))
        arguments["stem"] = draw(st.sampled_from([None, 6]))
    if name == "rtstgcn":
        arguments["channels"] = [6, *arguments["channels"]]
        arguments["kernel"], arguments["spacing"] = draw(kernels), draw(numbers)
        arguments["residual"] = draw(st.sampled_from(["auto", "project", "none"]))
    if name in ("stgcnpp", "ctrgcn", "dgstgcn"):
        arguments["branches"] = draw(st.lists(BRANCHES, min_size=1, max_size=4))
    if name == "aagcn":
        arguments["attention"] = draw(st.booleans())
    if name in ("shiftgcn", "shiftgcnpp"):
        arguments["reach"] = draw(st.integers(0, 3))
    if name == "msgcn":
        arguments |= {"width": 5, "layers": depth}
    return _within_reach(Case(name, "random", arguments))


def _within_reach(case: Case) -> Case:
    """The case with no more look-ahead than its layers centred can use."""
    centred = make(case._replace(arguments=case.arguments | {"lookahead": "centred"})).delay
    wanted = case.arguments["lookahead"]
    if isinstance(wanted, int):
        wanted = min(wanted, centred)
    return case._replace(arguments=case.arguments | {"lookahead": wanted})


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.integers(1, 30), st.integers(1, 31), st.integers(0, 99))
def test_clip_steps_and_chunks_agree(case: Case, frames: int, segment: int, seed: int) -> None:
    network = make(case, seed=seed)
    x = clips(network, frames=frames, seed=seed)
    with torch.no_grad():
        whole = network(x)
        peak = whole.abs().max()
        assert (stream(network, x) - whole).abs().max() <= FP64 * peak
        cut = forward_in_chunks(network, x, segment)
    each_frame = whole.repeat_interleave(network.stride, dim=2)[:, :, :frames]
    assert (cut - each_frame).abs().max() <= FP64 * peak
