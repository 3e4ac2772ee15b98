"""Starting from another network's weights: whole layers that fit and mean the same, or nothing.

Legend: V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file, save
from tests.contracts.zoo import NETWORKS
from torch import Tensor, nn

from kinestream.errors import BundleError, CheckpointError, ConfigError, MissingFileError
from kinestream.files import sha256
from kinestream.models import Network, build_network
from kinestream.skeletons import Skeleton, adjacency, skeleton
from kinestream.training.building import network_of
from kinestream.training.checkpoints import load_latest, save_checkpoint
from kinestream.training.run_folder import RunFolder, Setup
from kinestream.training.source import Source, load_source, start_from, strange_to, write_record
from kinestream.training.transfer import Transfer, take_over

ONE, TWO = ("rest", "raise", "turn"), ("sit", "stand", "walk")


def setup_of(
    joints: str = "kinect20", classes: tuple[str, ...] = ONE, channels: str = "xyz"
) -> Setup:
    return Setup(
        classes=list(classes),
        skeleton=skeleton(joints).to_dict(),
        channels=list(channels),
        fps=30,
        features=[],
        subjects=[],
    )


def builder(name: str, arguments: dict[str, Any]) -> Callable[[Setup], Network]:
    def build(setup: Setup) -> Network:
        partition = adjacency(setup.graph())
        return build_network(name, partition, len(setup.channels), len(setup.classes), **arguments)

    return build


def source_of(build: Callable[[Setup], nn.Module], setup: Setup) -> Source:
    """A network that has learned something: every number is another than a new network's."""
    weights = build(setup).state_dict()
    generator = torch.Generator().manual_seed(1)
    for name, value in weights.items():
        if value.is_floating_point() and not name.endswith("partition"):
            value += torch.rand(value.shape, generator=generator) + 0.5
        elif not value.is_floating_point():
            value += 3
    return Source("a", "last", weights, tuple(setup.classes), setup.graph(), tuple(setup.channels))


def changed(network: nn.Module, before: Mapping[str, Tensor]) -> set[str]:
    return {k for k, v in network.state_dict().items() if not torch.equal(v, before[k])}


