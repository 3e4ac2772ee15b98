"""``kinestream benchmark``: what bundles cost on this machine, and their peers beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.benchmarking import Benchmark

ALL = "all"
BUSY = 0.9
"""Below this share of running, times are those of a busy machine."""

PEOPLE = "people of N: how many one core keeps up with at 30 frames a second, pushed N at a time"


def command(
    bundles: Annotated[
        list[str], typer.Argument(help="Folders or names of bundles; 'all' for the shipped ones.")
    ],
    engine: Annotated[
        str, typer.Option(help="One or more of onnxruntime, openvino, numpy.")
    ] = "onnxruntime",
    precision: Annotated[
        str | None,
        typer.Option(help="One or more of float32, int8, fp16, bf16; all that a bundle has."),
    ] = None,
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
        str | None,
        typer.Option(help="Frames of the peer window, such as 50,300; with --against window."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for benchmark.json, benchmark.csv, benchmark.png.")
    ] = None,
) -> None:
    """Time bundles frame by frame, side by side, and tell what they cost.

    Times are those of this machine while nothing else runs on it: quote how many times as long.
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
        windows=()
        if window is None
        else numbers("windows", window, "numbers of frames such as 50,300"),
        precisions=_words(precision or ""),
    )
    if out is not None:
        check_out(out)
    named = [each for name in bundles for each in (shipped_bundles() if name == ALL else [name])]
    found = benchmark(list(dict.fromkeys(named)), settings)
    show(found)
    for path in write_report(found, out) if out else []:
        console.print(f"wrote {plain(str(path))}", soft_wrap=True)


def numbers(what: str, text: str, wanted: str = "numbers such as 1,8") -> tuple[int, ...]:
    """Whole numbers from ``1,8``.

    Args:
        what: They are.
        text: As it was typed.
        wanted: What would have been right, for the error.

    Raises:
        ConfigError: The text is something else.

    >>> numbers("people", "1, 8")
    (1, 8)
    """
    from kinestream.errors import ConfigError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ConfigError(f"{what} must be {wanted}, got {text[:60]!r}.")
    return tuple(int(part) for part in parts)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def show(found: Benchmark) -> None:
    """Print what was measured on, then the tables."""
    from kinestream.cli import benchmark_tables as tables
    from kinestream.cli.fitting import page
    from kinestream.cli.showing import console, plain

    machine = found.machine
    console.print(
        f"{plain(str(machine['cpu']))}, {machine['cores']} cores, load {machine['load']}; one thread, "
        f"running {100 * found.running:.0f} % of its time or more",
        soft_wrap=True,
    )
    if found.running < BUSY:
        console.print(
            "The machine was busy with something else: times are long, and what is quick looks quicker "
            "beside what is slow.",
            soft_wrap=True,
        )
    paper = page()
    for make, notes in (
        (tables.latency, ()),
        (tables.people, (PEOPLE,)),
        (tables.peers, found.left_out),
        (tables.facts, ()),
        (tables.weights, ()),
    ):
        for table in make(found, paper.width):
            console.print()
            paper.print(table)
        for note in notes:
            console.print(plain(note), soft_wrap=True)
