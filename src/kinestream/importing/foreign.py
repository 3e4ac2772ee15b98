"""A state dict of another project, taken apart key by key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from kinestream.errors import CheckpointError

LARGEST = 100_000_000
"""Numbers in a state dict; published networks of skeletons have a tenth of that at most."""

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


class Foreign:
    """Hands out the tensors of a state dict, each once, and tells which were left over.

    A checkpoint that keeps its weights under ``state_dict`` is opened, and the prefix ``module.`` of
    networks that were trained in parallel is taken off.

    Args:
        state: Names to tensors.
        prefixes: Taken off the names too.

    Raises:
        CheckpointError: It is no state dict, or larger than any network that we know.
    """

    def __init__(self, state: object, *prefixes: str) -> None:
        self._left = _tensors(_opened(state), ("module.", *prefixes))

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def shape(self, key: str, dims: int) -> tuple[int, ...]:
        """The shape of a tensor, without taking it.

        Raises:
            CheckpointError: It is missing, or has not so many axes.
        """
        if key not in self._left:
            raise CheckpointError(
                f"the weights hold no {quoted(key)}: are they complete, and of this project?"
            )
        shape = tuple(self._left[key].shape)
        if len(shape) != dims or 0 in shape:
            raise CheckpointError(
                f"{quoted(key)} must have {dims} axes and no empty one, got shape {shape}."
            )
        return shape

    def take(self, key: str, dims: int) -> Tensor:
        """A tensor of so many axes, as float32.

        Raises:
            CheckpointError: It is missing, was taken before, has not so many axes, or holds what
                is no finite float32.
        """
        self.shape(key, dims)
        value = self._left.pop(key).detach().to("cpu", torch.float32)
        if not value.isfinite().all():
            raise CheckpointError(f"{quoted(key)} holds numbers that are not finite.")
        return value

    def leave(self, *keys: str) -> None:
        """Put aside what the original keeps and never reads."""
        for key in keys:
            self._left.pop(key, None)

    def numbers(self, pattern: str, first: int = 0) -> int:
        """How many numbered parts there are.

        Args:
            pattern: Matches the start of a key; its group is the number.
            first: Number of the first part.

        Raises:
            CheckpointError: The numbers do not start there, or have a gap.
        """
        matches = (re.match(pattern, key) for key in self._left)
        found = sorted({int(match[1]) for match in matches if match})
        if found != list(range(first, first + len(found))):
            raise CheckpointError(
                f"the blocks of a network must be numbered from {first} without gaps, got "
                f"{', '.join(map(str, found[:12]))}."
            )
        return len(found)

    def blocks(self, name: str, first: int = 0) -> list[str]:
        """The names of the blocks of a network, in their order.

        Args:
            name: Of a block, up to its number.
            first: Number of the first block.

        Raises:
            CheckpointError: There is none, or there are gaps.
        """
        count = self.numbers(rf"{re.escape(name)}(\d{{1,4}})\.", first)
        if not count:
            raise CheckpointError(
                f"the weights hold no '{name}{first}': are they complete, and of this project?"
            )
        return [f"{name}{number}" for number in range(first, first + count)]

    def check_used(self) -> None:
        """Refuse what nobody has taken.

        Raises:
            CheckpointError: Something is left.
        """
        if self._left:
            more = f" and {len(self._left) - 1} more" if len(self._left) > 1 else ""
            raise CheckpointError(
                f"{quoted(next(iter(self._left)))}{more} of the weights has no place in the network "
                f"that the other weights describe."
            )


def quoted(key: object) -> str:
    """A name from outside, short enough for a sentence."""
    text = repr(key)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _opened(state: object) -> Mapping[Any, Any]:
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping):
        raise CheckpointError(
            f"weights must be a state dict, names to tensors, got {type(state).__name__}."
        )
    if not state:
        raise CheckpointError("weights must be a state dict, names to tensors, got an empty one.")
    return state


def _tensors(state: Mapping[Any, Any], prefixes: tuple[str, ...]) -> dict[str, Tensor]:
    """Names without prefixes to the tensors that a network computes with."""
    tensors: dict[str, Tensor] = {}
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError(
                f"a state dict maps names to tensors, got {quoted(name)}: {type(value).__name__}."
            )
        if name.endswith("num_batches_tracked"):
            continue
        if value.dtype not in DTYPES or value.layout is not torch.strided or value.is_meta:
            raise CheckpointError(
                f"{quoted(name)} must be a plain tensor of real numbers, got {value.dtype}, "
                f"{value.layout}, on {value.device}."
            )
        key = name
        for prefix in prefixes:
            key = key.removeprefix(prefix)
        if key in tensors:
            raise CheckpointError(f"the weights hold {quoted(key)} twice, under two prefixes.")
        tensors[key] = value
    if (size := sum(value.numel() for value in tensors.values())) > LARGEST:
        raise CheckpointError(
            f"the weights hold {size:,} numbers, more than the {LARGEST:,} of any network here."
        )
    return tensors
