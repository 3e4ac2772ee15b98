"""Bundles: what opens, what it says, and every way in which one can be damaged or made to hurt."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream import bundle as module
from kinestream.bundle import Bundle, load, shipped_bundles
from kinestream.clips import Clip
from kinestream.errors import (
    BundleError,
    ConfigError,
    DataError,
    InputError,
    MissingFileError,
    SkeletonError,
)
from kinestream.features import Pipeline
from kinestream.streaming import open_session

Manifest = dict[str, Any]
Change = Callable[[Manifest], object]


def edit(folder: Path, change: Change) -> None:
    path = folder / "bundle.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Put in another file, with the checksum that belongs to it."""
    (folder / name).write_bytes(content)
    entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    edit(folder, lambda manifest: manifest["files"].update({name: entry}))


def use(folder: Path) -> None:
    """All that a bundle is for."""
    bundle = load(folder)
    bundle.stream().push(np.zeros((3, 5), np.float32))
    bundle.logits(np.zeros((3, 9, 5, 1), np.float32))


def test_a_bundle_says_what_it_is(bundle: Bundle, bundle_path: Path) -> None:
    assert bundle.path == bundle_path
    assert (bundle.name, bundle.classes, bundle.background) == (
        "tiny",
        ("rest", "raise", "turn"),
        (0,),
    )
    assert (bundle.skeleton.name, bundle.channels) == ("body5", ("x", "y", "z"))
    assert (bundle.fps, bundle.delay_frames) == (25.0, 3)
    assert bundle.manifest.delay_ms == pytest.approx(120)
    assert repr(bundle) == ("Bundle('tiny', 3 classes, skeleton 'body5', 25 fps, delay 3 frames)")
    assert repr(load(bundle_path, engine="numpy")) == f"{repr(bundle)[:-1]}, numpy)"
    names = {"step.onnx", "clip.onnx", "weights.safetensors", "README.md", "config.yaml"}
    assert set(bundle.manifest.files) == names
    assert {path.name for path in bundle_path.iterdir()} == names | {"bundle.json"}
    assert load(str(bundle_path)).manifest == bundle.manifest


def test_features_are_those_of_the_training(bundle: Bundle, run_path: Path) -> None:
    from kinestream.training.run_folder import RunFolder

    setup = RunFolder(run_path).setup()
    trained = Pipeline(setup.graph(), tuple(setup.channels), setup.features)
    x = np.random.default_rng(0).normal(size=(3, 9, 5, 1)).astype(np.float32)
    assert (bundle.pipeline.clip(x) == trained.clip(x)).all()


def test_the_clip_graph_has_the_numbers_of_the_network(
    bundle: Bundle, run_path: Path, clip_of: Callable[..., Clip]
) -> None:
    import torch

    from kinestream.training.building import network_of
    from kinestream.training.checkpoints import load_latest
    from kinestream.training.run_folder import RunFolder

    run = RunFolder(run_path)
    network = network_of(run.config(), run.setup()).eval()
    network.load_state_dict(load_latest(run.checkpoints).weights)
    data = clip_of(33, people=2).data
    x = torch.from_numpy(bundle.pipeline.clip(data).transpose(3, 0, 1, 2).copy())  # (M, C, T, V)
    with torch.no_grad():
        expected = network(x).numpy()
    logits = bundle.logits(data)
    assert logits.shape == (2, 3, 33)
    np.testing.assert_allclose(logits, expected, atol=1e-4 * np.abs(expected).max())


def test_nothing_is_loaded_before_it_is_needed(
    bundle_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "open_session", lambda _: pytest.fail("a graph was loaded"))
    monkeypatch.setattr(module, "Engine", lambda *_: pytest.fail("a graph was loaded"))
    assert load(bundle_path).pipeline.channels[:3] == ("x", "y", "z")


