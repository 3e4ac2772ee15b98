"""OpenVINO: reads and writes the memory of streams where it lies."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import BundleError
from kinestream.extras import needs
from kinestream.streaming.runners.ort import short
from kinestream.streaming.runners.runner import Call, Lending, Lent

OPTIONS = {
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
}

LARGEST = 1 << 30
"""OpenVINO computes whole numbers in 32 bits; so many frames are a year."""


class OpenVinoRunner:
    """A graph in OpenVINO, in single precision on one thread of the CPU.

    Args:
        graph: Serialised ONNX.

    Raises:
        BundleError: It cannot be loaded.
    """

    def __init__(self, graph: bytes) -> None:
        with needs("the OpenVINO engine", "openvino", "openvino"):
            import openvino
        self._openvino = openvino
        self._core = openvino.Core()
        self._requests: dict[int, Any] = {}
        self._one_at_a_time = threading.Lock()
        try:
            self._model = self._core.read_model(graph)
        except Exception as error:  # openvino's own exceptions share no public base
            raise BundleError(f"OpenVINO cannot load the graph: {short(error)}.") from None
        self.inputs = frozenset(port.any_name for port in self._model.inputs)
        self.outputs = frozenset(port.any_name for port in self._model.outputs)

    def call(self, inputs: Lending, outputs: Lending) -> Call:
        taken = {name: lent.array for name, lent in inputs.items() if name in self.inputs}
        whole = {name: array for name, array in taken.items() if array.dtype == np.int64}
        narrow = {name: array.copy() for name, array in whole.items()}
        request = self._request(taken)
        tensors = {
            name: self._tensor(narrow[name]) if name in narrow else self._handle(lent)
            for name, lent in {**inputs, **outputs}.items()
        }
        model = request.get_compiled_model()
        given = [(n, tensors[port.any_name]) for n, port in enumerate(model.inputs)]
        made = [(n, tensors[port.any_name]) for n, port in enumerate(model.outputs)]

        def call() -> None:
            for name, array in whole.items():
                np.minimum(array, LARGEST, out=narrow[name])
            with self._one_at_a_time:
                for number, tensor in given:  # by number, since a name is searched for
                    request.set_input_tensor(number, tensor)
                for number, tensor in made:
                    request.set_output_tensor(number, tensor)
                request.infer()

        return call

    def _handle(self, lent: Lent) -> Any:
        if lent.handle is None:
            lent.handle = self._tensor(lent.array)
        return lent.handle

    def _tensor(self, array: NDArray[Any]) -> Any:
        return self._openvino.Tensor(array, shared_memory=True)

    def _request(self, inputs: dict[str, NDArray[Any]]) -> Any:
        """Compiled for so many people: with a number that is open it would be several times slower."""
        people = len(inputs["frame"])
        if people not in self._requests:
            model = self._model.clone()
            model.reshape({name: list(array.shape) for name, array in inputs.items()})
            compiled = self._core.compile_model(model, "CPU", OPTIONS)
            self._requests[people] = compiled.create_infer_request()
        return self._requests[people]
