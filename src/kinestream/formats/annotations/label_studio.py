"""Label Studio JSON: the spans of its time series, audio and video-timeline labels.

An export is a list of tasks with ``annotations`` and their ``result``. Labels of time series and audio
carry ``start`` and ``end`` in seconds; labels of a video timeline carry ``ranges`` of frames, counted
from 1, both ends included. Where every time of a time series is a whole number, samples are meant,
counted from 0: that is what Label Studio writes when no time column is named.

Source: Label Studio documentation, export formats and tags TimeSeriesLabels, Labels, TimelineLabels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from kinestream.errors import DataError
from kinestream.files import write_atomically
from kinestream.formats.annotations.annotations import MAX_SPANS, Annotations, Span
from kinestream.formats.annotations.label_format import LabelFormat, Terms
from kinestream.formats.format import Head
from kinestream.formats.parsing.jsonfile import keys_in, read_json, shown

_WHAT = "a Label Studio export"
_SERIES = "timeserieslabels"
_IN_FRAMES = "timelinelabels"
_KINDS = (_SERIES, _IN_FRAMES, "labels")


def _fits(head: Head) -> bool:
    keys = set(keys_in(head))
    return "result" in keys and bool(keys & {"annotations", "predictions", "completions"})


def _read(path: Path, terms: Terms) -> Annotations:
    content = read_json(path, _WHAT)
    tasks = content if isinstance(content, list) else [content]
    if len(tasks) != 1:
        raise DataError(
            f"{path} holds {len(tasks)} tasks; labels are read of one: export the task alone."
        )
    regions = [each for each in _regions(tasks[0], path) if _is_timed(each)]
    sets = dict.fromkeys(str(region.get("from_name")) for region in regions)
    if terms.tier is not None and terms.tier not in sets:
        raise DataError(f"{path} has the label sets {list(sets)[:10]}; none is {terms.tier!r}.")
    samples = _counts_samples(regions)
    spans: list[Span] = []
    for region in regions:
        if terms.tier in (None, region.get("from_name")):
            spans += _spans(region, path, terms, samples)
        if len(spans) > MAX_SPANS:
            raise DataError(f"{path} holds over {MAX_SPANS} spans.")
    return Annotations(tuple(spans), str(path))


def _regions(task: object, path: Path) -> Iterator[dict[str, object]]:
    """The labelled regions of the task's first annotation that was not cancelled."""
    done = _member(task, "annotations") or _member(task, "predictions") or []
    if not isinstance(done, list):
        raise DataError(f"{path}: annotations must be a list, got {shown(done)}.")
    for annotation in done:
        if isinstance(annotation, dict) and annotation.get("was_cancelled") is not True:
            result = annotation.get("result")
            if not isinstance(result, list):
                raise DataError(f"{path}: result must be a list, got {shown(result)}.")
            yield from (region for region in result if isinstance(region, dict))
            return


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _is_timed(region: dict[str, object]) -> bool:
    """Whether a region is a stretch of time; others are boxes, choices, words of a text."""
    value = region.get("value")
    return region.get("type") in _KINDS and isinstance(value, dict) and "text" not in value


def _counts_samples(regions: list[dict[str, object]]) -> bool:
    series = [region["value"] for region in regions if region["type"] == _SERIES]
    ends = [_member(value, end) for value in series for end in ("start", "end")]
    return all(type(end) is int for end in ends)


def _spans(region: dict[str, object], path: Path, terms: Terms, samples: bool) -> Iterator[Span]:
    kind, value = region["type"], region["value"]
    assert isinstance(value, dict)
    names = value.get(str(kind))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(f"{path}: {kind} must list label names, got {shown(names)}.")
    if kind == _IN_FRAMES:
        times = _frames(value, path, terms)
    else:
        rate = terms.needed_fps(path) if samples and kind == _SERIES else 1.0
        times = [_seconds(value, path, rate)]
    yield from (Span(start_s, end_s, name) for start_s, end_s in times for name in names)


def _seconds(value: dict[str, object], path: Path, rate: float) -> tuple[float, float]:
    return _number(value.get("start"), path) / rate, _number(value.get("end"), path) / rate


def _frames(value: dict[str, object], path: Path, terms: Terms) -> list[tuple[float, float]]:
    fps = terms.needed_fps(path)
    ranges = value.get("ranges")
    if not isinstance(ranges, list):
        raise DataError(f"{path}: ranges must be a list, got {shown(ranges)}.")
    ends = [(_number(_member(r, "start"), path), _number(_member(r, "end"), path)) for r in ranges]
    return [((first - 1) / fps, last / fps) for first, last in ends]


def _number(value: object, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        raise DataError(f"{path}: a region has the time {shown(value)}; expected seconds.")
    return float(value)


def _write(annotations: Annotations, path: Path, terms: Terms) -> None:
    result = [
        {
            "id": f"span{number}",
            "from_name": terms.tier or "label",
            "to_name": "ts",
            "type": "timeserieslabels",
            "value": {
                "start": span.start_s,
                "end": span.end_s,
                "instant": span.start_s == span.end_s,
                "timeserieslabels": [span.label],
            },
        }
        for number, span in enumerate(annotations.spans)
    ]
    task = {
        "data": {"recording": Path(annotations.source).name},
        "annotations": [{"result": result}],
    }
    write_atomically(path, (json.dumps([task], indent=1, ensure_ascii=False) + "\n").encode())


FORMAT = LabelFormat(
    name="label_studio",
    title="Label Studio export",
    endings=(".json",),
    fits=_fits,
    read=_read,
    write=_write,
)
