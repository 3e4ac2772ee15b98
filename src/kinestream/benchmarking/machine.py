"""What a figure was measured on, and how it is written down."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "onnxruntime", "openvino", "torch", "continual-inference")


def machine() -> dict[str, Any]:
    """Processor, cores, load, threads and versions; nothing that names a host or a person.

    ``load`` is how many processes wanted a core in the last minute, the measuring one among them: much
    above 1 the machine was busy with something else. ``threads`` is what ``OMP_NUM_THREADS`` says; a
    step graph runs on one thread whatever it is.
    """
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "python": platform.python_version(),
        **_versions(),
    }


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write and print a result."""
    text = json.dumps(result, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
    print(text)


def _versions() -> dict[str, str]:
    """Of the packages that are installed; none of them is imported."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
