"""Run as a program: for each line of a folder and a number, a process that puts batches until it is killed.

It says which process that is, which keys were acknowledged, and when it is dead. Each is forked off a program that has
loaded all and opened nothing, which takes no time.
"""

import os
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


def each_line():
    for line in sys.stdin:
        where, first = line.split()
        child = os.fork()
        if child == 0:
            print("process", os.getpid(), flush=True)
            main(where, int(first))
        os.waitpid(child, 0)
        # What the killed one had begun to say ends here.
        print("\ndead", flush=True)


if __name__ == "__main__":
    each_line()
