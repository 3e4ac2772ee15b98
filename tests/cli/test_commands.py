"""The other commands: what they list, make and leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import kinestream as ks
from kinestream.bundle import Bundle, shipped_bundles
from kinestream.skeletons import layout_names

Run = Callable[..., Any]
COMMANDS = [
    "benchmark",
    "bundles",
    "data",
    "demo",
    "export",
    "import",
    "models",
    "run",
    "skeletons",
    "synth",
]
COMMANDS += ["plot", "train"]


def test_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.code == 0
    listed = [line.split()[0] for line in done.out.splitlines() if line.startswith("  ")]
    assert set(COMMANDS) <= set(listed)
    for name in COMMANDS:
        done = run(name, "--help")
        assert done.code == 0
        assert "Usage: " in done.out


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['kinestream', '--help']\n"
        "from kinestream.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert not loaded & {"torch", "onnxruntime", "numpy", "pydantic", "matplotlib", "yaml"}
    assert "typer" in loaded


def test_skeletons_are_listed(run: Run) -> None:
    done = run("skeletons")
    assert done.code == 0
    for name in layout_names():
        assert name in done.out


def test_networks_are_listed(run: Run) -> None:
    done = run("models", "--skeleton", "coco17", "--classes", 9)
    assert done.code == 0
    for word in ("rtstgcn", "stgcn", "coco17", "9 classes", "frames"):
        assert word in done.out


def test_bundles_are_listed(run: Run) -> None:
    done = run("bundles")
    assert done.code == 0
    for name in shipped_bundles():
        assert name in done.out


@pytest.mark.parametrize("kind", ["phonewatch", "kinect"])
def test_a_recording_is_generated(run: Run, tmp_path: Path, kind: str) -> None:
    done = run("synth", kind, tmp_path / "new" / "a.npz", "--seed", 3)
    assert (done.code, done.err) == (0, "")
    clip, expected = ks.read_clip(tmp_path / "new" / "a.npz"), ks.generate(kind, 3)  # type: ignore[arg-type]
    assert (clip.data == expected.data).all()
    assert clip.classes == expected.classes
    assert f"{clip.duration_s:.1f} s" in done.out


def test_training_leaves_a_run_behind(run: Run, settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings))
    folder = tmp_path / "run"
    overrides = ("--set", "training.epochs=2", "--set", "optimizer.learning_rate=2e-3")
    done = run("train", tmp_path / "config.json", "--run", folder, *overrides)
    assert (done.code, done.err) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("checkpoints", "config.yaml", "curves.png", "metrics.jsonl", "setup.json")
    ]
    saved = yaml.safe_load((folder / "config.yaml").read_text())
    assert saved["training"]["epochs"] == 2
    assert saved["optimizer"]["learning_rate"] == 0.002
    assert saved["loss"]["truncated_mse"]["truncate"] == 4  # also what was not said
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert f"test/frame_accuracy {rows[-1]['test/frame_accuracy']:.2f}" in done.out
    assert f"next: kinestream export {folder}" in done.out
    for word in ("epochs", "steps", "loss"):
        assert word in done.out


def test_a_run_without_a_name_goes_where_its_configuration_says(
    run: Run, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.json").write_text(json.dumps(settings))
    assert run("train", "config.json", "--set", "training.epochs=1").code == 0
    assert Path("runs/tiny/checkpoints/epoch-00001.safetensors").is_file()


def test_exporting_prints_the_proof(
    run: Run, run_path: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def export_run(source: Any, target: Path | None = None, **options: Any) -> Bundle:
        asked.extend((source.path, target))
        return bundle  # that of this very run

    monkeypatch.setattr("kinestream.export.export_run", export_run)
    done = run("export", run_path, "--out", tmp_path / "b")
    assert (done.code, done.err) == (0, "")
    assert asked == [run_path, tmp_path / "b"]
    for graph in ("step", "clip", "people"):
        assert f"{graph:<7} equals the network within " in done.out
        assert bundle.manifest.parity[graph] <= bundle.manifest.parity["tolerance"] == 1e-4
    assert f"wrote {bundle.path} (" in done.out


@pytest.mark.skipif(len(shipped_bundles()) < 2, reason="the bundles are not shipped yet")
def test_the_demo_shows_labels_and_figures(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("demo", "--seed", 1)
    assert done.code == 0, done.err
    for word in ("sp_sw_har", "utkinect", "WALKING", "walk", "p50", "p99", "delay"):
        assert word in done.out
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert written == [
        f"demo/{name}/{file}"
        for name in ("sp_sw_har", "utkinect")
        for file in ("labels.csv", "segments.json", "timeline.png")
    ]
