"""``kinestream benchmark``: what bundles cost on this machine, and their peers beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinestream.cli.models import WIDTH, short

if TYPE_CHECKING:
    from kinestream.benchmarking import Benchmark, Row, Times

ALL = "all"
BUSY = 0.9
"""Below this share of running, times are those of a busy machine."""


def command(
    bundles: Annotated[
        list[str], typer.Argument(help="Folders or names of bundles; 'all' for the shipped ones.")
    ],
    engine: Annotated[
        str, typer.Option(help="One or more of onnxruntime, openvino, numpy.")
    ] = "onnxruntime",
    people: Annotated[
        str, typer.Option(help="How many streams are pushed together, such as 1,8,32.")
    ] = "1,8,32",
    frames: Annotated[int, typer.Option(help="Most frames of a turn.")] = 60,
    rounds: Annotated[int, typer.Option(help="Turns of each.")] = 15,
    data: Annotated[
        Path | None, typer.Option(help="A prepared data set: adds what the answers are worth.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Peers beside them: continual, window, jit.")
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="Frames of the peer window, such as 50,300.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for benchmark.json, benchmark.csv, benchmark.png.")
    ] = None,
) -> None:
    """Time bundles frame by frame, side by side, and tell what they cost.

    Times are those of this machine while nothing else runs on it; compare ratios.
    """
    from kinestream.benchmarking import Settings, benchmark
    from kinestream.benchmarking.report import check_out, write_report
    from kinestream.bundle import shipped_bundles
    from kinestream.cli.showing import console, plain

    settings = Settings(
        engines=_words(engine),
        people=numbers("people", people),
        frames=frames,
        rounds=rounds,
        data=data,
        against=_words(against or ""),
        windows=numbers("window", window) if window else (),
    )
    if out is not None:
        check_out(out)
    named = [each for name in bundles for each in (shipped_bundles() if name == ALL else [name])]
    found = benchmark(list(dict.fromkeys(named)), settings)
    show(found)
    for path in write_report(found, out) if out else []:
        console.print(f"wrote {plain(str(path))}", soft_wrap=True)


def numbers(what: str, text: str) -> tuple[int, ...]:
    """Whole numbers from ``1,8``.

    Raises:
        ConfigError: The text is something else.

    >>> numbers("people", "1, 8")
    (1, 8)
    """
    from kinestream.errors import ConfigError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ConfigError(f"{what} must be numbers such as 1,8, got {text[:60]!r}.")
    return tuple(int(part) for part in parts)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def show(found: Benchmark) -> None:
    """Print the tables: times, peers where there are any, and what does not depend on the machine."""
    from rich.console import Console

    from kinestream.cli.showing import console, plain

    machine = found.machine
    console.print(
        f"{plain(str(machine['cpu']))}, {machine['cores']} cores, load {machine['load']}; one thread, "
        f"running {100 * found.running:.0f} % of its time or more",
        soft_wrap=True,
    )
    if found.running < BUSY:
        console.print(
            "The machine was busy with something else: times are long, ratios flatter the quick.",
            soft_wrap=True,
        )
    # Written to a file, the tables keep their lines whole.
    page = console if console.is_terminal else Console(width=max(console.width, WIDTH))
    page.print(_speed(found))
    if found.peers:
        page.print(_peers(found))
    for sentence in found.left_out:
        console.print(plain(sentence), soft_wrap=True)
    page.print(_costs(found))


def _speed(found: Benchmark) -> Any:
    from kinestream.benchmarking.rows import CAMERA_FPS

    crowds = found.settings.people
    heads = ["push, ms\np50", "p95", "p99", "step, ms\np50", "frames\na second"]
    heads += [f"people\nof {n:,}" for n in crowds] + ["times\nas long"]
    table = _table("bundle", *heads)
    for row in found.rows:
        table.add_row(
            row.title,
            *_percentiles(row.push),
            f"{row.step.percentile_us(50) / 1e3:.2f}",
            f"{row.push.frames_per_s:,.0f}",
            *(f"{row.crowds[n].people_at(CAMERA_FPS):,.0f}" for n in crowds),
            f"{row.times_as_long:.2f}",
        )
    table.caption = (
        f"people of N: how many one core keeps up with at {CAMERA_FPS} fps, pushed N at a time"
    )
    return table


def _peers(found: Benchmark) -> Any:
    table = _table("peer, beside", "a frame, ms\np50", "p95", "p99", "times as long\nas the step")
    for peer in found.peers:
        title = f"{peer.name}, {peer.beside}"
        table.add_row(title, *_percentiles(peer.step), f"{peer.times_as_long:.2f}")
    return table


def _costs(found: Benchmark) -> Any:
    heads = ["parameters", "MACs\nper frame", "state,\nwords", "step\ngraph", "all\nfiles"]
    heads += [f"memory of\n{max(found.settings.people):,} streams"]
    worth = any(row.accuracy for row in found.rows)
    table = _table("bundle", *heads, *(["frames\nright", "F1@50"] if worth else []))
    for row in found.rows:
        table.add_row(row.title, *_facts(row), *(_worth(row) if worth else []))
    return table


def _facts(row: Row) -> list[str]:
    facts = row.facts
    return [
        short(facts.parameters),
        "-" if facts.macs is None else short(facts.macs),
        short(facts.state_words),
        f"{facts.step_bytes / 1e3:,.0f} kB",
        f"{facts.bundle_bytes / 1e3:,.0f} kB",
        "-" if row.memory is None else f"{row.memory['bytes'] / 1e6:,.1f} MB",
    ]


def _worth(row: Row) -> list[str]:
    found = row.accuracy or {}
    return [_percent(found.get("frame_accuracy")), _percent(found.get("f1@50"))]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _percentiles(times: Times) -> list[str]:
    return [f"{times.percentile_us(share) / 1e3:.2f}" for share in (50, 95, 99)]


def _table(first: str, *heads: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, caption_justify="left")
    table.add_column(f"\n{first}", no_wrap=True)
    for head in heads:
        table.add_column(head if "\n" in head else f"\n{head}", justify="right", no_wrap=True)
    return table
