"""Places of ink -> pictures of 8 x 8 pixels with 17 shades, in the way the handwritten digits of the demo were made.

What was written is brought to one size in a bitmap of 32 x 32, its aspect kept, and the ink in every 4 x 4 is counted.
Source: Garris et al., NIST Form-Based Handprint Recognition System, 1994; Alpaydin and Kaynak 1998 (`samples.digits`).
"""

import numpy as np
from jaxtyping import Float32, Int, UInt8

BOX = 32  # height and width of the bitmap
CELL = 4  # the ink in so many of its rows and columns is counted to one pixel
PENS = (1, 2, 4, 5)  # squares of how far a pen reaches, in pixels of the bitmap


def ink(
    places: Float32[np.ndarray, "pictures points 2"], pens: Int[np.ndarray, " pictures"]
) -> UInt8[np.ndarray, "pictures 8 8"]:
    """Points (x, y) of what was written, in any unit, and one of PENS for each -> white on black, 0 to 255."""
    reach = np.sqrt(pens).astype(int)[:, None, None]
    low, high = places.min(axis=1, keepdims=True), places.max(axis=1, keepdims=True)
    side = np.maximum((high - low).max(axis=2, keepdims=True), np.finfo(np.float32).tiny)
    middle = (BOX - 1) / 2
    found = (places - (low + high) / 2) * ((2 * middle - 2 * reach) / side) + middle
    columns, rows = np.moveaxis(np.rint(found).astype(int), 2, 0)
    centre = np.zeros((len(places), BOX, BOX), bool)
    centre[np.arange(len(places))[:, None], rows, columns] = True
    bitmap = centre.copy()
    far = int(reach.max(initial=0))
    for down in range(-far, far + 1):
        for right in range(-far, far + 1):
            reached = pens >= down**2 + right**2
            # No pen reaches over the border, so that nothing comes in again on the other side.
            bitmap[reached] |= np.roll(centre[reached], (down, right), axis=(1, 2))
    return shades(bitmap.reshape(-1, BOX // CELL, CELL, BOX // CELL, CELL).sum(axis=(2, 4)))


def shades(inked: Int[np.ndarray, "*pictures 8 8"]) -> UInt8[np.ndarray, "*pictures 8 8"]:
    """Pixels of ink in each cell, 0 to 16 -> shades of grey, 0 (paper) to 255 (ink)."""
    return np.rint(inked * (255 / CELL**2)).astype(np.uint8)
