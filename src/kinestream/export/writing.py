"""Write a training run as a bundle."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.torch import save

from kinestream.bundle import CARD, CLIP, MANIFEST, STEP, WEIGHTS, Bundle, load
from kinestream.errors import ConfigError
from kinestream.export.card import write_card
from kinestream.export.graphs import clip_graph, step_graph
from kinestream.export.parity import check_parity
from kinestream.files import replaced_folder, sha256
from kinestream.manifest import FileEntry, Manifest, MemoryEntry, NetworkEntry
from kinestream.models import Network
from kinestream.training.checkpoints import load_latest, load_weights
from kinestream.training.config import TrainConfig
from kinestream.training.loop import network_of
from kinestream.training.run_folder import RunFolder, Setup

LONGEST_PROBE = 1500  # frames

PROTOCOL = (
    "Last epoch, chosen without looking at the test recordings. F1 is segmental, pooled over all "
    "recordings (protocol ms-tcn)."
)


def export_run(run: RunFolder, target: Path | None = None) -> Bundle:
    """Turn a run's newest checkpoint into a bundle, and prove that it streams as it trained.

    Args:
        run: A run folder.
        target: Folder to write; ``RUN/bundle`` by default. An older bundle there is replaced.

    Returns:
        The bundle, opened.

    Raises:
        CheckpointError: The run has no whole checkpoint.
        ParityError: A graph does not give the numbers of the network; nothing is written.
        ConfigError: The target is a folder of something else.
    """
    config, setup = run.config(), run.setup()
    target = run.path / "bundle" if target is None else target
    if target.is_file() or (target.exists() and not _may_replace(target)):
        raise ConfigError(f"{target} is something else than a bundle; name another folder.")
    network = network_of(config, setup)
    load_weights(network, load_latest(run.checkpoints).weights)
    network.eval()
    step, clip = step_graph(network), clip_graph(network)
    parity = check_parity(network, step, clip, _probe(network))
    files = {STEP: step, CLIP: clip, WEIGHTS: save(network.state_dict())}
    files["config.yaml"] = yaml.safe_dump(_public(config), sort_keys=False).encode()
    manifest = _manifest(config, setup, network, parity, _last_metrics(run), files)
    files[CARD] = write_card(manifest, setup.subjects, PROTOCOL).encode()
    manifest.files[CARD] = _entry(files[CARD])
    files[MANIFEST] = (manifest.model_dump_json(indent=1) + "\n").encode()
    with replaced_folder(target) as folder:
        for name, data in files.items():
            (folder / name).write_bytes(data)
    return load(target)


def _may_replace(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() or not any(folder.iterdir())


def _manifest(
    config: TrainConfig,
    setup: Setup,
    network: Network,
    parity: dict[str, float],
    metrics: dict[str, Any],
    files: dict[str, bytes],
) -> Manifest:
    return Manifest(
        name=config.name,
        kinestream=metadata.version("kinestream"),
        classes=setup.classes,
        background=config.background,
        skeleton=setup.skeleton,
        channels=setup.channels,
        fps=setup.fps,
        features=setup.features,
        margin=config.decode.margin,
        network=NetworkEntry(
            name=config.network.name,
            arguments=config.network.arguments,
            in_channels=network.in_channels,
            parameters=sum(p.numel() for p in network.parameters()),
        ),
        delay_frames=network.delay,
        receptive_field=network.receptive_field,
        stride=network.stride,
        people=network.people,
        memory=[MemoryEntry(**memory.to_dict()) for memory in network.memories()],
        parity=parity,
        metrics=metrics,
        card=config.card,
        files={name: _entry(data) for name, data in files.items()},
    )


def _probe(network: Network) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Two made-up recordings, where that is possible longer than the network remembers."""
    frames = min(network.receptive_field + network.delay, LONGEST_PROBE) + 40
    rng = np.random.default_rng(0)
    channels, joints, *scene = network.frame_shape
    shape = 2, channels, frames, joints, *scene
    walk = np.cumsum(rng.normal(0, 0.1, shape), axis=2) + rng.normal(0, 0.3, shape)
    return np.clip(walk, -3, 3).astype(np.float32)


def _last_metrics(run: RunFolder) -> dict[str, Any]:
    rows = run.metrics()
    return rows[-1] if rows else {}


def _public(config: TrainConfig) -> dict[str, Any]:
    """The configuration without the path of the machine it ran on."""
    values = config.model_dump(mode="json")
    values["data"]["path"] = Path(config.data.path).name
    return values


def _entry(data: bytes) -> FileEntry:
    return FileEntry(bytes=len(data), sha256=sha256(data))
