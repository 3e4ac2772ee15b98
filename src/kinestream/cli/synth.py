"""``kinestream synth``: generated recordings with exact labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.datasets.synthetic.everyday import Options

KIND = "phonewatch, kinect or everyday; set writes a data set of everyday, actions lists what it knows."


def command(
    kind: Annotated[str, typer.Argument(help=KIND)],
    out: Annotated[
        Path | None,
        typer.Argument(help="The file to write, such as .npz or .csv; for set, the folder."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same recording.")] = 0,
    tempo: Annotated[float, typer.Option(help="0.5 is slow, 2 hurried; not for set.")] = 1.0,
    rounds: Annotated[int, typer.Option(help="How often everything is done.")] = 1,
    skeleton: Annotated[
        str | None, typer.Option(help="everyday: a layout of joints or sensors. [ntu25]")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="everyday: frames per second. [30]")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="everyday: how long, instead of --rounds.")
    ] = None,
    actions: Annotated[
        str | None, typer.Option(help="everyday: what is done, such as walk,drink. [everything]")
    ] = None,
    people: Annotated[int | None, typer.Option(help="everyday: 1, or 2 who meet. [1]")] = None,
    view: Annotated[
        str | None, typer.Option(help="everyday: camera3d (metres) or image (pixels).")
    ] = None,
    noise: Annotated[float | None, typer.Option(help="everyday: 0 exact, 1 usual. [1]")] = None,
    occlusion: Annotated[
        float | None, typer.Option(help="everyday: how much is hidden, 0 to 1. [0]")
    ] = None,
    trimmed: Annotated[bool, typer.Option(help="everyday: the frames of one action only.")] = False,
    train: Annotated[int, typer.Option(help="set: recordings to train on.")] = 40,
    test: Annotated[int, typer.Option(help="set: recordings to test on.")] = 10,
    overwrite: Annotated[bool, typer.Option(help="Replace OUT where it exists.")] = False,
) -> None:
    """Generate a labelled recording, or a data set of them."""
    from typing import get_args

    from kinestream.datasets.synthetic import Kind
    from kinestream.errors import ConfigError

    if kind == "actions":
        _list_actions()
        return
    known = (*get_args(Kind), "set", "actions")
    if kind not in known:
        raise ConfigError(f"unknown kind {kind!r}; use {' or '.join(known)}.")
    if out is None:
        raise ConfigError(f"name the place to write to: kinestream synth {kind} OUT.")
    named = actions.replace(",", " ").split() if actions is not None else None
    asked = {
        "skeleton": skeleton,
        "fps": fps,
        "seconds": seconds,
        "actions": named,
        "people": people,
        "view": view,
        "noise": noise,
        "occlusion": occlusion,
        "trimmed": trimmed or None,
    }
    options: Options = {key: value for key, value in asked.items() if value is not None}  # type: ignore[assignment]
    if kind == "set":
        _write_set(out, train, test, seed, rounds, overwrite, options)
    else:
        _write_clip(kind, _clip_file(out, overwrite), seed, tempo, rounds, options)


def _clip_file(out: Path, overwrite: bool) -> Path:
    """The file to write, refused before anything is generated; without an ending it is a clip."""
    from kinestream.errors import ConfigError
    from kinestream.formats.writing import format_for

    out = out if out.suffix else out.with_name(f"{out.name}.npz")
    try:
        format_for(out)
    except ConfigError:
        raise ConfigError(
            f"the ending {out.suffix!r} does not tell one format to write: name a .npz, and "
            f"`kinestream data convert` makes any other of it."
        ) from None
    if out.exists() and not overwrite:
        raise ConfigError(f"{out} exists: name another place, or pass --overwrite.")
    return out


def _write_clip(
    kind: str, out: Path, seed: int, tempo: float, rounds: int, options: Options
) -> None:
    from kinestream.cli.showing import console
    from kinestream.datasets.synthetic import generate
    from kinestream.formats.losses import losses
    from kinestream.formats.writing import write_clip

    clip = generate(kind, seed, tempo=tempo, rounds=rounds, **options)  # type: ignore[arg-type]
    write_clip(clip, out)
    console.print(
        f"wrote {out}: {clip.duration_s:.1f} s of {clip.skeleton.name} at {clip.fps:g} fps"
    )
    if lost := losses(clip, out):
        console.print(f"{out.name} does not carry {', '.join(lost)}; a .npz does.", markup=False)


def _write_set(
    out: Path, train: int, test: int, seed: int, rounds: int, overwrite: bool, options: Options
) -> None:
    from kinestream.cli.showing import console
    from kinestream.datasets.layouts.opening import is_dataset
    from kinestream.datasets.synthetic import generate_set

    again = is_dataset(out)
    info = generate_set(
        out, train=train, test=test, seed=seed, rounds=rounds, overwrite=overwrite, **options
    )
    instead = " instead of the data set that was there" if again else ""
    console.print(f"wrote {out}{instead}: {len(info.subjects)} recordings at {info.fps:g} fps")


def _list_actions() -> None:
    from rich.table import Table

    from kinestream.cli.showing import console
    from kinestream.datasets.synthetic import ACTIONS, PAIR_ACTIONS

    table = Table()
    for column in ("action", "people", "what is done"):
        table.add_column(column)
    for name, action in ACTIONS.items():
        table.add_row(name, "1", (action.perform.__doc__ or "").rstrip("."))
    for name, perform in PAIR_ACTIONS.items():
        table.add_row(name, "2", (perform.__doc__ or "").rstrip("."))
    console.print(table)
