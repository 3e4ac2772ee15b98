"""What ``kinestream benchmark`` prints: times, people, peers, and what bundles weigh."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.table import Table

from kinestream.benchmarking import Benchmark, Peer, Row, Times
from kinestream.benchmarking.rows import CAMERA_FPS
from kinestream.cli.fitting import Column, Title, fitted
from kinestream.cli.models import short


def latency(found: Benchmark, width: int) -> list[Table]:
    """Milliseconds of a frame, pushed and stepped, and how they compare with the first row."""
    rows = found.rows
    columns = [
        *_percentiles("push, ms", [row.push for row in rows]),
        *_percentiles("step, ms", [row.step for row in rows], (50,)),
        _column("times\nas long", rows, lambda row: f"{row.times_as_long:.2f}"),
    ]
    return fitted("bundle", _titles(found), columns, width)


def people(found: Benchmark, width: int) -> list[Table]:
    """Frames a second of one stream, and people that one core keeps up with."""

    def keeping_up(together: int) -> Column:
        return _column(
            f"people\nof {together:,}",
            found.rows,
            lambda row: f"{row.crowds[together].people_at(CAMERA_FPS):,.0f}",
        )

    columns = [
        _column("frames\na second", found.rows, lambda row: f"{row.push.frames_per_s:,.0f}"),
        *map(keeping_up, found.settings.people),
    ]
    return fitted("bundle", _titles(found), columns, width)


def peers(found: Benchmark, width: int) -> list[Table]:
    """Milliseconds of a frame of each peer, and how they compare with the step beside them."""
    titles = [Title(peer.beside.label, f": {peer.name}") for peer in found.peers]
    columns = [
        *_percentiles("a frame, ms", [peer.step for peer in found.peers]),
        Column("times as long\nas the step", [_as_long(peer) for peer in found.peers]),
    ]
    return fitted("beside: peer", titles, columns, width) if titles else []


def facts(found: Benchmark, width: int) -> list[Table]:
    """What is the same on every machine, in every engine: a row for each bundle."""
    rows = list({row.label: row for row in found.rows}.values())
    columns = [
        _column("parameters", rows, lambda row: short(row.facts.parameters)),
        _column("MACs\nper frame", rows, _macs),
        _column("state,\nwords", rows, lambda row: short(row.facts.state_words)),
        _column("all\nfiles", rows, lambda row: _kilobytes(row.facts.bundle_bytes)),
    ]
    return fitted("bundle", [Title(row.label) for row in rows], columns, width)


def weights(found: Benchmark, width: int) -> list[Table]:
    """What depends on engine and precision: size, memory, and what answers are worth."""
    most = max(found.settings.people)
    columns = [
        _column("step\ngraph", found.rows, lambda row: _kilobytes(row.facts.step_bytes)),
        _column(f"memory of\n{most:,} {'stream' if most == 1 else 'streams'}", found.rows, _memory),
    ]
    if any(row.accuracy for row in found.rows):
        columns += [
            _column("frames\nright", found.rows, lambda row: _worth(row, "frame_accuracy")),
            _column("F1@50", found.rows, lambda row: _worth(row, "f1@50")),
        ]
    return fitted("bundle", _titles(found), columns, width)


def _titles(found: Benchmark) -> list[Title]:
    return [Title(row.label, f", {row.way}") for row in found.rows]


def _column(head: str, rows: Sequence[Row], cell: Callable[[Row], str]) -> Column:
    return Column(head, [cell(row) for row in rows])


def _percentiles(
    what: str, times: Sequence[Times], shares: Sequence[int] = (50, 95, 99)
) -> list[Column]:
    heads = [f"{what}\np{shares[0]}", *(f"p{share}" for share in shares[1:])]
    return [
        Column(head, [f"{each.percentile_us(share) / 1e3:.2f}" for each in times])
        for head, share in zip(heads, shares, strict=True)
    ]


def _as_long(peer: Peer) -> str:
    return f"{peer.times_as_long:.2f}"


def _macs(row: Row) -> str:
    return "-" if row.facts.macs is None else short(row.facts.macs)


def _memory(row: Row) -> str:
    return "-" if row.memory is None else f"{row.memory['bytes'] / 1e6:,.1f} MB"


def _kilobytes(size: int) -> str:
    return f"{size / 1e3:,.0f} kB"


def _worth(row: Row, figure: str) -> str:
    value = (row.accuracy or {}).get(figure)
    return "-" if value is None else f"{value:.1f} %"
