"""The promises of every network, as small functions; ``test_contracts.py`` runs them over the zoo.

Legend: N clips or people, C channels, T frames, V joints, K classes, s stride of a network.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from kinestream.export.graphs import clip_graph, step_graph
from kinestream.export.parity import run_steps
from kinestream.models import Network, stream
from kinestream.models.stepping import State
from kinestream.models.temporal import Average
from kinestream.streaming import Engine, make_runner, open_session
from tests.contracts.chunked import forward_in_chunks
from tests.contracts.zoo import Case, clips, make

FP64 = 1e-9
FP32 = 1e-4


def close(found: Tensor, truth: Tensor, tolerance: float) -> None:
    """Equal within a tolerance relative to the peak, at every frame."""
    assert found.shape == truth.shape, (found.shape, truth.shape)
    error = float((found - truth).abs().max() / truth.abs().max())
    assert error <= tolerance, f"differs by {error:.1e} of the peak"


def check_clip_equals_steps(case: Case) -> None:
    """Frame by frame, flushed, gives the clip's numbers from the first frame to the last."""
    network = make(case)
    x = clips(network)
    close(stream(network, x), network(x), FP64)


def check_clip_equals_steps_float32(case: Case) -> None:
    """The same in float32."""
    network = make(case, dtype=torch.float32)
    x = clips(network)
    close(stream(network, x), network(x), FP32)


def check_short_clips(case: Case) -> None:
    """Clips shorter than the receptive field, down to one frame."""
    network = make(case)
    for frames in (1, 2, 3, 7):
        x = clips(network, frames=frames)
        close(stream(network, x), network(x), FP64)


def check_any_cut_equals_whole(case: Case) -> None:
    """Chunks with the context that the network states give the whole clip's numbers."""
    network = make(case)
    x = clips(network)
    whole = network(x).repeat_interleave(network.stride, dim=2)[:, :, : x.shape[2]]
    for segment in (1, 2, 7, 13, 40, 41, 100):
        close(forward_in_chunks(network, x, segment), whole, FP64)


