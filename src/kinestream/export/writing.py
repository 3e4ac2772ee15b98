"""Write a network as a bundle, and prove that it streams as it should."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from safetensors.torch import save

from kinestream.bundle import CARD, CLIP, MANIFEST, STEP, WEIGHTS, Bundle, load
from kinestream.config import explain
from kinestream.errors import ConfigError
from kinestream.export.card import Origin, write_card
from kinestream.export.graphs import clip_graph, step_graph
from kinestream.export.parity import check_parity
from kinestream.files import replaced_folder, sha256
from kinestream.manifest import FileEntry, Manifest, MemoryEntry, NetworkEntry
from kinestream.models import Network
from kinestream.models.counting import step_macs

LONGEST_PROBE = 1500  # frames


def write_bundle(
    network: Network,
    manifest: Manifest,
    origin: Origin,
    target: Path,
    extra: Mapping[str, bytes] | None = None,
) -> Bundle:
    """Export a network, compare its graphs with it, and write the bundle whole or not at all.

    Args:
        network: In evaluation mode.
        manifest: Of :func:`manifest_of`; parity and files are filled in.
        origin: For the card.
        target: Folder to write. An older bundle there is replaced.
        extra: Files that lie beside the bundle's own.

    Returns:
        The bundle, opened.

    Raises:
        ParityError: A graph does not give the numbers of the network; nothing is written.
        ConfigError: The target is a folder of something else.
    """
    check_target(target)
    step, clip = step_graph(network), clip_graph(network)
    manifest.parity = check_parity(network, step, clip, _probe(network))
    files = {STEP: step, CLIP: clip, WEIGHTS: save(network.state_dict()), **(extra or {})}
    files[CARD] = write_card(manifest, origin).encode()
    manifest.files = {
        name: FileEntry(bytes=len(data), sha256=sha256(data)) for name, data in files.items()
    }
    files[MANIFEST] = (manifest.model_dump_json(indent=1) + "\n").encode()
    with replaced_folder(target) as folder:
        for name, data in files.items():
            (folder / name).write_bytes(data)
    return load(target)


def manifest_of(network: Network, key: str, arguments: dict[str, Any], **about: Any) -> Manifest:
    """The manifest of a network's bundle, before it is exported.

    Args:
        network: Tells what it remembers and how long it waits.
        key: Of ``kinestream.models.NETWORKS``.
        arguments: What it was built with.
        **about: The other fields of the manifest.

    Raises:
        ConfigError: A field is wrong, or a stream would remember too much.
    """
    try:
        return Manifest(
            kinestream=metadata.version("kinestream"),
            network=NetworkEntry(
                name=key,
                arguments=arguments,
                in_channels=network.in_channels,
                parameters=sum(p.numel() for p in network.parameters()),
                macs=round(step_macs(network)),
            ),
            delay_frames=network.delay,
            receptive_field=network.receptive_field,
            stride=network.stride,
            people=network.people,
            memory=[MemoryEntry(**memory.to_dict()) for memory in network.memories()],
            parity={},
            files={},
            **about,
        )
    except ValidationError as error:
        raise ConfigError(f"this cannot be a bundle: {explain(error, Manifest)}") from None


def check_target(folder: Path) -> None:
    """Refuse a place that holds something else than a bundle.

    Raises:
        ConfigError: It is a file, or a folder with other things.
    """
    if folder.is_file() or (folder.exists() and not _may_replace(folder)):
        raise ConfigError(f"{folder} is something else than a bundle; name another folder.")


def _may_replace(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() or not any(folder.iterdir())


def _probe(network: Network) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Two made-up recordings, where that is possible longer than the network remembers."""
    frames = min(network.receptive_field + network.delay, LONGEST_PROBE) + 40
    rng = np.random.default_rng(0)
    channels, joints, *scene = network.frame_shape
    shape = 2, channels, frames, joints, *scene
    walk = np.cumsum(rng.normal(0, 0.1, shape), axis=2) + rng.normal(0, 0.3, shape)
    return np.clip(walk, -3, 3).astype(np.float32)
