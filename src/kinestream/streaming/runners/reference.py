"""The ONNX project's own evaluator in numpy: slow, and written by others than ONNX Runtime."""

from __future__ import annotations

from kinestream.errors import BundleError
from kinestream.extras import needs
from kinestream.streaming.runners.ort import short
from kinestream.streaming.runners.runner import Call, Lending


class NumpyRunner:
    """A graph in numpy, operator by operator as the standard defines them.

    Args:
        graph: Serialised ONNX.

    Raises:
        BundleError: It cannot be loaded.
    """

    def __init__(self, graph: bytes) -> None:
        with needs("the numpy engine", "onnx", "onnx"):
            import onnx
            from onnx.reference import ReferenceEvaluator
        try:
            self._evaluator = ReferenceEvaluator(onnx.load_from_string(graph))
        except Exception as error:  # onnx's own exceptions share no public base
            raise BundleError(f"onnx cannot load the graph: {short(error)}.") from None
        self.inputs = frozenset(self._evaluator.input_names)
        self.outputs = frozenset(self._evaluator.output_names)

    def call(self, inputs: Lending, outputs: Lending) -> Call:
        taken = {name: lent.array for name, lent in inputs.items() if name in self.inputs}

        def call() -> None:
            made = self._evaluator.run(list(outputs), taken)
            for lent, value in zip(outputs.values(), made, strict=True):
                if lent.array.shape != value.shape:  # numpy would repeat it
                    raise ValueError(f"the graph makes {value.shape}, not {lent.array.shape}")
                lent.array[...] = value

        return call
