"""The table of runs in ``docs/configs.md``, made from the files in ``configs``.

    python docs/make_config_table.py

Writes it anew between the marks in the page, ``<!-- table: runs -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from kinestream.config import load_config
from kinestream.datasets.known import known_set
from kinestream.training.config import TrainConfig

PAGE = Path(__file__).parent / "configs.md"
ROOT = PAGE.parents[1]
MARKED = re.compile(r"(<!-- table: runs -->\n).*?(<!-- end -->)", re.DOTALL)
HEADER = "| file | data set | network | answers | machine | measured |\n" + "| --- " * 6 + "|"
RESULTS = ROOT / "results"
MEASURED = {"nw_ucla"}.union(
    *(
        json.loads((RESULTS / name).read_text(encoding="utf-8"))["rows"]
        for name in ("accuracy.json", "rounded.json")
    )
)
"""Runs whose accuracy lies in a file of results; ``nw_ucla`` has one of its own."""


def main() -> None:
    """Write the table into the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def filled(page: str) -> str:
    """The page with its table as it is now."""
    runs = sorted((ROOT / "configs").glob("*.yaml"), key=lambda path: (on_gpu(path), path.stem))
    made = "\n".join([HEADER, *map(row, runs)])
    return MARKED.sub(lambda found: f"{found[1]}{made}\n{found[2]}", page)


def row(path: Path) -> str:
    """One run."""
    config = load_config(path, TrainConfig)
    arguments = config.network.arguments
    late = arguments.get("lookahead", 0)
    answers = "every frame" if not late else f"every frame, {late} frames late"
    if config.clips is not None:
        answers = "a clip" if arguments.get("people", 1) == 1 else "a clip of two people"
    measured = "accuracy" if path.stem in MEASURED else "time of an epoch"
    cells = (
        f"[{path.stem}](../configs/{path.name})",
        known_set(Path(config.data.path).name).title,
        f"`{config.network.name}`",
        answers,
        "GPU" if on_gpu(path) else "laptop",
        "not measured" if on_gpu(path) else measured,
    )
    return f"| {' | '.join(cells)} |"


def on_gpu(path: Path) -> bool:
    """Whether a run is for a GPU; none of these has been measured."""
    return "For a GPU" in path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
