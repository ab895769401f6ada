"""Run as a program: opens a store and puts batches until it is killed; says which keys were acknowledged."""

import sys
from pathlib import Path

from alikely.stores import open_store
from tests.naive_store import made_up


def main(where, first):
    store = open_store(Path(where))
    print("open", flush=True)
    number = first
    while True:
        # Each third batch replaces and removes some of the one before, too.
        numbers = range(max(0, number - 5) if number % 3 == 0 else number, number + 20)
        store.put(made_up(numbers, fields=lambda number: {"number": number}))
        print("kept", *numbers, flush=True)
        if number % 3 == 1:
            store.remove([f"k{number}"])
            print("gone", number, flush=True)
        number += 20


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
