"""What goes wrong is said in a sentence or two, with exit code 2 and no traceback."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml

from kinestream import recognition
from kinestream.clips import Clip
from kinestream.skeletons import skeleton


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]
ClipOf = Callable[..., Clip]


def refused(done: Done, *says: str) -> None:
    """The form that every error has."""
    assert done.code == 2, done
    assert done.err.startswith("kinestream: ")
    assert done.err.count("\n") == 1 and done.err.endswith("\n")
    message = done.err.removeprefix("kinestream: ").rstrip("\n")
    assert message[-1] in ".?)'", message
    assert len(re.findall(r"[.?] [A-Z]", message)) <= 1, message
    assert len(message) < 500
    assert "Traceback" not in done.err + done.out
    for part in says:
        assert re.search(part, message), f"{part!r} is not said: {message}"


@pytest.fixture
def clip_path(clip_of: ClipOf, tmp_path: Path) -> Path:
    clip_of(20).save(tmp_path / "clip.npz")
    return tmp_path / "clip.npz"


@pytest.fixture
def config_path(settings: dict[str, Any], tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path / "config.yaml"


def edited(folder: Path, name: str, content: bytes) -> Path:
    """Another file in a bundle, with the checksum that belongs to it."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "bundle.json").read_text())
    sha256 = hashlib.sha256(content).hexdigest()
    manifest["files"][name] = {"bytes": len(content), "sha256": sha256}
    (folder / "bundle.json").write_text(json.dumps(manifest))
    return folder


# The source


def test_a_missing_recording(run: Run, bundle_path: Path, tmp_path: Path) -> None:
    done = run("run", tmp_path / "none.npz", "--bundle", bundle_path)
    refused(done, "there is no file or folder .*none.npz")
    refused(run("run", f"{tmp_path}/*.npz", "--bundle", bundle_path), "no recordings in .*npz")


def test_an_empty_recording(run: Run, bundle_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"")
    refused(run("run", path, "--bundle", bundle_path), "a.npz is empty")
    np.save(tmp_path / "a.npy", np.zeros((3, 0, 25, 1), np.float32))
    done = run("run", tmp_path / "a.npy", "--skeleton", "ntu25", "--fps", 30)
    refused(done, r"a.npy: the recording is empty: shape \(C, T, V, M\) = \(3, 0, 25, 1\)")
    about = {"skeleton": skeleton("ntu25").to_dict(), "fps": 30, "channels": ["x", "y", "z"]}
    text = np.array(json.dumps({**about, "classes": [], "subject": "", "source": "made"}))
    np.savez(path, data=np.zeros((3, 0, 25, 1), np.float32), about=text)
    refused(run("run", path, "--bundle", bundle_path), "made: the recording is empty")


def test_a_recording_of_another_skeleton(run: Run, bundle_path: Path, tmp_path: Path) -> None:
    Clip(np.ones((3, 5, 20, 1), np.float32), skeleton("kinect20"), 25).save(tmp_path / "a.npz")
    done = run("run", tmp_path / "a.npz", "--bundle", bundle_path)
    refused(done, "has the 20 joints of skeleton 'kinect20', bundle 'tiny' takes the 5 of 'body5'")
    np.save(tmp_path / "a.npy", np.ones((3, 5, 17, 1), np.float32))
    done = run(
        "run", tmp_path / "a.npy", "--bundle", bundle_path, "--skeleton", "ntu25", "--fps", 30
    )
    refused(done, r"joints must be \(C, T, 25, M\) for skeleton 'ntu25', got \(3, 5, 17, 1\)")
    done = run("run", tmp_path / "a.npy", "--bundle", bundle_path)
    refused(done, "does not tell its skeleton .--skeleton NAME")
    done = run("run", tmp_path / "a.npy", "--skeleton", "ntu", "--fps", 30)
    refused(done, "no skeleton 'ntu'; use one of coco17")


def test_missing_joints(run: Run, bundle_path: Path, clip_of: ClipOf, tmp_path: Path) -> None:
    clip = clip_of(9)
    clip.data[2, 4, 3] = np.nan
    clip.save(tmp_path / "a.npz")
    done = run("run", tmp_path / "a.npz", "--bundle", bundle_path, "--save", tmp_path / "out")
    refused(done, "joint 3 of frame 4 is nan: a missing joint must be filled in")
    assert not (tmp_path / "out").exists()


