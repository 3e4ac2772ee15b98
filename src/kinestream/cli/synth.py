"""``kinestream synth``: generated recordings with exact labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    kind: Annotated[str, typer.Argument(help="phonewatch or kinect.")],
    out: Annotated[Path, typer.Argument(help="The clip file (.npz) to write.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same recording.")] = 0,
) -> None:
    """Generate a labelled recording."""
    from typing import get_args

    from kinestream.cli.showing import console
    from kinestream.datasets.synthetic import Kind, generate
    from kinestream.errors import ConfigError

    if kind not in get_args(Kind):
        raise ConfigError(f"unknown kind {kind!r}; use {' or '.join(get_args(Kind))}.")
    clip = generate(kind, seed)  # type: ignore[arg-type]
    out = out if out.suffix == ".npz" else out.with_name(f"{out.name}.npz")
    clip.save(out)
    console.print(
        f"wrote {out}: {clip.duration_s:.1f} s of {clip.skeleton.name} at {clip.fps:g} fps"
    )
