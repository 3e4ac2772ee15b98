"""Memory of streams, measured in a process of its own: what lies in RAM, native memory included.

``tracemalloc`` sees what Python and numpy allocate and nothing of a runtime's own. The resident set of
a process holds all of it, and this process does nothing else.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kinestream.errors import BundleError

STATM = Path("/proc/self/statm")
TIMEOUT_S = 600
CHILD = "from kinestream.benchmarking.resident import main; main()"


def memory_of(
    bundle: str | Path, engine: str, people: int, frames: int = 30, precision: str = "float32"
) -> dict[str, int] | None:
    """Measure in a child process.

    Returns:
        ``imported`` bytes before the bundle is opened, ``streaming`` bytes with ``people`` streams
        after ``frames`` frames, and ``peak`` bytes; ``None`` where the system does not tell or it
        takes ten minutes.

    Raises:
        BundleError: The child failed.
    """
    arguments = [str(bundle), engine, precision, str(people), str(frames)]
    try:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BundleError(f"the memory of {bundle} cannot be measured: {last[:200]}.")
    found: dict[str, int] | None = json.loads(done.stdout)
    return found


def grown(prepare: Callable[[], Any]) -> dict[str, int] | None:
    """What this process holds before and after something is made, and at most in between.

    Args:
        prepare: Makes it; what it returns is kept until it has been measured.
    """
    if not STATM.is_file():
        return None
    gc.collect()
    before = resident_bytes()
    kept = prepare()
    gc.collect()
    after = resident_bytes()
    del kept
    return {"imported": before, "streaming": after, "peak": max(peak_bytes(), after)}


def resident_bytes() -> int:
    """What of this process lies in RAM now."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> int:
    """The most of this process that ever lay in RAM."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Measure in this process, and print."""
    from kinestream.benchmarking.stepping import pushing
    from kinestream.bundle import load

    path, engine, precision, people, frames = sys.argv[1:]

    def prepare() -> object:
        contestant = pushing("streams", load(path, engine=engine, precision=precision), int(people))
        for _ in range(int(frames)):
            contestant.step()
        return contestant

    print(json.dumps(grown(prepare)))


if __name__ == "__main__":
    main()
