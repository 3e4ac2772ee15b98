"""``kinestream models``: the networks, what they cost and how long they wait."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinestream.cli.lookahead import check_fps, lookahead_frames
from kinestream.errors import SkeletonError

if TYPE_CHECKING:
    from kinestream.models import Network

MAX_JOINTS = 256
WIDTH = 120
"""Of the table where there is no terminal to fit."""


def command(
    skeleton: Annotated[str, typer.Option(help="Skeleton they are built for.")] = "ntu25",
    classes: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Number of classes; default 52, or as published."),
    ] = None,
    network: Annotated[str | None, typer.Option(help="One network only.")] = None,
    published: Annotated[
        bool, typer.Option("--published", help="As published, with the arguments of the papers.")
    ] = False,
    lookahead: Annotated[
        str | None, typer.Option(help="Wait for frames, 'centred', or seconds such as 0.5s.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frame rate: shows delays in ms.")] = None,
    frames: Annotated[int, typer.Option(min=1, max=1_000_000, help="Frames of a clip.")] = 100,
) -> None:
    """List the networks with parameters, multiply-adds, delay and memory of a stream.

    Multiply-adds (MACs) are counted as in published tables: every use of a weight, and sums over
    neighbours as dense products. The receptive field, the delay and the beat of labels are in
    frames; the delay of a network in stages is also told for each.
    """
    from rich.console import Console

    from kinestream.cli.showing import console, plain
    from kinestream.extras import needs

    check_fps(fps)
    budget = None if lookahead is None else lookahead_frames(lookahead, fps)
    with needs("listing networks", "train", "torch"):
        from kinestream.models import NETWORKS, network_class

        if network is not None:
            network_class(network)  # an unknown name is its error
        rows = []
        for name in NETWORKS if network is None else [network]:
            build = _builder(name, skeleton, classes, published)
            made = _waiting(build, budget, refuse=network is not None)
            clip = build(averaging={"over": "clip"}) if _averages(name, published) else made
            rows.append((name, made, clip))
        table = _table(rows, frames, fps)
    how = "as published" if published else f"default arguments, {classes or 52} classes"
    table.title = f"{how}, {plain(skeleton)}, clips of {frames:,} frames"
    short = [name for name, made, _ in rows if isinstance(budget, int) and made.delay < budget]
    if short:
        note = f"Waiting less than asked for, being centred already: {', '.join(short)}."
        table.caption = f"{table.caption}\n{note}" if table.caption else note
    # Written to a file, the table keeps its lines whole.
    page = console if console.is_terminal else Console(width=max(console.width, WIDTH))
    page.print(table)


def _averages(name: str, published: bool) -> bool:
    """Whether a network was published with means over whole clips."""
    from kinestream.models.published import PUBLISHED

    return published and "averaging" in PUBLISHED[name]["arguments"]


def _builder(
    name: str, layout: str, classes: int | None, published: bool
) -> Callable[..., Network]:
    """Makes the network, with other arguments where they are given; it streams unless they say."""
    from kinestream.models import build_network
    from kinestream.models.published import published_network
    from kinestream.skeletons import adjacency
    from kinestream.skeletons import skeleton as find

    found = find(layout)
    if found.num_joints > MAX_JOINTS:
        raise SkeletonError(
            f"networks are listed for skeletons of up to {MAX_JOINTS} joints, "
            f"{found.name!r} has {found.num_joints}."
        )

    def build(**arguments: Any) -> Network:
        if not published:
            return build_network(name, adjacency(found), 3, classes or 52, **arguments).eval()
        if _averages(name, published):
            arguments = {"averaging": {"over": "past"}} | arguments
        return published_network(name, layout=layout, classes=classes, **arguments)

    return build


def _waiting(build: Callable[..., Network], budget: int | str | None, *, refuse: bool) -> Network:
    """The network that waits as long as it may; one that cannot wait so long waits what it can."""
    if budget is None:
        return build()
    if isinstance(budget, int) and not refuse:
        centred = build(lookahead="centred")
        if centred.delay <= budget:
            return centred
    return build(lookahead=budget)


def _table(rows: list[tuple[str, Network, Network]], frames: int, fps: float | None) -> Any:
    """A row for each name, network that streams, and network that runs on clips."""
    from rich.table import Table

    from kinestream.models.counting import clip_macs, parameters, step_macs

    table = Table(box=None, pad_edge=False, title_justify="left", caption_justify="left")
    table.add_column("\nnetwork", no_wrap=True)
    heads = ["\nparameters", "MACs\nper frame", "MACs\nper clip", "receptive\nfield"]
    heads += ["delay,\nframes", "delay,\nms"][: 1 if fps is None else 2]
    for head in (*heads, "label\nevery", "state,\nwords"):
        table.add_column(head, justify="right")
    for name, network, clip in rows:
        waits = [_delays(network)]
        if fps is not None:
            waits.append(f"{1000 * network.delay / fps:,.0f}")
        table.add_row(
            name,
            short(parameters(network)),
            short(step_macs(network)),
            short(clip_macs(clip, frames)),
            "all" if network.remembers_all else f"{network.receptive_field:,}",
            *waits,
            f"{network.stride}",
            short(sum(memory.words for memory in network.memories())),
        )
    if scenes := [name for name, network, _ in rows if network.people > 1]:
        table.caption = f"MACs and state of two people together: {', '.join(scenes)}."
    return table


def _delays(network: Network) -> str:
    """Frames waited; of a network in stages, also by each stage: ``4,092 (4 x 1,023)``."""
    refining = [
        network.stride * sum(layer.lookahead for layer in stage.layers)
        for stage in getattr(network, "refine", ())
    ]
    text = f"{network.delay:,}"
    if not refining or not network.delay:
        return text
    stages = [network.delay - sum(refining), *refining]
    runs = [(wait, len(list(run))) for wait, run in groupby(stages)]
    parts = [f"{wait:,}" if count == 1 else f"{count} x {wait:,}" for wait, count in runs]
    space = " " if len(parts) == 1 else "\n"
    return f"{text}{space}({' + '.join(parts)})"


def short(value: float) -> str:
    """Three figures: ``5.70 G``."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= 0.9995 * size:
            figure = value / size
            digits = 2 if figure < 9.995 else 1 if figure < 99.95 else 0
            return f"{figure:,.{digits}f} {unit}"
    return f"{value:.0f}"