def test_a_recording_that_is_none(run: Run, bundle_path: Path, tmp_path: Path) -> None:
    for name, says in (
        ("a.npz", "a.npz is not a clip file"),
        ("joints_s01_e01.txt", "not a UTKinect joints file"),
        ("s01_01_sp.csv", "there is no .*s01_01_sw.csv"),
        ("a.mp4", "no recording Kinestream knows: it begins with 'hello'"),
    ):
        (tmp_path / name).write_text("hello\n")
        refused(run("run", tmp_path / name, "--bundle", bundle_path), says)


def test_no_bundle_for_a_skeleton(run: Run, clip_path: Path) -> None:
    refused(run("run", clip_path), "no shipped bundle takes skeleton 'body5'; name one with bundle")


def test_a_place_that_cannot_be_written(run: Run, bundle_path: Path, clip_path: Path) -> None:
    done = run("run", clip_path, "--bundle", bundle_path, "--save", clip_path)
    refused(done, "labels.csv cannot be written")
    refused(run("synth", "kinect", clip_path / "a.npz"), "a.npz cannot be written")
    refused(run("synth", "dance", clip_path.parent / "a.npz"), "unknown kind 'dance'; use phonewat")


# The bundle


def test_what_is_no_bundle(run: Run, clip_path: Path, tmp_path: Path) -> None:
    done = run("run", clip_path, "--bundle", tmp_path / "none")
    refused(done, "there is no bundle .*none; give the folder that 'kinestream export' wrote")
    (tmp_path / "notes.txt").write_text("hello\n")
    done = run("run", clip_path, "--bundle", tmp_path / "notes.txt")
    refused(done, "notes.txt is a file, a bundle is a folder with bundle.json")
    refused(run("run", clip_path, "--bundle", tmp_path), "is not a bundle: it has no bundle.json")


def test_a_checksum_that_does_not_match(run: Run, clip_path: Path, own_bundle: Path) -> None:
    content = (own_bundle / "step.onnx").read_bytes()
    (own_bundle / "step.onnx").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = run("run", clip_path, "--bundle", own_bundle)
    refused(done, "the checksum of .*step.onnx does not match bundle.json: copy it again")


def test_a_truncated_graph(run: Run, clip_path: Path, own_bundle: Path) -> None:
    content = (own_bundle / "step.onnx").read_bytes()
    (own_bundle / "step.onnx").write_bytes(content[:-200])
    done = run("run", clip_path, "--bundle", own_bundle)
    refused(done, r"step.onnx has \d+ bytes, bundle.json says \d+: copy it again")
    edited(own_bundle, "step.onnx", content[:-200])
    refused(run("run", clip_path, "--bundle", own_bundle), "ONNX Runtime cannot load the graph: ")


def test_a_graph_with_tensors_elsewhere(run: Run, clip_path: Path, own_bundle: Path) -> None:
    edited(own_bundle, "step.onnx", (own_bundle / "step.onnx").read_bytes() + b"\x0a\x08location")
    done = run("run", clip_path, "--bundle", own_bundle)
    refused(done, "step.onnx keeps tensors in other files; a bundle's graphs must be whole")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda m: m["files"].update({"../x": m["files"]["README.md"]}),
            "'../x' leaves the bundle",
        ),
        (lambda m: m.update(more=1), "unknown key 'more'; allowed here: background, card"),
        (lambda m: m.update(fps="fast"), "key 'fps': .*number.*, got 'fast'"),
        (lambda m: m.pop("classes"), "key 'classes' is missing"),
        (lambda m: m["memory"][0].update(shape=[1 << 40]), "key 'memory.0.shape.0': "),
        (lambda m: m["features"].append({"name": "bones"}), "unknown feature 'bones'; there are"),
    ],
)
def test_a_manifest_that_is_wrong(
    run: Run,
    clip_path: Path,
    own_bundle: Path,
    change: Callable[[dict[str, Any]], object],
    says: str,
) -> None:
    manifest = json.loads((own_bundle / "bundle.json").read_text())
    change(manifest)
    (own_bundle / "bundle.json").write_text(json.dumps(manifest))
    refused(run("run", clip_path, "--bundle", own_bundle), says)


