"""Detection figures against the definitions, written as loops over proposals."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.errors import ConfigError, DataError
from kinestream.metrics import evaluate_detections
from kinestream.metrics import matching as matching_module
from kinestream.metrics.matching import best_match, one_to_one, overlapping

CLASSES = range(1, 5)
THETAS = (0.1, 0.25, 0.5, 1.0)

Row = tuple[int, int, int, int, float]

rows = st.builds(
    lambda video, label, start, length, confidence: (
        video, label, start, start + length, confidence / 5
    ),
    st.integers(0, 2), st.integers(1, 3), st.integers(0, 12), st.integers(0, 9), st.integers(0, 5),
)  # fmt: skip
proposal_lists = st.lists(rows, max_size=14)
truth_lists = st.lists(rows, min_size=1, max_size=8)


def slow_iou(first: Row, second: Row) -> float:
    if first[:2] != second[:2]:
        return 0.0
    mine, theirs = set(range(*first[2:4])), set(range(*second[2:4]))
    both = mine & theirs
    return len(both) / len(mine | theirs) if both else 0.0


def slow_official_ap(ordered: list[Row], truths: list[Row], theta: float) -> float:
    """From all proposals down, the least confident first, every count made anew."""
    if not ordered or not truths:
        return 0.0
    choices = []
    for proposal in ordered:
        ious = [slow_iou(proposal, truth) for truth in truths]
        best = max(range(len(truths)), key=lambda i: (ious[i], i))
        choices.append(best if ious[best] >= theta else None)

    def rates(dropped: int) -> tuple[float, float]:
        kept = choices[dropped:]
        right = len({choice for choice in kept if choice is not None})
        return (right / len(kept) if kept else 0.0), right / len(truths)

    highest, before = rates(0)
    area = 0.0
    for dropped, choice in enumerate(choices, start=1):
        if choice is not None:
            precision, recall = rates(dropped)
            highest = max(highest, precision)
            area += highest * (before - recall)
            before = recall
    return area


def slow_strict_hits(proposals: list[Row], truths: list[Row], theta: float) -> list[bool]:
    hits, free = [False] * len(proposals), set(range(len(truths)))
    for i in sorted(range(len(proposals)), key=lambda i: -proposals[i][4]):
        near = [(slow_iou(proposals[i], truths[j]), -j) for j in free]
        reached = [pair for pair in near if pair[0] >= theta]
        if reached:
            free.remove(-max(reached)[1])
            hits[i] = True
    return hits


def slow_strict_ap(marked: list[tuple[float, bool]], truths: int) -> float:
    """Precision and recall of everything above each confidence; the hull from above; its area."""
    points = []
    for level in sorted({confidence for confidence, _ in marked}):
        kept = [hit for confidence, hit in marked if confidence >= level]
        points.append((sum(kept) / truths, sum(kept) / len(kept)))
    area, reached = 0.0, 0.0
    for recall in sorted({recall for recall, _ in points}):
        best = max(precision for r, precision in points if r >= recall)
        area += (recall - reached) * best
        reached = recall
    return area


def slow_figures(
    proposals: list[Row], truths: list[Row], theta: float, mode: str
) -> tuple[float, float, float, float]:
    videos = sorted({row[0] for row in proposals + truths})
    groups = [(1, c) for c in CLASSES], [(0, v) for v in videos]
    listed = sorted(proposals, key=lambda row: (row[4], row[1], row[0]))
    if mode == "official":
        right = {
            max(range(len(truths)), key=lambda i: (slow_iou(p, truths[i]), i))
            for p in proposals
            if max(slow_iou(p, truth) for truth in truths) >= theta
        }
        found = len(right)
        ap = slow_official_ap(listed, truths, theta)
        means = []
        for members in groups:
            areas = []
            for column, value in members:
                ordered = listed if column else sorted(proposals, key=lambda row: row[4])
                own = [row for row in ordered if row[column] == value]
                areas.append(
                    slow_official_ap(own, [t for t in truths if t[column] == value], theta)
                )
            means.append(sum(areas) / len(areas))
    else:
        hits = slow_strict_hits(proposals, truths, theta)
        found = sum(hits)
        marked = list(zip(proposals, hits, strict=True))
        ap = slow_strict_ap([(row[4], hit) for row, hit in marked], len(truths))
        means = []
        for members in groups:
            areas = []
            for column, value in members:
                size = sum(truth[column] == value for truth in truths)
                own = [(row[4], hit) for row, hit in marked if row[column] == value]
                if size:
                    areas.append(slow_strict_ap(own, size))
            means.append(sum(areas) / len(areas))
    f1 = 2 * found / (len(proposals) + len(truths))
    return 100 * f1, 100 * ap, 100 * means[0], 100 * means[1]


@pytest.mark.parametrize("mode", ["official", "strict"])
@given(proposals=proposal_lists, truths=truth_lists)
def test_figures_are_those_of_the_loops(mode: str, proposals: list[Row], truths: list[Row]) -> None:
    report = evaluate_detections(proposals, truths, CLASSES, mode=mode, thetas=THETAS)  # type: ignore[arg-type]
    for theta in THETAS:
        ours = [report.f1, report.ap, report.map_action, report.map_video]
        wanted = slow_figures(proposals, truths, theta, mode)
        np.testing.assert_allclose([figure[theta] for figure in ours], wanted, atol=1e-9)
    steps = [k * 0.05 if mode == "official" else k / 20 for k in range(1, 21)]
    areas = [slow_figures(proposals, truths, theta, mode)[1] for theta in steps]
    assert report.ap_2d == pytest.approx(sum(areas) / 20, abs=1e-9)


@given(proposal_lists, truth_lists)
def test_pairs_are_all_that_share_time(proposals: list[Row], truths: list[Row]) -> None:
    mine, theirs = np.array(proposals).reshape(-1, 5), np.array(truths)
    pairs = overlapping(mine, theirs)
    found = dict(zip(zip(pairs.proposal, pairs.truth, strict=True), pairs.iou, strict=True))
    wanted = {
        (i, j): slow_iou(p, t)
        for i, p in enumerate(proposals)
        for j, t in enumerate(truths)
        if slow_iou(p, t)
    }
    assert found == pytest.approx(wanted)


def separate(lines: list[Row]) -> list[Row]:
    """Of each video and class the segments that share no time, none empty."""
    kept = []
    for _, group in groupby(sorted(lines), key=lambda row: row[:2]):
        end = 0
        for row in group:
            if row[2] >= end and row[3] > row[2]:
                kept.append(row)
                end = row[3]
    return kept


@pytest.mark.parametrize("mode", ["official", "strict"])
@given(lines=truth_lists)
def test_the_truth_as_its_own_proposal_scores_100(mode: str, lines: list[Row]) -> None:
    truths = separate(lines)
    if not truths:
        return
    classes = sorted({row[1] for row in truths})
    report = evaluate_detections(truths, truths, classes, mode=mode)  # type: ignore[arg-type]
    for figure in (report.f1, report.ap, report.map_action, report.map_video):
        assert list(figure.values()) == pytest.approx([100] * 4)
    if mode == "strict":  # the official last theta, 20 * 0.05, is 1 exactly
        assert report.ap_2d == pytest.approx(100)


@given(proposal_lists, truth_lists, st.permutations([0, 1, 2]), st.integers(-50, 50))
def test_strict_figures_do_not_know_names_or_times(
    proposals: list[Row], truths: list[Row], names: list[int], shift: int
) -> None:
    def moved(lines: list[Row]) -> list[Row]:
        renamed = [(names[v], c, s + shift, e + shift, p) for v, c, s, e, p in lines]
        return sorted(renamed, key=lambda row: row[0])

    first = evaluate_detections(proposals, truths, CLASSES, mode="strict").to_dict()
    second = evaluate_detections(moved(proposals), moved(truths), CLASSES, mode="strict").to_dict()
    for name in ("f1", "ap", "map_action", "map_video"):
        assert second[name] == pytest.approx(first[name])


@given(proposal_lists, truth_lists)
def test_official_figures_do_not_know_names_where_no_confidence_is_tied(
    proposals: list[Row], truths: list[Row]
) -> None:
    distinct = [(*row[:4], float(rank)) for rank, row in enumerate(proposals)]
    mirrored = [(2 - row[0], *row[1:]) for row in distinct]
    turned = [(2 - row[0], *row[1:]) for row in truths]
    first = evaluate_detections(distinct, truths, CLASSES)
    second = evaluate_detections(mirrored, turned, CLASSES)
    assert first.ap == pytest.approx(second.ap)
    assert first.map_video == pytest.approx(second.map_video)


def test_a_segment_found_twice() -> None:
    """By hand: the second one is no false alarm in recall, but costs precision."""
    truths = [[0, 1, 0, 10]]
    twice = [[0, 1, 0, 10, 0.9], [0, 1, 0, 10, 0.8]]
    official = evaluate_detections(twice, truths, [1, 2], thetas=[0.5])
    strict = evaluate_detections(twice, truths, [1, 2], mode="strict", thetas=[0.5])
    assert official.f1 == strict.f1 == {0.5: pytest.approx(200 / 3)}
    assert official.ap == strict.ap == {0.5: 100.0}
    assert official.map_action == {0.5: 50.0}  # class 2 never occurs
    assert strict.map_action == {0.5: 100.0}


def test_strict_lets_a_second_proposal_take_the_second_truth() -> None:
    proposals = np.array([[0, 1, 0, 10, 0.9], [0, 1, 1, 11, 0.5]])
    truths = np.array([[0, 1, 0, 10], [0, 1, 5, 15]])
    pairs = overlapping(proposals, truths)
    assert best_match(pairs, 2)[1].tolist() == [0, 0]
    assert one_to_one(pairs, proposals, 0.4).tolist() == [0, 1]
    assert one_to_one(pairs, proposals, 0.5).tolist() == [0, -1]


def test_of_equal_overlaps_strict_takes_the_earlier_row() -> None:
    proposals = np.array([[0, 1, 0, 10, 0.9], [0, 1, 0, 5, 0.5]])
    truths = np.array([[0, 1, 0, 5], [0, 1, 5, 10]])
    for lines, wanted in ((truths, [0, -1]), (truths[::-1], [0, 1])):
        assert one_to_one(overlapping(proposals, lines), proposals, 0.5).tolist() == wanted


def test_official_thetas_are_products() -> None:
    """3 * 0.05 is above 0.15, which an IoU of 3 in 20 therefore does not reach."""
    proposal, truth = [[0, 1, 0, 3, 1.0]], [[0, 1, 0, 20]]
    assert evaluate_detections(proposal, truth, [1]).ap_2d == pytest.approx(10)
    assert evaluate_detections(proposal, truth, [1], mode="strict").ap_2d == pytest.approx(15)


def test_no_proposal_finds_nothing() -> None:
    for mode in ("official", "strict"):
        report = evaluate_detections([], [[0, 1, 0, 5]], [1], mode=mode)  # type: ignore[arg-type]
        assert set(report.f1.values()) == {0.0}
        assert report.ap_2d == 0
        assert not math.isnan(report.map_video[0.5])


def test_long_recordings_are_compared_without_a_table_of_all() -> None:
    rng = np.random.default_rng(0)
    starts = np.arange(0, 540_000, 4)
    lines = np.stack(
        [0 * starts, rng.integers(1, 9, len(starts)), starts, starts + 4, rng.random(len(starts))],
        axis=1,
    )
    report = evaluate_detections(lines, lines, range(1, 9), mode="strict", thetas=[1.0])
    assert report.map_action == {1.0: 100.0}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([0, 1, 0, 5, float("nan")], "NaN"),
        ([0, 1, 0, float("inf"), 1], "infinity"),
        ([0, 1, 5, 4, 1], "ends before"),
        ([0.5, 1, 0, 5, 1], "whole"),
        ([0, 1.5, 0, 5, 1], "whole"),
        ([1e300, 1, 0, 5, 1], "too large"),
        ([0, 9, 0, 5, 1], "class 9"),
        ([0, 1, 0, 5], "shape"),
        (["a", 1, 0, 5, 1], "numbers"),
        ([0, 1, 0, 5, 1, 7], "shape"),
    ],
)
def test_what_no_proposal_can_be_is_refused(row: list[float], words: str) -> None:
    with pytest.raises(DataError, match=words):
        evaluate_detections([row], [[0, 1, 0, 5]], [1])


def test_what_cannot_be_evaluated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    row = [[0, 1, 0, 5, 1]]
    with pytest.raises(DataError, match="no true segment"):
        evaluate_detections(row, [], [1])
    with pytest.raises(DataError, match="classes"):
        evaluate_detections(row, row, [])
    with pytest.raises(DataError, match="classes"):
        evaluate_detections(row, row, range(10**12))
    with pytest.raises(DataError, match="numbers"):
        evaluate_detections([[0, 1], [2]], row, [1])
    with pytest.raises(ConfigError, match="official or strict"):
        evaluate_detections(row, row, [1], mode="loose")  # type: ignore[arg-type]
    for theta in (0.0, 1.1, float("nan")):
        with pytest.raises(ConfigError, match="theta"):
            evaluate_detections(row, row, [1], thetas=[theta])
    monkeypatch.setattr(matching_module, "MAX_PAIRS", 8)
    with pytest.raises(DataError, match="9 pairs"):
        evaluate_detections(row * 3, row * 3, [1])
