"""``kinestream plot``: pictures of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FRAMES = 8

app = typer.Typer(no_args_is_help=True, help="Draw recordings.")


@app.callback()
def plot() -> None:
    """Draw recordings."""


@app.command("skeleton")
def skeleton_command(
    recording: Annotated[Path, typer.Argument(help="A recording that Kinestream reads.")],
    out: Annotated[Path, typer.Argument(help="The picture: .png, .pdf or .svg.")],
    frames: Annotated[
        str | None,
        typer.Option(help="Frames such as 0,15,30 or 0-90/15; eight over all without it."),
    ] = None,
    up: Annotated[
        str | None, typer.Option(help="The channel that points up: x, y, z, -x, -y or -z.")
    ] = None,
    title: Annotated[str, typer.Option(help="Drawn above it.")] = "",
    skeleton: Annotated[
        str | None, typer.Option(help="Skeleton, where the recording does not tell.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frame rate, where the recording does not tell.")
    ] = None,
    axes: Annotated[str | None, typer.Option(help="Axes of an array, such as TVC.")] = None,
    format: Annotated[
        str | None, typer.Option(help="Format, where the content does not tell.")
    ] = None,
    which: Annotated[
        str | None, typer.Option("--recording", help="Which of several recordings.")
    ] = None,
) -> None:
    """Draw the people of a recording at chosen frames."""
    from kinestream.cli.showing import console, plain
    from kinestream.formats import read_clip
    from kinestream.viz import plot_skeleton

    clip = read_clip(
        recording, skeleton=skeleton, fps=fps, axes=axes, format=format, recording=which
    )
    chosen = spread(clip.num_frames) if frames is None else parsed(frames)
    plot_skeleton(clip, chosen, out, up=up, title=title)  # type: ignore[arg-type]
    console.print(f"wrote {plain(str(out))}: {len(chosen)} of {clip.num_frames} frames")


def spread(count: int) -> list[int]:
    """Frames over a whole recording, its ends left out.

    >>> spread(80)
    [5, 15, 25, 35, 45, 55, 65, 75]
    """
    shown = max(1, min(FRAMES, count))
    return [int((k + 0.5) * count / shown) for k in range(shown)]


def parsed(text: str) -> list[int]:
    """Frames from ``0,15,30`` or ``0-90/15``, ends included.

    Raises:
        ConfigError: The text is something else.

    >>> parsed("3,10-30/10")
    [3, 10, 20, 30]
    """
    import re

    from kinestream.errors import ConfigError
    from kinestream.viz.skeleton import MAX_FRAMES

    frames: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,9})(?:-(\d{1,9})(?:/(\d{1,9}))?)?\s*", part)
        if not found or found[3] is not None and int(found[3]) == 0:
            raise ConfigError(
                f"frames must be numbers or ranges such as 0,15,30 or 0-90/15, got {text[:60]!r}."
            )
        first, last, step = (int(found[1]), int(found[2] or found[1]), int(found[3] or 1))
        frames += range(first, last + 1, step)[: MAX_FRAMES + 1]
        if len(frames) > MAX_FRAMES:
            raise ConfigError(f"at most {MAX_FRAMES} frames can be drawn; {text[:60]!r} is more.")
    return frames
