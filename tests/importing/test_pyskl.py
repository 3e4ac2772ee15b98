"""PYSKL's networks, in every layout that its options make, give the numbers of the original."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from kinestream.errors import CheckpointError, ConfigError
from kinestream.importing import convert
from kinestream.importing.pyskl.dgstgcn import share_of
from kinestream.models import classify, stream
from tests.importing import reference
from tests.importing.reference import Weights

CLASSES = 4


class Kind(NamedTuple):
    """One of PYSKL's networks: how it is computed, its shape, and what its weights do not tell."""

    spatial: Callable[..., Tensor]
    temporal: Callable[..., Tensor]
    joints: int = 5
    people: int = 2
    in_channels: int = 3
    data_bn: str | None = "VC"
    channels: tuple[int, ...] = (8, 8, 16)
    strides: tuple[int, ...] = (1, 1, 2)
    names: tuple[str, str, str, str] = ("gcn.{}", "gcn", "tcn", "fc_cls")
    options: dict[str, Any] = {}


def ctr_temporal(w: Weights, key: str, x: Tensor, out: int, stride: int) -> Tensor:
    """CTR-GCN's temporal module as PYSKL has it, with a ReLU at its end."""
    return reference.four_branches(w, key, x, out, stride).relu()


def st_gcn(**changes: Any) -> Callable[..., Tensor]:
    shape = {"parts": 3, "adaptive": "importance", "post": False, "shortcut": False}
    return partial(reference.graph, **{**shape, **changes})


def dg(**changes: Any) -> Callable[..., Tensor]:
    shape = {"groups": 4, "ratio": 0.25, "subset_wise": False}
    return partial(reference.group_graph, **{**shape, **changes})


PLAIN, SIX, WHOLE = reference.plain_temporal, reference.six_temporal, reference.whole_body
AAGCN = partial(reference.adaptive_graph, parts=3)
TEN, BEATS = (6, 6, 6, 6, 12, 12, 12, 24, 24, 24), (1, 1, 1, 1, 2, 1, 1, 2, 1, 1)
CTR = ("net.{}", "gcn1", "tcn1", "fc_cls")

KINDS = {
    "stgcn": Kind(st_gcn(), PLAIN),
    "stgcn-five-parts-after-offset": Kind(
        st_gcn(parts=5, post=True, adaptive="offset"), PLAIN, options={"adaptive": "offset"}
    ),
    "stgcn-learned": Kind(st_gcn(adaptive="init"), PLAIN),
    "stgcn-fixed": Kind(st_gcn(adaptive="none"), PLAIN, options={"adaptive": "none"}),
    "stgcn-shortcut": Kind(st_gcn(shortcut=True), PLAIN),
    "stgcn-places": Kind(st_gcn(), PLAIN, data_bn="MVC", people=3),
    "stgcn-no-norm": Kind(st_gcn(), PLAIN, data_bn=None),
    "stgcn-as-wide-as-its-input": Kind(st_gcn(), PLAIN, in_channels=8),
    "stgcn-wider-without-stride": Kind(
        st_gcn(), PLAIN, strides=(1, 2, 1), options={"strides": [1, 2, 1]}
    ),
    "stgcn-stride-without-widening": Kind(
        st_gcn(), PLAIN, channels=(8, 8, 8, 8), strides=(1, 2, 1, 2)
    ),
    "stgcnpp": Kind(st_gcn(adaptive="init", shortcut=True), SIX, joints=17),
    "stgcnpp-remainder": Kind(
        st_gcn(adaptive="init", shortcut=True), SIX, channels=(11, 11, 23), data_bn="MVC"
    ),
    "aagcn-even-joints": Kind(partial(AAGCN, attention=True), PLAIN, joints=18, data_bn="MVC"),
    "aagcn-without-attention": Kind(partial(AAGCN, attention=False), PLAIN, people=1),
    "ctrgcn": Kind(
        partial(reference.channel_graph, parts=3, official=False),
        ctr_temporal,
        data_bn="MVC",
        channels=(17, 17, 34),
        names=CTR,
    ),
    "dgstgcn": Kind(dg(), WHOLE, joints=18),
    "dgstgcn-ten-subset-wise": Kind(
        dg(subset_wise=True),
        WHOLE,
        channels=TEN,
        strides=BEATS,
        data_bn="MVC",
        options={"subset_wise": True},
    ),
}


