"""The promises of every network, as small functions; ``test_contracts.py`` runs them over the zoo.

Legend: N clips or people, C channels, T frames, V joints, K classes.
"""

from __future__ import annotations

import copy
import io

import numpy as np
import torch
from torch import Tensor

from kinestream.export.graphs import clip_graph, step_graph
from kinestream.export.parity import run_steps
from kinestream.models import Network, stream
from kinestream.models.stepping import State
from kinestream.streaming import open_session
from kinestream.training.chunks import forward_in_chunks
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
    network, x = make(case), clips()
    close(stream(network, x), network(x), FP64)


def check_clip_equals_steps_float32(case: Case) -> None:
    """The same in float32."""
    network, x = make(case, dtype=torch.float32), clips(dtype=torch.float32)
    close(stream(network, x), network(x), FP32)


def check_short_clips(case: Case) -> None:
    """Clips shorter than the receptive field, down to one frame."""
    network = make(case)
    for frames in (1, 2, 3, 7):
        x = clips(frames=frames)
        close(stream(network, x), network(x), FP64)


def check_any_cut_equals_whole(case: Case) -> None:
    """Chunks with the context that the network states give the whole clip's numbers."""
    network, x = make(case), clips()
    whole = network(x)
    for segment in (1, 2, 7, 13, 40, 41, 100):
        close(forward_in_chunks(network, x, segment), whole, FP64)


def check_receptive_field_is_tight(case: Case) -> None:
    """A label depends on the stated frames and on the first and last of them."""
    network = make(case)
    past = network.receptive_field - 1 - network.delay
    frames = 2 * network.receptive_field + 5
    t = network.receptive_field + 1
    x = clips(people=1, frames=frames).requires_grad_()
    network(x)[0, :, t].square().sum().backward()
    assert x.grad is not None
    seen = x.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten().tolist()
    assert (min(seen), max(seen)) == (t - past, t + network.delay)


def check_people_at_different_times(case: Case) -> None:
    """People who joined at different frames step together as each would alone."""
    network, x = make(case), clips(people=3, frames=29)
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
            if answered >= 0:
                close(y[p], whole[p, :, answered], FP64)


def check_state_is_not_mutated(case: Case) -> None:
    """A step is pure: neither its input, nor its state, nor the network change."""
    network, x = make(case), clips()
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
    network, x = make(case), clips()
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
    """A NaN frame is forgotten after exactly one receptive field; nothing keeps it."""
    network, x = make(case), clips(frames=60)
    past = network.receptive_field - 1 - network.delay
    broken = x.clone()
    broken[:, :, 17] = float("nan")
    y, clean = stream(network, broken), network(x)
    assert not torch.isfinite(y[:, :, 17]).any()
    healed = 17 + past + 1
    close(y[:, :, healed:], clean[:, :, healed:], FP64)
    before = 17 - network.delay
    if before > 0:
        close(y[:, :, :before], clean[:, :, :before], FP64)


def check_big_values_leave_no_trace(case: Case) -> None:
    """After huge frames have left, the numbers are those of a stream that never saw them."""
    network = make(case, dtype=torch.float32)
    past = network.receptive_field - 1 - network.delay
    x = clips(frames=60, dtype=torch.float32)
    huge = x.clone()
    huge[:, :, 5:12] *= 1e6
    y = stream(network, huge)
    healed = 12 + past
    close(y[:, :, healed:], network(x)[:, :, healed:], FP32)


def check_memory_is_as_declared(case: Case) -> None:
    """The state holds the declared entries, people first, and nothing else."""
    network = make(case)
    state = advance(network, clips(people=3), 4)
    declared = {m.name: (3, m.length, *m.shape) for m in network.memories()}
    assert {name: tuple(ring.shape) for name, ring in state.rings.items()} == declared
    assert len(declared) == len(network.memories()), "two memories share a name"


def check_people_of_a_clip(case: Case) -> None:
    """(N, C, T, V, M) gives the mean over people of their own logits."""
    network, x = make(case), clips(people=4)
    together = network(torch.stack([x[:2], x[2:]], dim=-1))
    close(together, (network(x[:2]) + network(x[2:])) / 2, FP64)


def check_onnx_equals_network(case: Case) -> None:
    """Step graph (one person and many) and clip graph give the network's numbers."""
    network = make(case, dtype=torch.float32)
    x = clips(people=3, frames=33, dtype=torch.float32)
    truth = network(x).detach()
    session = open_session(clip_graph(network))
    for frames in (33, 1, 4):
        (y,) = session.run(["logits"], {"clip": x[:, :, :frames].numpy()})
        close(torch.from_numpy(y), network(x[:, :, :frames]).detach(), FP32)
    step = step_graph(network)
    memories = network.memories()
    for people in (1, 3):
        y = run_steps(step, memories, x[:people].numpy(), network.delay)
        close(torch.from_numpy(np.ascontiguousarray(y)), truth[:people], FP32)


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
