"""The folder of a network for texts -> its preparation and encoder."""

from alikely.encoders.pretrained import Pretrained


def of_texts(folder, **settings):
    preparation = Pretrained.preparation("text", {"model": str(folder)}, {})
    encoder = Pretrained(model=str(folder), **preparation.facts(), **settings)
    return preparation, encoder.eval()
