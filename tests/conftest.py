"""Settings of all tests."""

from __future__ import annotations

import os

# Small tensors run fastest on one thread, and the tests of a busy machine too. Set before torch is
# first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
