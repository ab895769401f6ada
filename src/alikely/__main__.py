"""`python -m alikely` is the command `alikely`."""

from alikely.cli import main

if __name__ == "__main__":
    main()
