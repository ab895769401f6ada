"""Pictures, their maps and lines of text -> one picture to look at."""

import textwrap
from collections.abc import Sequence
from functools import cache

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

PANEL = 360  # height and width of one picture in pixels
GAP = 20
LINE = 26
LETTERS = 17  # height of the writing
LETTERS_A_LINE = 96
BAR = (200, 16)  # width and height of the legend's colours

PAPER, INK, QUIET = (255, 255, 255), (32, 33, 36), (95, 99, 104)
# Blue and orange differ for every kind of colour blindness, and in grey.
ALIKE, UNLIKE = (0, 84, 200), (226, 108, 0)
LEGEND = ("unlike here", "alike here")

STRONGEST = 99.5  # percentile of the maps that gets the full colour: single pixels must not pale the rest
MOST_COLOUR = 0.8
FADED = (240, 240, 240)
PALE = 0.45  # how far a picture fades to that where it is coloured


def drawn(sides: Sequence[tuple[str, Image.Image, Float[np.ndarray, "_ _"]]], lines: Sequence[str]) -> Image.Image:
    """Each (title, RGB picture, map) as a column: the picture, below it the same coloured by its map.

    Blue is above 0 (alike), orange below (unlike); all maps on one scale, whose strongest colour the legend shows.
    `lines` stand below, wrapped. RGB.
    """
    maps = coloured(sides)
    paragraphs = [wrapped(line) for line in lines]
    pictures = GAP // 2 + LINE
    legend = pictures + 2 * (PANEL + GAP)
    words = legend + LINE + GAP
    height = words + sum(len(paragraph) * LINE + GAP // 2 for paragraph in paragraphs) + GAP // 2
    sheet = Image.new("RGB", (GAP + len(sides) * (PANEL + GAP), height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for column, ((title, picture, _), map_) in enumerate(zip(sides, maps, strict=True)):
        x = GAP + column * (PANEL + GAP)
        pen.text((x, GAP // 2), title, QUIET, _font())
        sheet.paste(_large(picture), (x, pictures))
        sheet.paste(map_, (x, pictures + PANEL + GAP // 2))
    _draw_legend(sheet, pen, legend)
    for paragraph in paragraphs:
        for line in paragraph:
            pen.text((GAP, words), line, INK, _font())
            words += LINE
        words += GAP // 2
    return sheet


def coloured(sides: Sequence[tuple[str, Image.Image, Float[np.ndarray, "_ _"]]]) -> list[Image.Image]:
    """Of each (title, RGB picture, map) the picture, faded and coloured by its map; all maps on one scale. RGB."""
    strongest = float(np.percentile(np.abs(np.concatenate([values.ravel() for *_, values in sides])), STRONGEST))
    return [_coloured(_large(picture), values, strongest) for _, picture, values in sides]


def colours(shares: Float[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape 4"]:
    """-1 (unlike) to 1 (alike) as RGBA: the sign is the colour, the size how opaque it is."""
    strength = np.abs(shares).clip(0, 1)
    hues = np.where(shares[..., None] > 0, np.array(ALIKE, np.uint8), np.array(UNLIKE, np.uint8))
    opaque = np.round(255 * MOST_COLOUR * strength).astype(np.uint8)
    return np.concatenate([hues, opaque[..., None]], axis=-1)


def wrapped(line: str) -> list[str]:
    """The line in pieces that fit; a percent sign stays with its number."""
    pieces = textwrap.wrap(line.replace(" %", "\N{NO-BREAK SPACE}%"), LETTERS_A_LINE)
    return [piece.replace("\N{NO-BREAK SPACE}", " ") for piece in pieces]


def _large(picture: Image.Image) -> Image.Image:
    return picture.resize((PANEL, PANEL), Image.Resampling.BICUBIC)


def _coloured(picture: Image.Image, values: Float[np.ndarray, "_ _"], strongest: float) -> Image.Image:
    grey = picture.convert("L").convert("RGB")
    faded = Image.blend(grey, Image.new("RGB", grey.size, FADED), PALE)
    shares = values / strongest if strongest > 0 else np.zeros_like(values)
    large = Image.fromarray(shares.astype(np.float32)).resize(picture.size, Image.Resampling.BICUBIC)
    sheet = Image.fromarray(colours(np.asarray(large)), "RGBA")
    return Image.alpha_composite(faded.convert("RGBA"), sheet).convert("RGB")


def _draw_legend(sheet: Image.Image, pen: ImageDraw.ImageDraw, y: int) -> None:
    """A bar from unlike to alike in the middle, with a word at each end."""
    width, height = BAR
    left = (sheet.width - width) // 2
    shares = np.tile(np.linspace(-1, 1, width, dtype=np.float32), (height, 1))
    bar = Image.alpha_composite(Image.new("RGBA", BAR, (*FADED, 255)), Image.fromarray(colours(shares)))
    sheet.paste(bar.convert("RGB"), (left, y + 2))
    pen.text((left - GAP // 2, y), LEGEND[0], INK, _font(), anchor="ra")
    pen.text((left + width + GAP // 2, y), LEGEND[1], INK, _font(), anchor="la")


@cache
def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(LETTERS)
