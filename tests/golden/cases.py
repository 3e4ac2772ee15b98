"""A folder of golden numbers: manifest, arrays, weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file


@dataclass(frozen=True)
class GoldenCase:
    """One case of the manifest."""

    name: str
    about: dict[str, Any]
    folder: Path

    def arrays(self) -> dict[str, np.ndarray]:
        """The case's ``.npz``, its checksum compared first."""
        path = self.folder / f"{self.name}.npz"
        expected = self.about["files"][path.name]["sha256"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == expected, f"{path.name} is damaged"
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}

    def weights(self) -> dict[str, torch.Tensor]:
        """The reference's state dict."""
        return load_file(self.folder / f"{self.name}.safetensors")

    def float32_tolerance(self) -> float:
        """What a float32 implementation may differ by, relative to the peak."""
        errors = [entry["max_rel_to_peak"] for entry in self.about["float_error"].values()]
        return max(1e-5, 20 * max(errors))


@dataclass(frozen=True)
class GoldenSet:
    """All cases of a folder."""

    folder: Path

    def cases(self) -> list[GoldenCase]:
        """In the order of their names."""
        manifest = json.loads((self.folder / "manifest.json").read_text())
        return [GoldenCase(name, manifest[name], self.folder) for name in sorted(manifest)]


def assert_close(found: object, truth: np.ndarray, tolerance: float) -> None:
    """Equal within a tolerance relative to the peak."""
    values = np.asarray(found)
    assert values.shape == truth.shape, (values.shape, truth.shape)
    error = float(np.abs(values - truth).max() / np.abs(truth).max())
    assert error <= tolerance, f"differs by {error:.1e} of the peak, allowed {tolerance:.1e}"
