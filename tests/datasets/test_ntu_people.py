"""People of NTU recordings: hand-made bodies, and a slow reference on random ones."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.datasets.preparing.ntu_people import Choice, choose_people
from kinestream.errors import ConfigError
from kinestream.formats.parsing.class_lists import class_list
from kinestream.skeletons import skeleton

T, V = 40, 25
Body = np.ndarray[tuple[int, int, int], np.dtype[np.float64]]


def body(
    frames: range, *, sway: float = 0.0, wide: int = 0, width: float = 1.0, at: float = 0.0
) -> Body:
    """A body (3, T, V), 2 m tall and ``width`` wide, at x = ``at``, swaying by as much.

    In ``wide`` of its frames it is 3 m wide.
    """
    data = np.full((3, T, V), math.nan)
    for place, t in enumerate(frames):
        spread = 3.0 if place < wide else width
        data[0, t] = at + spread * np.linspace(-0.5, 0.5, V) + sway * (-1) ** place
        data[1, t] = np.linspace(-1, 1, V)
        data[2, t] = 3
    return data


def clip_of(*bodies: Body, action: int | None = 1) -> Clip:
    return Clip(
        np.stack(bodies, axis=-1),
        skeleton("ntu25"),
        30.0,
        classes=class_list("ntu120"),
        labels=None if action is None else np.full(T, action - 1),
    )


def chosen(clip: Clip, how: Choice = "published", most: int = 2) -> list[Body]:
    people, repairs = choose_people(clip, how, most)
    assert repairs.to_dict() == {**repairs.to_dict(), "rows": 0}
    return [people.data[..., m] for m in range(people.num_people)]


def same(one: Body, other: Body) -> bool:
    return bool(np.array_equal(one, np.asarray(other, dtype=np.float32), equal_nan=True))


def test_raw_leaves_everybody_in_order() -> None:
    clip = clip_of(body(range(5)), body(range(T), sway=1), body(range(9)))
    people, repairs = choose_people(clip, "raw", 2)
    assert people is clip and repairs.dropped_people == 0


def test_a_lone_body_is_kept_whatever_it_looks_like() -> None:
    lone = body(range(3), width=9)
    assert [same(each, lone) for each in chosen(clip_of(lone))] == [True]


@pytest.mark.parametrize(("frames", "kept"), [(11, False), (12, True)])
def test_a_short_body_is_dropped(frames: int, kept: bool) -> None:
    clip = clip_of(body(range(T)), body(range(frames), sway=1))
    people, repairs = choose_people(clip, "published")
    assert (people.num_people, repairs.dropped_people) == ((2, 0) if kept else (1, 1))


@pytest.mark.parametrize(("wide", "kept"), [(27, True), (28, False)])
def test_a_body_that_is_wide_most_of_the_time_is_dropped(wide: int, kept: bool) -> None:
    assert 27 / T < 0.69754 < 28 / T
    people = chosen(clip_of(body(range(T)), body(range(T), wide=wide)))
    assert len(people) == 1 + kept


@pytest.mark.parametrize(("width", "kept"), [(1.59, True), (1.61, False)])
def test_wide_is_more_than_four_fifths_of_the_height(width: int, kept: bool) -> None:
    assert len(chosen(clip_of(body(range(T)), body(range(T), width=width)))) == 1 + kept


def test_somebody_is_always_left() -> None:
    assert len(chosen(clip_of(body(range(5)), body(range(4))))) == 2
    wide, wider = body(range(T), width=3), body(range(T), width=4)
    assert [same(each, wider) for each in chosen(clip_of(wide, wider))] == [True]


def test_who_moves_most_is_first_and_two_are_enough() -> None:
    still, some, most = (body(range(T), sway=sway) for sway in (0, 0.2, 0.5))
    people, repairs = choose_people(clip_of(still, some, most), "published")
    assert same(people.data[..., 0], most) and same(people.data[..., 1], some)
    assert repairs.dropped_people == 1


def test_tracks_of_one_person_are_joined() -> None:
    before, after = body(range(20), sway=0.5), body(range(20, 40), sway=0.2)
    people, repairs = choose_people(clip_of(after, before), "published")
    assert same(people.data[..., 0], np.where(np.isnan(before), after, before))
    assert (people.num_people, repairs.dropped_people) == (1, 0)


@pytest.mark.parametrize("action", [1, 49, 50, 60, 61, 106, 120, None])
def test_the_label_makes_no_difference(action: int | None) -> None:
    one, other = body(range(20), sway=0.5), body(range(20, 40), sway=0.3)
    assert len(chosen(clip_of(one, other, action=action))) == 1
    one, other = body(range(25), sway=0.5), body(range(20, 40), sway=0.3)
    assert len(chosen(clip_of(one, other, action=action))) == 2


@pytest.mark.parametrize(("begin", "people"), [(18, 2), (19, 1), (20, 1), (25, 1)])
def test_tracks_that_share_a_frame_are_joined_and_the_lesser_holds_there(
    begin: int, people: int
) -> None:
    one, other = body(range(20), sway=0.5), body(range(begin, 40), sway=0.3)
    found = chosen(clip_of(one, other))
    assert len(found) == people
    if people == 1:
        assert same(found[0][:, begin:], other[:, begin:].astype(np.float32))


def test_a_track_inside_a_pause_of_another_is_somebody_else() -> None:
    pausing, inside = body(range(T), sway=0.5), body(range(12, 26), sway=0.3)
    pausing[:, 10:28] = math.nan
    assert len(chosen(clip_of(pausing, inside))) == 2


def test_motion_in_noise_does_not_count() -> None:
    jumping, moving = body(range(T), wide=20), body(range(T), sway=0.2)
    assert same(chosen(clip_of(jumping, moving))[0], moving)


def test_a_third_track_goes_on_for_the_second_person() -> None:
    first = body(range(T), sway=0.5)
    second, third = body(range(15), sway=0.4), body(range(15, T), sway=0.3)
    people, repairs = choose_people(clip_of(third, first, second, action=106), "published")
    assert same(people.data[..., 1], np.where(np.isnan(second), third, second))
    assert repairs.dropped_people == 0


def test_energy_takes_two_of_the_first_four() -> None:
    bodies = [body(range(T), sway=sway) for sway in (0.1, 0.4, 0.2, 0.3, 9.0)]
    people, repairs = choose_people(clip_of(*bodies), "energy")
    assert same(people.data[..., 0], bodies[1]) and same(people.data[..., 1], bodies[3])
    assert repairs.dropped_people == 3


def test_energy_counts_deviations_where_motion_counts_variances() -> None:
    # One axis of 1 m against three of 0.5 m: 1 > 0.75, but 1 < 1.5.
    far, near = (np.full((3, T, V), 2.0) for _ in range(2))
    turns = (-1.0) ** np.arange(T)[:, None]
    far[0] += turns
    near += 0.5 * turns
    clip = clip_of(near, far)
    assert same(chosen(clip)[0], far)
    assert same(chosen(clip, "energy")[0], near)


def test_one_person_can_be_asked_for() -> None:
    clip = clip_of(body(range(T)), body(range(T), sway=1), action=55)
    for how in ("published", "energy"):
        people, repairs = choose_people(clip, how, 1)  # type: ignore[arg-type]
        assert (people.num_people, repairs.dropped_people) == (1, 1)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="published, energy or raw, got 'best'"):
        choose_people(clip_of(body(range(T))), "best")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="at least 1"):
        choose_people(clip_of(body(range(T))), "raw", 0)


def slowly(bodies: list[Body]) -> list[Body]:
    """The published way with one loop inside another."""

    def seen(one: Body) -> list[int]:
        return [t for t in range(T) if not all(math.isnan(value) for value in one[:, t].ravel())]

    def spread(one: Body, t: int, axis: int) -> float:
        return float(max(one[axis, t]) - min(one[axis, t]))

    def noisy(one: Body) -> list[int]:
        return [t for t in seen(one) if spread(one, t, 0) > 0.8 * spread(one, t, 1)]

    def variance(one: Body, frames: list[int]) -> float:
        return sum(
            statistics.pvariance([float(one[c, t, v]) for t in frames for v in range(V)])
            for c in range(3)
        )

    def moving(one: Body) -> float:
        clean = [t for t in seen(one) if t not in noisy(one)]
        return min(variance(one, seen(one)), variance(one, clean) if clean else math.inf)

    left = {number: one for number, one in enumerate(bodies) if len(seen(one)) > 11}
    left = left or dict(enumerate(bodies))
    for number, one in list(left.items()):
        if len(left) > 1 and len(noisy(one)) / len(seen(one)) >= 0.69754:
            del left[number]
    people: list[Body] = []
    spans: list[tuple[int, int]] = []
    for one in sorted(left.values(), key=moving, reverse=True):
        start, end = seen(one)[0], seen(one)[-1]
        for number, (first, last) in enumerate(spans):
            if min(last, end) - max(first, start) <= 0:
                for t in seen(one):
                    people[number][:, t] = one[:, t]
                spans[number] = (min(first, start), max(last, end))
                break
        else:
            if len(people) < 2:
                people.append(one.copy())
                spans.append((start, end))
    return people


@pytest.mark.parametrize("seed", range(24))
def test_random_bodies_as_the_slow_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bodies = []
    for _ in range(rng.integers(2, 6)):
        begin = int(rng.integers(0, 30))
        frames = range(begin, int(rng.integers(begin + 5, T + 1)))
        wide = int(rng.integers(0, len(frames) + 1))
        one = body(frames, sway=float(rng.random()), wide=wide, at=float(rng.normal()))
        bodies.append(one.astype(np.float32).astype(np.float64))
    expected = slowly(bodies)
    people = chosen(clip_of(*bodies))
    assert len(people) == len(expected)
    assert all(same(one, other) for one, other in zip(people, expected, strict=True))
