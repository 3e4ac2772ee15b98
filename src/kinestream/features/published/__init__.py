"""Whole-clip preprocessing as published, for reproducing published numbers; not causal.

A stream cannot have these: they look at a recording's end, loop it, stretch it. What a stream has
instead is in :mod:`kinestream.features`. Each file follows one project, with its axes and its quirks.
"""
