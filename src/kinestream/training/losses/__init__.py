"""What a network is taught by: terms, a file each, and their weighted sum.

``settings`` is the section of a configuration and needs no torch; ``making.make_loss`` builds from it.
"""