def test_a_shipped_bundle_is_found_by_name(
    bundle_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(bundle_path, tmp_path / "shipped" / "tiny")
    (tmp_path / "shipped" / "broken").mkdir()
    monkeypatch.setattr(module, "_shipped", lambda: tmp_path / "shipped")
    assert shipped_bundles() == ["tiny"]
    assert load("tiny").path == tmp_path / "shipped" / "tiny"
    (tmp_path / "here" / "tiny").mkdir(parents=True)  # such as the data set of that name
    monkeypatch.chdir(tmp_path / "here")
    assert load("tiny").path == tmp_path / "shipped" / "tiny"
    with pytest.raises(MissingFileError, match="there is no bundle tinny; .* or one of tiny"):
        load("tinny")


def test_every_shipped_bundle_is_whole() -> None:
    for name in shipped_bundles():
        bundle = load(name)
        assert bundle.name == name
        joints = np.zeros((len(bundle.channels), bundle.skeleton.num_joints), np.float32)
        bundle.stream().push(joints)


def test_what_is_no_bundle_is_named(tmp_path: Path, bundle_path: Path) -> None:
    with pytest.raises(
        MissingFileError, match="there is no bundle .*none; give the folder that 'k"
    ):
        load(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("hello\n")
    with pytest.raises(
        BundleError, match="notes.txt is a file, a bundle is a folder with bundle.js"
    ):
        load(tmp_path / "notes.txt")
    with pytest.raises(BundleError, match="is not a bundle: it has no bundle.json.$"):
        load(tmp_path)
    shutil.copytree(bundle_path, tmp_path / "run" / "bundle")
    with pytest.raises(BundleError, match=r"no bundle.json; .*run/bundle is one.$"):
        load(tmp_path / "run")


@pytest.mark.parametrize("name", ["step.onnx", "clip.onnx", "weights.safetensors", "README.md"])
def test_a_damaged_file_is_named(own_bundle: Path, name: str) -> None:
    content = (own_bundle / name).read_bytes()
    (own_bundle / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BundleError, match=f"the checksum of .*{name} does not match bundle.json"):
        load(own_bundle)
    (own_bundle / name).write_bytes(content[:-1])
    size = len(content)
    with pytest.raises(BundleError, match=f"{name} has {size - 1} bytes, bundle.json says {size}"):
        load(own_bundle)
    (own_bundle / name).unlink()
    with pytest.raises(BundleError, match=f"is not whole: {name} is missing"):
        load(own_bundle)
    (own_bundle / "elsewhere").write_bytes(content)
    (own_bundle / name).symlink_to(own_bundle / "elsewhere")
    with pytest.raises(BundleError, match=f"is not whole: {name} is missing"):
        load(own_bundle)


def test_a_file_that_changes_after_opening_is_noticed(own_bundle: Path) -> None:
    bundle = load(own_bundle)
    content = (own_bundle / "step.onnx").read_bytes()
    (own_bundle / "step.onnx").write_bytes(content[::-1])
    with pytest.raises(BundleError, match="the checksum of .*step.onnx does not match"):
        bundle.stream()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "bundle.json is not JSON"),
        (b"format: 1\n", "bundle.json is not JSON"),
        (b"\xff\xfe\x00", "bundle.json is not JSON"),
        (b"[" * 100_000, "bundle.json is not JSON"),
        (b"[]", "bundle.json: "),
        (b"{}", "bundle.json: key '.*' is missing"),
        (b" " * ((1 << 20) + 1), "over 1 MiB, too large for a manifest"),
    ],
)
def test_what_is_no_manifest_is_refused(own_bundle: Path, content: bytes, says: str) -> None:
    (own_bundle / "bundle.json").write_bytes(content)
    with pytest.raises(BundleError, match=says) as caught:
        load(own_bundle)
    assert "\n" not in str(caught.value)


def listed(name: str) -> Change:
    return lambda manifest: manifest["files"].update({name: manifest["files"]["README.md"]})


def remembered(**change: Any) -> Change:
    return lambda manifest: manifest["memory"][0].update(change)


