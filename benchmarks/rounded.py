"""What step graphs in fewer bits are worth on recordings of people that the network never saw.

    OMP_NUM_THREADS=1 python benchmarks/rounded.py --archives ARCHIVES --work build/rounded --out FILE

Each configuration is trained to its last epoch, seed 0, and exported in every precision: all recordings
of the test split are streamed through each graph and the one in float32, frame by frame.
`argmax_agreement` is percent of frames with the same most likely class; F1 is pooled over recordings,
background is no segment; `latency_ratio` is the time of a frame in float32 over that of the graph, both
taking turns; `size_ratio` is the graph's file over that in float32. RT-ST-GCN has the published widths
and learns its last epochs with products rounded to eight bits; the others were never rounded in
training. Nothing was chosen on these recordings. A run that was stopped goes on where it stood.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kinestream.benchmarking.machine import machine, write_result
from kinestream.bundle import ROUNDED_STEP, STEP, load
from kinestream.export import export_run
from kinestream.manifest import Rounding
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
"""Whatever is lost is written here; ``kinestream export`` refuses more than a point."""

PRECISIONS: list[Rounding] = ["int8", "fp16", "bf16"]


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
    """Train and export a configuration in every precision, and what the bundle says of them."""
    run = RunFolder(work / "runs" / name)
    if not (run.path / "bundle").exists():
        trained(name, run, prepared, [])
        export_run(run, precisions=PRECISIONS, loss=ANY)
    manifest = load(run.path / "bundle").manifest
    network, exact = manifest.network, manifest.files[STEP].bytes
    found: dict[str, Any] = {"network": network.name, "parameters": network.parameters}
    for precision in PRECISIONS:
        size = manifest.files[ROUNDED_STEP[precision]].bytes / exact
        entry = manifest.rounded[precision].model_dump(mode="json")
        found[precision] = {**entry, "size_ratio": round(size, 3)}
    return found


if __name__ == "__main__":
    main()
