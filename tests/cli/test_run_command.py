"""``kinestream run`` on a file, a folder and a pattern: what is written and what is printed."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kinestream as ks
from kinestream.bundle import Bundle
from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats.format import Head
from kinestream.formats.pyskl_writing import write_pyskl
from kinestream.recognition import recognise_people
from kinestream.timeline import Timeline

Run = Callable[..., Any]
ClipOf = Callable[..., Clip]
FILES = ["labels.csv", "segments.json", "timeline.png"]


@pytest.fixture
def folder(clip_of: ClipOf, tmp_path: Path) -> Path:
    for seed in (1, 2):
        clip_of(30 * seed, seed).save(tmp_path / "in" / f"s{seed}.npz")
    return tmp_path / "in"


def assert_written(place: Path, timeline: Timeline) -> None:
    """The three files hold what the timeline holds."""
    assert sorted(path.name for path in place.iterdir()) == FILES
    with open(place / "labels.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == list(range(timeline.num_frames))
    assert [row["label"] for row in rows] == [timeline.classes[k] for k in timeline.labels]
    assert {int(row["person"]) for row in rows} == {timeline.person}
    times = [float(row["time_s"]) for row in rows]
    np.testing.assert_allclose(times, np.arange(timeline.num_frames) / timeline.fps, atol=1e-6)
    scores = [float(row["score"]) for row in rows]
    np.testing.assert_allclose(scores, timeline.confidence, atol=2e-6)
    summary = json.loads((place / "segments.json").read_text())
    found = [(s["name"], s["start_frame"], s["stop_frame"]) for s in summary["segments"]]
    assert found == [(s.name, s.start_frame, s.stop_frame) for s in timeline.segments]
    assert (summary["frames"], summary["delay_frames"]) == (timeline.num_frames, 3)
    assert summary["latency_ms"]["p50"] > 0
    known = timeline.truth is not None
    assert summary["metrics"] == (timeline.report().to_dict() if known else None)
    assert (place / "timeline.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_file(run: Run, bundle: Bundle, bundle_path: Path, folder: Path, tmp_path: Path) -> None:
    done = run("run", folder / "s2.npz", "--bundle", bundle_path, "--save", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    timeline = ks.recognise(folder / "s2.npz", bundle)
    assert_written(tmp_path / "out", timeline)
    for name in FILES:
        assert f"wrote {tmp_path / 'out' / name}" in done.out
    assert str(timeline.report()) in done.out
    assert "delay 3 frames (120 ms), latency per frame p50 " in done.out
    for segment in timeline.segments:
        words = (f"{segment.start_s:.2f}", "s", f"{segment.end_s:.2f}", "s", segment.name)
        assert " ".join(words) in " ".join(done.out.split())


@pytest.mark.parametrize("pattern", [False, True])
def test_a_folder_and_a_pattern(
    run: Run, bundle: Bundle, bundle_path: Path, folder: Path, tmp_path: Path, pattern: bool
) -> None:
    source = f"{folder}/s?.npz" if pattern else folder
    done = run("run", source, "--bundle", bundle_path, "--save", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["s1", "s2"]
    timelines = [ks.recognise(folder / f"{name}.npz", bundle) for name in ("s1", "s2")]
    for name, timeline in zip(("s1", "s2"), timelines, strict=True):
        assert_written(tmp_path / "out" / name, timeline)
    whole = ks.evaluate(
        [timeline.labels for timeline in timelines],
        [timeline.truth for timeline in timelines if timeline.truth is not None],
        3,
        background=(0,),
    )
    assert f"all: {whole}" in done.out


def test_people_get_a_folder_each(
    run: Run, bundle: Bundle, bundle_path: Path, clip_of: ClipOf, tmp_path: Path
) -> None:
    clip_of(25, seed=4, people=2).save(tmp_path / "two.npz")
    run("run", tmp_path / "two.npz", "--bundle", bundle_path, "--save", tmp_path / "out")
    for timeline in recognise_people(ks.read_clip(tmp_path / "two.npz"), bundle):
        assert_written(tmp_path / "out" / f"person{timeline.person}", timeline)
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.fixture
def several(clip_of: ClipOf, tmp_path: Path) -> tuple[Path, tuple[object, ...]]:
    """Two recordings in a file, whose names are a path out of the folder, and what to say of it."""
    clips = {
        name: replace(clip_of(30, seed), labels=None, classes=())
        for seed, name in enumerate(("../a", "b"))
    }
    write_pyskl(tmp_path / "two.pkl", clips, {})
    layout = tmp_path / "body5.json"
    layout.write_text(json.dumps(clips["b"].skeleton.to_dict()))
    return tmp_path / "two.pkl", ("--skeleton", layout, "--fps", clips["b"].fps)


def test_several_recordings_in_a_file_follow_each_other(
    run: Run,
    bundle: Bundle,
    bundle_path: Path,
    clip_of: ClipOf,
    several: tuple[Path, tuple[object, ...]],
    tmp_path: Path,
) -> None:
    path, told = several
    told = ("--bundle", bundle_path, *told, "--save", tmp_path / "out")
    done = run("run", path, *told)
    assert (done.code, done.err) == (0, "")
    assert [line for line in done.out.splitlines() if "person 0" in line] == [
        "_a, person 0",
        "b, person 0",
    ]
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["_a", "b"]
    for seed, name in enumerate(("_a", "b")):
        clip = replace(clip_of(30, seed), labels=None, classes=())
        assert_written(tmp_path / "out" / name, ks.recognise(clip, bundle))
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nwalk\n")
    done = run("run", path, *told, "--labels", tmp_path / "a.srt")
    assert done.code == 2 and "holds several: name it (--recording NAME)" in done.err


def test_one_of_several_recordings_in_a_file(
    run: Run,
    bundle: Bundle,
    bundle_path: Path,
    clip_of: ClipOf,
    several: tuple[Path, tuple[object, ...]],
    tmp_path: Path,
) -> None:
    path, told = several
    told = ("--bundle", bundle_path, *told, "--save", tmp_path / "out")
    assert run("run", path, *told, "--recording", "b").code == 0
    clip = replace(clip_of(30, 1), labels=None, classes=())
    assert_written(tmp_path / "out", ks.recognise(clip, bundle))
    done = run("run", path, *told, "--recording", "c")
    assert done.code == 2 and "name one with --recording NAME" in done.err


def test_recordings_of_one_name_do_not_overwrite_each_other(
    run: Run, bundle: Bundle, bundle_path: Path, clip_of: ClipOf, tmp_path: Path
) -> None:
    for seed, part in enumerate(("train/a.npz", "test/a.npz", "test/b.npz")):
        clip_of(20 + seed, seed).save(tmp_path / "in" / part)
    done = run("run", tmp_path / "in", "--bundle", bundle_path, "--save", tmp_path / "out")
    assert done.code == 0
    for seed, part in enumerate(("train/a.npz", "test/a.npz", "test/b.npz")):
        assert_written(tmp_path / "out" / part, ks.recognise(clip_of(20 + seed, seed), bundle))


def test_a_data_set_brings_its_labels(
    run: Run, bundle: Bundle, bundle_path: Path, data_path: Path, tmp_path: Path
) -> None:
    done = run("run", data_path / "test", "--bundle", bundle_path, "--save", tmp_path / "out")
    assert done.code == 0
    for name in ("s07", "s08"):
        timeline = ks.recognise(data_path / "test" / "features" / f"{name}.npy", bundle)
        assert timeline.truth is not None
        assert_written(tmp_path / "out" / name, timeline)


def test_a_lone_array_is_told_what_it_is(
    run: Run, bundle: Bundle, bundle_path: Path, clip_of: ClipOf, tmp_path: Path
) -> None:
    clip = replace(clip_of(30, fps=30.0), labels=None, classes=())
    np.save(tmp_path / "a.npy", clip.data)
    (tmp_path / "body5.json").write_text(json.dumps(clip.skeleton.to_dict()))
    told = ("--skeleton", tmp_path / "body5.json", "--fps", 30)
    done = run("run", tmp_path / "a.npy", "--bundle", bundle_path, *told, "--save", tmp_path / "o")
    assert (done.code, done.err) == (0, "")
    assert_written(tmp_path / "o", ks.recognise(clip, bundle))
    assert "all:" not in done.out


def test_without_save_nothing_is_written(
    run: Run, bundle_path: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert run("run", folder, "--bundle", bundle_path).code == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_paced_waits(
    run: Run, bundle_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    run("run", folder / "s1.npz", "--bundle", bundle_path)
    assert not slept
    run("run", folder / "s1.npz", "--bundle", bundle_path, "--paced")
    assert len(slept) == 30


def test_names_are_printed_as_they_are(
    run: Run, bundle_path: Path, clip_of: ClipOf, tmp_path: Path
) -> None:
    clip_of(9).save(tmp_path / "[bold]x.npz")
    done = run("run", tmp_path / "[bold]x.npz", "--bundle", bundle_path)
    assert (done.code, done.err) == (0, "")
    assert "[bold]x.npz, person 0" in done.out


def test_one_bad_recording_does_not_cost_the_others(
    run: Run, bundle_path: Path, clip_of: ClipOf, tmp_path: Path
) -> None:
    good, bad = clip_of(9), clip_of(9)
    bad.data[0, 4, 1, 0] = np.nan
    good.save(tmp_path / "b.npz")
    bad.save(tmp_path / "a.npz")
    done = run("run", tmp_path / "a.npz", tmp_path / "b.npz", "--bundle", bundle_path)
    assert done.code == 2
    assert "a.npz: joint 1 of frame 4 is nan" in done.out and "b.npz, person 0" in done.out
    assert "1 of 2 recordings could not be labelled" in done.err


def test_a_recording_that_cannot_be_opened_does_not_cost_the_others(
    run: Run, bundle_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    see = Head.of

    def shut(path: Path) -> Head:
        if path.name == "s1.npz":
            raise DataError(f"{path} cannot be read: Permission denied.")
        return see(path)

    monkeypatch.setattr(Head, "of", staticmethod(shut))
    done = run("run", folder, "--bundle", bundle_path)
    assert done.code == 2
    assert "s1.npz cannot be read: Permission denied" in done.out
    assert "s2.npz, person 0" in done.out


def test_resampling_is_said(run: Run, bundle_path: Path, clip_of: ClipOf, tmp_path: Path) -> None:
    clip = clip_of(20)
    replace(clip, fps=2 * clip.fps).save(tmp_path / "a.npz")
    done = run("run", tmp_path / "a.npz", "--bundle", bundle_path)
    assert done.code == 0 and "resampled from" in done.out
