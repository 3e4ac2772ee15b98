"""What can run a step graph: ONNX Runtime, and others beside it.

onnxruntime   the engine, comes with Kinestream
openvino      often a little faster on Intel and AMD, where it is installed
numpy         slow and independent: for cross-checks, and where nothing else runs
"""

from kinestream.streaming.runners.choice import RUNNERS, make_runner
from kinestream.streaming.runners.ort import open_session
from kinestream.streaming.runners.runner import Call, Lending, Lent, Runner

__all__ = ["RUNNERS", "Call", "Lending", "Lent", "Runner", "make_runner", "open_session"]
