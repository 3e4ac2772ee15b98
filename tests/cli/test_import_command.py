"""``kinestream import``: weights of other projects, from their file to labels of every frame."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import kinestream as ks
from kinestream.bundle import load
from kinestream.clips import Clip
from kinestream.export.parity import run_steps
from kinestream.importing import SOURCES
from kinestream.importing.bundling import ORIGINS
from kinestream.skeletons import skeleton
from tests.importing import reference_staged as reference
from tests.importing.reference import Weights

Run = Callable[..., Any]
MODELS = Path(__file__).parents[3] / "shared" / "data" / "ms_gcn" / "models"
GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "visible"
SHAPE: dict[str, Any] = {
    "width": 6, "parts": 3, "kernel": 3, "dilations": [1, 2], "refining": (1, 2, 5), "classes": 3
}  # fmt: skip
JOINTS = 15  # of sbu15


def state_of(joints: int = JOINTS, channels: int = 6) -> dict[str, Tensor]:
    """The weights of a small MS-GCN."""
    w = Weights()
    x = torch.randn(2, channels, 24, joints, generator=torch.Generator().manual_seed(0))
    reference.msgcn(w, x, **SHAPE)
    return w.state


@pytest.fixture
def arguments(tmp_path: Path) -> list[object]:
    """What imports a small MS-GCN; later options take the place of these."""
    torch.save(state_of(), tmp_path / "small.model")
    (tmp_path / "actions.txt").write_text("rest\nwalk\nsit down\n")
    options = ("--skeleton", "sbu15", "--labels", tmp_path / "actions.txt")
    return ["import", "msgcn", tmp_path / "small.model", *options, "--out", tmp_path / "out"]


def ms_gcn_features(raw: np.ndarray) -> np.ndarray:
    """(3, T, V) -> (6, T, V): displacement, then position relative to joint 0, as MS-GCN has them.

    The displacement is that from the frame before, where MS-GCN takes that to the frame after.
    """
    moved = np.zeros_like(raw)
    for t in range(1, raw.shape[1]):
        moved[:, t] = raw[:, t] - raw[:, t - 1]
    return np.concatenate([moved, raw - raw[:, :, :1]])


def test_from_a_checkpoint_to_labels(run: Run, arguments: list[object], tmp_path: Path) -> None:
    done = run(*arguments, "--fps", 15)
    assert (done.code, done.err) == (0, "")
    for graph in ("step", "clip", "people"):
        assert f"{graph:<7} equals the network within " in done.out
    assert "Features: displacement, centre, as MS-GCN's: positions relative to joint 0" in done.out
    assert "looks a frame ahead (next minus current)" in done.out
    assert "Every convolution is centred" in done.out

    bundle = load(tmp_path / "out")
    assert (bundle.name, bundle.classes, bundle.fps) == ("out", ("rest", "walk", "sit down"), 15)
    assert bundle.channels == ("x", "y", "z")
    raw = np.random.default_rng(0).normal(size=(3, 40, JOINTS, 1)).astype(np.float32)
    features = torch.from_numpy(ms_gcn_features(raw[..., 0]))[None]
    truth = reference.msgcn(Weights(state_of()), features, **SHAPE)[-1].numpy()  # (1, K, T)
    peak = np.abs(truth).max()
    assert np.abs(bundle.logits(raw) - truth).max() < 1e-4 * peak
    timeline = ks.recognise(Clip(raw, skeleton("sbu15"), fps=15), bundle)
    likely = np.exp(truth[0] - truth[0].max(0))
    assert np.abs(timeline.scores - (likely / likely.sum(0)).T).max() < 1e-4
    assert timeline.delay_frames == (1 + 2) + (1 + 2)


def test_the_card_says_whose_weights_they_are(
    run: Run, arguments: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(monkeypatch)
    assert run(*arguments, "--name", "mine").code == 0
    checksum = hashlib.sha256((tmp_path / "small.model").read_bytes()).hexdigest()
    card, manifest = (tmp_path / "out" / "README.md").read_text(), load(tmp_path / "out").manifest
    assert f"| SHA-256 of their file | `{checksum}` |" in card
    assert "| weights from | MS-GCN (Filtjens et al., 2022), BenjaminFiltjens/MS-GCN |" in card
    assert "| licence of the weights | not known here: that of the project" in card
    assert "Nothing was measured." in card
    assert "- Every convolution is centred" in card
    assert "`kinestream import msgcn FILE`" in card
    assert manifest.card["source_sha256"] == checksum
    assert (manifest.name, manifest.network.name) == ("mine", "msgcn")
    assert manifest.network.arguments["lookahead"] == "centred"
    assert str(tmp_path) not in card + manifest.model_dump_json()


def written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the exporter out: what a test looks at is not the graphs."""
    from kinestream.export import writing

    monkeypatch.setattr(writing, "step_graph", lambda network: b"step")
    monkeypatch.setattr(writing, "clip_graph", lambda network: b"clip")
    monkeypatch.setattr(writing, "check_parity", lambda *args: {"step": 0.0, "tolerance": 1e-4})


