"""The shipped bundles and the configurations that made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.bundle import load, shipped_bundles
from kinestream.config import load_config
from kinestream.datasets.synthetic import Kind, generate
from kinestream.metrics import evaluate
from kinestream.recognition import recognise_people
from kinestream.streaming import decode, softmax
from kinestream.training.config import TrainConfig

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))
GENERATED: dict[str, Kind] = {"sp_sw_har": "phonewatch", "utkinect": "kinect"}


def test_both_are_there() -> None:
    assert shipped_bundles() == sorted(GENERATED)


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_bundle_is_small_and_says_where_it_comes_from(name: str) -> None:
    bundle = load(name)
    size = sum(entry.bytes for entry in bundle.manifest.files.values())
    card = (bundle.path / "README.md").read_text()
    assert size < 4_000_000
    for said in ("licence of the data", "licence of the weights", "trained on", "kinestream train"):
        assert said in card
    assert "not stated" not in card


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_bundle_is_made_by_its_configuration(name: str) -> None:
    made_by = load_config(load(name).path / "config.yaml", TrainConfig)
    (shown,) = (path for path in CONFIGS if path.stem == name)
    config = load_config(shown, TrainConfig)
    made_by.data.path = config.data.path
    assert made_by == config


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_clip_graph_and_stream_agree_on_generated_people(name: str) -> None:
    bundle, clip = load(name), generate(GENERATED[name], 5)
    (timeline,) = recognise_people(clip, bundle)
    whole = bundle.logits(clip.data)[0].T  # (T, K)
    np.testing.assert_allclose(timeline.scores, softmax(whole), atol=1e-4)
    np.testing.assert_array_equal(timeline.labels, decode(softmax(whole), bundle.manifest.margin))


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_generated_people_are_recognised(name: str) -> None:
    """Far better than always answering the most frequent class."""
    bundle = load(name)
    timelines = [recognise_people(generate(GENERATED[name], s), bundle)[0] for s in range(5)]
    truths = [t.truth for t in timelines if t.truth is not None]
    report = evaluate([t.labels for t in timelines], truths, len(bundle.classes))
    majority = 100 * np.bincount(np.concatenate(truths)).max() / report.frames
    assert report.frame_accuracy > majority + 10
