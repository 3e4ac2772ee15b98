"""``kinestream run``: recordings through a bundle, as a live stream would see them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    source: Annotated[str, typer.Argument(help="A recording, a folder of them, or a glob.")],
    bundle: Annotated[
        str | None, typer.Option(help="A bundle's folder, or the name of a shipped one.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Folder for labels.csv, segments.json and timeline.png."),
    ] = None,
    paced: Annotated[bool, typer.Option(help="Feed frames at the speed of the recording.")] = False,
    skeleton: Annotated[str | None, typer.Option(help="Skeleton of a lone .npy array.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frame rate of a lone .npy array.")] = None,
) -> None:
    """Label every frame of recordings, without torch."""
    from kinestream.cli.showing import show_person, show_total
    from kinestream.formats import find_recordings, read_clip
    from kinestream.recognition import recognise_people

    paths = find_recordings(source)
    timelines = []
    for path in paths:
        clip = read_clip(path, skeleton=skeleton, fps=fps)
        people = recognise_people(clip, bundle, paced=paced)
        for timeline in people:
            timelines.append(timeline)
            parts = [path.stem] if len(paths) > 1 else []
            parts += [f"person{timeline.person}"] if len(people) > 1 else []
            written = timeline.save(save.joinpath(*parts)) if save else []
            show_person(timeline, written)
    show_total(timelines)
