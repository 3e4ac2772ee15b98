"""What the step graph in eight bits is worth on recordings of people that the network never saw.

    OMP_NUM_THREADS=1 python benchmarks/int8.py --archives ARCHIVES --work build/int8 --out FILE

Each configuration is trained to its last epoch, seed 0, and exported with --int8: all recordings of the
test split are streamed through both graphs, frame by frame. `argmax_agreement` is percent of frames
with the same most likely class; F1 is pooled over recordings, background is no segment; `latency_ratio`
is the time of a frame in float32 over that in eight bits, both graphs taking turns. RT-ST-GCN has the
published widths and learns its last epochs with rounded products; the others were never rounded in
training. Nothing was chosen on these recordings. A run that was stopped goes on where it stood.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kinestream.benchmarking.machine import machine, write_result
from kinestream.bundle import load
from kinestream.export import export_run
from kinestream.training.run_folder import RunFolder
from trained import options_of, prepared_set, trained

ROWS = {
    "sp_sw_har_rtstgcn": "sp_sw_har",
    "utkinect_rtstgcn": "utkinect",
    "sp_sw_har": "sp_sw_har",
    "utkinect": "utkinect",
}
"""Configurations and their data sets."""

ANY = 100.0
"""Whatever is lost is written here; ``kinestream export --int8`` refuses more than a point."""


def main() -> None:
    """Train, export and write."""
    options = options_of(__doc__)
    rows = {}
    for name, dataset in ROWS.items():
        rows[name] = rounded(
            name, prepared_set(dataset, options.archives, options.work), options.work
        )
        print(name, rows[name], flush=True)
    protocol = " ".join((__doc__ or "").split())
    write_result(options.out, {"protocol": protocol, "machine": machine(), "rows": rows})


def rounded(name: str, prepared: Path, work: Path) -> dict[str, Any]:
    """Train and export a configuration in both precisions, and what the bundle says of them."""
    run = RunFolder(work / "runs" / name)
    if not (run.path / "bundle").exists():
        trained(name, run, prepared, [])
        export_run(run, int8=True, loss=ANY)
    manifest = load(run.path / "bundle").manifest
    network = manifest.network
    return {
        "network": network.name,
        "parameters": network.parameters,
        **manifest.rounded["int8"].model_dump(mode="json"),
    }


if __name__ == "__main__":
    main()
