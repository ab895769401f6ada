"""What went wrong between a client and a service -> one error that says what to do; and whether to ask again."""

from collections.abc import Callable
from typing import Any

import httpx2

from alikely.errors import BadItemsError, ServiceError

AGAIN = frozenset({"busy", "ending", "closing", "rate"})  # the codes of refusals that pass by themselves
TOO_LARGE = 413
BAD_ITEMS, NO_KEY, UNREACHABLE = BadItemsError.code, "no_key", "unreachable"
ADVICE = "Mend them or leave them out."


class Attempts:
    """One request that is sent until it is answered, or is given up; between two attempts pass `seconds`.

    A service that is busy or ending has done nothing of what was asked, and says in how many seconds to come back. It
    is asked again where that is within the seconds to wait in all; so, after 1, 2, 4 ... seconds, where a connection
    was lost and `patient` says so.
    """

    def __init__(self, url: str, retries: int, longest_wait: float, patient: Callable[[], bool]) -> None:
        self.url, self.retries, self.left, self.patient = url, retries, longest_wait, patient
        self.seconds = 0.0
        self._tried = 0

    def answered(self, response: httpx2.Response) -> httpx2.Response | None:
        """The answer; None where the same is to be asked again."""
        if response.is_success or _problem(response).get("code") not in AGAIN:
            return response
        try:
            wanted = float(response.headers.get("Retry-After", ""))
        except ValueError:
            return response
        return None if self._again_after(wanted) else response

    def lost(self, error: httpx2.HTTPError) -> None:
        """There was no answer. Raises ServiceError where it is not asked again."""
        gone = isinstance(error, httpx2.NetworkError | httpx2.RemoteProtocolError)
        if not gone or not self.patient() or not self._again_after(2.0**self._tried):
            raise unreachable(error, self.url) from error

    def _again_after(self, seconds: float) -> bool:
        if self._tried >= self.retries or not 0 <= seconds <= self.left:
            return False
        self.seconds = seconds
        self.left -= seconds
        self._tried += 1
        return True


def read(response: httpx2.Response, called: Callable[[str], str]) -> Any:
    """The JSON of an answer; `called` gives the user's name of what the service calls so.

    Raises ServiceError for a refusal, with what the service said and when to ask again, and for what is no JSON.
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
    elif code in AGAIN and "Retry-After" in response.headers:
        reason = f"{reason} (it says: in {response.headers['Retry-After']} s; wait longer: retries=, longest_wait=)"
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
        code=UNREACHABLE,
    )


def _problem(response: httpx2.Response) -> dict[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
