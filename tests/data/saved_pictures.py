"""Small pictures -> files and their bytes; any picture -> its pixels as they are read."""

from io import BytesIO

import numpy as np

from alikely.data.pictures import open_picture

GREY = np.array([[0, 100, 255], [30, 60, 90]], np.uint8)


def pixels(item, **options):
    return np.asarray(open_picture(item, **options))


def saved(folder, name, image, **options):
    path = folder / name
    image.save(path, **options)
    return path


def content(image, ending):
    buffer = BytesIO()
    image.save(buffer, ending)
    return buffer.getvalue()