def drawn(kind: Kind, frames: int = 19) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """A random state dict, an input (N, C, T, V, M) and the original's logits for it."""
    w = Weights(seed=1)
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(2, kind.people, frames, kind.joints, kind.in_channels, generator=generator)
    logits = reference.network(
        w,
        x,
        kind.spatial,
        kind.temporal,
        channels=kind.channels,
        strides=kind.strides,
        classes=CLASSES,
        data_bn=kind.data_bn,
        names=kind.names,
        begin_residual=kind.in_channels == kind.channels[0],
    )
    return w.state, x.permute(0, 4, 2, 3, 1), logits


def error(found: Tensor, truth: Tensor) -> float:
    return float((found - truth).abs().max() / truth.abs().max())


@pytest.mark.parametrize("name", KINDS)
def test_an_import_gives_the_numbers_of_the_original(name: str) -> None:
    state, x, logits = drawn(KINDS[name])
    imported = convert("pyskl", state, **KINDS[name].options)
    assert imported.name == name.partition("-")[0]
    network = imported.network(dtype=torch.float64, averaging={"over": "clip"})
    with torch.no_grad():
        found = classify(network, x.double())
    assert error(found, logits) < 1e-9


@pytest.mark.parametrize("name", ["stgcn", "stgcnpp", "aagcn-even-joints", "ctrgcn", "dgstgcn"])
def test_an_import_streams_as_it_runs_on_clips(name: str) -> None:
    state, x, _ = drawn(KINDS[name])
    averaging = {"window": 6, "refresh": 2}
    imported = convert("pyskl", state, averaging=averaging, **KINDS[name].options)
    network = imported.network(dtype=torch.float64)
    x = (x if network.people > 1 else x[..., 0]).double()
    with torch.no_grad():
        assert error(stream(network, x), network(x)) < 1e-9


@pytest.mark.parametrize("name", ["stgcn", "aagcn-even-joints"])
def test_arguments_are_plain_values(name: str) -> None:
    imported = convert("pyskl", drawn(KINDS[name])[0])
    assert json.loads(json.dumps(imported.arguments)) == imported.arguments


def test_a_checkpoint_is_opened_and_its_prefixes_are_taken_off() -> None:
    state, x, logits = drawn(KINDS["stgcn"])
    heads = ("fc_cls",)
    renamed = {
        f"module.{'cls_head' if key.startswith(heads) else 'backbone'}.{key}": value
        for key, value in state.items()
    }
    renamed["module.backbone.data_bn.num_batches_tracked"] = torch.tensor(7)
    imported = convert("pyskl", {"meta": {"epoch": 16}, "state_dict": renamed})
    network = imported.network(dtype=torch.float64, averaging={"over": "clip"})
    with torch.no_grad():
        assert error(classify(network, x.double()), logits) < 1e-9


def test_people_who_are_normalised_alike_are_labelled_alone_or_together() -> None:
    state, x, logits = drawn(KINDS["stgcn"])
    for people, told in ((1, "alone"), (2, "scenes of 2")):
        imported = convert("pyskl", state, people=people)
        network = imported.network(dtype=torch.float64, averaging={"over": "clip"})
        with torch.no_grad():
            assert error(classify(network, x.double()), logits) < 1e-9
        assert any(told in note for note in imported.notes)


def test_people_with_places_of_their_own_are_a_scene() -> None:
    state = drawn(KINDS["stgcn-places"])[0]
    assert convert("pyskl", state).arguments["people"] == 3
    with pytest.raises(ConfigError, match="people must be 3"):
        convert("pyskl", state, people=2)


def test_what_the_original_never_reads_is_left_out() -> None:
    state = drawn(KINDS["aagcn-even-joints"])[0]
    plain = convert("pyskl", state)
    with_buffer = convert("pyskl", state | {"A": torch.ones(3, 18, 18)})
    assert set(plain.weights) == set(with_buffer.weights)
    with pytest.raises(CheckpointError, match="'A'"):
        convert("pyskl", drawn(KINDS["dgstgcn"])[0] | {"A": torch.ones(4, 18, 18)})


def test_one_gain_of_groups_is_that_of_the_first() -> None:
    state, x, logits = drawn(KINDS["dgstgcn"])
    for gain in ("alpha", "beta"):
        state[f"gcn.0.gcn.{gain}"] = state[f"gcn.0.gcn.{gain}"].clone()
        state[f"gcn.0.gcn.{gain}"][1:] = 5.0
    changes: dict[str, Any] = {"dtype": torch.float64, "averaging": {"over": "clip"}}
    with torch.no_grad():
        one = classify(convert("pyskl", state).network(**changes), x.double())
        each = convert("pyskl", state, subset_wise=True).network(**changes)
        assert error(one, logits) < 1e-9
        assert error(classify(each, x.double()), logits) > 1e-3


