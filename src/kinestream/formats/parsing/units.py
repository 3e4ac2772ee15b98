"""Constants of unit conversion that several readers need."""

from __future__ import annotations

STANDARD_GRAVITY = 9.80665
"""m/s2 in one g.

Source: 3rd General Conference on Weights and Measures, 1901.
"""