# The configuration, the data and the run


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("nonsense", "--set takes key=value, got 'nonsense'"),
        ("optimiser.learning_rate=1", "unknown key 'optimiser'; allowed here: augment, background"),
        (
            "optimizer.rate=1",
            "unknown key 'optimizer.rate'; allowed here: clip_norm, ema, gamma, learning",
        ),
        ("training.epochs=many", "key 'training.epochs': .*integer.*, got 'many'"),
        ("optimizer.learning_rate=-1e-3", "key 'optimizer.learning_rate': .*, got -0.001"),
        ("network.name=lstm", "unknown network 'lstm'; there are aagcn, agcn, costgcn"),
        ("network.arguments.depth=3", "network 'stgcn': .*'depth'"),
        (
            "data.path=/nowhere",
            "there is no data set /nowhere: `kinestream data prepare` writes one",
        ),
        ("features=[bones]", "unknown feature 'bones'; there are body_frame, bone"),
    ],
)
def test_a_wrong_key_or_value(
    run: Run, config_path: Path, tmp_path: Path, override: str, says: str
) -> None:
    done = run("train", config_path, "--run", tmp_path / "run", "--set", override)
    refused(done, says)
    assert not (tmp_path / "run").exists()


def test_a_configuration_that_is_none(run: Run, tmp_path: Path) -> None:
    refused(run("train", tmp_path / "none.yaml"), "there is no configuration file .*none.yaml")
    (tmp_path / "a.yaml").write_text("name: [\n")
    refused(run("train", tmp_path / "a.yaml"), "a.yaml is not valid YAML: ")
    (tmp_path / "a.yaml").write_bytes(b"\x89PNG\r\n\xff")
    refused(run("train", tmp_path / "a.yaml"), "a.yaml is not valid YAML: ")


def test_a_label_outside_the_list(
    run: Run, config_path: Path, data_path: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(data_path, tmp_path / "set"))
    labels = copy / "train" / "labels" / "s02.csv"
    rows = labels.read_text().splitlines()
    labels.write_text("\n".join([*rows[:4], "dance", *rows[5:]]) + "\n")
    done = run("train", config_path, "--run", tmp_path / "run", "--set", f"data.path={copy}")
    refused(
        done, "s02.csv line 5: label 'dance' is outside the list; allowed are rest, raise, turn"
    )


def test_missing_joints_in_a_data_set(
    run: Run, config_path: Path, data_path: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(data_path, tmp_path / "set"))
    joints = np.load(copy / "train" / "features" / "s03.npy")
    joints[0, 5, 1] = np.nan
    np.save(copy / "train" / "features" / "s03.npy", joints)
    done = run("train", config_path, "--run", tmp_path / "run", "--set", f"data.path={copy}")
    refused(done, "joint 1 of frame 5 is nan")
    assert not (tmp_path / "run").exists()


def test_what_is_no_run(run: Run, config_path: Path, run_path: Path, tmp_path: Path) -> None:
    refused(run("export", tmp_path / "none"), "there is no run folder .*none")
    refused(run("export", data := tmp_path / "data"), "there is no run folder")
    data.mkdir()
    refused(run("export", data), "data has no config.yaml; is it a run folder")
    done = run("train", config_path, "--resume", "--run", tmp_path / "none")
    refused(done, "there is no run folder .*none")
    done = run("train", config_path, "--run", run_path)
    refused(done, "is not empty: name another folder, or pass --resume")
    shutil.copytree(run_path, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    refused(run("export", tmp_path / "run"), "no checkpoint in .*: the run has not done an epoch")


def test_both_checkpoints_damaged(
    run: Run, config_path: Path, run_path: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run_path, tmp_path / "run"))
    for path in (copy / "checkpoints").glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-1])
    for arguments in (("train", config_path, "--resume", "--run", copy), ("export", copy)):
        done = run(*arguments)
        refused(
            done._replace(err=done.err.splitlines(True)[-1]), "all checkpoints in .* are damage"
        )


def test_resuming_with_other_settings(
    run: Run, config_path: Path, run_path: Path, tmp_path: Path
) -> None:
    arguments = [
        "train",
        config_path,
        "--resume",
        "--run",
        shutil.copytree(run_path, tmp_path / "r"),
    ]
    done = run(*arguments, "--set", "network.arguments.channels=[9, 9]")
    refused(done, "this run began with other settings: network.arguments.channels was")


# In a process of its own


def process(*arguments: object, before: str = "") -> Done:
    code = f"{before}\nfrom kinestream.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_process_says_the_same(tmp_path: Path) -> None:
    refused(process("run", tmp_path / "none.npz"), "there is no file or folder .*none.npz")


