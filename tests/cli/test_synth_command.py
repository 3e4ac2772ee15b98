"""``kinestream synth``: recordings and data sets of everyday actions, and what it knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kinestream as ks
from kinestream.datasets import open_dataset
from kinestream.datasets.synthetic import ACTIONS, PAIR_ACTIONS

Run = Callable[..., Any]


def test_everyday_actions_are_generated(run: Run, tmp_path: Path) -> None:
    options = ("--seed", 4, "--skeleton", "coco17", "--fps", 12, "--actions", "kick,clap")
    done = run("synth", "everyday", tmp_path / "a", *options, "--occlusion", 0.3, "--noise", 0.5)
    assert (done.code, done.err) == (0, "")
    clip = ks.read_clip(tmp_path / "a.npz")
    expected = ks.generate(
        "everyday",
        4,
        skeleton="coco17",
        fps=12.0,
        actions=["kick", "clap"],
        occlusion=0.3,
        noise=0.5,
    )
    assert clip.data.tobytes() == expected.data.tobytes()
    assert clip.channels == ("x", "y", "score") and clip.classes == ("stand", "kick", "clap")


def test_two_people_are_generated_for_some_seconds(run: Run, tmp_path: Path) -> None:
    options = ("--people", 2, "--seconds", 6, "--fps", 10)
    assert run("synth", "everyday", tmp_path / "a.npz", *options).code == 0
    assert ks.read_clip(tmp_path / "a.npz").data.shape == (3, 60, 25, 2)


def test_a_data_set_is_generated(run: Run, tmp_path: Path) -> None:
    options = ("--train", 2, "--test", 1, "--actions", "clap", "--fps", 10, "--skeleton", "imu7")
    done = run("synth", "set", tmp_path / "set", *options)
    assert done.code == 0 and "3 recordings" in " ".join(done.out.split())
    assert "instead" not in done.out
    again = run("synth", "set", tmp_path / "set", *options)
    assert again.code == 0
    assert "instead of the data set that was there" in " ".join(again.out.split())
    assert [len(open_dataset(tmp_path / "set", split)) for split in ("train", "test")] == [2, 1]


def test_the_ending_says_what_is_written_and_nothing_is_lost(run: Run, tmp_path: Path) -> None:
    options = ("--actions", "clap", "--fps", 10)
    done = run("synth", "everyday", tmp_path / "a.csv", *options)
    assert done.code == 0 and [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert "a.csv does not carry " in done.out
    wanted = ks.generate("everyday", actions=["clap"], fps=10.0)
    read = ks.read_clip(tmp_path / "a.csv", skeleton="ntu25")
    assert read.data.shape == wanted.data.shape
    before = (tmp_path / "a.csv").read_bytes()
    refused = run("synth", "everyday", tmp_path / "a.csv", *options, "--seed", 1)
    assert refused.code == 2 and "a.csv exists: name another place, or pass --overw" in refused.err
    assert (tmp_path / "a.csv").read_bytes() == before
    done = run("synth", "everyday", tmp_path / "a.csv", *options, "--seed", 1, "--overwrite")
    assert done.code == 0 and (tmp_path / "a.csv").read_bytes() != before


def test_actions_are_listed(run: Run) -> None:
    done = run("synth", "actions")
    assert done.code == 0
    for name in (*ACTIONS, *PAIR_ACTIONS):
        assert name in done.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("dance", "a.npz"), "unknown kind 'dance'; use phonewatch or kinect or everyday or set"),
        (("everyday",), "kinestream synth everyday OUT"),
        (("everyday", "a.npz", "--actions", "fly"), "there is no action 'fly'"),
        (("everyday", "a.npz", "--actions", "approach"), "approach needs two people"),
        (
            ("everyday", "a.npz", "--people", "2", "--actions", "walk"),
            "use some of approach, shake",
        ),
        (("everyday", "a.npz", "--seed", "-1"), "seed must be a whole number, 0 or more, got -1"),
        (("everyday", "a.json"), "the ending '.json' does not tell one format"),
        (("everyday", "a.npz", "--view", "top"), "camera3d or image"),
        (("kinect", "a.npz", "--fps", "10"), "only 'everyday' does"),
        (("set", "a", "--train", "0"), "train must be"),
    ],
)
def test_wrong_values_are_one_sentence(run: Run, arguments: tuple[str, ...], says: str) -> None:
    done = run("synth", *arguments)
    assert done.code == 2 and says in done.err and "Traceback" not in done.err
