"""Step graphs with weights of sixteen bits: what is rounded, and how far answers move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from kinestream.bundle import load
from kinestream.errors import ConfigError, ParityError
from kinestream.export import export_run, sixteen
from kinestream.export.rounded import check_worth
from kinestream.export.sixteen import Sixteen, sixteen_bit_graph
from kinestream.training.run_folder import RunFolder

KINDS: list[Sixteen] = ["fp16", "bf16"]
SMALLEST = 12
STEP = {"fp16": 2.0**-11, "bf16": 2.0**-8}
"""The most that rounding moves a number, over its size."""


@pytest.fixture(scope="module")
def path(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sixteen") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sixteen, "SMALLEST", SMALLEST)  # this run's weights are tiny
        return export_run(RunFolder(run_path), folder, precisions=KINDS, loss=5).path


def constants(graph: bytes) -> dict[str, Any]:
    """Every constant of a graph."""
    found = onnx.load_from_string(graph).graph.initializer
    return {each.name: numpy_helper.to_array(each) for each in found}


def by_bits(values: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """Rounded without a library's bf16: to the nearest, ties to even, of the upper sixteen bits."""
    if kind == "fp16":
        return values.astype(np.float16).astype(np.float32)
    bits = values.view(np.uint32).astype(np.uint64)
    bits += 0x7FFF + ((bits >> 16) & 1)
    return (bits & 0xFFFF0000).astype(np.uint32).view(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_products_are_rounded_and_nothing_else(path: Path, kind: Sixteen) -> None:
    exact, rounded = ((path / name).read_bytes() for name in ("step.onnx", f"step.{kind}.onnx"))
    before, after = constants(exact), constants(rounded)
    short = {name for name in after if name.endswith(f".{kind}")}
    assert short and {name.removesuffix(f".{kind}") for name in short} | after.keys() - short == {
        *before
    }
    for name, values in before.items():
        if f"{name}.{kind}" in short:
            kept = after[f"{name}.{kind}"]
            assert kept.itemsize == 2 and values.size >= SMALLEST
            np.testing.assert_array_equal(kept.astype(np.float32), by_bits(values, kind))
        else:
            np.testing.assert_array_equal(after[name], values)
    assert not any("norm" in name for name in short)
    heavy = sum(before[name.removesuffix(f".{kind}")].nbytes for name in short)
    assert len(rounded) - len(exact) == pytest.approx(-heavy / 2, abs=200 * len(short))


@pytest.mark.parametrize("engine", ["onnxruntime", "numpy"])
@pytest.mark.parametrize("kind", KINDS)
def test_streams_of_it_are_near_those_of_float32(path: Path, kind: str, engine: str) -> None:
    bundle = load(path)
    shape = len(bundle.channels), bundle.skeleton.num_joints
    frames = np.random.default_rng(3).normal(size=(25, *shape)).astype(np.float32)
    answers = []
    for precision in ("float32", kind):
        stream = load(path, engine=engine, precision=precision).stream()
        for frame in frames:
            stream.push(frame)
        ((_, logits),) = stream.answers
        answers.append(logits)
    exact, found = answers
    assert 0 < np.abs(found - exact).max() < 8 * STEP[kind] * np.abs(exact).max()


@pytest.mark.parametrize("kind", KINDS)
def test_the_manifest_says_what_each_is_worth(path: Path, kind: Sixteen) -> None:
    entry = load(path).manifest.rounded[kind]
    assert entry.argmax_agreement >= 95
    assert set(entry.figures["frame_accuracy"]) == {"float32", kind}
    card = (path / "README.md").read_text(encoding="utf-8")
    assert f"- `{kind}` answers {entry.argmax_agreement:.2f} % of 145 frames of split test" in card


def weighty(weight: float) -> bytes:
    """A graph of one product."""
    values = np.full((16, 16), weight, np.float32)
    node = onnx.helper.make_node("MatMul", ["frame", "w"], ["logits"])
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [value("frame", onnx.TensorProto.FLOAT, [1, 16])],
        [value("logits", onnx.TensorProto.FLOAT, [1, 16])],
        [numpy_helper.from_array(values, "w")],
    )
    return onnx.helper.make_model(graph).SerializeToString()


def test_a_weight_beyond_the_range_of_fp16_is_refused() -> None:
    with pytest.raises(ConfigError, match="the weight w is too large for fp16: take bf16"):
        sixteen_bit_graph(weighty(1e5), "fp16")
    (kept,) = constants(sixteen_bit_graph(weighty(1e5), "bf16")).values()
    np.testing.assert_allclose(kept.astype(np.float32), 1e5, rtol=STEP["bf16"])


def test_a_network_of_small_products_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sixteen, "SMALLEST", 257)
    with pytest.raises(ConfigError, match="no weight that is worth bf16"):
        sixteen_bit_graph(weighty(1.0), "bf16")


@pytest.mark.parametrize(("kind", "other"), [("fp16", "bf16"), ("bf16", "fp16")])
def test_what_loses_too_much_names_the_other(kind: Sixteen, other: str) -> None:
    from tests.export.test_int8_bundles import worth

    with pytest.raises(ParityError, match=f"in {kind} .* nothing was written. Take {other}, or"):
        check_worth(worth((90.0, 80.0), 99.9), kind, 1.0)
