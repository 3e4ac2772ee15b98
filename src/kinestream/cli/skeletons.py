"""``kinestream skeletons``: the layouts that come with Kinestream."""

from __future__ import annotations


def command() -> None:
    """List the skeleton layouts."""
    from rich.table import Table

    from kinestream.cli.showing import console
    from kinestream.skeletons import layout_names, skeleton

    table = Table()
    for column in ("name", "joints", "centre", "units"):
        table.add_column(column)
    for name in layout_names():
        found = skeleton(name)
        table.add_row(name, str(found.num_joints), found.joints[found.centre], found.units)
    console.print(table)
