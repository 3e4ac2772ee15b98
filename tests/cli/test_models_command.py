"""``kinestream models``: what it tells of each network, and how it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinestream.cli.models import _delays
from kinestream.models import NETWORKS, build_network
from kinestream.skeletons import adjacency, skeleton

Run = Callable[..., Any]


def row(out: str, network: str) -> list[str]:
    """The cells of a network's line."""
    (line,) = [line for line in out.splitlines() if line.split()[:1] == [network]]
    return re.split(r"\s{2,}", line.strip())


def table(run: Run, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> str:
    """What a terminal of 100 columns shows, without the words below the table."""
    from kinestream.cli import showing

    monkeypatch.setattr(showing.console, "_width", 100)
    done = run("models", *arguments)
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 100
    return str(done.out.partition("MACs and state of two")[0])


def test_the_widest_table_fits_100_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = ("--published", "--lookahead", "centred", "--fps", 30, "--frames", 1_000_000)
    out = table(run, monkeypatch, *wide)
    for name in NETWORKS:
        assert len(row(out, name)) == 9, name
    # A title, two lines of heads, and one for MS-TCN++, whose stages do not wait alike.
    assert len(out.splitlines()) == len(NETWORKS) + 4
    assert out.count(" (4,000 + 3 x 1,023)") == 1


def test_who_cannot_wait_so_long_waits_what_it_can(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: NETWORKS[name] for name in ("stgcn", "aagcn", "mstcn")}
    monkeypatch.setattr("kinestream.models.NETWORKS", few)
    out = table(run, monkeypatch, "--lookahead", 60)
    assert row(out, "stgcn")[5] == "40"
    assert row(out, "aagcn")[5] == "60"
    assert "(60 + 3 x 0)" in out
    refused = run("models", "--lookahead", 60, "--network", "stgcn")
    assert refused.code == 2
    assert "lookahead must be 0 to 40 frames (centred), got 60" in refused.err


def test_published_figures(run: Run) -> None:
    done = run("models", "--published", "--network", "stgcn", "--fps", 30)
    cells = ["stgcn", "3.10 M", "57.0 M", "5.70 G", "405", "76", "2,533", "4", "797 k"]
    assert row(done.out, "stgcn") == cells
    assert "as published, ntu25, clips of 100 frames" in done.out
    assert "MACs and state of two people together: stgcn." in done.out
    clip = row(run("models", "--published", "--network", "ctrgcn", "--frames", 300).out, "ctrgcn")
    assert clip[3] == "8.71 G"  # over the clip, while the stream averages over the past
    classes = run("models", "--published", "--network", "msgcn", "--classes", 12)
    assert row(classes.out, "msgcn")[1] == "650 k"


def test_stages_tell_what_each_waits(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert "  4,092 (4 x 1,023)  " in run("models", "--published", "--network", "mstcn").out
    part = run("models", "--network", "mstcn", "--lookahead", 1500).out
    assert row(part, "mstcn")[5] == "1,500"
    assert "(1,023 + 477 + 2 x 0)" in part
    assert row(run("models", "--network", "mstcn").out, "mstcn")[5] == "0"


def test_stages_behind_a_stride_wait_longer() -> None:
    partition = adjacency(skeleton("sbu15"))
    refine = {"stages": 2, "layers": 2, "channels": 4}
    arguments: dict[str, Any] = {"channels": (4, 4), "kernel": 3, "strides": (1, 2)}
    network = build_network(
        "stgcn", partition, 3, 2, **arguments, lookahead="centred", refine=refine
    )
    assert _delays(network) == "14\n(2 + 2 x 6)"


def test_lookahead_in_frames_and_seconds(run: Run) -> None:
    for lookahead, delay in (("7", "7"), ("centred", "40"), ("0.5s", "12"), ("0.999s", "24")):
        done = run("models", "--network", "stgcn", "--lookahead", lookahead, "--fps", 25)
        assert row(done.out, "stgcn")[5] == delay, lookahead
    assert row(done.out, "stgcn")[6] == "960"


def test_a_memory_without_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from kinestream.models.published import PUBLISHED

    build = dict(PUBLISHED["costgcn"], arguments={"head": "clip", "averaging": {"window": None}})
    monkeypatch.setitem(PUBLISHED, "costgcn", build)
    monkeypatch.setattr("kinestream.cli.models._averages", lambda name, published: False)
    assert row(run("models", "--published", "--network", "costgcn").out, "costgcn")[4] == "all"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--lookahead", "soon"), "--lookahead takes a number of frames, .*, got 'soon'."),
        (("--lookahead=-1",), "--lookahead takes a number of frames, .*, got '-1'."),
        (("--lookahead", "0.5s"), "0.5s is in seconds: give the frame rate with --fps."),
        (("--fps", "nan"), "--fps must be above 0 and at most 10000, got nan."),
        (("--fps", "0"), "--fps must be above 0 and at most 10000, got 0."),
        (("--network", "lstm"), "unknown network 'lstm'; there are aagcn"),
        (("--network", "lstm", "--published"), "unknown network 'lstm'; there are aagcn"),
        (("--skeleton", "ntu"), "there is no skeleton 'ntu'; use one of coco17"),
    ],
)
def test_wrong_input_is_one_sentence(run: Run, arguments: tuple[str, ...], says: str) -> None:
    done = run("models", *arguments)
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(f"kinestream: .*{says}.*\n", done.err), done.err


@pytest.mark.parametrize("option", ["--classes", "--frames"])
def test_numbers_are_bounded(run: Run, option: str) -> None:
    for value in (0, 10**9):
        assert run("models", option, value).code == 2


def test_a_huge_skeleton_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    path.write_text(json.dumps({"num_node": 1000, "edge": [], "center": 0}))
    done = run("models", "--skeleton", path)
    assert (done.code, done.out) == (2, "")
    assert "skeletons of up to 256 joints, 'huge' has 1000." in done.err


def test_who_cannot_wait_so_long_is_named(run: Run) -> None:
    out = run("models", "--lookahead", 60).out
    (note,) = (line for line in out.splitlines() if line.startswith("Waiting less"))
    assert "stgcn" in note and "mstcn" not in note
