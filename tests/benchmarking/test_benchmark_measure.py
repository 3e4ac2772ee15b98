"""A benchmark of a small bundle: what comes out, and what is refused."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.benchmarking import Benchmark, Settings, benchmark, measure
from kinestream.benchmarking.accuracy import accuracy_of, listed
from kinestream.benchmarking.facts import facts_of, precisions
from kinestream.benchmarking.machine import machine
from kinestream.benchmarking.resident import grown, memory_of
from kinestream.bundle import STEP, WEIGHTS, Bundle
from kinestream.datasets import Entry, open_dataset, write_dataset
from kinestream.errors import (
    BundleError,
    ConfigError,
    DataError,
    MissingExtraError,
    MissingFileError,
)

QUICK = {"people": (1, 3), "frames": 3, "rounds": 2}


@pytest.fixture(scope="module")
def found(bundle_path: Path, data_path: Path) -> Benchmark:
    """The small bundle and a shipped one, beside two peers of which one fits."""
    pytest.importorskip("torch")
    settings = Settings(**QUICK, data=data_path, against=("window", "jit"), windows=(4,))  # type: ignore[arg-type]
    return benchmark([bundle_path], settings)


def test_every_row_holds_what_was_asked(found: Benchmark, bundle: Bundle) -> None:
    (row,) = found.rows
    assert (row.bundle, row.engine, row.precision) == ("tiny", "onnxruntime", "float32")
    assert row.title == "tiny, onnxruntime"
    assert set(row.crowds) == {1, 3} and row.crowds[3].people == 3
    assert row.push.seconds.shape == row.step.seconds.shape == (2, 3)
    assert (row.push.seconds > 0).all()
    assert row.times_as_long == 1
    assert row.memory is not None
    assert row.memory["people"] == 3 and 0 < row.memory["bytes"] < row.memory["peak_bytes"]


def test_a_peer_stands_beside_its_row_and_another_says_why_not(found: Benchmark) -> None:
    (peer,) = found.peers
    assert peer.name == "window 4" and peer.beside is found.rows[0]
    ratios = np.median(peer.step.seconds, 1) / np.median(found.rows[0].step.seconds, 1)
    assert peer.times_as_long == pytest.approx(np.median(ratios))
    assert found.left_out == ("jit is the plain form of rtstgcn, tiny is stgcn: left out.",)


def test_accuracy_is_that_of_the_clip_graph(
    found: Benchmark, bundle: Bundle, data_path: Path
) -> None:
    right = []
    for clip in open_dataset(data_path, "test"):
        labels = bundle.logits(clip.data)[0].argmax(axis=0)
        assert clip.labels is not None
        known = clip.labels >= 0
        right.append((labels == clip.labels)[known])
    accuracy = found.rows[0].accuracy
    assert accuracy is not None and accuracy["recordings"] == 2
    assert accuracy["frame_accuracy"] == pytest.approx(100 * np.concatenate(right).mean())


def test_two_bundles_are_two_rows_and_the_ratio_is_to_the_first(bundle_path: Path) -> None:
    two = benchmark([bundle_path, "utkinect"], Settings(people=(1,), frames=3, rounds=2))
    tiny, shipped = two.rows
    assert (tiny.bundle, shipped.bundle) == ("tiny", "utkinect")
    ratios = np.median(shipped.push.seconds, 1) / np.median(tiny.push.seconds, 1)
    assert shipped.times_as_long == pytest.approx(np.median(ratios))
    assert tiny.times_as_long == 1


def test_bundles_of_one_name_are_told_apart_by_their_folders(
    bundle_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    for name in ("first", "second"):
        shutil.copytree(bundle_path, tmp_path / "runs" / name)
    monkeypatch.chdir(tmp_path)
    settings = Settings(people=(1,), frames=2, rounds=1, against=("window", "jit"), windows=(4,))
    two = benchmark(["runs/first", "runs/second", tmp_path / "runs" / "first"], settings)
    assert [row.title for row in two.rows] == [
        "runs/first, onnxruntime",
        "runs/second, onnxruntime",
    ]
    assert [(row.bundle, row.folder) for row in two.rows] == [
        ("tiny", "runs/first"),
        ("tiny", "runs/second"),
    ]
    assert [peer.beside for peer in two.peers] == list(two.rows)
    assert "runs/second is stgcn" in two.left_out[1]
    json_rows = two.to_dict()["rows"]
    assert [row["folder"] for row in json_rows] == ["runs/first", "runs/second"]


def test_a_precision_that_a_bundle_lacks_is_refused(bundle_path: Path) -> None:
    with pytest.raises(ConfigError, match="tiny has no int8 graph, only float32: .*--int8"):
        benchmark([bundle_path], Settings(precisions=("float32", "int8")))


def test_all_of_it_is_plain_json_without_paths(found: Benchmark, bundle_path: Path) -> None:
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert str(bundle_path.parent) not in text
    read = json.loads(text)
    assert read["rows"][0]["people_at_30_fps"].keys() == {"1", "3"}
    assert read["settings"]["data"] == "set"
    assert read["rows"][0]["folder"] == bundle_path.name


def test_facts_are_counted_from_the_bundle(bundle: Bundle, bundle_path: Path) -> None:
    facts = facts_of(bundle)
    assert facts.network == "stgcn"
    assert facts.step_bytes == (bundle_path / STEP).stat().st_size
    files = sum(path.stat().st_size for path in bundle_path.iterdir())
    assert facts.bundle_bytes == files - (bundle_path / "bundle.json").stat().st_size
    from safetensors.numpy import load_file

    tensors = load_file(bundle_path / WEIGHTS)
    learned = [v for k, v in tensors.items() if not k.endswith(("partition", "tracked"))]
    assert facts.parameters <= sum(value.size for value in learned)
    assert facts.state_words == sum(m.words for m in bundle.manifest.memories())
    assert precisions(bundle) == ["float32"]


def test_multiply_adds_are_written_at_export(bundle: Bundle) -> None:
    pytest.importorskip("torch")
    from kinestream.benchmarking.peers.subject import subject_of
    from kinestream.models.counting import step_macs

    assert bundle.manifest.network.macs == round(step_macs(subject_of(bundle).network)) > 0


@pytest.mark.parametrize("name", ["sp_sw_har", "utkinect"])
def test_shipped_bundles_tell_their_multiply_adds(name: str) -> None:
    pytest.importorskip("torch")
    from kinestream.benchmarking.peers.subject import subject_of
    from kinestream.bundle import load
    from kinestream.models.counting import step_macs

    shipped = load(name)
    assert shipped.manifest.network.macs == round(step_macs(subject_of(shipped).network))


def test_memory_is_seen_where_python_does_not_look() -> None:
    before_and_after = grown(lambda: np.ones(8 << 20))  # 64 MiB
    assert before_and_after is not None
    more = before_and_after["streaming"] - before_and_after["imported"]
    assert 0.9 < more / (64 << 20) < 1.2
    assert before_and_after["peak"] >= before_and_after["streaming"]
    nothing = grown(lambda: None)
    assert nothing is not None and nothing["streaming"] - nothing["imported"] < 8 << 20


def test_memory_of_a_damaged_bundle_is_an_error(own_bundle: Path) -> None:
    (own_bundle / STEP).write_bytes(b"")
    with pytest.raises(BundleError, match="memory of .* cannot be measured: .*0 bytes"):
        memory_of(own_bundle, "onnxruntime", 1)


def test_the_machine_is_named_and_nobody_else() -> None:
    about = machine()
    assert about["cores"] >= 1 and about["numpy"] == np.__version__
    assert not {"host", "user", "node"} & about.keys()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"people": (0,)}, "people must be 1 to 1,024, got 0"),
        ({"people": (1, 10**9)}, "people must be 1 to 1,024, got 1000000000"),
        ({"people": ()}, "needs one engine and one number of people"),
        ({"people": (2, 2)}, "people: up to 8 different numbers, got 2, 2"),
        ({"people": tuple(range(1, 10))}, "people: up to 8 different numbers"),
        ({"frames": 0}, "frames must be 1 to 100,000, got 0"),
        ({"rounds": 10**12}, "rounds must be 1 to 10,000"),
        ({"windows": (0,)}, "windows must be 1 to 4,096, got 0"),
        ({"windows": (5000,)}, "windows must be 1 to 4,096, got 5000"),
        ({"engines": ("tensorrt",)}, "there is no engine 'tensorrt'; take one of onnxruntime"),
        ({"engines": ("numpy", "numpy")}, "the engine 'numpy' is named twice"),
        ({"precisions": ("fp64",)}, "there is no precision 'fp64'; take one of float32, int8"),
        ({"precisions": ("int8", "int8")}, "the precision 'int8' is named twice"),
        ({"windows": (50,)}, "windows are for the peer 'window': ask for it with --against window"),
        ({"windows": (50,), "against": ("jit",)}, "windows are for the peer 'window'"),
        ({"engines": ()}, "needs one engine"),
    ],
)
def test_settings_out_of_bounds_are_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        Settings(**wrong)


def test_what_is_not_there_is_refused(tmp_path: Path, bundle_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no bundle nobody"):
        benchmark(["nobody"])
    with pytest.raises(ConfigError, match="name a bundle"):
        benchmark([])
    with pytest.raises(ConfigError, match="there is no peer 'tsm'"):
        benchmark([bundle_path], Settings(against=("tsm",)))
    with pytest.raises(MissingFileError, match="there is no data set"):
        benchmark([bundle_path], Settings(data=tmp_path / "nothing"))


def test_an_engine_that_is_not_installed_is_refused(
    bundle_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"kinestream\[openvino\]"):
        benchmark([bundle_path], Settings(engines=("onnxruntime", "openvino")))


def test_a_child_that_takes_too_long_tells_nothing(
    bundle_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinestream.benchmarking.resident.TIMEOUT_S", 0.01)
    assert memory_of(bundle_path, "onnxruntime", 1) is None


def test_more_people_than_memory_are_refused(
    bundle_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "MAX_STATE_BYTES", 1 << 16)
    with pytest.raises(ConfigError, match="1024 streams of 'tiny' would remember .* fewer people"):
        benchmark([bundle_path], Settings(people=(1, 1024)))


def test_classes_in_a_sentence_are_cut_between_words() -> None:
    names = [f"stand {number:02d} up" for number in range(30)]
    text = listed(names)
    assert len(text) <= 80 and text.endswith(" ...")
    whole = ", ".join(names)
    cut = text.removesuffix(" ...")
    assert whole.startswith(cut) and whole[len(cut)] == " "
    assert listed(["rest", "turn"]) == "rest, turn"


def test_a_data_set_of_other_classes_is_refused(
    tmp_path: Path, bundle: Bundle, clip_of: Callable[..., Any]
) -> None:
    from dataclasses import replace

    clip = replace(clip_of(30, seed=3), classes=("a", "b", "c"))
    write_dataset(tmp_path / "set", [Entry("test", "s", clip)], name="x", units="m", licence="CC0")
    with pytest.raises(
        DataError, match="has the classes a, b, c, 'tiny' answers rest, raise, turn"
    ):
        accuracy_of(bundle, tmp_path / "set")
