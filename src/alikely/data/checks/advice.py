"""The name of a statistic -> what it is in words, and what to do where it gives the answer away."""

from alikely.types import Kind

_FORM = "bring all pictures to one form before training"
_SAVED = "save all pictures in the same way"
_LIGHT = "make paper and light alike before training (subtract the background, or turn into black and white)"
_MEANT = {
    "bytes_per_pixel": "how strongly the file is compressed",
    "mean_grey": "the mean of all pixels",
    "background_grey": "the most frequent grey, such as the paper's",
    "border_grey": "the grey of the outermost pixels, such as the paper's",
    "contrast": "the deviation of all pixels",
    "characters": "how many there are",
    "words": "how many there are",
    "digits": "their share of the characters",
    "capitals": "their share of the letters; read only with lower = false",
    "steps": "how many there are",
    "duration": "from the first time to the last",
}
_OF_PICTURES = {
    "width": _FORM,
    "height": _FORM,
    "aspect": _FORM,
    "format": _SAVED,
    "colour_mode": _SAVED,
    "bytes_per_pixel": _SAVED,
}


def advice(kind: Kind, name: str) -> tuple[str, str]:
    """What a statistic of items of this kind is called in a sentence, and what to do about it."""
    meant = f"{name} ({_MEANT[name]})" if name in _MEANT else name
    if kind == "picture":
        return meant, _OF_PICTURES.get(name, _LIGHT)
    if kind == "text":
        return meant, "bring all texts to one form before training"
    if kind == "row":
        left_out = f'preparation = {{ columns = {{ "{name}" = "leave_out" }} }}'
        return f"the column {name}", f"leave it out where it is not known in real use ({left_out})"
    if name in ("steps", "duration"):
        return meant, "cut all sequences to one length before training"
    return meant, 'take it away (preparation = { centre = true }, or normalise = "each")'
