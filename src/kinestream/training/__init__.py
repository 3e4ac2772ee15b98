"""Training: one configuration in, one run folder out. The only way in is ``loop.train``."""
