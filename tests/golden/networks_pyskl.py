"""Golden cases of networks of blocks: PYSKL's, CTR-GCN's and ST-GCN's own.

Legend: N clips, M people, T frames, V joints, C channels, K classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kinestream.importing import Imported, convert
from kinestream.models import Network, classify, stream
from tests.golden.cases import GoldenCase, assert_close

FP64 = 1e-9
WHOLE_CLIP = {"over": "clip"}
SHORT = {"over": "past", "window": 8, "refresh": 4}
SOURCES = {
    "kennymckormick/pyskl": "pyskl",
    "Uason-Chen/CTR-GCN": "ctrgcn",
    "yysijie/st-gcn": "stgcn",
}
OURS = {
    "": "",
    "gcn": ".spatial",
    "gcn1": ".spatial",
    "tcn": ".temporal",
    "tcn1": ".temporal",
    "residual": ".residual.norm",
}
"""What the parts of a block are called here."""


def imported_network(case: GoldenCase) -> None:
    """Logits, features and what lies between, in both precisions; then the same weights stream."""
    arrays = case.arrays()
    x = arranged(torch.from_numpy(arrays["x"]), axes_of(case, "x"), "NCTVM")
    imported = imported_case(case, people=x.shape[-1])
    for dtype, suffix, tolerance in (
        (torch.float32, "", case.float32_tolerance()),
        (torch.float64, "_f64", FP64),
    ):
        network = imported.network(dtype=dtype, averaging=WHOLE_CLIP)
        found = outputs_of(network, x.to(dtype))
        compared = 0
        for key, truth in arrays.items():
            name = key.removesuffix("_f64")
            if name.startswith("out_") and key == name + suffix:
                if name in ("out_feat", "out_feature", "out_dense"):
                    values = arranged(found[name], "NTMVC", axes_of(case, name))
                else:
                    values = found[name]
                assert_close(values, truth, tolerance)
                compared += 1
        assert compared >= 1
    compare_between(case, imported, x, arrays)
    people_alone(case, x, arrays["out_logits_f64"])
    streams(imported, x)


def compare_between(
    case: GoldenCase, imported: Imported, x: Tensor, arrays: dict[str, np.ndarray]
) -> None:
    """The normalised input and the blocks, of the first person of the first clip."""
    places = {key: place_of(key) for key in arrays if key.startswith("mid_")}
    network = imported.network(averaging=WHOLE_CLIP)
    wanted = {place for place in places.values() if place}
    with tapped(network, wanted) as seen, torch.no_grad():
        network(x if network.people > 1 else x[..., 0])
    for key, place in places.items():
        if place == "norm_in":
            clip = frames_of_people(seen[place], x)  # (N, T, M, V, C)
            values = clip.permute(0, 2, 3, 4, 1).reshape(arrays[key].shape)
        elif place:
            values = frames_of_people(seen[place], x)[0, :, 0].permute(2, 0, 1)  # (C, T, V)
        else:
            continue
        assert_close(values, arrays[key], case.float32_tolerance())
    assert wanted


def people_alone(case: GoldenCase, x: Tensor, truth: np.ndarray) -> None:
    """Where people are normalised alike, labelling each alone gives the same mean."""
    imported = imported_case(case)
    if imported.arguments["norm_in"] == "joints":
        assert imported.arguments["people"] == 1
        network = imported.network(dtype=torch.float64, averaging=WHOLE_CLIP)
        with torch.no_grad():
            assert_close(classify(network, x.double()), truth, FP64)


def streams(imported: Imported, x: Tensor) -> None:
    """Frame by frame as in clips, with means over the past."""
    network = imported.network(dtype=torch.float64, averaging=SHORT)
    x = x[:1, :, :13].double()
    x = x if network.people > 1 else x[..., 0]
    with torch.no_grad():
        assert_close(stream(network, x), network(x).numpy(), FP64)


def ctrgcn_unit(case: GoldenCase) -> None:
    """One block at its published width, as a network of one block."""
    arrays, about = case.arrays(), case.about["constructor"]
    channels, residual = about["out_channels"], about.get("residual", True)
    state = {f"l1.{key}": value for key, value in case.weights().items()}
    state |= {"fc.weight": torch.zeros(1, channels), "fc.bias": torch.zeros(1)}
    imported = convert("ctrgcn", state, strides=[about["stride"]])
    assert imported.arguments["norm_in"] == "none"
    for dtype, key, tolerance in (
        (torch.float32, "out", case.float32_tolerance()),
        (torch.float64, "out_f64", FP64),
    ):
        x = torch.from_numpy(arrays["x"]).to(dtype)
        network = imported.network(dtype=dtype, averaging=WHOLE_CLIP, first_residual=residual)
        with tapped(network, {"blocks.0"}) as seen, torch.no_grad():
            network(x)
        assert_close(seen["blocks.0"].permute(0, 3, 1, 2), arrays[key], tolerance)


def imported_case(case: GoldenCase, **options: Any) -> Imported:
    """The network of a case, with the options that its weights do not tell."""
    about, reference = case.about["constructor"], case.about["reference"]
    if "gcn_adaptive" in about:
        options["adaptive"] = about["gcn_adaptive"] or "none"
    if about.get("gcn_subset_wise", about.get("subset_wise")):
        options["subset_wise"] = True
    if "tcn_ms_cfg" in about:
        options["dilations"] = [b[1] for b in about["tcn_ms_cfg"] if isinstance(b[0], int)]
    if about.get("down_stages") != about.get("inflate_stages"):
        first = 2 if about.get("in_channels", 3) == about["base_channels"] else 1
        stages = range(first, about.get("num_stages", 10) + 1)
        options["strides"] = [1 + (i in about.get("down_stages", (5, 8))) for i in stages]
    return convert(SOURCES[reference["repo"]], case.weights(), **options)


def outputs_of(network: Network, x: Tensor) -> dict[str, Tensor]:
    """Logits and what they are made of: features (N, T', M, V, C) and their means."""
    last = f"blocks.{len(network.blocks) - 1}"  # type: ignore[arg-type]
    with tapped(network, {last}) as seen, torch.no_grad():
        logits = classify(network, x)
        features = frames_of_people(seen[last], x)
        dense = network.head.product(features)  # type: ignore[union-attr, operator]
    return {
        "out_logits": logits,
        "out_feat": features,
        "out_feature": features,
        "out_pool": features.mean((1, 3)).mean(1),
        "out_dense": dense,
    }


def frames_of_people(frames: Tensor, x: Tensor) -> Tensor:
    """(N, T, M, V, C) of what a network of scenes, or of people alone, makes of x (N, C, T, V, M)."""
    if frames.dim() == 5:
        return frames
    return frames.unflatten(0, (len(x), -1)).transpose(1, 2)


def place_of(key: str) -> str | None:
    """Where a ``mid_`` array is found here; ``None`` where sums leave nothing to compare."""
    if key == "mid_data_bn":
        return "norm_in"
    found = re.fullmatch(r"mid_(gcn\.|net\.|st_gcn_networks\.|l)(\d+)\.?(.*)", key)
    if found is None or found[3] not in OURS:
        return None
    return f"blocks.{int(found[2]) - (found[1] == 'l')}{OURS[found[3]]}"


@contextmanager
def tapped(network: Network, names: set[str]) -> Iterator[dict[str, Tensor]]:
    """What modules give while the block runs."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            seen[name] = output[0] if isinstance(output, tuple) else output

        return hook

    hooks = [network.get_submodule(name).register_forward_hook(keep(name)) for name in names]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def axes_of(case: GoldenCase, key: str) -> str:
    """The axes of an array as letters; classes and features are channels."""
    text = case.about["arrays"][key]["axes"].split(" ")[0].replace("class", "C")
    return text.replace(",", "").replace("'", "")


def arranged(values: Tensor, axes: str, wanted: str) -> Tensor:
    """The axes of a tensor in another order.

    >>> arranged(torch.zeros(2, 3, 5), "NCT", "TNC").shape
    torch.Size([5, 2, 3])
    """
    return values.permute([axes.index(letter) for letter in wanted])