FILES_OUTSIDE = ["../x", "..", ".", "/etc/passwd", "a/b", "a/../README.md", "", "a\0b"]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        *((listed(name), BundleError, "leaves the bundle|is not whole") for name in FILES_OUTSIDE),
        (listed("more.txt"), BundleError, "is not whole: more.txt is missing"),
        (lambda m: m["files"].pop("step.onnx"), BundleError, "does not list step.onnx"),
        (lambda m: m["files"]["README.md"].update(sha256="x"), BundleError, "sha256': .*pattern"),
        (
            lambda m: m["files"]["README.md"].update(mode=7),
            BundleError,
            "allowed here: bytes, sha2",
        ),
        (
            lambda m: m.update(more=1),
            BundleError,
            "unknown key 'more'; allowed here: background, card, channels",
        ),
        (lambda m: m.update(format=2), BundleError, "key 'format': .*1, got 2"),
        (lambda m: m.update(name="../x"), BundleError, "key 'name': .*got '../x'"),
        (lambda m: m.update(name=["x" * 9999] * 99), BundleError, "key 'name': .*got .{,81}$"),
        (lambda m: m.update(fps=0), BundleError, "key 'fps': .*greater than 0, got 0"),
        (lambda m: m.update(fps=float("nan")), BundleError, "key 'fps': .*got nan"),
        (lambda m: m.update(fps=float("inf")), BundleError, "key 'fps': .*got inf"),
        (lambda m: m.update(classes=[]), BundleError, "key 'classes': "),
        (lambda m: m.update(classes=["a", "b", "a"]), BundleError, "classes holds a name twice"),
        (lambda m: m.update(background=["sleep"]), BundleError, "'sleep' is not among the classes"),
        (lambda m: m.update(skeleton={}), SkeletonError, r"missing keys \['center', 'edge'"),
        (
            lambda m: m["skeleton"].update(num_node=10**9),
            SkeletonError,
            "num_node must be 1 to 1024",
        ),
        (lambda m: m.update(delay_frames=-1), BundleError, "key 'delay_frames'"),
        (lambda m: m.update(delay_frames=1 << 40), BundleError, "key 'delay_frames'"),
        (
            lambda m: m["network"].update(depth=1),
            BundleError,
            "allowed here: arguments, in_channel",
        ),
        (remembered(more=1), BundleError, "'memory.0.more'; allowed here: block, delay, dilation"),
        (remembered(shape=[1 << 40]), BundleError, "key 'memory.0.shape.0': .*less than"),
        (remembered(shape=[-1]), BundleError, "key 'memory.0.shape.0'"),
        (remembered(shape=[1 << 20] * 4), BundleError, "a stream would remember [0-9]+ numbers"),
        (remembered(taps=1 << 30), BundleError, "key 'memory.0.taps'"),
        (remembered(taps=-1), BundleError, "key 'memory.0.taps'"),
        (remembered(taps=0), BundleError, "a memory has taps or a block"),
        (remembered(block=2), BundleError, "a memory has taps or a block"),
        (remembered(reads=["back"]), BundleError, "a memory with taps reads its window"),
        (remembered(reads=["ahead"]), BundleError, "key 'memory.0.reads.0'"),
        (remembered(reads=[]), BundleError, "key 'memory.0.reads'"),
        (remembered(taps=0, block=2), BundleError, "a memory in blocks reads back or whole"),
        (
            remembered(taps=0, block=2, reads=["back", "whole"]),
            BundleError,
            "a memory in blocks reads back or whole",
        ),
        (
            remembered(taps=0, block=2, reads=["run", "run"]),
            BundleError,
            "reads names a reading twice",
        ),
        (
            remembered(taps=0, block=1 << 16, dilation=1 << 16, reads=["back"]),
            BundleError,
            "a stream would remember [0-9]+ numbers",
        ),
        (remembered(stride=0), BundleError, "key 'memory.0.stride'"),
        (remembered(name="frame"), BundleError, "two inputs of the step graph have one name"),
        (lambda m: m["memory"].append(m["memory"][0]), BundleError, "have one name"),
    ],
)
def test_a_manifest_made_to_hurt_is_refused_when_it_is_read(
    own_bundle: Path, change: Change, error: type[InputError], says: str
) -> None:
    edit(own_bundle, change)
    with pytest.raises(error, match=says) as caught:
        load(own_bundle)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda m: m["features"].append({"name": "bones"}), ConfigError, "unknown feature 'bones'"),
        (lambda m: m["features"].append({"name": []}), ConfigError, r"unknown feature \[\]"),
        (
            lambda m: m["features"].extend([{"name": "displacement"}] * 99),
            ConfigError,
            "1024 chann",
        ),
        (lambda m: m["features"].pop(1), ConfigError, "standardise.* of shape"),
        (lambda m: m["features"].pop(), BundleError, "^$"),
        (lambda m: m["features"].clear(), BundleError, "does not take and make what bundle.json"),
        (lambda m: m["classes"].append("jump"), BundleError, "does not take and make what bundle"),
        (lambda m: m["classes"].pop(), BundleError, "does not take and make what bundle.json says"),
        (lambda m: m["memory"].pop(), BundleError, "does not take and make what bundle.json says"),
        (remembered(name="other"), BundleError, "does not take and make what bundle.json says"),
        (remembered(shape=[5, 7]), BundleError, "does not take and make what bundle.json says"),
        (remembered(taps=9), BundleError, "does not take and make what bundle.json says"),
        (
            lambda m: m["skeleton"].update(num_node=6, names=None),
            InputError,
            "does not take and make what bundle.json says|of shape",
        ),
    ],
)
def test_a_manifest_of_another_graph_is_refused_before_the_first_label(
    own_bundle: Path, change: Change, error: type[InputError], says: str
) -> None:
    edit(own_bundle, change)
    bundle = load(own_bundle)
    if says == "^$":  # without standardising the numbers differ, the shapes do not
        bundle.stream()
        return
    with pytest.raises(error, match=says) as caught:
        bundle.stream()
    assert "\n" not in str(caught.value)


