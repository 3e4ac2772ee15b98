"""``kinestream data convert`` and ``formats``: what is written, said, and refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kinestream as ks
from kinestream.bundle import Bundle
from kinestream.clips import Clip
from kinestream.formats import FORMATS, LABEL_FORMATS
from kinestream.skeletons import Skeleton, skeleton

Run = Callable[..., Any]
ClipOf = Callable[..., Clip]


@pytest.fixture
def clip() -> Clip:
    data = np.random.default_rng(0).normal(size=(3, 20, 20, 1))
    labels = np.repeat([0, 1, -1, 0], 5)
    return Clip(data, skeleton("kinect20"), 10.0, classes=("sit", "walk"), labels=labels)


@pytest.fixture
def source(clip: Clip, tmp_path: Path) -> Path:
    clip.save(tmp_path / "in.npz")
    return tmp_path / "in.npz"


def refused(done: Any, says: str) -> None:
    assert done.code == 2, done
    assert done.err.startswith("kinestream: ") and done.err.count("\n") == 1
    assert re.search(says, done.err), done.err


def test_formats_are_listed(run: Run) -> None:
    done = run("data", "formats")
    assert (done.code, done.err) == (0, "")
    rows = {line.split()[0]: line for line in done.out.splitlines() if line.strip()}
    assert set(FORMATS) | set(LABEL_FORMATS) <= set(rows)
    assert rows["clip"].count("yes") == 2 and rows["sbu"].count("yes") == 1
    assert ".eaf" in rows["eaf"] and "folder" in rows["openpose"]


def test_formats_fit_a_narrow_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, run("data", "formats").out.splitlines())) <= 80


def test_a_recording_becomes_a_table(run: Run, source: Path, clip: Clip, tmp_path: Path) -> None:
    done = run("data", "convert", source, tmp_path / "out.csv")
    assert (done.code, done.err) == (0, "")
    assert f"wrote {tmp_path / 'out.csv'}: 20 frames of kinect20, 1 person, 10 fps" in done.out
    again = ks.read_clip(tmp_path / "out.csv")
    np.testing.assert_array_equal(again.data, clip.data)
    assert (
        again.labels is not None and again.labels.tolist() == np.repeat([0, 1, -1, 0], 5).tolist()
    )
    assert "not kept" not in done.out


def test_what_is_lost_is_said_in_a_line(run: Run, source: Path, tmp_path: Path) -> None:
    done = run("data", "convert", source, tmp_path / "out.npy")
    assert "not kept by NumPy array: the skeleton, the frame rate, labels\n" in done.out


def test_a_table_tells_no_bones(run: Run, tmp_path: Path) -> None:
    arm = Skeleton("arm", ("upper", "lower"), ((1, 0),))
    Clip(np.ones((3, 4, 2, 1)), arm, 10.0).save(tmp_path / "arm.npz")
    done = run("data", "convert", tmp_path / "arm.npz", tmp_path / "arm.csv")
    assert "not kept by CSV table with a header: bones\n" in done.out


def test_labels_of_a_recording_become_a_file_and_back(
    run: Run, source: Path, clip: Clip, tmp_path: Path
) -> None:
    done = run("data", "convert", source, tmp_path / "a.srt")
    assert (done.code, done.err) == (0, "")
    assert f"wrote {tmp_path / 'a.srt'}: 3 labels of 2 classes" in done.out
    run("data", "convert", tmp_path / "a.srt", tmp_path / "b.eaf", "--tier", "gait")
    run("data", "convert", tmp_path / "b.eaf", tmp_path / "c.json", "--to", "label_studio")
    run("data", "convert", tmp_path / "c.json", tmp_path / "d.tsv", "--to", "segments")
    rate = ("--fps", 10, "--frames", 20)
    done = run("data", "convert", tmp_path / "d.tsv", tmp_path / "e.csv", "--to", "frames", *rate)
    assert (done.code, done.err) == (0, "")
    rows = (tmp_path / "e.csv").read_text().split()
    assert rows == ["label", *["sit"] * 5, *["walk"] * 5, *["-1"] * 5, *["sit"] * 5]
    bare = tmp_path / "bare.npz"
    replace(clip, labels=None, classes=()).save(bare)
    for name in ("a.srt", "b.eaf", "e.csv"):
        out = tmp_path / f"{name}.npz"
        assert run("data", "convert", bare, out, "--labels", tmp_path / name).code == 0
        again = ks.read_clip(out)
        assert again.classes == ("sit", "walk") and again.labels is not None
        assert clip.labels is not None and again.labels.tolist() == clip.labels.tolist()


SPANS = """1
00:00:00,000 --> 00:00:02,000
walk

