"""Tables of a benchmark at 80 columns: every number, precision and engine is whole."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from kinestream.benchmarking import Benchmark, Peer, Row, Settings, Times
from kinestream.benchmarking.facts import Facts
from kinestream.cli import benchmark_tables as tables
from kinestream.cli import fitting
from kinestream.cli.fitting import Column, Title, fitted, page

NAMES = ("a_bundle_of_the_longest_name_" + "x" * 35, "runs/2026-11-21/walk-1/bundle", "two")
WAYS = [(e, p) for e in ("onnxruntime", "openvino", "numpy") for p in ("float32", "int8", "bf16")]
CROWDS = (1, 8, 32, 128, 512, 1024)
TABLES = (tables.latency, tables.people, tables.peers, tables.facts, tables.weights)


def times(milliseconds: float, people: int = 1) -> Times:
    return Times(np.full((2, 3), milliseconds / 1000), people)


def row(name: str, engine: str, precision: str, people: tuple[int, ...]) -> Row:
    return Row(
        bundle=name,
        folder=name,
        label=name,
        engine=engine,
        precision=precision,
        facts=Facts("stgcn", 12_345_678, 987_654_321, 1_234_567, 98_765_432, 123_456_789, 0, 9, 1),
        push=times(1234.56),
        step=times(1034.56),
        crowds={n: times(0.0271 * n, n) for n in people},
        times_as_long=123.45,
        memory={"people": max(people), "bytes": 9_876_543_210, "peak_bytes": 1},
        accuracy={"frame_accuracy": 100.0, "f1@50": 98.7, "recordings": 3},
    )


def many(people: tuple[int, ...] = CROWDS) -> Benchmark:
    rows = tuple(row(name, *way, people) for name in NAMES for way in WAYS)
    peers = tuple(Peer("window 300", each, times(4321.09), 543.21) for each in rows[:: len(WAYS)])
    return Benchmark({}, Settings(people=people), rows, peers)


def printed(found: list[Table], width: int = 80) -> str:
    text = io.StringIO()
    paper = Console(file=text, width=width, highlight=False)
    for table in found:
        paper.print(table)
    return text.getvalue()


def test_nothing_but_names_is_cut_at_80_columns() -> None:
    text = "".join(printed(make(many(), 80)) for make in TABLES)
    assert max(map(len, text.splitlines())) <= 80
    for cell in ("1234.56", "1034.56", "123.45", "4321.09", "543.21", "9,876.5 MB", "98,765 kB"):
        assert cell in text
    assert "12.3 M" in text and "123,457 kB" in text and "100.0 %" in text and "98.7 %" in text
    for heading in ("push, ms", "p95", "p99", "step, ms", "as long", "of 1,024", "1,024 streams"):
        assert heading in text
    for engine, precision in WAYS:
        way = f", {engine}" + ("" if precision == "float32" else f", {precision}")
        assert len(re.findall(rf"{way} +\d", text)) >= 3 * len(NAMES)
    for line in text.splitlines():  # an ellipsis stands inside a name and nowhere else
        assert "…" not in line or re.match(r"\S+…\S*[,:]? ", line), line


def test_rich_alone_would_cut_numbers() -> None:
    column = Column("push, ms", ["1234.56"])
    table = fitted("bundle", [Title("x" * 90, ", onnxruntime")], [column] * 3, 200)
    assert "1234.56" not in printed(table, width=80)


def test_six_crowds_of_few_people_are_all_there() -> None:
    found = many((1, 2, 4, 8, 16, 32))
    text = printed(tables.people(found, 80))
    for people in found.settings.people:
        assert f"of {people}" in text
    assert text.count("1,230") == 6 * len(found.rows)  # 1/30 s over 0.0271 ms


def test_wide_terminals_keep_names_and_one_table() -> None:
    (table,) = tables.people(many(), 200)
    assert NAMES[0] in printed([table], 200) and "…" not in printed([table], 200)


@pytest.mark.parametrize("name", ["[bold]x", "a\x1b[31mb", "走る" * 40])
def test_names_from_outside_stay_on_their_line(name: str) -> None:
    text = printed(fitted("bundle", [Title(name, ", numpy")], [Column("ms", ["12.34"])], 60), 60)
    assert ", numpy" in text and "12.34" in text and "\x1b" not in text
    assert len(text.splitlines()) == 3


def test_a_page_is_never_too_narrow_for_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert page().width == 120  # no terminal here
    monkeypatch.setattr(fitting, "console", Console(force_terminal=True))
    assert page().width == 60
    monkeypatch.setenv("COLUMNS", "95")
    monkeypatch.setattr(fitting, "console", Console(force_terminal=True))
    assert page().width == 95


def test_one_stream_is_no_streams() -> None:
    assert "1 stream " in printed(tables.weights(many((1,)), 80)).replace("\n", " \n")
    assert "1 streams" not in printed(tables.weights(many((1,)), 80))


def test_without_peers_there_is_no_table_of_them() -> None:
    assert tables.peers(Benchmark({}, Settings(), many().rows), 80) == []
