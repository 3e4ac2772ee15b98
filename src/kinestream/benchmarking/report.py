"""A benchmark as files: ``benchmark.json``, ``.csv`` and, with matplotlib, ``.png``."""

from __future__ import annotations

import csv
import io
import json
import logging
from pathlib import Path
from typing import Any

from kinestream.benchmarking.rows import Benchmark
from kinestream.errors import ConfigError, MissingExtraError
from kinestream.files import write_atomically

_LOG = logging.getLogger(__name__)

TABLE = "benchmark.csv"
COLUMNS = (
    *("name", "folder", "engine", "precision", "kind"),
    *("p50_us", "p95_us", "p99_us", "frames_per_s"),
    *("times_as_long", "compared_with", "parameters", "macs", "state_words", "step_bytes"),
    *("bundle_bytes", "memory_bytes", "frame_accuracy", "f1@50"),
)
"""Of the table; ``people_at_30_fps_with_N`` follow, one for each N."""


def check_out(folder: Path) -> None:
    """Refuse a place for a report, before hours are spent on it.

    Raises:
        ConfigError: It is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; name a folder for the report.")


def write_report(found: Benchmark, folder: Path) -> list[Path]:
    """Write a benchmark; files of an earlier one are replaced.

    Returns:
        What was written. Without matplotlib the picture is left out, and a warning is logged.

    Raises:
        ConfigError: The folder is a file.
        DataError: It cannot be written.
    """
    check_out(folder)
    text = json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n"
    written = [
        write_atomically(folder / "benchmark.json", text.encode()),
        write_atomically(folder / TABLE, table(found).encode()),
    ]
    try:
        from kinestream.benchmarking.picture import draw

        written.append(draw(found, folder / "benchmark.png"))
    except MissingExtraError as error:
        _LOG.warning("no picture: %s", error)
    return written


def table(found: Benchmark) -> str:
    """All rows as CSV: of each bundle one that is pushed and one that is stepped, then the peers."""
    crowds = [f"people_at_30_fps_with_{people}" for people in found.settings.people]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *crowds], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines(found))
    return text.getvalue()


def lines(found: Benchmark) -> list[dict[str, Any]]:
    """The rows of the table."""
    made: list[dict[str, Any]] = []
    for row in found.rows:
        about, facts = row.to_dict(), row.facts.to_dict()
        what = {key: about[key] for key in ("folder", "engine", "precision")} | {"name": row.bundle}
        costs = {key: facts[key] for key in COLUMNS if key in facts}
        worth = {key: value for key, value in (row.accuracy or {}).items() if key in COLUMNS}
        memory = {"memory_bytes": row.memory["bytes"]} if row.memory else {}
        people = {
            f"people_at_30_fps_with_{n}": value for n, value in about["people_at_30_fps"].items()
        }
        compared = {"times_as_long": about["times_as_long"], "compared_with": found.rows[0].title}
        made.append(
            what | {"kind": "push"} | about["push"] | compared | costs | memory | worth | people
        )
        made.append(what | {"kind": "step"} | about["step"])
    for peer in found.peers:
        about = peer.to_dict()
        compared = {"times_as_long": about["times_as_long"], "compared_with": about["beside"]}
        made.append(
            {"name": peer.name, "folder": peer.beside.folder, "kind": "peer"}
            | about["step"]
            | compared
        )
    return made
