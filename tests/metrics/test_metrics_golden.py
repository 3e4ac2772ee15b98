"""The segment metrics against the numbers of the reference evaluations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kinestream.metrics import (
    Counts,
    count_matches,
    edit_score,
    evaluate,
    f1_score,
    frame_accuracy,
    mean_f1,
    pooled_f1,
    runs,
)

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden" / "visible"
Arrays = dict[str, NDArray[np.generic]]
Pair = tuple[NDArray[np.int64], NDArray[np.int64]]


@pytest.fixture(scope="module")
def golden() -> Arrays:
    path = GOLDEN / "metrics_segments.npz"
    if not path.is_file():
        pytest.skip("the golden files (../shared/golden) are not here")
    listed = json.loads((GOLDEN / "manifest.json").read_text())["metrics_segments"]["arrays"]
    with np.load(path, allow_pickle=False) as arrays:
        assert set(arrays.files) == set(listed)
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def pairs(golden: Arrays) -> list[Pair]:
    cuts = golden["offsets"][1:-1]
    return list(
        zip(np.split(golden["pred"], cuts), np.split(golden["truth"], cuts), strict=True)  # type: ignore[arg-type]
    )


def counted(
    pairs: list[Pair], threshold: float, background: tuple[int, ...], strict: bool
) -> list[Counts]:
    return [
        count_matches(runs(p, background), runs(t, background), threshold, strict=strict)
        for p, t in pairs
    ]


@pytest.mark.parametrize(("name", "background"), [("bg_kept", ()), ("bg0_dropped", (0,))])
def test_ms_tcn(golden: Arrays, pairs: list[Pair], name: str, background: tuple[int, ...]) -> None:
    edits = [edit_score(runs(p, background), runs(t, background)) for p, t in pairs]
    np.testing.assert_allclose(edits, golden[f"edit_{name}"], rtol=0, atol=1e-9)
    raised = golden[f"f_score_raises_{name}"]
    for column, threshold in enumerate(golden["overlaps"]):
        found = counted(pairs, float(threshold), background, strict=False)
        kept = [counts for counts, skip in zip(found, raised, strict=True) if not skip]
        np.testing.assert_array_equal(kept, golden[f"tp_fp_fn_{name}"][~raised, column])
        pooled = golden[f"pooled_tp_fp_fn_{name}"][column]
        np.testing.assert_array_equal(np.sum(kept, axis=0), pooled)
        assert pooled_f1(kept) == pytest.approx(golden[f"pooled_f1_{name}"][column], abs=1e-9)
        for counts, skip in zip(found, raised, strict=True):
            assert not skip or (counts.tp == counts.fn == 0 and counts.fp > 0)
    mean = golden[f"mean_edit_{name}"]
    assert np.isnan(mean) == np.isnan(edits).any()
    report = evaluate(
        *zip(*pairs, strict=True), 1 + int(golden["pred"].max()), background=background
    )
    wanted = golden[f"mean_edit_ignoring_nan_{name}"]
    assert report.edit == pytest.approx(float(wanted), abs=1e-9)
    assert report.frame_accuracy == pytest.approx(float(golden["frame_accuracy_percent"]), abs=1e-9)
    if not raised.any():
        assert list(report.f1.values()) == pytest.approx(golden[f"pooled_f1_{name}"], abs=1e-9)


def test_frame_accuracy(golden: Arrays) -> None:
    wanted = float(golden["frame_accuracy_percent"])
    assert frame_accuracy(golden["pred"], golden["truth"]) == pytest.approx(wanted, abs=1e-9)


def test_per_trial(golden: Arrays, pairs: list[Pair]) -> None:
    edits = [edit_score(runs(p), runs(t)) / 100 for p, t in pairs]
    np.testing.assert_allclose(edits, golden["seed_edit_per_trial"], rtol=0, atol=2e-7)
    for column, threshold in enumerate(golden["overlaps"]):
        found = counted(pairs, float(threshold), (), strict=True)
        wanted = np.nan_to_num(golden["seed_f1_per_trial"][:, column])
        f1 = [f1_score(counts) / 100 for counts in found]
        np.testing.assert_allclose(f1, wanted, rtol=0, atol=2e-7)
        assert mean_f1(found) / 100 == pytest.approx(golden["seed_f1_macro"][column], abs=2e-6)
    classes = 1 + int(max(golden["pred"].max(), golden["truth"].max()))
    report = evaluate(*zip(*pairs, strict=True), classes, protocol="per-trial")
    assert report.edit / 100 == pytest.approx(float(golden["seed_edit_mean"][0]), abs=2e-6)
    macro = [value / 100 for value in report.f1.values()]
    assert macro == pytest.approx(golden["seed_f1_macro"], abs=2e-6)
