"""/v1/labels: pairs to be judged by people, their answers, how far they agree, and a table to learn from."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from alikely.errors import InputError
from alikely.labelling import DRAWN, Drawn, Verdict, labels_in, packed
from alikely.labelling.answers import FILE as ANSWERS
from alikely.labelling.answers import Answer
from alikely.labelling.labelling import MOST_AT_ONCE
from alikely.server.access import LOCAL, Caller, MayEnrol, MayRead
from alikely.server.held import TheServed
from alikely.server.problems import RefusedError
from alikely.server.uploads import Asked, body_of, read_asked

router = APIRouter(prefix="/v1/labels", tags=["labels", "page"])

ID = r"^[0-9a-f]{16}$"
ItemId = Annotated[str, Field(pattern=ID, examples=["9f86d081884c7d65"])]
Who = Annotated[
    str | None,
    Query(max_length=200, description="the labeller's name; where keys are needed it is the key's", examples=["Anna"]),
]
NO_ITEMS: dict[int | str, dict[str, Any]] = {404: {"description": "No items are served to label"}}


class AnswerAsked(Asked):
    """What somebody says of a pair, and how many seconds they looked."""

    left: ItemId
    right: ItemId
    answer: Verdict
    who: Annotated[str | None, Field(max_length=200)] = None
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0


class UndoAsked(Asked):
    """Whose last answer is to be taken back."""

    who: Annotated[str | None, Field(max_length=200)] = None


class QuestionTold(BaseModel):
    """A pair by the ids of its items, and what is shown of each: picture, text, cells or curves. Not what is known."""

    left: ItemId
    right: ItemId
    shown: Annotated[list[dict[str, Any]], Field(examples=[[{"text": "Delo & Sons"}, {"text": "DELO"}]])]


class QuestionsTold(BaseModel):
    """The next pairs for this labeller; fewer than asked for, or none, where none are left."""

    questions: list[QuestionTold]


class AnswerTold(BaseModel):
    """An answer that is kept; what the model (null: no calibration), the data (null: unknown) and others say."""

    number: int
    answer: Verdict
    probability: Annotated[float | None, Field(examples=[0.43])]
    known: bool | None
    others: Annotated[dict[str, int], Field(examples=[{"same": 1, "different": 0}])]


class UndoneTold(BaseModel):
    """The pair whose answer was taken back; null where it is no longer among those that are asked."""

    question: QuestionTold | None


class StandingTold(BaseModel):
    """How far this labeller is, how often the model leaned as people answered, and what all have said."""

    who: Annotated[str | None, Field(description="who answers, where that is known")]
    asks_name: Annotated[bool, Field(description="whether the page has to ask for a name: no key says it")]
    all_known: Annotated[bool, Field(description="whether all items have labels, which answers can only check")]
    answered: int
    today: int
    left: int
    pairs_in_all: int
    model: Annotated[dict[str, int], Field(examples=[{"answers": 20, "leaned_alike": 14}])]
    agreement_in_words: str
    labels: dict[str, Any]


@router.get("", response_model=None, responses={200: {"model": StandingTold}, **NO_ITEMS})
async def standing(served: TheServed, caller: MayRead, who: Who = None) -> dict[str, Any]:
    """How far labelling is: for one labeller and for all, with how far labellers agree."""
    labelling, name = served.require_labelling(), _name(caller, who)
    told = (await run_in_threadpool(labelling.standing, name or "")).to_dict()
    return {"who": name, "asks_name": caller == LOCAL, "all_known": labelling.all_known, **told}


@router.get("/next", response_model=None, responses={200: {"model": QuestionsTold}, **NO_ITEMS})
async def next_questions(
    served: TheServed,
    caller: MayRead,
    who: Who = None,
    count: Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="how many pairs at most")] = 1,
    held: Annotated[
        list[Annotated[str, Field(pattern=r"^[0-9a-f]{16}-[0-9a-f]{16}$")]] | None,
        Query(max_length=MOST_AT_ONCE, description="pairs that the client has already: LEFT-RIGHT"),
    ] = None,
) -> dict[str, Any]:
    """The next pairs for a labeller, those that the model is least sure of first; no pair twice for one labeller."""
    labelling, name = served.require_labelling(), _required(_name(caller, who))
    given = [(pair[:16], pair[17:]) for pair in held or []]
    found = await run_in_threadpool(labelling.questions, name, count, given)
    return {"questions": [question.to_dict() for question in found]}


@router.post(
    "",
    response_model=None,
    responses={200: {"model": AnswerTold}, 404: {"description": "This pair is not asked here"}},
    openapi_extra=body_of(
        AnswerAsked,
        {"the same": {"left": "0" * 16, "right": "1" * 16, "answer": "same", "who": "Anna", "seconds": 2.4}},
    ),
)
async def answer(request: Request, served: TheServed, caller: MayEnrol) -> dict[str, Any]:
    """Keep what somebody says of a pair: same, different, skip. It is on the disk when the answer is sent."""
    labelling, asked = served.require_labelling(), await read_asked(request, AnswerAsked)
    name = _required(_name(caller, asked.who))
    said = await run_in_threadpool(labelling.answer, asked.left, asked.right, asked.answer, name, asked.seconds)
    served.audit.add(caller.name, "label", {"label": said.answer.number, "answer": asked.answer})
    return said.to_dict()


@router.post(
    "/undo",
    response_model=None,
    responses={200: {"model": UndoneTold}, 404: {"description": "There is no answer to take back"}},
    openapi_extra=body_of(UndoAsked, {"the last answer of Anna": {"who": "Anna"}}),
)
async def undo(request: Request, served: TheServed, caller: MayEnrol) -> dict[str, Any]:
    """Take back the last answer of a labeller that counts; the pair can be answered anew."""
    labelling, asked = served.require_labelling(), await read_asked(request, UndoAsked)

    def log(undone: Answer) -> None:
        served.audit.add(caller.name, "label", {"label": undone.number, "answer": "undone"})

    # The line first: asked again where it failed, an undo would take back one more answer.
    question = await run_in_threadpool(labelling.undo, _required(_name(caller, asked.who)), log)
    return {"question": None if question is None else question.to_dict()}


@router.get(
    "/table",
    response_class=Response,
    responses={
        200: {"content": {"text/csv": {}, "application/zip": {}}},
        422: {"description": "Nothing is decided yet, or the answers are about several kinds of items"},
    },
)
async def table(
    served: TheServed,
    caller: MayEnrol,  # noqa: ARG001
    drawn: Annotated[
        Literal["all", "unsure", "near", "random", "control"], Query(description="only pairs found in this way")
    ] = "all",
) -> Response:
    """The table of pairs that `alikely train` and `alikely calibrate` read: what most people said of each.

    Pictures stand in it by their paths on the machine of the service. Of rows, and of sequences without a file, it is
    a ZIP of two tables: unpack it, and name pairs.csv.
    """
    if not served.state.labels.joinpath(ANSWERS).exists():
        raise InputError("nobody has labelled a pair here yet; label some on the page Label")
    ways: tuple[Drawn, ...] = DRAWN if drawn == "all" else (drawn,)
    name, content = await run_in_threadpool(lambda: packed(labels_in(served.state.labels), ways))
    media = "text/csv; charset=utf-8" if name.endswith(".csv") else "application/zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=media, headers=headers)


def _name(caller: Caller, said: str | None) -> str | None:
    """Who answers: the name of the key; where none is needed, the name that is said."""
    return said if caller == LOCAL else caller.name


def _required(name: str | None) -> str:
    if name is None:
        raise RefusedError(422, "request", "who: say who answers; no key says it")
    return name