def test_a_part_that_is_not_installed(config_path: Path, run_path: Path) -> None:
    without = "import sys; sys.modules['torch'] = None"
    done = process("train", config_path, before=without)
    refused(done, r"training needs packages that are not installed: pip .* 'kinestream\[train\]'")
    done = process("export", run_path, before=without)
    refused(done, r"exporting a bundle needs packages .* pip install 'kinestream\[export\]'")
    refused(process("models", before=without), r"listing networks needs packages .*\[train\]")


@pytest.mark.parametrize("first", [True, False])
def test_debug_shows_the_traceback(tmp_path: Path, first: bool) -> None:
    command = ["run", tmp_path / "none.npz"]
    done = process("--debug", *command) if first else process(*command, "--debug")
    assert done.code != 0
    assert "Traceback (most recent call last)" in done.err
    assert "MissingFileError: there is no file or folder" in done.err.splitlines()[-1]


def test_a_damaged_checkpoint_is_said_and_the_one_before_taken(
    config_path: Path, run_path: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run_path, tmp_path / "run"))
    newest = copy / "checkpoints" / "epoch-00004.safetensors"
    content = newest.read_bytes()
    newest.write_bytes(content[:-1])
    done = process("train", config_path, "--resume", "--run", copy)
    assert done.code == 0, done.err
    says = "checkpoint .*epoch-00004.safetensors is damaged .*: trying the one before\n"
    assert re.fullmatch(says, done.err)
    assert newest.read_bytes() == content  # the epoch was trained again, bit for bit
    assert (copy / "curves.png").is_file()


def test_a_file_that_may_not_be_read(
    run: Run, config_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path, *_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", forbidden)
    refused(run("train", config_path), "config.yaml: Permission denied")


def test_an_interrupt_ends_without_a_traceback(
    run: Run, clip_path: Path, bundle_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kinestream.recognition.recognise_people", interrupted)
    done = run("run", clip_path, "--bundle", bundle_path)
    assert (done.code, done.err) == (130, "kinestream: stopped.\n")


def test_an_interrupt_keeps_the_events_that_were_told(
    run: Run, own_bundle: Path, clip_of: ClipOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = {"onset": 0.34, "release": 0.2, "min_duration_ms": 80, "merge_gap_ms": 120}
    manifest = own_bundle / "bundle.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"events": rules}))
    clip_of(90, 3, people=2).save(tmp_path / "clip.npz")
    arguments = ["run", tmp_path / "clip.npz", "--bundle", own_bundle, "--events", "--save"]
    assert run(*arguments, tmp_path / "whole").code == 0
    recognise = recognition.recognise_people

    def interrupted(*given: object, **more: Any) -> None:
        recognise(*given, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr("kinestream.recognition.recognise_people", interrupted)
    assert run(*arguments, tmp_path / "cut").code == 130
    for person in ("person0", "person1"):
        whole, cut = (
            json.loads((tmp_path / out / person / "events.json").read_text())["events"]
            for out in ("whole", "cut")
        )
        assert cut and cut == whole[: len(cut)]


def test_an_engine_without_a_bundle_is_refused(run: Run, clip_path: Path) -> None:
    refused(run("run", clip_path, "--engine", "numpy"), "name it with --bundle")
    refused(run("run", clip_path, "--precision", "int8"), "name it with --bundle")


def test_a_bundle_is_run_by_the_engine_and_precision_that_are_named(
    run: Run, clip_path: Path, bundle_path: Path
) -> None:
    assert run("run", clip_path, "--bundle", bundle_path, "--engine", "numpy").code == 0
    refused(run("run", clip_path, "--bundle", bundle_path, "--precision", "int8"), "no int8 graph")
    refused(run("run", clip_path, "--bundle", bundle_path, "--engine", "fast"), "no engine 'fast'")


def test_wrong_usage_is_the_parsers_business(run: Run) -> None:
    for arguments in (["dance"], ["run"], ["models", "--classes", "0"], ["train", "a", "--set"]):
        done = run(*arguments)
        assert done.code == 2
        assert "Traceback" not in done.err


def test_the_form_can_be_missed() -> None:
    good = Done(2, "", "kinestream: a is wrong: do b.\n")
    refused(good, "do b")
    for bad in (
        good._replace(code=1),
        good._replace(err="Traceback (most recent call last)\n"),
        good._replace(err="kinestream: a is wrong\n"),
        good._replace(err="kinestream: a.\nb.\n"),
        good._replace(err="kinestream: A is wrong. Do b. Do c.\n"),
    ):
        with pytest.raises(AssertionError):
            refused(bad)
