"""What the networks of other projects have in common: arguments, layers, notes.

Legend: P partitions, V joints, C channels in, D channels out, k taps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import torch

from kinestream.errors import CheckpointError, ConfigError
from kinestream.importing.foreign import Foreign, quoted
from kinestream.importing.transfer import Transfer, stacked
from kinestream.models.temporal import Averaging

AveragingOptions = Averaging | Mapping[str, Any] | None


def stream_arguments(
    transfer: Transfer,
    joints: int,
    in_channels: int,
    people: int | None,
    averaging: AveragingOptions,
) -> dict[str, Any]:
    """Move ``data_bn`` and give the arguments that let published weights stream.

    Args:
        transfer: Gets the input norm.
        joints: V.
        in_channels: C of the input.
        people: M of a scene; ``None`` for each person alone, unless ``data_bn`` tells.
        averaging: How means over time are taken.

    Raises:
        CheckpointError: The size of ``data_bn`` is no multiple of V * C.
        ConfigError: ``people`` is not what ``data_bn`` says.
    """
    return {
        "lookahead": "centred",
        "norm": "batch",
        "head": "clip",
        "averaging": asdict(Averaging.of(averaging)),
        **_input_norm(transfer, joints, in_channels, people),
    }


def _input_norm(
    transfer: Transfer, joints: int, in_channels: int, people: int | None
) -> dict[str, Any]:
    """Move ``data_bn``; its size tells whether each person of a scene has numbers of their own."""
    alone = 1 if people is None else people
    if "data_bn.weight" not in transfer.foreign:
        return {"norm_in": "none", "people": alone}
    (size,) = transfer.foreign.shape("data_bn.weight", 1)
    places, rest = divmod(size, joints * in_channels)
    if rest:
        raise CheckpointError(
            f"'data_bn.weight' must have a number for each of {joints} joints x {in_channels} "
            f"channels, of one person or several, got {size}."
        )
    transfer.norm("norm_in", "data_bn")
    if places == 1:
        return {"norm_in": "joints", "people": alone}
    if people not in (None, places):
        raise ConfigError(
            f"people must be {places}, since the weights normalise the joints of {places} people "
            f"each on their own, got {people}."
        )
    return {"norm_in": "people", "people": places}


def projection(
    transfer: Transfer, ours: str, theirs: str, names: tuple[str, str] = ("0", "1")
) -> bool:
    """Move a 1x1 convolution and its norm, if there are any.

    Returns:
        Whether there were.
    """
    conv, norm = names
    if f"{theirs}.{conv}.weight" not in transfer.foreign:
        return False
    transfer.linear(f"{ours}.product", f"{theirs}.{conv}")
    transfer.norm(f"{ours}.norm", f"{theirs}.{norm}")
    return True


def odd_kernel(foreign: Foreign, key: str) -> int:
    """Taps of a temporal convolution (D, C, k, 1).

    Raises:
        CheckpointError: They are even in number, so that none is the centre.
    """
    taps = foreign.shape(key, 4)[2]
    if taps % 2 == 0:
        raise CheckpointError(f"{quoted(key)} must have an odd number of taps, got {taps}.")
    return taps


def graph_conv(
    transfer: Transfer, ours: str, theirs: str, parts: int, channels: int
) -> Literal["edges", "plain"]:
    """Move the 1x1 convolution of a graph convolution.

    One that comes before the aggregation is (P*D, C, 1, 1), partitions outermost, and its bias is
    weighted by the edges; one that comes after it is (D, P*C, 1, 1). With one partition they look
    alike, and the first is meant.

    Returns:
        The kind of bias.

    Raises:
        CheckpointError: It is neither.
    """
    key = f"{theirs}.weight"
    rows, columns, *_ = transfer.foreign.shape(key, 4)
    if rows != parts * channels and (rows != channels or columns % parts):
        raise CheckpointError(
            f"{quoted(key)} must make {parts} x {channels} channels, or {channels} of {parts} times "
            f"the input's, got shape {(rows, columns)}."
        )
    weight = transfer.foreign.take(key, 4).flatten(1)
    bias = transfer.foreign.take(f"{theirs}.bias", 1)
    if rows == parts * channels:
        weight = torch.unflatten(weight, 0, (parts, channels)).transpose(1, 2)  # (P, C, D)
        bias = bias.reshape(-1, channels) if len(bias) % channels == 0 else bias
    else:
        weight = torch.unflatten(weight, 1, (parts, -1)).permute(1, 2, 0)  # (P, C, D)
    transfer.put(f"{ours}.weight", weight, key)
    transfer.put(f"{ours}.bias", bias, f"{theirs}.bias")
    return "edges" if rows == parts * channels else "plain"


def graph_convs(transfer: Transfer, ours: str, theirs: list[str]) -> None:
    """Move 1x1 convolutions that come after the aggregation, one for each partition."""
    keys = [f"{name}.weight" for name in theirs]
    weight = stacked([transfer.foreign.take(key, 4) for key in keys], keys)  # (P, D, C, 1, 1)
    transfer.put(f"{ours}.weight", weight.flatten(2).transpose(1, 2), keys[0])
    keys = [f"{name}.bias" for name in theirs]
    bias = stacked([transfer.foreign.take(key, 1) for key in keys], keys)  # (P, D)
    transfer.put(f"{ours}.bias", bias.double().sum(0), keys[0])


def temporal_conv(transfer: Transfer, ours: str, conv: str, norm: str) -> int:
    """Move a temporal convolution and its norm; gives its taps."""
    taps = odd_kernel(transfer.foreign, f"{conv}.weight")
    transfer.conv(f"{ours}.operator", conv)
    transfer.norm(f"{ours}.norm", norm)
    return taps


def branch_dilations(
    foreign: Foreign, theirs: str, given: Sequence[int] | None
) -> tuple[int, dict[int, int]]:
    """How many branches there are, and the dilation of each that convolves.

    Args:
        foreign: The weights.
        theirs: Name of the temporal module.
        given: Dilations in their order; ``None`` for 1, 2, 3, ..., as published.

    Raises:
        ConfigError: There are more or fewer dilations than branches that convolve.
    """
    count = foreign.numbers(rf"{re.escape(theirs)}\.branches\.(\d{{1,4}})\.")
    numbers = [n for n in range(count) if f"{theirs}.branches.{n}.3.conv.weight" in foreign]
    rates = list(range(1, len(numbers) + 1)) if given is None else list(given)
    if len(rates) != len(numbers):
        raise ConfigError(
            f"dilations must be {len(numbers)} numbers, one for each branch that convolves, got "
            f"{len(rates)}."
        )
    return count, dict(zip(numbers, rates, strict=True))


def mixed_branches(
    transfer: Transfer, ours: str, theirs: str, dilations: Sequence[int] | None
) -> list[Any]:
    """Move the branches of ST-GCN++ and DG-STGCN, and what mixes their channels.

    Returns:
        Which branches there are, as :data:`kinestream.models.branches.Branch`.
    """
    foreign = transfer.foreign
    count, rates = branch_dilations(foreign, theirs, dilations)
    kinds: list[Any] = []
    for number in range(count):
        here, there = f"{ours}.branches.branches.{number}", f"{theirs}.branches.{number}"
        if f"{there}.weight" in foreign:
            kinds.append("1x1")
            transfer.linear(f"{here}.product", there)
            continue
        projection(transfer, here, there)
        if number in rates:
            kinds.append([odd_kernel(foreign, f"{there}.3.conv.weight"), rates[number]])
            transfer.conv(f"{here}.operator", f"{there}.3.conv")
        else:
            kinds.append(["max", 3])
    transfer.norm(f"{ours}.norm", f"{theirs}.transform.0")
    transfer.linear(f"{ours}.product", f"{theirs}.transform.2")
    transfer.norm(f"{ours}.norm_out", f"{theirs}.bn")
    return kinds


def notes_on(arguments: Mapping[str, Any], averaged: str = "") -> tuple[str, ...]:
    """How a stream differs from the original network, a sentence each.

    Args:
        arguments: Those of :func:`stream_arguments` among them.
        averaged: Beginning of a sentence: what is made of means over time, besides the label.
    """
    return (
        *_notes_on_means(Averaging(**arguments["averaging"]), averaged),
        "Outside a recording its convolutions see zeros, as the original's do, so a stream that is "
        "flushed gives the numbers of the clip up to the last frame.",
        _note_on_people(arguments["people"]),
    )


def _notes_on_means(averaging: Averaging, averaged: str) -> list[str]:
    if averaging.over == "clip":
        return ["Means over time are over the whole clip, so it runs on clips, not on streams."]
    window = averaging.window
    frames = "the frames so far" if window is None else f"the last {window} frames"
    original = "the original takes the whole clip, as averaging over 'clip' does."
    notes = [f"A label is of the mean over {frames}; {original}"]
    if averaged:
        notes.append(
            f"{averaged} made of the mean over {frames}, anew every {averaging.refresh} frames; "
            f"{original}"
        )
    return notes


def _note_on_people(people: int) -> str:
    if people > 1:
        return f"It labels scenes of {people} people; one who is missing is all zeros."
    return "Each person is labelled alone; the original's answer for several is their mean."