def check_receptive_field_is_tight(case: Case) -> None:
    """A label depends on the stated frames and, whatever is refreshed apart, on the outermost."""
    network = make(case)
    if network.remembers_all:
        past, frames, answer = 0, 23, 20
    else:
        past = network.receptive_field - 1 - network.delay
        answer = -(-past // network.stride) * network.stride + network.stride
        frames = answer + network.delay + 5
    x = clips(network, count=1, frames=frames).requires_grad_()
    with patch("torch.nn.functional.relu", F.softplus):  # which never hides what comes through
        network(x)[0, :, answer // network.stride].square().sum().backward()
    assert x.grad is not None
    seen = x.grad.abs().movedim(2, 0).flatten(1).sum(1).nonzero().flatten().tolist()
    if network.remembers_all:
        assert min(seen) == 0
        return
    assert max(seen) == answer + network.delay
    means = [m.averaging for m in network.modules() if isinstance(m, Average)]
    if all(mean.refresh == 1 or mean.over == "clip" for mean in means):
        assert min(seen) == answer - past
    else:  # how long ago the last refresh was depends on the frame
        assert answer - past <= min(seen) < answer


def check_people_at_different_times(case: Case) -> None:
    """People who joined at different frames step together as each would alone."""
    network = make(case)
    x = clips(network, count=3, frames=29)
    whole = network(x)
    heads = [0, 4, 11]
    states = []
    for person, head in enumerate(heads):
        state = network.start(1)
        for t in range(head):
            _, state = network.step(x[person : person + 1, :, t], state)
        states.append(state)
    state = join(states)
    for offset in range(29 - max(heads)):
        frame = torch.stack([x[p, :, head + offset] for p, head in enumerate(heads)])
        y, state = network.step(frame, state)
        for p, head in enumerate(heads):
            answered = head + offset - network.delay
            if answered >= 0 and answered % network.stride == 0:
                close(y[p], whole[p, :, answered // network.stride], FP64)


def check_state_is_not_mutated(case: Case) -> None:
    """A step is pure: neither its input, nor its state, nor the network change."""
    network = make(case)
    x = clips(network)
    state = advance(network, x, 9)
    before, weights = copy.deepcopy(state), copy.deepcopy(network.state_dict())
    frame = x[:, :, 9].clone()
    first, _ = network.step(frame, state)
    second, _ = network.step(frame, state)
    assert torch.equal(first, second) and torch.equal(frame, x[:, :, 9])
    assert same(state, before)
    assert all(torch.equal(weights[k], v) for k, v in network.state_dict().items())


def check_save_and_restore(case: Case) -> None:
    """A state written and read goes on bit for bit."""
    network = make(case)
    x = clips(network)
    state = advance(network, x, 13)
    file = io.BytesIO()
    torch.save((state.frames, state.length, state.rings), file)
    file.seek(0)
    restored = State(*torch.load(file, weights_only=True))
    for t in range(13, 20):
        y, state = network.step(x[:, :, t], state)
        z, restored = network.step(x[:, :, t], restored)
        assert torch.equal(y, z)


def check_garbage_leaves_with_its_window(case: Case) -> None:
    """A NaN frame is forgotten after at most one receptive field; nothing keeps it for ever."""
    network = make(case)
    if network.remembers_all:  # as it says; such a stream is started anew
        return
    at, s = 16, network.stride
    past = network.receptive_field - 1 - network.delay
    x = clips(network, frames=at + past + 2 * s + 3)
    broken = x.clone()
    broken[:, :, at] = float("nan")
    y, clean = stream(network, broken), network(x)
    assert not torch.isfinite(y[:, :, at // s]).any()
    healed = (at + past) // s + 1
    close(y[:, :, healed:], clean[:, :, healed:], FP64)
    before = max(at - network.delay, 0) // s
    if before > 0:
        close(y[:, :, :before], clean[:, :, :before], FP64)


def check_big_values_leave_no_trace(case: Case) -> None:
    """After huge frames have left, the numbers are those of a stream that never saw them."""
    network = make(case, dtype=torch.float32)
    if network.remembers_all:
        return
    past = network.receptive_field - 1 - network.delay
    x = clips(network, frames=12 + past + 2 * network.stride + 3)
    huge = x.clone()
    huge[:, :, 5:12] *= 1e6
    y = stream(network, huge)
    healed = (11 + past) // network.stride + 1
    close(y[:, :, healed:], network(x)[:, :, healed:], FP32)


def check_memory_is_as_declared(case: Case) -> None:
    """The state holds the declared entries, people first, and nothing else."""
    network = make(case)
    state = advance(network, clips(network, count=3), 4)
    declared = {m.name: (3, m.length, *m.shape) for m in network.memories()}
    assert {name: tuple(ring.shape) for name, ring in state.rings.items()} == declared
    assert len(declared) == len(network.memories()), "two memories share a name"


def check_people_of_a_clip(case: Case) -> None:
    """People labelled alone: the mean of their logits. A scene: its people change places freely,
    unless each place has a norm or features of its own."""
    network = make(case)
    x = clips(network, count=4)
    if network.people == 1:
        together = network(torch.stack([x[:2], x[2:]], dim=-1))
        close(together, (network(x[:2]) + network(x[2:])) / 2, FP64)
    elif case.arguments.get("norm_in") == "people":
        assert not torch.allclose(network(x), network(x.flip(-1)))


def check_padded_batch_equals_each_alone(case: Case) -> None:
    """What lies behind a shorter clip of a batch is not looked at."""
    network = make(case)
    x = clips(network, count=3, frames=33)
    lengths = torch.tensor([33, 20, 3])
    together = network(x, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = network(x[row : row + 1, :, :length])
        close(together[row : row + 1, :, : alone.shape[2]], alone, FP64)


def check_onnx_equals_network(case: Case) -> None:
    """Step graph (one person and many) and clip graph give the network's numbers."""
    network = make(case, dtype=torch.float32)
    x = clips(network, count=3, frames=33)
    truth = network(x).detach()
    session = open_session(clip_graph(network))
    for frames in (33, 1, 4):
        (y,) = session.run(["logits"], {"clip": x[:, :, :frames].numpy()})
        close(torch.from_numpy(y), network(x[:, :, :frames]).detach(), FP32)
    step, memories = step_graph(network), network.memories()
    for people in (1, 3):
        rows = x[:people].numpy()
        y = run_steps(step, memories, rows, network.num_classes, network.delay, network.stride)
        close(torch.from_numpy(np.ascontiguousarray(y)), truth[:people], FP32)
    engine = Engine(
        make_runner("onnxruntime", step),
        memories,
        network.frame_shape,
        network.num_classes,
        delay=network.delay,
        stride=network.stride,
    )
    streams_off_beat(engine, x, truth, heads=(0, 3, 5))


def streams_off_beat(engine: Engine, x: Tensor, truth: Tensor, heads: Sequence[int]) -> None:
    """People who joined at different frames, in one call of the graph: some are due, some not."""
    streams = [engine.start() for _ in heads]
    for stream_, row, head in zip(streams, x, heads, strict=True):
        for t in range(head):
            engine.step([stream_], row[None, :, t].numpy())
    for offset in range(x.shape[2] - max(heads)):
        frames = torch.stack([x[p, :, head + offset] for p, head in enumerate(heads)])
        y = engine.step(streams, frames.numpy())
        for p, head in enumerate(heads):
            answered = head + offset - engine.delay
            if answered >= 0:
                close(torch.from_numpy(y[p]), truth[p, :, answered // engine.stride], FP32)


def advance(network: Network, x: Tensor, frames: int) -> State:
    """The state after the first frames of a clip."""
    state = network.start(len(x))
    for t in range(frames):
        _, state = network.step(x[:, :, t], state)
    return state


def join(states: list[State]) -> State:
    """Several people's states as one."""
    return State(
        torch.cat([s.frames for s in states]),
        torch.cat([s.length for s in states]),
        {name: torch.cat([s.rings[name] for s in states]) for name in states[0].rings},
    )


def same(a: State, b: State) -> bool:
    """Equal bit for bit."""
    return (
        torch.equal(a.frames, b.frames)
        and torch.equal(a.length, b.length)
        and all(torch.equal(a.rings[name], b.rings[name]) for name in a.rings)
    )


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
