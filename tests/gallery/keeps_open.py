"""Run as a program: a process that keeps the gallery in a folder open, as the service does.

For each line, `enrol IDENTITY` or `remove IDENTITY`, it does so and says `done`; at the end it closes the gallery.
"""

import sys
import zlib

import numpy as np

from alikely.gallery import Gallery
from tests.gallery.galleries import passing_model

if __name__ == "__main__":
    with Gallery.open(sys.argv[1], passing_model()) as gallery:
        print("open", flush=True)
        for line in sys.stdin:
            word, identity = line.split()
            if word == "enrol":
                assert gallery.enrol([np.array([zlib.crc32(identity.encode()), 1.0])], identity=identity).new == 1
            else:
                assert gallery.remove(identity=identity).exit_code == 0
            print("done", flush=True)