@pytest.mark.parametrize(
    ("options", "features", "channels", "says"),
    [
        (("--skeleton", "hugadb6"), [], 6, "Features: none."),
        (("--skeleton", "coco17"), ["displacement", "centre"], 2, "which is nose"),
        (("--skeleton", "coco17"), [], 3, "Features: none."),
        (("--skeleton", "ntu25"), [], 3, "Features: none."),
    ],
)
def test_features_follow_from_channels(
    run: Run,
    arguments: list[object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    features: list[str],
    channels: int,
    says: str,
) -> None:
    written(monkeypatch)
    joints = skeleton(options[1]).num_joints
    torch.save(state_of(joints, channels * (2 if features else 1)), tmp_path / "small.model")
    done = run(*arguments, *options)
    assert (done.code, done.err) == (0, "")
    assert says in done.out
    manifest = load(tmp_path / "out").manifest
    assert [step["name"] for step in manifest.features] == features
    assert len(manifest.channels) == channels


def test_features_may_be_named(
    run: Run, arguments: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(monkeypatch)
    (tmp_path / "f.yaml").write_text("features: [centre, displacement]\n")
    done = run(*arguments, "--features", tmp_path / "f.yaml")
    assert (done.code, done.err) == (0, "")
    assert "Features: centre, displacement." in done.out
    manifest = load(tmp_path / "out").manifest
    assert manifest.skeleton["center"] == skeleton("sbu15").centre


def test_a_shorter_look_ahead_is_said_to_differ(
    run: Run, arguments: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(monkeypatch)
    done = run(*arguments, "--lookahead", 2)
    assert "Labels wait 2 frames instead of the 6 that the weights were trained with" in done.out
    assert load(tmp_path / "out").delay_frames == 2


def test_means_are_over_the_window_that_was_asked_for(
    run: Run, arguments: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(monkeypatch)
    w = Weights()
    shape: dict[str, Any] = {"channels": (4,), "kernels": (3,), "strides": (1,), "parts": 1}
    reference.costgcn(w, torch.randn(1, 3, 9, JOINTS, 2), **shape, pool=1, classes=3)
    torch.save({"state_dict": w.state}, tmp_path / "small.model")
    done = run("import", "costgcn", *arguments[2:], "--window", 12, "--refresh", 4)
    assert "the last 12 frames" in done.out
    manifest = load(tmp_path / "out").manifest
    assert manifest.people == 2
    assert manifest.network.arguments["averaging"] == {"over": "past", "window": 12, "refresh": 4}


def test_every_source_has_an_origin_and_is_offered(run: Run) -> None:
    assert set(ORIGINS) == set(SOURCES)
    assert set(SOURCES) <= set(re.findall(r"\w+", run("import", "--help").out))


def hostile(path: Path) -> None:
    """A checkpoint that would make a folder."""

    class Code:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            return os.mkdir, (str(path.parent / "ran"),)

    torch.save({"state_dict": state_of(), "code": Code()}, path)


def endless(path: Path) -> None:
    """Small blocks without end: the last one would look years ahead."""
    state = state_of()
    block = {k: v for k, v in state.items() if ".st_gcn_networks.0." in k}
    for i in range(2, 40):
        state |= {k.replace(".0.", f".{i}.", 1): v for k, v in block.items()}
        state[f"stream.edge_importance.{i}"] = state["stream.edge_importance.0"]
    torch.save(state, path)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "none": (lambda path: path.unlink(), "there is no checkpoint"),
    "half": (lambda path: path.write_bytes(path.read_bytes()[:5000]), "damaged: copy it again"),
    "code": (hostile, "which would have to be run"),
    "another project": (
        lambda path: torch.save({"fc.weight": torch.ones(3, 4)}, path),
        r"the weights hold no 'stream\.conv_1x1\.weight'|the weights hold no 'stream\.A'",
    ),
    "other joints": (
        lambda path: torch.save(state_of(9), path),
        "the weights are for 9 joints, skeleton 'sbu15' has 15",
    ),
    "odd channels": (
        lambda path: torch.save(state_of(channels=5), path),
        "take 5 channels, which skeleton 'sbu15' .* does not make without features",
    ),
    "endless": (endless, "this cannot be a bundle"),
}


@pytest.mark.parametrize("kind", FILES)
def test_files_that_are_refused(
    run: Run, arguments: list[object], tmp_path: Path, kind: str
) -> None:
    spoil, message = FILES[kind]
    spoil(tmp_path / "small.model")
    refused(run(*arguments), message)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--skeleton", "octopus"), "there is no skeleton 'octopus'"),
        (("--labels", "none.txt"), "none.txt"),
        (("--lookahead", "soon"), "--lookahead takes a number of frames, 'centred' or seconds"),
        (("--lookahead", "-3"), "--lookahead takes a number of frames"),
        (("--lookahead", "7"), r"lookahead must be 0 to 6 frames \(centred\), got 7"),
        (("--window", "8"), "msgcn networks take no means over time: leave window out"),
        (("--features", "none.yaml"), "there is no configuration file none.yaml"),
        (("--fps", "0"), "--fps must be above 0 and at most 10000, got 0"),
        (("--fps", "5000"), "this cannot be a bundle: key 'fps'"),
        (("--name", "../x"), "this cannot be a bundle: key 'name'"),
    ],
)
def test_options_that_are_refused(
    run: Run,
    arguments: list[object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(run(*arguments, *options), message)
    assert not (tmp_path / "out").exists()


def test_other_wrong_inputs_are_refused(run: Run, arguments: list[object], tmp_path: Path) -> None:
    refused(run("import", "resnet", *arguments[2:]), "unknown source 'resnet' of weights")
    (tmp_path / "two.txt").write_text("rest\nwalk\n")
    two = run(*arguments, "--labels", tmp_path / "two.txt")
    refused(two, "the weights tell 3 classes apart, 2 are named")
    (tmp_path / "f.yaml").write_text("features: centre\n")
    refused(run(*arguments, "--features", tmp_path / "f.yaml"), "must hold 'features', a list")
    (tmp_path / "f.yaml").write_text("features: [centre]\n")
    few = run(*arguments, "--features", tmp_path / "f.yaml")
    refused(few, "take 6 channels, which .* does not make with the features given")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    refused(run(*arguments), "is something else than a bundle")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"


def refused(done: Any, message: str) -> None:
    """One sentence or two, exit code 2, no traceback."""
    assert done.code == 2, done
    assert done.err.startswith("kinestream: ") and done.err.count("\n") == 1
    assert "Traceback" not in done.err + done.out
    assert len(done.err) < 500
    assert re.search(message, done.err), done.err


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not MODELS.is_dir(), reason="no published weights of MS-GCN beside the project")
@pytest.mark.parametrize(
    ("name", "layout", "classes"),
    [("pku-mmd", "ntu25", 52), ("hugadb", "hugadb6", 12), ("lara", "lara19", 8)],
)
def test_published_weights_stream(
    run: Run, tmp_path: Path, name: str, layout: str, classes: int
) -> None:
    labels = tmp_path / "actions.txt"
    labels.write_text("".join(f"action {k}\n" for k in range(classes)))
    file = MODELS / f"{name}.epoch-100.model"
    options = ("--skeleton", layout, "--labels", labels, "--out", tmp_path / "out")
    done = run("import", "msgcn", file, *options)
    assert (done.code, done.err) == (0, "")
    bundle = load(tmp_path / "out")
    assert bundle.delay_frames == 4 * 1023
    case = json.loads((GOLDEN / "manifest.json").read_text())
    key = f"msgcn_{name.replace('-', '_')}"
    if key in case:
        with np.load(GOLDEN / f"{key}.npz", allow_pickle=False) as arrays:
            x, truth = arrays["x"][..., 0], arrays["out"][-1]  # (1, 6, T, V), (1, K, T)
        x = np.concatenate([x[:, 3:], x[:, :3]], axis=1)  # positions first, as the bundle has them
        step = (bundle.path / "step.onnx").read_bytes()
        found = run_steps(
            step, bundle.manifest.memories(), x, len(bundle.classes), bundle.delay_frames
        )
        assert np.abs(found - truth).max() < 1e-4 * np.abs(truth).max()
