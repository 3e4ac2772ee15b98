"""What bundles are called: told apart at any width, and no path of this machine is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.benchmarking.names import folders_of, labels_of, middle_out, shortened


@pytest.mark.parametrize(
    ("given_paths", "folders"),
    [
        (["runs/a/bundle"], ["runs/a/bundle"]),
        (["/home/ada/runs/a/bundle"], ["bundle"]),
        (["/home/ada/a/bundle", "/home/bob/a/bundle"], ["ada/a/bundle", "bob/a/bundle"]),
        (["bundle", "/home/ada/a/bundle"], ["bundle", "a/bundle"]),
        (["/x", "/x/y"], ["x", "y"]),
        (["../a", "."], ["../a", "."]),
    ],
)
def test_folders_are_as_given_and_never_absolute(
    given_paths: list[str], folders: list[str]
) -> None:
    assert folders_of(given_paths) == folders
    assert folders_of([Path(path) for path in given_paths]) == folders


def test_labels_differ_even_where_a_name_is_the_folder_of_another() -> None:
    assert labels_of(["x", "x", "y"], ["p", "q", "z"]) == ["p", "q", "y"]
    assert labels_of(["x", "x", "y"], ["p", "y", "z"]) == ["p", "y", "z"]


LABELS = st.lists(st.text("ab/-1", min_size=1, max_size=30), min_size=1, max_size=8)


@given(LABELS, st.integers(6, 31))
def test_shortened_labels_fit_and_are_as_different_as_before(
    labels: list[str], longest: int
) -> None:
    short = shortened(labels, longest)
    assert max(map(len, short)) <= longest
    for one, brief in zip(labels, short, strict=True):
        assert [other == one for other in labels] == [other == brief for other in short]
        assert brief == one or "…" in brief or len(set(short)) == len(set(labels))


def test_cutting_each_alone_would_make_two_names_one() -> None:
    labels = ["runs/sp_sw_har-1-final/bundle", "runs/sp_sw_har-2-final/bundle"]
    assert len({middle_out(label, 12) for label in labels}) == 1
    assert len(set(shortened(labels, 12))) == 2


def test_names_keep_both_ends() -> None:
    assert middle_out("bundle_of_monday_12", 9) == "bund…y_12"
    assert middle_out("wide", 2, measure=lambda text: 2 * len(text)) == "…"
