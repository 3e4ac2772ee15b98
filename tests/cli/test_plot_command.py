"""``kinestream plot``: pictures of recordings, and frames that are asked for in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kinestream as ks
from kinestream.cli.plot import parsed, spread
from kinestream.errors import ConfigError
from kinestream.formats.pyskl_writing import write_pyskl

pytest.importorskip("matplotlib")

Run = Callable[..., Any]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    ks.generate("everyday", 1, seconds=3, fps=10).save(tmp_path / "a.npz")
    return tmp_path / "a.npz"


def test_a_skeleton_is_drawn(run: Run, clip: Path, tmp_path: Path) -> None:
    done = run("plot", "skeleton", clip, tmp_path / "a.png", "--frames", "0-20/5,29")
    assert (done.code, done.err) == (0, "")
    assert "6 of 30 frames" in done.out
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert run("plot", "skeleton", clip, tmp_path / "b.svg", "--title", "Three seconds").code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--frames", "1,two"), "0,15,30 or 0-90/15"),
        (("--frames", "0-9/0"), "0,15,30 or 0-90/15"),
        (("--frames", "0-999999999"), "at most 64"),
        (("--frames", "30"), "outside the clip of 30 frames"),
        (("--up", "w"), "up must be"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    run: Run, clip: Path, options: tuple[str, ...], says: str
) -> None:
    done = run("plot", "skeleton", clip, clip.with_suffix(".png"), *options)
    assert done.code == 2 and says in done.err
    assert not clip.with_suffix(".png").exists()


def test_what_a_recording_does_not_tell_can_be_stated(run: Run, tmp_path: Path) -> None:
    everyday = ks.generate("everyday", 1, seconds=3, fps=10)
    np.save(tmp_path / "a.npy", np.moveaxis(everyday.data[..., 0], 0, -1))
    said = ("--skeleton", everyday.skeleton.name, "--fps", "10", "--axes", "TVC")
    done = run("plot", "skeleton", tmp_path / "a.npy", tmp_path / "a.png", *said)
    assert (done.code, done.err) == (0, "")
    assert "8 of 30 frames" in done.out
    for wrong in (("--format", "bvh"), ("--format", "none")):
        done = run("plot", "skeleton", tmp_path / "a.npy", tmp_path / "b.png", *said, *wrong)
        assert done.code == 2 and not (tmp_path / "b.png").exists()


def test_one_of_several_recordings_is_drawn(run: Run, tmp_path: Path) -> None:
    clip = ks.generate("kinect", seed=1)
    labels = np.zeros(clip.num_frames, dtype=np.int64)
    several = {"a": replace(clip, labels=labels), "b": replace(clip, labels=labels)}
    write_pyskl(tmp_path / "a.pkl", several, {})
    said = ("--skeleton", "kinect20", "--fps", "15")
    done = run("plot", "skeleton", tmp_path / "a.pkl", tmp_path / "a.png", *said)
    assert done.code == 2 and "--recording" in done.err
    done = run(
        "plot", "skeleton", tmp_path / "a.pkl", tmp_path / "a.png", *said, "--recording", "b"
    )
    assert (done.code, done.err) == (0, "")


def test_frames_in_words() -> None:
    assert parsed("0, 7 ,9-11") == [0, 7, 9, 10, 11]
    assert spread(3) == [0, 1, 2] and spread(1) == [0]
    with pytest.raises(ConfigError):
        parsed("")
