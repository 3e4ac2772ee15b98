"""``kinestream data formats``: what can be read and written."""

from __future__ import annotations


def command() -> None:
    """List the formats of recordings and of labels."""
    from kinestream.cli.showing import console
    from kinestream.formats import FORMATS, LABEL_FORMATS

    _show(
        "recordings",
        [
            (each.name, each.title, " ".join(each.endings) or "folder", each.write is not None)
            for each in FORMATS.values()
        ],
    )
    console.print()
    _show(
        "labels",
        [(each.name, each.title, " ".join(each.endings), True) for each in LABEL_FORMATS.values()],
    )


def _show(kind: str, rows: list[tuple[str, str, str, bool]]) -> None:
    from rich.table import Table

    from kinestream.cli.showing import console

    table = Table(box=None, pad_edge=False)
    for column in (kind, "what", "endings", "read", "written"):
        table.add_column(column)
    for name, title, endings, written in sorted(rows):
        table.add_row(name, title, endings, "yes", "yes" if written else "")
    console.print(table)
