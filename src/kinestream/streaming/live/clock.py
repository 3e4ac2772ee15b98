"""The source's clock: stamps in seconds, also where the clock begins again at 0."""

from __future__ import annotations

import math

from kinestream.errors import DataError
from kinestream.streaming.arguments import number
from kinestream.streaming.live.settings import LiveSettings
from kinestream.streaming.resample import check_rate

# Seconds since 1970 stay below this until the year 5138; milliseconds since 1970 do not.
LARGEST_TIME_S = 1e11


class Clock:
    """Turns stamps as they come into seconds that go on where the source's clock wraps.

    Args:
        fps: Rate at which frames are said to come.
        settings: Whether the clock wraps, and what is too far apart for seconds.

    >>> clock = Clock(10, LiveSettings(clock_wraps_s=100))
    >>> [round(clock.read(t), 3) for t in (99.8, 99.9, 0.0, 99.95, 0.1)]
    [99.8, 99.9, 100.0, 99.95, 100.1]
    """

    def __init__(self, fps: float, settings: LiveSettings) -> None:
        self._fps = fps
        self._settings = settings
        self._last_s: float | None = None
        self._in_seconds = False
        self._odd = 0

    def read(self, time_s: float) -> float:
        """Seconds of a stamp.

        Raises:
            DataError: It is no finite number, or stamps are not in seconds.
        """
        time_s = _finite(time_s)
        wraps_s, last_s = self._settings.clock_wraps_s, self._last_s
        if wraps_s and not 0 <= time_s < wraps_s:
            raise DataError(
                f"the clock wraps after {wraps_s:g} s, so stamps are 0 to {wraps_s:g}, got {time_s:g}."
            )
        if last_s is not None:
            if wraps_s:
                time_s += wraps_s * round((last_s - time_s) / wraps_s)
            self._check_unit(time_s - last_s)
        self._last_s = time_s
        return time_s

    def _check_unit(self, apart_s: float) -> None:
        """Refuse when stamps lie so far apart, from the first, that they are no seconds."""
        if self._in_seconds or apart_s <= 0:
            return
        if apart_s * self._fps <= self._settings.unit_factor:
            self._in_seconds = True
            return
        self._odd += 1
        if self._odd >= self._settings.unit_frames:
            raise DataError(
                f"frames are stamped {apart_s:g} s apart, at {self._fps:g} fps {1 / self._fps:.3g} s "
                f"were expected: stamps must be in seconds, not in milliseconds or microseconds."
            )


def check_live_rate(fps: float, target_fps: float, settings: LiveSettings) -> None:
    """Refuse rates that no person is watched at, or that cannot be brought to the bundle's.

    Raises:
        ConfigError: The rate is no number.
        DataError: It is out of range or too far off.
    """
    number(fps, "fps must be a number of frames per second")
    if not settings.slowest_fps <= fps <= settings.fastest_fps:
        raise DataError(
            f"live frames come at {settings.slowest_fps:g} to {settings.fastest_fps:g} fps, got "
            f"{fps}: is the rate right?"
        )
    check_rate(fps, target_fps)


def _finite(time_s: float) -> float:
    stamp_s = number(time_s, "time_s must be a number of seconds", DataError)
    if not math.isfinite(stamp_s) or abs(stamp_s) > LARGEST_TIME_S:
        raise DataError(
            f"time_s must be seconds, -{LARGEST_TIME_S:g} to {LARGEST_TIME_S:g}, got {stamp_s:g}: are "
            f"stamps in milliseconds or microseconds?"
        )
    return stamp_s
