"""/v1/pictures: the key of a template -> a small picture of what was enrolled."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from alikely.server.access import MayRead
from alikely.server.held import TheServed
from alikely.server.problems import RefusedError
from alikely.server.thumbnails import MEDIA_TYPE
from alikely.server.uploads import Asked, body_of, read_asked

router = APIRouter(prefix="/v1", tags=["galleries", "page"])

# Whoever may see it may keep it for so long; what is removed is soon gone there, too.
FOR_A_WHILE = {"Cache-Control": "private, max-age=300"}
SMALL: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}
NONE: dict[int | str, dict[str, Any]] = {404: {"description": "There is no picture of it here"}}


class WhichAsked(Asked):
    """Templates by their keys, and identities, of one gallery."""

    gallery: str
    keys: Annotated[list[str], Field(max_length=1000, default_factory=list)]
    identities: Annotated[list[str], Field(max_length=1000, default_factory=list)]


class WhichTold(BaseModel):
    """The keys of which there is a picture; for each identity with a picture the key of a template that has one."""

    keys: list[str]
    identities: Annotated[
        dict[str, str], Field(examples=[{"anna": "9f86d081884c7d659a2feaa0c55ad015-2c26b46b68ffc68f"}])
    ]


@router.post(
    "/pictures",
    response_model=None,
    responses={200: {"model": WhichTold}},
    openapi_extra=body_of(WhichAsked, {"of two people": {"gallery": "people", "identities": ["anna", "ben"]}}),
)
async def which_pictures(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """Of which templates and identities there is a picture, so that nobody needs to ask for those of which is none."""
    asked = await read_asked(request, WhichAsked)
    served.gallery(asked.gallery)

    def answer() -> dict[str, Any]:
        return {
            "keys": served.pictures.there(asked.gallery, asked.keys),
            "identities": served.pictures.of_identities(asked.gallery, asked.identities),
        }

    return await run_in_threadpool(answer)


@router.get("/pictures/{key}", response_class=Response, responses={**SMALL, **NONE})
async def picture_of_template(
    key: Annotated[str, Path(max_length=100, description="of a template, as a search gives it")],
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
) -> Response:
    """A small picture (WebP, at most 256 pixels) of what was enrolled, while it is.

    There is one where the picture lies in a folder that the service was given (--pictures), is among the items that it
    looks at (--items), or where small copies of what is enrolled are kept (--keep-items).
    """
    small = await run_in_threadpool(served.pictures.of, key)
    if small is None:
        raise RefusedError(404, "no_picture", "there is no picture of this here")
    return Response(small, media_type=MEDIA_TYPE, headers=FOR_A_WHILE)
