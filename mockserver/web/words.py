"""What both adapters say where the contract is silent."""

from __future__ import annotations

from mockserver.contract.masking import printable
from mockserver.contract.wire import PATH_TEMPLATE
from mockserver.provider.provider import MAX_BODY

ENDPOINT_RULE = PATH_TEMPLATE.replace("{", "<").replace("}", ">")
TOO_LARGE = f"Body too large: at most {MAX_BODY} bytes are read"
INTERNAL_ERROR = "Internal error of the mock, not of your call; please report it"


def outside_message(http_status: int, method: str) -> str:
    """Return the `error_msg` for a call to a path or with a method that the page does not have."""
    if http_status == 405:
        return f"Method {printable(method, 20)} not allowed: expected POST {PATH_TEMPLATE}"
    if http_status == 404:
        return f"No such path: expected POST {PATH_TEMPLATE}"
    return f"HTTP {http_status}: expected POST {PATH_TEMPLATE} with a JSON body"
