"""When an action has started, when it has ended, and which frames are nobody's."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from kinestream.errors import ConfigError
from kinestream.streaming.arguments import number

LONGEST_MS = 3_600_000.0


@dataclass(frozen=True)
class EventRules:
    """How scores of frames become events.

    Attributes:
        onset: Score from which the best class takes over, 0 to 1.
        release: Score down to which it is then kept, 0 to ``onset``.
        min_duration_ms: How long an action must be shown without a break before it has started.
        merge_gap_ms: Pauses that are shorter do not end an action.
        unknown: Frames whose best score is lower show nobody's action, 0 to 1; 0 takes all frames.

    Raises:
        ConfigError: A value is out of its range.

    >>> EventRules(onset=0.6).release
    0.3
    """

    onset: float = 0.5
    release: float = 0.3
    min_duration_ms: float = 200.0
    merge_gap_ms: float = 300.0
    unknown: float = 0.0

    def __post_init__(self) -> None:
        for name in ("onset", "release", "unknown"):
            score = number(getattr(self, name), f"{name} must be a number")
            if not 0 <= score <= 1:  # NaN fails too
                raise ConfigError(f"{name} is a score from 0 to 1, got {score}.")
        if self.release > self.onset:
            raise ConfigError(
                f"release must not be above onset, got {self.release:g} and {self.onset:g}: an "
                f"action would be let go before it is shown."
            )
        for name in ("min_duration_ms", "merge_gap_ms"):
            span_ms = number(getattr(self, name), f"{name} must be a number of milliseconds")
            if not 0 <= span_ms <= LONGEST_MS:
                raise ConfigError(f"{name} must be 0 to {LONGEST_MS:.0f} ms, got {span_ms}.")

    def to_dict(self) -> dict[str, float]:
        """The rules as plain JSON values."""
        return asdict(self)
