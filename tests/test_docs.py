"""What the pages of ``docs`` show runs, and what they say of figures and names is so."""

from __future__ import annotations

import doctest
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
README_PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
NETWORKS_PAGE = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, or of none."""
    return [body for name, body in FENCE.findall(text) if name == language]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", text)


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its rank or a higher one."""
    rank = len(heading.split(" ")[0])
    body = rf"^{re.escape(heading)}\n(.*?)(?=^#{{2,{rank}}} |\Z)"
    found = re.search(body, text, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def tables(text: str) -> list[list[list[str]]]:
    """The cells of each table, without its line of dashes."""
    found = re.findall(r"(?:^\|.*\|\n)+", prose(text), re.MULTILINE)
    rows = [[line.strip("| ").split("|") for line in table.splitlines()] for table in found]
    return [[[cell.strip() for cell in row] for row in (rs[0], *rs[2:])] for rs in rows]


def table(text: str, first: str) -> list[list[str]]:
    """The rows of the table whose first head is this."""
    (found,) = [rows for rows in tables(text) if rows[0][0] == first]
    return found[1:]


def result(name: str) -> dict[str, Any]:
    """A file of results."""
    read: dict[str, Any] = json.loads((ROOT / "results" / name).read_text(encoding="utf-8"))
    return read


def draw_checkpoint(path: Path) -> None:
    """A small ST-GCN with the keys of PYSKL, random."""
    torch = pytest.importorskip("torch")
    from tests.importing import reference

    weights = reference.Weights()
    reference.network(
        weights,
        torch.zeros(1, 2, 9, 25, 3),
        partial(reference.graph, parts=3, adaptive="importance", post=False, shortcut=False),
        reference.plain_temporal,
        channels=(8, 8, 16),
        strides=(1, 1, 2),
        classes=60,
        data_bn="VC",
    )
    torch.save(weights.state, path)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text()], ids=lambda page: page.name
)
def test_python_shows_what_it_gives(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw_checkpoint(tmp_path / "j.pth")
    text = "\n".join(blocks(page.read_text(encoding="utf-8"), "python"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    shown: list[str] = []
    outcome = doctest.DocTestRunner().run(test, out=shown.append)
    assert not outcome.failed, "".join(shown)
    assert outcome.attempted == text.count(">>> ") > 0


TRANSCRIPTS = [
    block for page in PAGES for block in blocks(page.read_text(encoding="utf-8"), "")
    if block.startswith("$ kinestream ")
]  # fmt: skip


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda text: text.splitlines()[0])
def test_commands_print_what_is_shown(transcript: str) -> None:
    pytest.importorskip("torch")
    command, _, shown = transcript.partition("\n")
    arguments = shlex.split(command)[2:]
    done = subprocess.run(
        [sys.executable, "-c", "from kinestream.cli import main; main()", *arguments],
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [line.rstrip() for line in done.stdout.splitlines()] == shown.splitlines()


def test_commands_know_their_options() -> None:
    import typer

    from kinestream.cli import app

    known: Any = typer.main.get_command(app)
    shown = r"^(?:\$ )?kinestream .*|(?<=`)kinestream [^`]+"
    commands = re.findall(shown, NETWORKS_PAGE, re.MULTILINE)
    assert len(commands) > 5
    for line in commands:
        _, name, *arguments = shlex.split(line.removeprefix("$ "))
        options = {option for p in known.commands[name].params for option in p.opts}
        assert {a for a in arguments if a.startswith("--")} <= options, line


def test_configurations_build_a_network() -> None:
    pytest.importorskip("torch")
    import yaml

    from kinestream.models import build_network
    from kinestream.skeletons import adjacency, skeleton
    from kinestream.training.config import NetworkConfig

    shown = blocks(NETWORKS_PAGE, "yaml")
    assert shown
    for text in shown:
        config = NetworkConfig.model_validate(yaml.safe_load(text))
        build_network(config.name, adjacency(skeleton("ntu25")), 3, 5, **config.arguments)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "ARCHITECTURE.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for link in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        assert (page.parent / path).exists(), link
        assert path or anchor in anchors, link


def test_every_network_and_argument_is_described() -> None:
    pytest.importorskip("torch")
    from kinestream.models import NETWORKS, arguments_of
    from kinestream.models.backbone import Options

    shared = {*Options.__annotations__, "window"}
    described = {row[0].strip("`") for row in table(NETWORKS_PAGE, "argument")}
    assert described == shared
    headings = re.findall(r"^### (\w+)$", section(NETWORKS_PAGE, "## The networks"), re.MULTILINE)
    assert headings == list(NETWORKS)
    for name, cls in NETWORKS.items():
        text = section(NETWORKS_PAGE, f"### {name}")
        taken = arguments_of(cls)
        own = taken - shared if taken >= shared else taken - {"window"}
        listed = text.partition("**Arguments.**")[2].partition("- **")[0]
        named = set(re.findall(r"`(\w+)`", listed))
        assert own <= named, (name, own - named)
        assert "**When.**" in text and "**In a stream.**" in text and "**Source.**" in text


def test_every_source_of_weights_is_described() -> None:
    pytest.importorskip("torch")
    from kinestream.importing import SOURCES
    from kinestream.models import NETWORKS

    rows = table(NETWORKS_PAGE, "source")
    assert {row[0].strip("`") for row in rows} == set(SOURCES)
    assert {name.strip("` ") for row in rows for name in row[2].split(",")} <= set(NETWORKS)


def test_costs_of_windows_are_those_counted() -> None:
    counted = result("continual_cost.json")
    assert f"a window of {counted['window_frames']} frames" in NETWORKS_PAGE
    truth = [
        [
            f"`{name}`",
            f"{row['people']}",
            f"{row['window_macs_per_answer'] / 1e6:,.0f}",
            f"{row['stream']['macs_per_answer'] / 1e6:,.2f}",
            f"{row['stream']['answers_every']}",
            f"{row['stream_of_every_frame']['macs_per_answer'] / 1e6:,.2f}",
            f"{row['stream_of_every_frame']['times_fewer_per_answer']:.0f}",
        ]
        for name, row in counted["rows"].items()
    ]
    assert table(NETWORKS_PAGE, "network") == truth


def test_accuracies_are_those_measured() -> None:
    rows = result("accuracy.json")["rows"]
    truth = [
        [
            f"{row['delay_frames']} frames",
            f"{row['delay_ms']:.0f} ms",
            f"{row['frame_accuracy']:.1f} %",
            f"{row['edit']:.1f}",
            " / ".join(f"{row['f1'][share]:.1f}" for share in ("10", "25", "50")),
        ]
        for row in (rows["sp_sw_har"], rows["sp_sw_har_1s"])
    ]
    assert table(NETWORKS_PAGE, "look-ahead") == truth
    shipped = " and ".join(f"{rows[n]['frame_accuracy']:.1f} %" for n in ("sp_sw_har", "utkinect"))
    gain = " to ".join(f"{rows[n]['f1']['50']:.1f}" for n in ("sp_sw_har", "sp_sw_har_1s"))
    choice = section(NETWORKS_PAGE, "## Which network to choose")
    assert shipped in choice and f"F1@50 from {gain}" in choice


def test_times_are_those_measured() -> None:
    latency = result("streaming.json")["latency_us"]
    choice = section(NETWORKS_PAGE, "## Which network to choose")
    assert f"{latency['engine, kernel 9']['cpu'] / 1000:.2f} ms a frame" in choice
    assert f"{latency['engine, kernel 299']['cpu'] / 1000:.2f} ms at kernel 299" in choice


def test_the_latencies_of_the_readme_are_those_measured() -> None:
    found = result("streaming.json")
    latency = found["latency_us"]
    shown = {row[0]: row[1:] for row in table(README_PAGE, "one frame of RT-ST-GCN")}
    names = {
        "Kinestream's engine, kernel 9": "engine, kernel 9",
        "kernel 69": "engine, kernel 69",
        "kernel 299": "engine, kernel 299",
        "kernel 9, eight bits": "engine, kernel 9, int8",
        "the published way, eager torch, kernel 9": "plain FIFO, eager",
        "the published way, torch.jit, kernel 9": "plain FIFO, torch.jit",
        "the leanest way we know in torch.jit, kernel 9": "lean FIFO, torch.jit",
    }
    assert shown.keys() == names.keys()
    for row, name in names.items():
        assert shown[row][0] == f"{latency[name]['cpu'] / 1000:.2f} ms", row
        assert shown[row][1] == f"{found['times_as_long'][name]['by_cpu_time']:.2f}", row


def test_what_fewer_bits_are_worth_is_that_measured() -> None:
    page = (ROOT / "docs" / "precision.md").read_text(encoding="utf-8")
    truth = []
    for name, row in result("rounded.json")["rows"].items():
        for bits in ("int8", "fp16", "bf16"):
            found, cells = row[bits], [f"[{name}](../configs/{name}.yaml)", f"`{row['network']}`"]
            f1 = found["figures"]["f1@50"]
            truth.append(
                [
                    *cells,
                    f"`{bits}`",
                    f"{found['argmax_agreement']:.2f} %",
                    f"{f1['float32']:.2f} / {f1[bits]:.2f}",
                    f"{found['latency_ratio']:.2f}",
                    f"{found['size_ratio']:.2f}",
                ]
            )
    assert table(page, "configuration") == truth
    latency = result("streaming.json")["latency_us"]
    quicker = latency["engine, kernel 9"]["p50"] / latency["engine, kernel 9, int8"]["p50"]
    assert f"takes {quicker:.1f} times as long in float32 as in eight bits" in page


def test_clips_are_named_as_measured() -> None:
    found = result("nw_ucla.json")
    readme = " ".join(README_PAGE.split())
    assert f"{found['joint']['mean']:.1f} % of 316 clips" in readme
    assert f"{found['four_streams_seed_0']:.1f} % with joints, bones and the motions" in readme


def test_a_day_is_as_measured() -> None:
    rows = result("soak.json")["rows"]
    readme = " ".join(README_PAGE.split())
    assert all(row["frames"] == 2_592_000 for name, row in rows.items() if "wide" not in name)
    sums = [row for name, row in rows.items() if name.startswith("sums")]
    streams = [row for name, row in rows.items() if name.startswith("stream")]
    worst = {key: max(row[key] for row in streams) for key in ("error", "grown", "slower")}
    assert (
        f"within {max(row['error'] for row in sums):.0e} of those in double".replace("e-0", "e-")
        in readme
    )
    assert f"answers within {worst['error']:.0e} of".replace("e-0", "e-") in readme
    assert (
        f"takes {worst['grown']:.2f} times the memory and {worst['slower']:.2f} times the time"
        in readme
    )


def test_throughput_is_that_measured() -> None:
    found = result("training_throughput.json")
    (row,) = [row for row in found["chunks"] if row["segment"] == 500]
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    time, memory = f"{row['time_ratio']:.2f}", f"{row['memory_ratio']:.2f}"
    assert f"takes {time} times the time and {memory} times the memory" in readme
    assert f"train {found['processes']['two_over_one']:.1f} times as many recordings" in readme


def test_the_picture_is_what_its_script_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = pytest.importorskip("matplotlib.image")
    kept = ROOT / "docs" / "fifo.png"
    assert kept.stat().st_size < 60_000
    monkeypatch.setattr(sys, "argv", ["fifo.py", "--out", str(tmp_path / "fifo.png")])
    runpy.run_path(str(ROOT / "docs" / "pictures" / "fifo.py"), run_name="__main__")
    drawn, shown = image.imread(tmp_path / "fifo.png"), image.imread(kept)
    assert drawn.shape == shown.shape
    assert abs(drawn - shown).mean() < 0.01  # letters may be set a little otherwise


def test_the_tree_is_that_of_the_source() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    (tree,) = blocks(section(text, "## The tree"), "")
    inside, outside = tree.split("\nbenchmarks/")
    names = re.findall(r"(?<![\w/])(\w+(?:/|\.py))", inside.replace("src/kinestream/\n", ""))
    source = ROOT / "src" / "kinestream"
    for name in names:
        assert list(source.rglob(name.strip("/"))), name
    rooms = {path.name for path in source.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= {name.strip("/") for name in names}
    for name in ("benchmarks/" + outside).split():
        assert (ROOT / name).is_dir(), name
