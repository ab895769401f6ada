"""/v1/sentences/ask: a question in any words -> its answer, or that none is known."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from alikely.server.access import Caller, MayRead
from alikely.server.answering import answers
from alikely.server.held import Served, TheServed
from alikely.server.routes.galleries import THRESHOLD, Fields, ThresholdTold
from alikely.server.uploads import Asked, body_of, read_asked
from alikely.tasks.sentences.limit import USUAL_WRONG

router = APIRouter(prefix="/v1/sentences", tags=["sentences"])


# An example for the description.
REPLY = {
    "question": "when is it open?",
    "answer": "From 9 to 17.",
    "probability": 0.93,
    "threshold": THRESHOLD,
    "known": [{"question": "When do you open?", "answer": "From 9 to 17.", "distance": 0.12, "fields": {}}],
}


class AskAsked(Asked):
    """A question; the share of questions without a known answer that may get one, and the confidence that it is kept
    (0: an estimate); the name of the answers (without it: the only ones)."""

    question: str
    wrong: float = USUAL_WRONG
    confidence: float = 0.0
    answers: str | None = None


class KnownTold(BaseModel):
    """A known question near the one that was asked."""

    question: str
    answer: str
    distance: float
    fields: Fields


class ReplyTold(BaseModel):
    """The answer (null: none is known), the chance that the nearest known question means the same, and the nearest."""

    question: str
    answer: str | None
    probability: float | None
    threshold: ThresholdTold
    known: list[KnownTold]


@router.post(
    "/ask",
    responses=answers(ReplyTold, REPLY),
    response_model=None,
    openapi_extra=body_of(AskAsked, {"a question": {"question": "When do you open?", "wrong": 0.05}}),
)
async def ask(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:
    """The answer to a question in any words, or that none is known."""
    return await run_in_threadpool(_ask, await read_asked(request, AskAsked), served, caller)


def _ask(asked: AskAsked, served: Served, caller: Caller) -> dict[str, Any]:
    reply = served.answers_of(asked.answers).ask(asked.question, asked.wrong, asked.confidence)
    verdict = "no answer known" if reply.answer is None else "answered"
    served.meter.verdict("ask", verdict, reply.known[0].distance)
    served.audit.add(caller.name, "ask", {"verdict": verdict, "distance": reply.known[0].distance})
    return reply.to_dict()
