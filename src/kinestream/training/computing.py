"""Where a network is computed, and how exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import torch

from kinestream.errors import ConfigError
from kinestream.training.config import TrainingConfig
from kinestream.training.ranks import Ranks

HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Computing:
    """Device and precision of a run, and the processes that share it.

    Attributes:
        device: Where the network is.
        precision: ``fp32``, ``tf32``, ``bf16`` or ``fp16``.
        ranks: The processes.
        scaler: Keeps small gradients of ``fp16`` above zero; does nothing for the others.
    """

    device: torch.device = torch.device("cpu")
    precision: str = "fp32"
    ranks: Ranks = Ranks()
    scaler: torch.amp.GradScaler = field(
        default_factory=lambda: torch.amp.GradScaler("cpu", enabled=False)
    )

    @classmethod
    def of(cls, config: TrainingConfig, ranks: Ranks) -> Computing:
        """What a configuration asks for.

        Raises:
            ConfigError: There is no GPU, or it does not know the precision.
        """
        device = torch.device("cuda", ranks.local) if wants_gpu(config) else torch.device("cpu")
        if config.precision == "tf32" and device.type == "cpu":
            raise ConfigError("training.precision 'tf32' is of GPUs; on a CPU take 'fp32'.")
        scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
        if scaler.is_enabled():  # its numbers are made by the first use, which a share may not have
            scaler.scale(torch.zeros((), device=device))
        return cls(device, config.precision, ranks, scaler)

    def products(self) -> AbstractContextManager[object]:
        """In the block, products are computed in half precision where the configuration says so."""
        if (half := HALVES.get(self.precision)) is None:
            return nullcontext()
        return torch.autocast(self.device.type, half)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """In the block, products of fp32 are computed as the configuration says."""
        before = torch.get_float32_matmul_precision()
        convolutions = torch.backends.cudnn.allow_tf32
        coarse = self.precision == "tf32"
        torch.set_float32_matmul_precision("high" if coarse else "highest")
        torch.backends.cudnn.allow_tf32 = coarse
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
            torch.backends.cudnn.allow_tf32 = convolutions


ALONE = Computing()
"""One process on the CPU, in the precision of the numbers it is given."""


def wants_gpu(config: TrainingConfig) -> bool:
    """Whether a run is to use GPUs.

    Raises:
        ConfigError: It asks for one and there is none.
    """
    there = torch.cuda.is_available()
    if config.device == "cuda" and not there:
        raise ConfigError(
            "training.device is 'cuda', but torch finds no GPU: take 'auto' or 'cpu'."
        )
    return there and config.device != "cpu"
