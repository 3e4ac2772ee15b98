"""What a bundle costs on this machine: latency, people per core, memory, size; and its peers.

timing.py    contestants that take turns
stepping.py  streams and engines as contestants
facts.py     what does not depend on the machine
resident.py  memory, in a process of its own
accuracy.py  what the answers are worth
peers/       other ways to the same answers, a file each
measure.py   all of it, for several bundles; settings.py, rows.py what goes in and comes out
names.py     what bundles are called, so that no two read alike
report.py    files; picture.py a picture
machine.py   what a figure was measured on
"""

from kinestream.benchmarking.measure import benchmark
from kinestream.benchmarking.rows import Benchmark, Peer, Row
from kinestream.benchmarking.settings import Settings
from kinestream.benchmarking.timing import (
    Contestant,
    Times,
    cpu_times_as_long,
    take_turns,
    times_as_long,
)

__all__ = [
    "Benchmark",
    "Contestant",
    "Peer",
    "Row",
    "Settings",
    "Times",
    "benchmark",
    "cpu_times_as_long",
    "take_turns",
    "times_as_long",
]
