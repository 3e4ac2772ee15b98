"""What the page on generated people says is so."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path

import pytest

from kinestream.datasets.synthetic import ACTIONS, PAIR_ACTIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "synthetic.md").read_text(encoding="utf-8")


def test_every_action_is_described_as_the_code_does() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d) \| (.*) \|$", PAGE, re.MULTILINE)
    told = [(name, "1", action.perform.__doc__) for name, action in ACTIONS.items()]
    told += [(name, "2", perform.__doc__) for name, perform in PAIR_ACTIONS.items()]
    assert rows == [(name, people, (doc or "").rstrip(".")) for name, people, doc in told]


def test_accuracies_are_those_measured() -> None:
    result = json.loads((ROOT / "results" / "synthetic_separable.json").read_text(encoding="utf-8"))
    for key in ("frame_accuracy", "frame_accuracy_settled"):
        assert f"{100 * result[key]:.1f} %" in PAGE
    assert f"{result['classes']} classes" in PAGE
    assert result["frame_accuracy"] >= 0.9


def test_the_picture_is_what_its_script_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = pytest.importorskip("matplotlib.image")
    kept = ROOT / "docs" / "actions.png"
    assert kept.stat().st_size < 400_000
    monkeypatch.setattr(sys, "argv", ["actions.py", "--out", str(tmp_path / "actions.png")])
    runpy.run_path(str(ROOT / "docs" / "pictures" / "actions.py"), run_name="__main__")
    drawn, shown = image.imread(tmp_path / "actions.png"), image.imread(kept)
    assert drawn.shape == shown.shape
    assert abs(drawn - shown).mean() < 0.01  # letters may be set a little otherwise
