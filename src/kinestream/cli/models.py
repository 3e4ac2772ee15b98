"""``kinestream models``: the networks and what they cost."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    skeleton: Annotated[str, typer.Option(help="Skeleton they are built for.")] = "ntu25",
    classes: Annotated[int, typer.Option(min=1, help="Number of classes.")] = 52,
) -> None:
    """List the networks with parameters, receptive field, delay and memory of a stream."""
    from rich.table import Table

    from kinestream.cli.showing import console
    from kinestream.extras import needs
    from kinestream.skeletons import adjacency
    from kinestream.skeletons import skeleton as find

    with needs("listing networks", "train", "torch"):
        from kinestream.models import NETWORKS, build_network
    partition = adjacency(find(skeleton))
    table = Table(title=f"default arguments, {skeleton}, {classes} classes")
    for column in ("network", "parameters", "receptive field", "delay", "memory, words"):
        table.add_column(column, justify="left" if column == "network" else "right")
    for name in NETWORKS:
        network = build_network(name, partition, 3, classes)
        words = sum(memory.words for memory in network.memories())
        table.add_row(
            name,
            f"{sum(p.numel() for p in network.parameters()):,}",
            f"{network.receptive_field} frames",
            f"{network.delay} frames",
            f"{words:,}",
        )
    console.print(table)
