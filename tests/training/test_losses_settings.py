"""The section ``loss`` of a configuration: what it takes, what it refuses, what it builds."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from kinestream.config import dump_config, load_config
from kinestream.errors import ConfigError
from kinestream.training import loop
from kinestream.training.config import TrainConfig
from kinestream.training.losses.boundary import Boundary
from kinestream.training.losses.class_weights import balanced_weights
from kinestream.training.losses.compactness import Compactness
from kinestream.training.losses.contrastive import Contrastive
from kinestream.training.losses.cross_entropy import CrossEntropy
from kinestream.training.losses.focal import Focal
from kinestream.training.losses.gaussian_similarity import GaussianSimilarity
from kinestream.training.losses.making import make_loss
from kinestream.training.losses.segmental_f1 import SegmentalF1
from kinestream.training.losses.settings import LossConfig
from kinestream.training.losses.triplet import Triplet
from kinestream.training.losses.truncated_mse import TruncatedMSE
from kinestream.training.run_folder import RunFolder

LABELS = [torch.tensor([0, 0, 0, 1, -1])]
BASE = {"name": "x", "data": {"path": "."}, "network": {"name": "stgcn"}}


def load(folder: Path, loss: object, *overrides: str) -> TrainConfig:
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({**BASE, "loss": loss}))
    return load_config(path, TrainConfig, overrides)


def built(loss: dict[str, Any]) -> dict[str, tuple[float, Any]]:
    made = make_loss(LossConfig.model_validate(loss), LABELS, 2, background=[1])
    return {type(term).__name__: (weight, term) for weight, term in made.of_frames + made.of_batch}


def test_by_default_entropy_and_smoothing() -> None:
    terms = built({})
    assert {name: weight for name, (weight, _) in terms.items()} == {
        "CrossEntropy": 1.0,
        "TruncatedMSE": 0.15,
    }
    assert terms["CrossEntropy"][1].class_weights is None
    assert terms["CrossEntropy"][1].label_smoothing == 0
    assert terms["TruncatedMSE"][1].truncate == 4


def test_what_is_written_counts_and_the_rest_does_not() -> None:
    terms = built({"cross_entropy": {"weight": 0}, "focal": {}, "boundary": {"weight": 0.5}})
    assert {name: weight for name, (weight, _) in terms.items()} == {
        "Focal": 1.0,
        "TruncatedMSE": 0.15,
        "Boundary": 0.5,
    }


def test_every_setting_reaches_its_term() -> None:
    terms = built(
        {
            "cross_entropy": {"class_weights": "balanced", "label_smoothing": 0.1},
            "focal": {"class_weights": "balanced", "focus": 3},
            "truncated_mse": {"truncate": 2},
            "gaussian_similarity": {"sigma": 0.5, "truncate": 3},
            "boundary": {"positive_weight": 9},
            "compactness": {},
            "triplet": {"margin": 0.4, "frames": 64},
            "contrastive": {"temperature": 0.2, "frames": 32},
            "segmental_f1": {},
        }
    )
    of: dict[str, Any] = {name: term for name, (_, term) in terms.items()}
    weights = balanced_weights(LABELS, 2)
    assert torch.equal(of["CrossEntropy"].class_weights, weights)
    assert torch.equal(of["Focal"].class_weights, weights)
    found = {
        CrossEntropy: of["CrossEntropy"].label_smoothing,
        Focal: of["Focal"].focus,
        TruncatedMSE: of["TruncatedMSE"].truncate,
        GaussianSimilarity: (of["GaussianSimilarity"].sigma, of["GaussianSimilarity"].truncate),
        Boundary: of["Boundary"].positive_weight,
        Triplet: (of["Triplet"].margin, of["Triplet"].frames),
        Contrastive: (of["Contrastive"].temperature, of["Contrastive"].frames),
        SegmentalF1: of["SegmentalF1"].background,
        Compactness: type(of["Compactness"]),
    }
    assert found == {
        CrossEntropy: 0.1,
        Focal: 3,
        TruncatedMSE: 2,
        GaussianSimilarity: (0.5, 3),
        Boundary: 9,
        Triplet: (0.4, 64),
        Contrastive: (0.2, 32),
        SegmentalF1: {1},
        Compactness: Compactness,
    }


def test_an_unknown_term_is_refused_with_the_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown key 'loss.dice'; allowed here: boundary, comp"):
        load(tmp_path, {"dice": {}})
    with pytest.raises(ConfigError, match="'loss.focal.gamma'; allowed here: class_weights, focus"):
        load(tmp_path, {"focal": {"gamma": 2}})
    with pytest.raises(ConfigError, match="every term has weight 0; give one of them"):
        load(tmp_path, {"cross_entropy": {"weight": 0}, "truncated_mse": {"weight": 0}})


@pytest.mark.parametrize(
    ("term", "key", "values"),
    [
        *[(name, "weight", (-1, math.nan, math.inf, "much")) for name in LossConfig.model_fields],
        ("cross_entropy", "class_weights", ("some", 3)),
        ("cross_entropy", "label_smoothing", (-0.1, 1)),
        ("focal", "class_weights", ("some",)),
        ("focal", "focus", (-1, 11)),
        ("truncated_mse", "truncate", (0, math.inf)),
        ("gaussian_similarity", "truncate", (0,)),
        ("gaussian_similarity", "sigma", (0, math.nan)),
        ("boundary", "positive_weight", (0,)),
        ("triplet", "margin", (-1, 5)),
        ("triplet", "frames", (3, 2049, 10.5)),
        ("contrastive", "temperature", (0, math.inf)),
        ("contrastive", "frames", (3, 2049)),
    ],
)
def test_values_out_of_range_are_refused(
    tmp_path: Path, term: str, key: str, values: tuple[Any, ...]
) -> None:
    for value in values:
        with pytest.raises(ConfigError, match=f"key 'loss.{term}.{key}': "):
            load(tmp_path, {term: {key: value}})


def test_a_key_can_be_set_alone_and_the_result_is_written_out(tmp_path: Path) -> None:
    config = load(tmp_path, {}, "loss.focal.focus=3", "loss.truncated_mse.weight=0.3")
    assert config.loss.focal.weight == 1 and config.loss.focal.focus == 3
    assert config.loss.cross_entropy.weight == 1 and config.loss.truncated_mse.weight == 0.3
    dump_config(config, tmp_path / "resolved.yaml")
    assert load_config(tmp_path / "resolved.yaml", TrainConfig) == config


@pytest.mark.parametrize("segment", [0, 16])
def test_a_run_is_taught_by_all_of_them(
    settings: dict[str, Any], tmp_path: Path, segment: int
) -> None:
    values = copy.deepcopy(settings)
    values["loss"] = {name: {} for name in LossConfig.model_fields}
    values["network"]["arguments"]["norm"] = "layer"
    values["training"] |= {"epochs": 2, "segment": segment}
    last = loop.train(TrainConfig.model_validate(values), RunFolder(tmp_path / "run"))
    first = RunFolder(tmp_path / "run").metrics()[0]
    assert 0 < last["train/loss"] < first["train/loss"]


PAGE = (Path(__file__).parents[2] / "docs" / "losses.md").read_text(encoding="utf-8")


def test_the_page_shows_every_term_with_its_defaults() -> None:
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in PAGE.splitlines()]
    shown = {row[0].strip("`"): row for row in rows if row[0].startswith("`") and len(row) == 5}
    assert list(shown) == list(LossConfig.model_fields)
    for name in LossConfig.model_fields:
        section = getattr(LossConfig.model_validate({name: {}}), name)
        values = section.model_dump()
        weight = values.pop("weight")
        assert shown[name][1] == f"{weight:g}"
        texts = [v if isinstance(v, str) else f"{v:g}" for v in values.values()]
        settings = [f"`{key}` {text}" for key, text in zip(values, texts, strict=True)]
        assert shown[name][4] == ", ".join(settings)
        assert f"**`{name}`**" in PAGE


def test_the_page_shows_a_section_that_is_taken() -> None:
    (shown,) = (part.partition("```")[0] for part in PAGE.split("```yaml\n")[1:])
    config = LossConfig.model_validate(yaml.safe_load(shown)["loss"])
    assert config.boundary.weight == 0.1 and config.truncated_mse.weight == 0.3
