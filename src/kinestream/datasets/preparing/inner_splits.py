"""Splits that a file of several recordings lists itself, as protocols.

The field names such lists ``xsub_train`` and ``xsub_val``, ``train1`` and ``test1``, or plainly
``train`` and ``val``. What is before and behind the split's word names the protocol; plain words
make the protocol ``own``. Where a protocol has no ``test``, its ``val`` is what everybody tests on,
and becomes ``test``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kinestream.datasets.protocols import Protocol

OWN = "own"


def inner_protocols(
    splits: Mapping[str, Sequence[str]], source: str
) -> tuple[dict[str, Protocol], dict[str, dict[str, str]]]:
    """Protocols of a file, and the attributes they look at, by recording.

    Args:
        splits: Names of recordings by the name of their list.
        source: What to say of the protocols' origin.

    >>> lists = {"xsub_train": ["a", "b"], "xsub_val": ["c"], "all": ["a"]}
    >>> protocols, attributes = inner_protocols(lists, "the file")
    >>> protocols["xsub"].rules(), attributes["c"]
    ('train: xsub train; test: xsub test', {'xsub': 'test'})
    """
    lists: dict[str, dict[str, Sequence[str]]] = {}
    for name, members in splits.items():
        found = re.fullmatch(r"(.*?)[_-]?(train|valid|val|test)[_-]?(\d*)", name)
        if found is not None:
            protocol = found[1] + found[3] or OWN
            split = "valid" if found[2] == "val" else found[2]
            lists.setdefault(protocol, {})[split] = members
    attributes: dict[str, dict[str, str]] = {}
    protocols = {}
    for protocol, parts in lists.items():
        if "test" not in parts and "valid" in parts:
            parts["test"] = parts.pop("valid")
        for split, members in parts.items():
            for member in members:
                attributes.setdefault(member, {})[protocol] = split
        protocols[protocol] = Protocol(
            splits={split: {protocol: (split,)} for split in parts}, source=source
        )
    return protocols, attributes
