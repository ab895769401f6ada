"""/v1/explain: two pictures -> which of their regions hold them together and which drive them apart."""

import base64
from functools import partial
from io import BytesIO
from typing import Annotated, Any

from fastapi import APIRouter, Request
from PIL import Image
from pydantic import BaseModel, Field

from alikely.errors import InputError
from alikely.explaining import Explanation, explain
from alikely.server.access import MayRead
from alikely.server.held import EXPLAINED_AT_ONCE, TheServed
from alikely.server.problems import RefusedError
from alikely.server.several import all_bad
from alikely.server.threads import while_wanted
from alikely.server.uploads import Asked, ItemSaid, body_of, items_asked, read_asked

router = APIRouter(prefix="/v1", tags=["compare"])


class ExplainAsked(Asked):
    """Two pictures; the seed draws how they are covered."""

    left: ItemSaid
    right: ItemSaid
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 0


class SideTold(BaseModel):
    """A picture as the encoder sees it, and coloured by what its regions do (PNG, as data: URIs); the nine sums."""

    name: str
    regions: Annotated[dict[str, float], Field(description="above 0: alike in both, below 0: unlike")]
    picture: str
    map: str


class ExplanationTold(BaseModel):
    """Why two pictures are as close as they are: as `alikely explain --json`, with the maps and the words."""

    distance: float
    decision: dict[str, Any] | None
    sentence: Annotated[str, Field(examples=["alike most in the centre of the left picture"])]
    left: SideTold
    right: SideTold


@router.post(
    "/explain",
    response_model=None,
    responses={200: {"model": ExplanationTold}, 409: {"description": "The model takes no pictures"}},
    openapi_extra=body_of(
        ExplainAsked, {"two pictures": {"left": "iVBORw0KGgo=", "right": "iVBORw0KGgo="}}, ("left", "right")
    ),
)
async def why(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """Which regions of two pictures make the model call them alike or unlike.

    It takes 128 looks at them, so few are explained at once; one more gets 503.
    """
    model, asked = served.require_model(), await read_asked(request, ExplainAsked)
    kind, settings = model.preparation.kind, served.settings
    said, names = (asked.left, asked.right), ("left", "right")
    if not served.explaining.acquire(blocking=False):
        raise RefusedError(
            503, "busy", f"{EXPLAINED_AT_ONCE} pairs are being explained; ask again soon", {"Retry-After": "2"}
        )
    try:
        left, right = await items_asked(said, kind, settings)
        return await while_wanted(request, lambda _: _told(explain(model, left, right, asked.seed)))
    except InputError as error:
        raise await while_wanted(request, partial(all_bad, error, said, model, settings, names)) from None
    finally:
        served.explaining.release()


def _told(found: Explanation) -> dict[str, Any]:
    said = found.to_dict()
    for name, side, map_ in zip(("left", "right"), (found.left, found.right), found.maps(), strict=True):
        said[name] = {"name": name, "regions": said[name]["regions"], "picture": _uri(side.image()), "map": _uri(map_)}
    return {**said, "sentence": found.sentence()}


def _uri(picture: Image.Image) -> str:
    file = BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
