"""Which weights of a run are tested: the last, or those that validation chose."""

from __future__ import annotations

from kinestream.errors import CheckpointError, ConfigError
from kinestream.training.checkpoints import Checkpoint, load_latest
from kinestream.training.run_folder import RunFolder

LAST, BEST_VALID = "last", "best_valid"


def load_chosen(run: RunFolder, weights: str = LAST) -> Checkpoint:
    """The checkpoint that a test uses.

    Args:
        run: A run folder.
        weights: ``last``, or ``best_valid`` where the run kept it.

    Raises:
        ConfigError: Any other choice, the test recordings above all.
        CheckpointError: The run has no such checkpoint.
    """
    if weights == LAST:
        return load_latest(run.checkpoints)
    if weights != BEST_VALID:
        raise ConfigError(
            f"weights must be {LAST} or {BEST_VALID}, got {weights!r}: weights chosen by the "
            f"recordings they are tested on would prove nothing."
        )
    folder = run.best_valid
    if not folder.is_dir():
        raise CheckpointError(
            f"{run.path} did not keep the weights that were best on validation: use --weights "
            f"{LAST}."
        )
    return load_latest(folder)