2
00:00:02,500 --> 00:00:09,000
sit

3
00:00:08,000 --> 00:00:09,000
run
"""


def test_what_does_not_fit_into_the_frames_is_said(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source, target = tmp_path / "walk.srt", tmp_path / "frames.csv"
    source.write_text(SPANS)
    rate = ("--to", "frames", "--fps", 10, "--overwrite", "--frames")
    done = run("data", "convert", source, target, *rate, 30)
    assert (done.code, done.out) == (0, f"wrote {target}: 30 frames, 2 labels of 2 classes\n")
    assert "walk.srt: 1 spans begin behind the end of the recording and are left out" in caplog.text
    assert "walk.srt: 1 spans end behind the end of the recording and are cut there" in caplog.text
    assert target.read_text().split()[1:] == ["walk"] * 20 + ["-1"] * 5 + ["sit"] * 5
    done = run("data", "convert", source, target, *rate[:-1])
    assert done.out == f"wrote {target}: 90 frames, 3 labels of 3 classes\n"
    source.write_text(SPANS.replace("00:00:0", "00:01:0"))
    before = target.read_bytes()
    refused(run("data", "convert", source, target, *rate, 30), "none of 3 spans lies within the 3")
    assert target.read_bytes() == before


def test_options_that_would_do_nothing_are_refused(run: Run, source: Path, tmp_path: Path) -> None:
    labels, out = tmp_path / "a.srt", tmp_path / "out.npz"
    labels.write_text(SPANS)
    for option, value in (
        ("--skeleton", "coco17"),
        ("--axes", "TVC"),
        ("--recording", "a"),
        ("--labels", labels),
        ("--background", "rest"),
        ("--to-skeleton", "coco17"),
        ("--to-fps", 30),
    ):
        done = run("data", "convert", labels, tmp_path / "b.vtt", option, value)
        refused(done, f"{option} does not apply to labels, which .*a.srt holds: leave {option} out")
    done = run("data", "convert", labels, tmp_path / "b.vtt", "--frames", 3)
    refused(done, "--frames is for labels in every frame .--to frames.")
    for option, value, says in (
        ("--frames", 3, "--frames is for files of labels"),
        ("--background", "rest", "--background needs --labels"),
        ("--tier", "a", "--tier needs --labels"),
        ("--recording", "a", "holds a single recording .*--recording"),
        ("--to-fps", 0, "--to-fps: a frame rate must be above 0"),
        ("--fps", "nan", "--fps, fps=... in Python: a frame rate must be above 0 .*got nan"),
        ("--fps", 30, "in.npz has 10 frames per second, got 30: leave it out .--fps"),
    ):
        refused(run("data", "convert", source, out, option, value), says)
    refused(run("data", "convert", source, ""), "OUT names no file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.srt", "in.npz"]


def test_a_tier_is_named_as_labels_are_written(run: Run, source: Path, tmp_path: Path) -> None:
    assert run("data", "convert", source, tmp_path / "a.eaf", "--tier", "gait").code == 0
    assert 'TIER_ID="gait"' in (tmp_path / "a.eaf").read_text()


def test_what_was_mended_is_said(run: Run, tmp_path: Path) -> None:
    rows = ["hand_x,hand_y,arm_x,arm_y", "1,2,3,4", "1,2,,4", "1,2,3,x", "1,2,3,4"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    done = run("data", "convert", tmp_path / "a.csv", tmp_path / "a.npz", "--fps", 30)
    assert (done.code, done.err) == (0, "")
    assert "\nmended: 1 dropped rows, 1 missing joints\n" in done.out
    done = run("data", "convert", tmp_path / "a.npz", tmp_path / "b.npz", "--to", "npz")
    assert done.code == 0 and "\nmended: " not in done.out


def test_background_fills_what_is_not_labelled(run: Run, source: Path, tmp_path: Path) -> None:
    run("data", "convert", source, tmp_path / "a.vtt")
    told = ("--labels", tmp_path / "a.vtt", "--background", "rest")
    assert run("data", "convert", source, tmp_path / "b.npz", *told).code == 0
    again = ks.read_clip(tmp_path / "b.npz")
    assert again.classes == ("rest", "sit", "walk") and again.labels is not None
    assert again.labels.tolist() == np.repeat([1, 2, 0, 1], 5).tolist()


def test_joints_and_rate_are_converted(run: Run, source: Path, clip: Clip, tmp_path: Path) -> None:
    wanted = ("--to-skeleton", "coco17", "--to-fps", 20)
    done = run("data", "convert", source, tmp_path / "b.npz", *wanted)
    assert (done.code, done.err) == (0, "")
    assert "12 exact: left_shoulder, " in done.out
    assert "5 missing: nose, left_eye, " in done.out
    again = ks.read_clip(tmp_path / "b.npz")
    assert (again.skeleton.name, again.fps) == ("coco17", 20)
    truth = ks.to_skeleton(clip, "coco17").data
    np.testing.assert_array_equal(again.data[:, ::2], truth)


def test_a_lone_array_is_told_what_it_is(run: Run, clip: Clip, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", clip.data[..., 0].transpose(1, 2, 0))
    told = ("--skeleton", "kinect20", "--fps", 10, "--axes", "TVC")
    assert run("data", "convert", tmp_path / "a.npy", tmp_path / "b.npz", *told).code == 0
    np.testing.assert_array_equal(ks.read_clip(tmp_path / "b.npz").data, clip.data)
    (tmp_path / "renamed").write_bytes((tmp_path / "a.npy").read_bytes())
    told = (*told, "--format", "npy")
    assert run("data", "convert", tmp_path / "renamed", tmp_path / "c.npz", *told).code == 0


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A COCO file of two videos, whose names would be one file, outside the folder."""
    videos = [{"id": 1, "name": "../../x"}, {"id": 2, "name": ".._..?x"}]
    images = [
        {"id": 10 * video + k, "video_id": video, "frame_id": k} for video in (1, 2) for k in (0, 1)
    ]
    people = [
        {"image_id": image["id"], "category_id": 1, "keypoints": [float(image["id"]), 2.0, 2] * 17}
        for image in images
    ]
    content = {"videos": videos, "images": images, "annotations": people, "categories": []}
    (tmp_path / "two.json").write_text(json.dumps(content))
    return tmp_path / "two.json"


