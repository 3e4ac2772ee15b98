"""Values of another kind than is meant: each gets one sentence of ours, and nothing has moved."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kinestream as ks
from kinestream.bundle import Bundle, load
from kinestream.errors import ConfigError, DataError, InputError, SkeletonError
from kinestream.streaming.arguments import check_kind, number, whole
from kinestream.streaming.events import EventRules, Events

Use = Callable[[Bundle], object]
any_: Any = lambda value: value  # noqa: E731  what type checkers would refuse

FRAME = np.zeros((6, 2), np.float32)
RULES: Any = {"onset": 0.5}
CLIP = np.zeros((6, 30, 2, 1), np.float32)

CASES: dict[str, tuple[Use, type[InputError], str]] = {
    "stream fps": (
        lambda b: b.stream(fps=any_("30")),
        ConfigError,
        "fps must be a number of frames per second, got '30'",
    ),
    "stream fps list": (lambda b: b.stream(fps=any_([25])), ConfigError, "fps .* got list"),
    "stream fps true": (lambda b: b.stream(fps=True), ConfigError, "fps .* got True"),
    "stream fps huge": (lambda b: b.stream(fps=10**400), DataError, "fps must be above 0, got inf"),
    "stream person": (
        lambda b: b.stream(person=any_("x")),
        ConfigError,
        "person must be a whole number, 0 to 9223372036854775807, got 'x'",
    ),
    "stream person huge": (lambda b: b.stream(person=10**5000), ConfigError, "got inf"),
    "live fps": (lambda b: b.live(fps=any_("30")), ConfigError, "fps must be .*, got '30'"),
    "live person": (lambda b: b.live(person=any_(None)), ConfigError, "person .* got None"),
    "live settings": (
        lambda b: b.live(settings=any_({})),
        ConfigError,
        "settings must be LiveSettings, got dict",
    ),
    "people fps": (
        lambda b: b.live_people(fps=any_("30")),
        ConfigError,
        "fps must be .*, got '30'",
    ),
    "people settings": (
        lambda b: b.live_people(settings=any_({"gap_s": 1})),
        ConfigError,
        "settings must be LiveSettings, got dict",
    ),
    "max_persons": (
        lambda b: b.live_people(max_persons=any_("x")),
        ConfigError,
        "max_persons must be a whole number, 1 to 256, got 'x'",
    ),
    "max_persons half": (
        lambda b: b.live_people(max_persons=any_(2.5)),
        ConfigError,
        "max_persons .* got 2.5",
    ),
    "push time": (
        lambda b: b.stream().push(FRAME, any_("abc")),
        DataError,
        "time_s must be a number of seconds, got 'abc'",
    ),
    "live time": (
        lambda b: b.live().push(FRAME, any_("1.5")),
        DataError,
        "time_s must be a number of seconds, got '1.5'",
    ),
    "logits of a frame": (
        lambda b: b.logits(FRAME),
        SkeletonError,
        r"a recording must be \(C, T, V, M\) with 6 channels .*, got \(6, 2\)",
    ),
    "logits of nothing": (lambda b: b.logits(CLIP[:, :0]), SkeletonError, r"got \(6, 0, 2, 1\)"),
    "logits of joints": (
        lambda b: b.logits(np.zeros((6, 9, 3, 1), np.float32)),
        SkeletonError,
        "the 2 joints of skeleton 'phonewatch2'",
    ),
    "logits of text": (lambda b: b.logits(any_("x")), DataError, "a recording must be numbers"),
    "recognise array": (
        lambda b: ks.recognise(any_(CLIP), b),
        DataError,
        "a source must be a path or a Clip, got ndarray",
    ),
    "run none": (lambda b: list(ks.run(any_(None), b)), DataError, "a source must .* got None"),
    "events rules": (
        lambda b: b.events(rules=RULES),
        ConfigError,
        "rules must be EventRules, got d",
    ),
    "events no rules": (
        lambda b: b.events(rules=any_({})),
        ConfigError,
        "rules must be EventRules",
    ),
    "onset": (
        lambda b: EventRules(onset=any_("a")),
        ConfigError,
        "onset must be a number, got 'a'",
    ),
    "release": (lambda b: EventRules(release=any_(None)), ConfigError, "release .* got None"),
    "gap": (
        lambda b: EventRules(merge_gap_ms=any_("1")),
        ConfigError,
        "merge_gap_ms must be a number of milliseconds, got '1'",
    ),
    "events time": (
        lambda b: b.events().push(np.full(5, 0.2), any_(None)),
        DataError,
        "time_s must be a number of seconds, got None",
    ),
    "events far time": (
        lambda b: b.events().push(np.full(5, 0.2), -1e300),
        DataError,
        "time_s must be finite seconds",
    ),
    "load none": (
        lambda b: load(any_(None)),
        ConfigError,
        "a bundle must be named by its folder or its name, got None",
    ),
    "load engine": (
        lambda b: load("sp_sw_har", engine=any_([])),
        ConfigError,
        "engine must be a name, got list",
    ),
    "load precision": (
        lambda b: load("sp_sw_har", precision=any_([])),
        ConfigError,
        "precision must be a name, got list",
    ),
}


@pytest.mark.parametrize(("use", "error", "says"), CASES.values(), ids=CASES.keys())
def test_a_value_of_another_kind_gets_a_sentence(
    use: Use, error: type[InputError], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        use(load("sp_sw_har"))
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_events_of_a_recording_take_rules_only() -> None:
    from kinestream.datasets.synthetic import generate

    clip = generate("phonewatch", seed=3)
    with pytest.raises(ConfigError, match="rules must be EventRules, got dict"):
        list(ks.events(clip, "sp_sw_har", RULES))


def test_kinds_of_numbers_that_are_meant_are_taken(tmp_path: Path) -> None:
    bundle = load("sp_sw_har")
    stream = bundle.stream(fps=np.float32(50), person=np.int64(3))  # type: ignore[arg-type]
    for t in (0, np.float32(0.02), np.int64(1), Fraction(3, 2)):
        stream.push(FRAME, t)  # type: ignore[arg-type]
    assert bundle.restore(stream.snapshot()).person == 3
    assert EventRules(onset=np.float64(0.5), unknown=0).unknown == 0
    assert bundle.logits(CLIP.astype(np.float64)).shape == (1, 5, 30)
    assert Events(EventRules(), ("a", "b")).push([0.5, 0.5], np.float64(1)) == []


def test_checks_tell_kinds_apart() -> None:
    check_kind(3, int, "x must be whole")
    check_kind(None, str | None, "x must be text")
    assert number(Fraction(1, 4), "x") == 0.25
    assert number(-(10**400), "x") == -np.inf
    assert whole(np.uint8(7), 0, 9, "x") == 7
    for refused in (
        lambda: check_kind(True, int, "x must be whole"),
        lambda: check_kind(np.bool_(True), int, "x must be whole"),
        lambda: number(np.zeros(()), "x must be a number"),
        lambda: number(Decimal(1), "x must be a number"),
        lambda: number(1j, "x must be a number"),
        lambda: whole(3.0, 0, 9, "x"),
        lambda: whole(10, 0, 9, "x"),
    ):
        with pytest.raises(ConfigError, match="^x must be .*, got .*[.]$"):
            refused()
    with pytest.raises(ConfigError) as caught:
        check_kind("a\n" * 999, int, "x must be whole")
    assert len(str(caught.value)) < 220
    assert "\n" not in str(caught.value)
