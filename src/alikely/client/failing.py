"""What went wrong between a client and a service -> one error that says what to do; and whether to ask again."""

from typing import Any

import httpx2

from alikely.errors import ServiceError

LONGEST_WAIT = 60.0  # seconds before a busy service is asked again
BUSY = 503


def wait_before_again(response: httpx2.Response, tried: int, retries: int) -> float | None:
    """Seconds to wait before the same is asked again; None where it is not.

    A service that answers 503 has done nothing of what was asked. It says in how many seconds to come back, a proxy
    before it may not: then 1, 2, 4 ... seconds.
    """
    if response.status_code != BUSY or tried >= retries:
        return None
    try:
        wanted = float(response.headers.get("Retry-After", ""))
    except ValueError:
        wanted = 2.0**tried
    return min(max(wanted, 0.0), LONGEST_WAIT)


def read(response: httpx2.Response) -> Any:
    """The JSON of an answer. Raises ServiceError for a refusal, with what the service said, and for what is no JSON."""
    if response.is_success:
        try:
            return response.json()
        except ValueError:
            raise ServiceError(
                f"{response.url}: answers no JSON; is it a service of Alikely?", response.status_code
            ) from None
    told = _problem(response)
    problems = tuple((str(one.get("item")), str(one.get("problem"))) for one in told.get("items", ()))
    reason = told.get("detail") or f"{response.status_code} {response.reason_phrase}"
    raise ServiceError(str(reason), response.status_code, str(told.get("code", "http")), problems)


def unreachable(error: httpx2.HTTPError, url: str) -> ServiceError:
    """The error for a service that gave no answer at all."""
    if isinstance(error, httpx2.TimeoutException):
        return ServiceError(
            f"{url}: gave no answer in time; wait longer (timeout=), or ask less at once", code="timeout"
        )
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