def outside(where: bytes, file: str = "/etc/hosts") -> bytes:
    """A graph whose weights lie in a file of the host, as protobuf writes it.

    Args:
        where: The key ``location``, as the bytes that stand for it.
        file: Ten characters.
    """
    import onnx
    from onnx import TensorProto, helper

    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3])
    weight.data_location = TensorProto.EXTERNAL
    entry = weight.external_data.add()
    short = b"\x0a\x08location"
    entry.key, entry.value = "location", file + "x" * (len(where) - len(short))
    frame, logits = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3])
        for name in ("frame", "logits")
    )
    node = helper.make_node("Add", ["frame", "w"], ["logits"])
    graph = helper.make_graph([node], "g", [frame], [logits], [weight])
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    content: bytes = model.SerializeToString()
    value = bytes([0x12, len(entry.value)]) + entry.value.encode()
    assert content.count(short + value) == 1
    crafted = content.replace(short + value, where + b"\x12\x0a" + file.encode())
    assert onnx.load_from_string(crafted).graph.initializer[0].external_data[0].key == "location"
    return crafted


@pytest.mark.parametrize("name", ["step.onnx", "clip.onnx"])
@pytest.mark.parametrize(
    "where",
    [
        b"\x0a\x08location",
        b"\x0a\x88\x00location",  # protobuf reads longer numbers than it writes
        b"\x8a\x00\x08location",
        b"\x8a\x80\x00\x88\x80\x80\x00location",
    ],
)
def test_a_graph_that_reads_files_of_the_host_is_refused(
    own_bundle: Path, name: str, where: bytes
) -> None:
    pytest.importorskip("onnx")
    replace_file(own_bundle, name, outside(where))
    with pytest.raises(BundleError, match=f"{name} keeps tensors in other files"):
        use(own_bundle)


@pytest.mark.parametrize("file", ["/etc/hosts", "weight.bin"])
def test_the_runtime_would_refuse_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], file: str
) -> None:
    pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weight.bin").write_bytes(bytes(12))
    with pytest.raises(BundleError, match="ONNX Runtime cannot load the graph: .*nitializ"):
        open_session(outside(b"\x0a\x08location", file))
    assert capfd.readouterr().err == ""  # no second opinion from the runtime's own log


@pytest.mark.parametrize("name", ["step.onnx", "clip.onnx"])
def test_a_graph_that_is_none_is_refused(own_bundle: Path, name: str) -> None:
    for content in (b"", b"hello", (own_bundle / name).read_bytes()[:-200]):
        replace_file(own_bundle, name, content)
        with pytest.raises(BundleError, match="ONNX Runtime cannot load the graph: ") as caught:
            use(own_bundle)
        assert len(str(caught.value)) < 250
        assert "\n" not in str(caught.value)


def test_graphs_that_changed_places_are_refused(own_bundle: Path) -> None:
    step, clip = ((own_bundle / f"{name}.onnx").read_bytes() for name in ("step", "clip"))
    replace_file(own_bundle, "step.onnx", clip)
    with pytest.raises(BundleError, match="does not take and make what bundle.json says"):
        load(own_bundle).stream()
    replace_file(own_bundle, "clip.onnx", step)
    with pytest.raises(BundleError, match="the clip graph cannot be run"):
        load(own_bundle).logits(np.zeros((3, 9, 5, 1), np.float32))


def test_logits_need_whole_joints(bundle: Bundle) -> None:
    with pytest.raises(DataError, match="joint 1 of frame 2 is nan"):
        data = np.zeros((3, 4, 5, 1), np.float32)
        data[0, 2, 1] = np.nan
        bundle.logits(data)