def copy_of(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


class Body(nn.Module):
    """Two products and a norm, of any widths."""

    def __init__(self, channels: int = 3, width: int = 4, classes: int = 2) -> None:
        super().__init__()
        self.inside = nn.Linear(channels, width)
        self.norm = nn.BatchNorm1d(width)
        self.outside = nn.Linear(width, classes)


def test_layers_whose_shapes_differ_are_left_whole() -> None:
    torch.manual_seed(0)
    theirs, ours = Body(channels=5, classes=2), Body(channels=3, classes=6)
    with torch.no_grad():
        theirs.norm.running_mean += 7  # type: ignore[operator]
        theirs.norm.num_batches_tracked += 9  # type: ignore[operator]
    before = copy_of(ours)
    transfer = take_over(ours, theirs.state_dict())
    assert [str(layer) for layer in transfer.layers] == [
        "left: (4, 5) there, (4, 3) here",
        "taken",
        "left: (2, 4) there, (6, 4) here",
    ]
    # The bias of "inside" would fit, but belongs to weights that do not.
    assert torch.equal(ours.inside.bias, before["inside.bias"])
    for name, value in theirs.norm.state_dict().items():
        assert torch.equal(ours.norm.state_dict()[name], value)
    assert (transfer.taken_numbers, transfer.numbers) == (8, 12 + 4 + 8 + 24 + 6)
    left = transfer.layers[0]
    assert left.theirs == {"inside.weight": (4, 5), "inside.bias": (4,)}
    assert left.ours == {"inside.weight": (4, 3), "inside.bias": (4,)}


def test_what_only_one_of_them_has_is_named() -> None:
    theirs, ours = Body(), Body()
    weights = {k.replace("outside", "old.way"): v for k, v in theirs.state_dict().items()}
    transfer = take_over(ours, weights)
    assert transfer.names("taken") == ["inside", "norm"]
    assert transfer.names("new") == ["outside"]
    assert transfer.names("unused") == ["old.way"]
    assert transfer.table().splitlines() == [
        "inside   taken",
        "norm     taken",
        "outside  new",
        "old.way  unused",
        "2 of 3 layers taken: 24 of 34 weights.",
    ]


def test_half_a_layer_in_the_source_is_not_taken() -> None:
    ours = Body()
    before = copy_of(ours)
    weights = copy_of(Body())
    del weights["inside.bias"], weights["norm.running_var"]
    transfer = take_over(ours, weights)
    assert transfer.names("taken") == ["outside"]
    assert str(transfer.layers[0]) == "left: weight there, bias and weight here"
    assert changed(ours, before) == {"outside.weight", "outside.bias"}


def test_a_wider_type_is_rounded_and_another_kind_of_number_is_left() -> None:
    ours = Body()
    weights = {
        k: v.double() if v.is_floating_point() else v for k, v in Body().state_dict().items()
    }
    weights["outside.weight"] = weights["outside.weight"].long()
    transfer = take_over(ours, weights)
    assert str(transfer.layers[2]) == "left: torch.int64 there, torch.float32 here"
    assert torch.equal(ours.inside.weight, weights["inside.weight"].float())


@pytest.mark.parametrize("weights", [{}, {"a.weight": torch.zeros(2)}, Body(7, 9, 9).state_dict()])
def test_where_nothing_fits_the_network_stays_as_it_was(weights: dict[str, Tensor]) -> None:
    ours = Body()
    before = copy_of(ours)
    with pytest.raises(ConfigError, match=r"no layer .* has inside.bias \(4,\), .* \(9 tensors\)"):
        take_over(ours, weights)
    assert not changed(ours, before)


def test_the_optimizer_sees_what_was_taken() -> None:
    ours, theirs = Body(), Body()
    parameters = dict(ours.named_parameters())
    take_over(ours, theirs.state_dict())
    for name, parameter in ours.named_parameters():
        assert parameter is parameters[name] and parameter.requires_grad
        assert torch.equal(parameter, dict(theirs.named_parameters())[name])


STGCN = {"channels": (6, 8), "kernel": 3, "norm": "batch"}


@pytest.mark.parametrize(
    ("setup", "left"),
    [
        (setup_of(), set()),
        (setup_of(classes=TWO), {"head.product"}),
        (setup_of(classes=(*ONE, "sit")), {"head.product"}),
        (setup_of(classes=ONE[::-1]), {"head.product"}),
        (setup_of(channels="abc"), {"norm_in.norm", "blocks.0.spatial.graph"}),
        (
            setup_of(channels="xyzabc"),
            {"norm_in.norm", "blocks.0.spatial.graph"},
        ),
        # Twenty joints, too, and in another order.
        (
            setup_of("msr20"),
            {"norm_in.norm", "blocks.0.spatial.graph.edges", "blocks.1.spatial.graph.edges"},
        ),
        (
            setup_of("ntu25"),
            {"norm_in.norm", "blocks.0.spatial.graph.edges", "blocks.1.spatial.graph.edges"},
        ),
    ],
)
def test_layers_that_mean_something_else_are_left(setup: Setup, left: set[str]) -> None:
    build = builder("stgcn", STGCN)
    source, network = source_of(build, setup_of()), build(setup)
    before = copy_of(network)
    transfer = start_from(source, network, setup, build)
    assert set(transfer.names("left")) == left
    assert not transfer.names("new") and not transfer.names("unused")
    taken = {key for layer in transfer.layers if layer.fate == "taken" for key in layer.ours}
    same = {key for key in taken if key.endswith("partition")}
    assert changed(network, before) == taken - same
    for key in taken:
        assert torch.equal(network.state_dict()[key], source.weights[key])
    assert all(layer.reason for layer in transfer.layers if layer.fate == "left")


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_that_agree_by_chance_change_nothing(name: str, norm: str) -> None:
    """Of every network the same is taken from a source of as many joints, classes and channels
    that are others, as from one whose numbers differ, where shapes alone decide."""
    build = builder(name, NETWORKS[name] | {"norm": norm})
    source = source_of(build, setup_of())
    by_chance, apart = setup_of("msr20", TWO, "abc"), setup_of("ntu25", (*TWO, "a", "b"), "abcdefg")
    fates = [start_from(source, build(setup), setup, build) for setup in (by_chance, apart)]
    assert fates[0].names("taken") == fates[1].names("taken") != []
    assert fates[0].names("left") == fates[1].names("left") != []
    whole = build(setup_of())
    assert start_from(source, whole, setup_of(), build).names("left") == []
    assert not changed(whole, source.weights)


def test_edges_of_another_graph_of_the_same_joints_are_left() -> None:
    build = builder("stgcn", STGCN)
    source, setup = source_of(build, setup_of()), setup_of()
    partition = adjacency(setup.graph(), normalisation="symmetric")
    network = build_network("stgcn", partition, 3, 3, **STGCN)
    transfer = start_from(source, network, setup, build)
    assert {str(transfer.layers[i]) for i in _edges(transfer)} == {"left: another graph there"}
    graph = network.get_submodule("blocks.0.spatial.graph")
    assert torch.equal(graph.partition, torch.as_tensor(partition, dtype=torch.float32))  # type: ignore[arg-type]
    assert torch.equal(graph.weight, source.weights["blocks.0.spatial.graph.weight"])  # type: ignore[arg-type]


def _edges(transfer: Transfer) -> list[int]:
    return [i for i, layer in enumerate(transfer.layers) if layer.name.endswith(".edges")]


def test_an_adjacency_alone_is_no_layer() -> None:
    build = builder("stgcn", STGCN | {"edges": "fixed"})
    setup = setup_of("msr20")
    network = build(setup)
    transfer = start_from(source_of(build, setup_of()), network, setup, build)
    assert _edges(transfer) == []
    partition = torch.as_tensor(adjacency(setup.graph()), dtype=torch.float32)
    assert torch.equal(network.state_dict()["blocks.0.spatial.graph.partition"], partition)


def test_looking_for_meanings_draws_no_random_number() -> None:
    build = builder("ctrgcn", NETWORKS["ctrgcn"])
    source = source_of(build, setup_of())
    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert strange_to(source, setup_of("msr20", TWO, "abc"), build)
    assert torch.equal(torch.get_rng_state(), before)
    assert strange_to(source, setup_of(), build) == {}


def test_a_run_gives_its_averaged_weights(run_path: Path) -> None:
    source = load_source(run_path)
    checkpoint = load_latest(run_path / "checkpoints")
    average = checkpoint.part("average")
    assert average and not torch.equal(
        average["head.product.weight"], checkpoint.part("network")["head.product.weight"]
    )
    assert source.weights.keys() == average.keys()
    assert all(torch.equal(value, average[name]) for name, value in source.weights.items())
    assert (source.name, source.chosen) == ("tiny", "last")
    assert source.classes == ("rest", "raise", "turn")
    assert source.skeleton.name == "body5"
    assert source.channels == ("x", "y", "z", "d_x", "d_y", "d_z")


def test_features_that_were_fitted_to_the_joints_are_no_obstacle(run_path: Path) -> None:
    run, source = RunFolder(run_path), load_source(run_path)
    build = partial(network_of, run.config())
    assert strange_to(source, run.setup(), build) == {}
    turned = Skeleton("b", source.skeleton.joints[::-1], source.skeleton.bones)
    found = strange_to(replace(source, skeleton=turned), run.setup(), build)
    assert set(found.values()) == {"other joints there"}
    assert {"norm_in.norm.weight", "blocks.0.spatial.graph.mask"} <= found.keys()
    assert "blocks.0.spatial.graph.weight" not in found


def test_a_run_and_its_bundle_are_the_same_source(
    run_path: Path, bundle_path: Path, tmp_path: Path
) -> None:
    run, bundle = load_source(run_path), load_source(bundle_path)
    assert bundle.chosen == "bundle"
    assert (bundle.classes, bundle.skeleton, bundle.channels) == (
        run.classes,
        run.skeleton,
        run.channels,
    )
    assert bundle.weights.keys() == run.weights.keys()
    assert all(torch.equal(value, run.weights[name]) for name, value in bundle.weights.items())
    transfer = Transfer((), 0, 0)
    records = [
        json.loads(write_record(RunFolder(tmp_path), source, transfer).read_bytes())
        for source in (run, bundle)
    ]
    digest = sha256((bundle_path / "weights.safetensors").read_bytes())
    assert [record["sha256"] for record in records] == [digest, digest]


def test_a_shipped_bundle_is_found_by_name() -> None:
    source = load_source(Path("sp_sw_har"))
    assert (source.name, source.skeleton.num_joints, len(source.classes)) == ("sp_sw_har", 2, 5)
    assert source.weights["head.product.weight"].shape == (5, 128)


def test_what_a_run_started_from_is_written_down(tmp_path: Path) -> None:
    build, setup = builder("stgcn", STGCN), setup_of(classes=TWO)
    source = source_of(build, setup_of())
    transfer = start_from(source, build(setup), setup, build)
    record = json.loads(write_record(RunFolder(tmp_path), source, transfer).read_bytes())
    assert (tmp_path / "transfer.json").is_file()
    assert (record["source"], record["weights"]) == ("a", "last")
    assert record["sha256"] == sha256(save(source.weights))
    assert record["left"] == [
        {
            "layer": "head.product",
            "why": "other classes there",
            "here": {"head.product.weight": [3, 8], "head.product.bias": [3]},
            "there": {"head.product.weight": [3, 8], "head.product.bias": [3]},
        }
    ]
    assert record["taken"] == transfer.names("taken") and len(record["taken"]) == 13
    assert (record["new"], record["unused"]) == ([], [])
    assert record["taken_numbers"] == record["numbers"] - 3 * 8 - 3


def test_a_record_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    source = source_of(builder("stgcn", STGCN), setup_of())
    with pytest.raises(CheckpointError, match="transfer.json cannot be written"):
        write_record(RunFolder(tmp_path / "run"), source, Transfer((), 0, 0))


def test_places_without_weights_are_refused(
    run_path: Path, own_bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(MissingFileError, match="there is no run or bundle .*nowhere"):
        load_source(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingFileError, match="there is no run or bundle .*file"):
        load_source(tmp_path / "file")
    with pytest.raises(CheckpointError, match="has no config.yaml; is it a run folder"):
        load_source(tmp_path)
    with pytest.raises(CheckpointError, match="did not keep the weights that were best"):
        load_source(run_path, "best_valid")
    with pytest.raises(ConfigError, match="weights must be last or best_valid, got 'best_test'"):
        load_source(run_path, "best_test")
    with pytest.raises(ConfigError, match="is a bundle, which has one set of weights"):
        load_source(own_bundle, "best_valid")
    (own_bundle / "weights.safetensors").write_bytes(b"\x80\x04N.")
    with pytest.raises(BundleError, match="weights.safetensors has 4 bytes"):
        load_source(own_bundle)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80\x04N.", b"\xff" * 64, b"\x02" + b"\0" * 7 + b"{}"],
    ids=["empty", "pickle", "huge", "no tensors"],
)
def test_a_bundle_with_other_weights_than_tensors_is_refused(
    own_bundle: Path, content: bytes
) -> None:
    _put(own_bundle, content)
    with pytest.raises((BundleError, ConfigError), match="cannot be read|no layer of the source"):
        take_over(Body(), load_source(own_bundle).weights)


def test_weights_that_are_not_finite_are_refused(run_path: Path, own_bundle: Path) -> None:
    weights = load_file(own_bundle / "weights.safetensors")
    weights["head.product.bias"][1] = torch.nan
    _put(own_bundle, save(weights))
    with pytest.raises(CheckpointError, match="head.product.bias is not finite"):
        load_source(own_bundle)


def _put(bundle: Path, weights: bytes) -> None:
    """Other weights, with a manifest that agrees."""
    (bundle / "weights.safetensors").write_bytes(weights)
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    manifest["files"]["weights.safetensors"] = {"bytes": len(weights), "sha256": sha256(weights)}
    (bundle / "bundle.json").write_text(json.dumps(manifest))


def test_the_weights_best_on_validation_can_be_chosen(run_path: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(run_path, tmp_path / "run"))
    best = run / "checkpoints" / "best_valid"
    best.mkdir()
    network = Body()
    save_checkpoint(best, 2, network, torch.optim.SGD(network.parameters()), None)
    source = load_source(run, "best_valid")
    assert source.chosen == "best_valid"
    assert torch.equal(source.weights["inside.weight"], network.inside.weight)