def test_dilations_are_an_option() -> None:
    state, x, logits = drawn(KINDS["stgcnpp"])
    other = convert("pyskl", state, dilations=[1, 1, 1, 1])
    assert other.arguments["branches"][:4] == [[3, 1]] * 4
    with torch.no_grad():
        network = other.network(dtype=torch.float64, averaging={"over": "clip"})
        assert error(classify(network, x.double()), logits) > 1e-3
    with pytest.raises(ConfigError, match="dilations must be 4 numbers"):
        convert("pyskl", state, dilations=[1, 2])


def test_notes_tell_what_a_stream_does_otherwise() -> None:
    state = drawn(KINDS["ctrgcn"])[0]
    notes = convert("pyskl", state, averaging={"window": 64, "refresh": 4}).notes
    assert any("topology" in note and "64 frames" in note and "every 4" in note for note in notes)
    assert any("flushed" in note for note in notes)
    notes = convert("pyskl", state, averaging={"over": "clip"}).notes
    assert any("not on streams" in note for note in notes)
    notes = convert("pyskl", state, averaging={"window": None}).notes
    assert any("the frames so far" in note for note in notes)
    notes = convert("pyskl", drawn(KINDS["stgcn"])[0]).notes
    assert not any("topology" in note for note in notes)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("stgcn", {"adaptive": "init"}, "'importance' or 'offset' for weights with"),
        ("stgcn-learned", {"adaptive": "offset"}, "'init' or 'none' for weights without"),
        ("stgcn", {"subset_wise": True}, "takes no option 'subset_wise'"),
        ("ctrgcn", {"adaptive": "init"}, "takes no option 'adaptive'; it takes dilations"),
        ("aagcn-even-joints", {"dilations": [1]}, "takes no option 'dilations'"),
        ("stgcn", {"strides": [1, 2]}, "strides must have a value for each of 3 blocks"),
        ("stgcn", {"averaging": {"window": 7}}, "averaging.window must be a multiple"),
        ("stgcn", {"people": 0}, "people must be 1 or more"),
    ],
)
def test_options_that_do_not_go_with_the_weights(
    kind: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        convert("pyskl", drawn(KINDS[kind])[0], **options)


def test_strides_that_the_weights_deny() -> None:
    state = drawn(KINDS["stgcn"])[0]
    with pytest.raises(CheckpointError, match="nothing for blocks.1.residual.product.weight"):
        convert("pyskl", state, strides=[1, 2, 2])


@pytest.mark.parametrize(
    ("channels", "widths"),
    [((16, 32), (2, 4)), ((10, 32), (1, 4)), ((7, 100), (2, 29)), ((49, 98), (5, 10))],
)
def test_a_share_gives_every_width(channels: tuple[int, ...], widths: tuple[int, ...]) -> None:
    share = share_of(channels, widths)
    assert [int(share * each) for each in channels] == list(widths)


def test_widths_that_are_no_share() -> None:
    with pytest.raises(CheckpointError, match="one share"):
        share_of([16, 32], [2, 8])


def without(value: Tensor) -> None:
    return None


def longer(value: Tensor) -> Tensor:
    return torch.cat([value, value[:1]])


def flat(value: Tensor) -> Tensor:
    return value.reshape(1, 1, -1, 1, 1)


@pytest.mark.parametrize("damage", [without, longer, flat])
@pytest.mark.parametrize("name", ["stgcn", "stgcnpp", "aagcn-even-joints", "ctrgcn", "dgstgcn"])
def test_a_damage_anywhere_is_an_error_in_words(
    name: str, damage: Callable[[Tensor], Tensor | None]
) -> None:
    state = drawn(KINDS[name])[0]
    for key in list(state)[:: max(1, len(state) // 25)]:
        spoilt = damage(state[key])
        damaged = {**state, key: spoilt} if spoilt is not None else dict(state)
        if spoilt is None:
            del damaged[key]
        if key.endswith("add_coeff") and damage is longer:
            continue  # the original keeps more of them than it has joints
        with pytest.raises(CheckpointError):
            convert("pyskl", damaged)


def test_blocks_must_follow_one_another() -> None:
    state = drawn(KINDS["ctrgcn"])[0]
    moved = {key.replace("net.2.", "net.3."): value for key, value in state.items()}
    with pytest.raises(CheckpointError, match="without gaps, got 0, 1, 3"):
        convert("pyskl", moved)


def test_other_weights_are_not_taken_for_pyskl() -> None:
    with pytest.raises(CheckpointError, match="not the weights of an STGCN"):
        convert("pyskl", {"fc.weight": torch.zeros(3, 4)})
