"""The weights of other projects, made into networks of ours that stream.

Each source is a module with a function ``convert(state, **options)``. What can be inferred from the
weights is; what they do not tell is an option, with the published value as its default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from kinestream.errors import ConfigError
from kinestream.importing import costgcn, ctrgcn, msgcn, mstcn, pyskl, stgcn
from kinestream.importing.imported import Imported
from kinestream.importing.options import check_options

SOURCES: dict[str, Callable[..., Imported]] = {
    "costgcn": costgcn.convert,
    "ctrgcn": ctrgcn.convert,
    "msgcn": msgcn.convert,
    "mstcn": mstcn.convert,
    "pyskl": pyskl.convert,
    "stgcn": stgcn.convert,
}
"""The projects whose weights can be read, to what reads them."""


def convert(source: str, state: Mapping[str, Tensor], **options: Any) -> Imported:
    """Make one of our networks of another project's weights.

    Args:
        source: A key of ``SOURCES``.
        state: A state dict, or a checkpoint that keeps one under ``state_dict``.
        **options: Of the source's ``convert``.

    Raises:
        CheckpointError: They are not the weights of that project, or are damaged.
        ConfigError: The source or an option is unknown, or does not go with the weights.
    """
    if source not in SOURCES:
        raise ConfigError(f"unknown source {source!r} of weights; there are {', '.join(SOURCES)}.")
    check_options(SOURCES[source], source, options)
    return SOURCES[source](state, **options)


__all__ = ["SOURCES", "Imported", "convert"]
