"""``python -m kinestream``: the command line, for launchers that start modules."""

from kinestream.cli import main

if __name__ == "__main__":
    main()
