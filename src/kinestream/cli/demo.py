"""``kinestream demo``: a shipped bundle over a generated recording, live in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    paced: Annotated[bool, typer.Option(help="Feed frames at the speed of the recording.")] = False,
    seed: Annotated[int, typer.Option(help="Which recording to generate.")] = 0,
    save: Annotated[Path, typer.Option(help="Folder for labels, segments and pictures.")] = Path(
        "demo"
    ),
) -> None:
    """Watch both shipped bundles label generated recordings, frame by frame; needs no data set."""
    from kinestream.bundle import load
    from kinestream.cli.showing import console, show_figures
    from kinestream.cli.ticker import Ticker
    from kinestream.datasets.synthetic import Kind, generate
    from kinestream.recognition import recognise_people

    shown: tuple[tuple[Kind, str], ...] = (("phonewatch", "sp_sw_har"), ("kinect", "utkinect"))
    for kind, name in shown:
        bundle = load(name)
        clip = generate(kind, seed)
        console.print(
            f"\n[bold]{name}[/bold]: {len(bundle.classes)} classes, skeleton "
            f"{bundle.skeleton.name}, {clip.duration_s:.0f} s generated at {clip.fps:g} fps"
        )
        with Ticker(clip, bundle) as ticker:
            (timeline,) = recognise_people(clip, bundle, paced=paced, on_label=ticker.show)
        show_figures(timeline)
        for path in timeline.save(save / name):
            console.print(f"wrote {path}")
