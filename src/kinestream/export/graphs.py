"""A network as two ONNX graphs: the step and the clip.

Legend: N people or clips, C channels, T frames, V joints, K classes.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from kinestream.errors import MissingExtraError
from kinestream.models import Network
from kinestream.models.stepping import OPEN, WindowTape
from kinestream.models.tick import Tick

Translations = dict[Callable[..., Any], Callable[..., Any]]

EXAMPLE_FRAMES = 1009  # a length that nothing in a network has


class StepGraph(nn.Module):
    """One frame of N people; memory comes in as windows and goes out as entries."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.memories = network.memories()
        self.parts = network.parts()

    def forward(
        self, frame: Tensor, index: Tensor, length: Tensor, *windows: Tensor
    ) -> tuple[Tensor, ...]:
        """frame (N, C, V[, M]), index (N,), length (N,), windows -> logits (N, K), entries."""
        names = (name for memory in self.memories for name in memory.inputs)
        named = dict(zip(names, windows, strict=True))
        tape = WindowTape(self.network, Tick(index, length), self.parts, named)
        outputs, _ = self.network.run(self.network.frame(frame), tape.now, tape)
        return outputs[-1], *(tape.entries[memory.name] for memory in self.memories)


def step_graph(network: Network, translations: Translations | None = None) -> bytes:
    """The step graph of a network, for any number of people.

    Args:
        network: In evaluation mode.
        translations: How operators that torch does not know are written.
    """
    module = StepGraph(network).eval()
    people = 2  # one would be taken for a constant
    example = (
        torch.zeros(people, *network.frame_shape),
        torch.zeros(people, dtype=torch.int64),
        torch.full((people,), OPEN),
        *(torch.zeros(people, *m.window) for m in module.memories for _ in m.inputs),
    )
    each = {0: torch.export.Dim("people")}
    names = [name for memory in module.memories for name in memory.inputs]
    return _export(
        module,
        example,
        inputs=["frame", "index", "length", *names],
        outputs=["logits", *(memory.output for memory in module.memories)],
        dynamic_shapes=(each, each, each, *([tuple(each for _ in names)] if names else [])),
        translations=translations,
    )


def clip_graph(network: Network) -> bytes:
    """The clip graph of a network, for any number of clips of any length."""
    channels, joints, *scene = network.frame_shape
    example = (torch.zeros(2, channels, EXAMPLE_FRAMES, joints, *scene),)
    shape = {0: torch.export.Dim("clips"), 2: torch.export.Dim("frames")}
    return _export(
        network.eval(), example, inputs=["clip"], outputs=["logits"], dynamic_shapes=(shape,)
    )


def _export(
    module: nn.Module,
    example: tuple[Tensor, ...],
    *,
    inputs: list[str],
    outputs: list[str],
    dynamic_shapes: tuple[Any, ...],
    translations: Translations | None = None,
) -> bytes:
    with _quiet():
        try:
            program = torch.onnx.export(
                module,
                example,
                dynamo=True,
                input_names=inputs,
                output_names=outputs,
                dynamic_shapes=dynamic_shapes,
                custom_translation_table=translations,
                verbose=False,
            )
        except ModuleNotFoundError:
            raise MissingExtraError("exporting a bundle", "export") from None
    assert program is not None
    for node in program.model.graph.all_nodes():  # those of branches too
        node.metadata_props.clear()  # stack traces name the files of the machine that exported
        node.doc_string = None
    buffer = io.BytesIO()
    import onnx

    onnx.save(program.model_proto, buffer)
    return buffer.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns about torchvision and its own internals; neither is the user's business."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
