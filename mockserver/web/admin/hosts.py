"""The Host that a request names, read strictly, and the names that an operator allows."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_HOST = re.compile(rf"(?:\[(?P<literal>[0-9a-f:.]+)\]|(?P<name>{_NAME})\.?)(?::(?P<port>[0-9]{{0,5}}))?")
_ALLOWED = re.compile(rf"\*\.{_NAME}(?::[0-9]{{1,5}})?")


class Host(NamedTuple):
    """A host and the port behind it; an IPv6 literal has its brackets, the port is empty when there is none."""

    name: str
    port: str

    def written(self) -> set[str]:
        """Return every way in which `allowed_host` may name it."""
        parts = self.name.split(".")
        names = {self.name, *(f"*.{'.'.join(parts[start:])}" for start in range(1, len(parts)))}
        return names | {f"{name}:{self.port}" for name in names if self.port}


def host_in(text: str) -> Host | None:
    """Return the host in a Host header or an authority, in lower case and without a dot at its end.

    None for anything else: what is behind a name or an address must be a port, or one could hide another host there.
    """
    found = _HOST.fullmatch(text.strip().lower())
    if found is None:
        return None
    if found["literal"] is None:
        return Host(found["name"], found["port"] or "")
    try:
        return Host(f"[{ipaddress.IPv6Address(found['literal'])}]", found["port"] or "")
    except ValueError:
        return None


def host_of_address(address: str) -> str:
    """Return an IP address as a host is written, without the zone of an IPv6 one; any other text in lower case."""
    try:
        plain = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address.lower()
    return f"[{plain}]" if plain.version == 6 else str(plain)


def allowed_host(text: str) -> str:
    """Return a name that the Host header may have, as `Host.written` writes it.

    That is a name or an address, alone (with any port) or with a port, or `*.` and a name for every host below it.

    Raises:
        ValueError: no Host header can match it.
    """
    lowered = text.strip().lower()
    if _ALLOWED.fullmatch(lowered):
        return lowered
    host = (None if lowered.endswith(":") else host_in(lowered)) or host_in(f"[{lowered}]")
    if host is None:
        raise ValueError(
            f"no Host header can match {text!r}; expected a name or an address, alone or with a port, as in mock or "
            "mock:8787, or *.internal for every host below internal (without a scheme and a path, in ASCII)"
        )
    return f"{host.name}:{host.port}" if host.port else host.name