def test_several_recordings_fill_a_folder(run: Run, two: Path, tmp_path: Path) -> None:
    done = run("data", "convert", two, tmp_path / "out", "--to", "clip", "--fps", 30)
    assert (done.code, done.err) == (0, "")
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 2 and all(file.suffix == ".npz" for file in files)
    starts = sorted(float(ks.read_clip(file).data[0, 0, 0, 0]) for file in files)
    assert starts == [10.0, 20.0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "two.json"]


def test_one_of_several_recordings(run: Run, two: Path, tmp_path: Path) -> None:
    refused(
        run("data", "convert", two, tmp_path / "a.npz", "--fps", 30),
        "several recordings: name a folder and .*--to NAME.*--recording NAME",
    )
    told = ("--fps", 30, "--recording", "two/../../x")
    assert run("data", "convert", two, tmp_path / "a.npz", *told).code == 0
    assert ks.read_clip(tmp_path / "a.npz").data[0, 0, 0, 0] == 10


def test_nothing_is_overwritten_unasked(run: Run, source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    refused(run("data", "convert", source, source, "--overwrite"), "is what is read")
    link = tmp_path / "link.npz"
    link.symlink_to(source)
    refused(run("data", "convert", source, link, "--overwrite"), "is what is read")
    folder = ("--to", "clip", "--overwrite")
    refused(run("data", "convert", source, tmp_path, *folder), "holds what is read")
    (tmp_path / "a.srt").write_text("mine")
    refused(run("data", "convert", source, tmp_path / "a.srt"), "exists: .* pass --overwrite")
    assert (tmp_path / "a.srt").read_text() == "mine"
    assert run("data", "convert", source, tmp_path / "a.srt", "--overwrite").code == 0
    assert "walk" in (tmp_path / "a.srt").read_text()
    refused(run("data", "convert", tmp_path / "a.srt", tmp_path / "a.srt"), "is what is read")
    assert source.read_bytes() == before


def test_endings_of_several_formats_need_a_name(run: Run, source: Path, tmp_path: Path) -> None:
    refused(run("data", "convert", source, tmp_path / "a.json"), "--to: coco .*, label_studio")
    refused(run("data", "convert", source, tmp_path / "a.csv", "--to", "json"), "no format 'json'")
    refused(run("data", "convert", source, tmp_path / "a.xyz"), "stands for no format")
    refused(run("data", "convert", source, tmp_path / "a.txt", "--to", "sbu"), "read only")
    run("data", "convert", source, tmp_path / "a.srt")
    refused(
        run("data", "convert", tmp_path / "a.srt", tmp_path / "b.csv"),
        "frames, segments .--to NAME",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.srt", "in.npz"]


def test_labels_and_recordings_are_not_mistaken(
    run: Run, source: Path, clip: Clip, tmp_path: Path
) -> None:
    labels, table = tmp_path / "a.srt", tmp_path / "a.csv"
    run("data", "convert", source, labels)
    run("data", "convert", source, table, "--to", "csv")
    to_clip = ("--to", "clip")
    refused(
        run("data", "convert", labels, tmp_path / "b.npz", *to_clip), "holds labels, .*--labels"
    )
    refused(
        run("data", "convert", source, tmp_path / "b.npz", "--labels", table),
        "is a recording .*no file of labels",
    )
    replace(clip, labels=None, classes=()).save(tmp_path / "bare.npz")
    refused(run("data", "convert", tmp_path / "bare.npz", tmp_path / "b.srt"), "has no labels")
    refused(run("data", "convert", tmp_path / "none.npz", tmp_path / "b.npz"), "no recording")


def test_a_run_is_measured_against_labels_of_a_file(
    run: Run, bundle: Bundle, bundle_path: Path, clip_of: ClipOf, tmp_path: Path
) -> None:
    clip = clip_of(40)
    clip.save(tmp_path / "a.npz")
    run("data", "convert", tmp_path / "a.npz", tmp_path / "truth.eaf")
    replace(clip, labels=None, classes=()).save(tmp_path / "b.npz")
    told = ("--bundle", bundle_path, "--labels", tmp_path / "truth.eaf")
    done = run("run", tmp_path / "b.npz", *told)
    assert (done.code, done.err) == (0, "")
    assert str(ks.recognise(clip, bundle).report()) in done.out
    refused(
        run("run", tmp_path / "a.npz", tmp_path / "b.npz", *told), "labels one recording, 2 are"
    )


def test_a_timeline_is_shown_in_a_player(
    run: Run, bundle: Bundle, bundle_path: Path, clip_of: ClipOf, tmp_path: Path
) -> None:
    """What a run saves is a file of labels as it is."""
    clip = clip_of(40)
    clip.save(tmp_path / "a.npz")
    run("run", tmp_path / "a.npz", "--bundle", bundle_path, "--save", tmp_path / "out")
    labels = tmp_path / "out" / "labels.csv"
    assert run("data", "convert", labels, tmp_path / "a.vtt", "--fps", clip.fps).code == 0
    timeline = ks.recognise(clip, bundle)
    found = ks.read_annotations(tmp_path / "a.vtt")
    frames = found.to_frames(timeline.num_frames, clip.fps, timeline.classes)
    np.testing.assert_array_equal(frames.labels, timeline.labels)
