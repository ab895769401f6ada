"""What went wrong between a client and a service -> one error that says what to do; and whether to ask again."""

from collections.abc import Callable
from typing import Any

import httpx2

from alikely.errors import BadItemsError, ServiceError

LONGEST_WAIT = 60.0  # seconds before a service is asked again
BUSY, TOO_MANY = 503, 429
TOO_LARGE = 413
BAD_ITEMS, NO_KEY = BadItemsError.code, "no_key"
ADVICE = "Mend them or leave them out."


class Attempts:
    """One request that is sent until it is answered, or is given up; between two attempts pass `seconds`.

    A service that answers 503 or 429 has done nothing of what was asked. It says in how many seconds to come back; a
    proxy before it may not: then 1, 2, 4 ... seconds. So after a connection was lost, where `patient` says so.
    """

    def __init__(self, url: str, retries: int, patient: Callable[[], bool]) -> None:
        self.url, self.retries, self.patient = url, retries, patient
        self.seconds = 0.0
        self._tried = 0

    def answered(self, response: httpx2.Response) -> httpx2.Response | None:
        """The answer; None where the same is to be asked again."""
        if response.status_code not in (BUSY, TOO_MANY) or self._tried >= self.retries:
            return response
        try:
            wanted = float(response.headers.get("Retry-After", ""))
        except ValueError:
            wanted = 2.0**self._tried
        self._again_after(wanted)
        return None

    def lost(self, error: httpx2.HTTPError) -> None:
        """There was no answer. Raises ServiceError where it is not asked again."""
        gone = isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError)
        if not gone or self._tried >= self.retries or not self.patient():
            raise unreachable(error, self.url) from error
        self._again_after(2.0**self._tried)

    def _again_after(self, seconds: float) -> None:
        self.seconds = min(max(seconds, 0.0), LONGEST_WAIT)
        self._tried += 1


def read(response: httpx2.Response, called: Callable[[str], str]) -> Any:
    """The JSON of an answer; `called` gives the user's name of what the service calls so.

    Raises ServiceError for a refusal, with what the service said, and for what is no JSON.
    """
    if response.is_success:
        try:
            return response.json()
        except ValueError:
            raise ServiceError(
                f"{response.url}: answers no JSON; is it a service of Alikely?", response.status_code
            ) from None
    told = _problem(response)
    problems = tuple((called(str(one.get("item"))), str(one.get("problem"))) for one in told.get("items", ()))
    code, reason = (
        str(told.get("code", "http")),
        told.get("detail") or f"{response.status_code} {response.reason_phrase}",
    )
    if problems:
        reason = told_of(problems)
    elif code == NO_KEY:
        what = "knows no such key (any more)" if "Authorization" in response.request.headers else "takes a key"
        reason = f"the service {what}; give one that `alikely keys add` made for it: Client(url, key=...)"
    raise ServiceError(str(reason), response.status_code, code, problems)


def told_of(problems: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> str:
    """Items that cannot be read, in words."""
    return ": ".join(problems[0]) if len(problems) == 1 else str(BadItemsError(problems, ADVICE))


def unreachable(error: httpx2.HTTPError, url: str) -> ServiceError:
    """The error for a service that gave no answer at all."""
    if isinstance(error, httpx2.TimeoutException):
        return ServiceError(f"{url}: gave no answer in time; wait longer (timeout=)", code="timeout")
    return ServiceError(
        f"{url}: cannot be reached ({error or type(error).__name__}); check the address, whether `alikely serve` runs "
        "there, and its certificate (verify=)",
        code="unreachable",
    )


def _problem(response: httpx2.Response) -> dict[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
