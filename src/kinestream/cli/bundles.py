"""``kinestream bundles``: the bundles that come with Kinestream."""

from __future__ import annotations


def command() -> None:
    """List the shipped bundles."""
    from rich.table import Table

    from kinestream.bundle import load, shipped_bundles
    from kinestream.cli.showing import console

    table = Table()
    for column in ("name", "skeleton", "fps", "delay", "classes"):
        table.add_column(column)
    for name in shipped_bundles():
        bundle = load(name)
        table.add_row(
            name,
            bundle.skeleton.name,
            f"{bundle.fps:g}",
            f"{bundle.manifest.delay_ms:.0f} ms",
            ", ".join(bundle.classes),
        )
    console.print(table)
