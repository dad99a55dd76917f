"""What a run needs to know, from options or from the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.verification.credentials import Credentials
from mockserver.verification.live_guard import (
    ALLOW_VARIABLE,
    Limits,
    Refused,
    Submitting,
    changes_the_path,
    check_allowed,
    check_submitting,
    is_loopback,
)
from mockserver.verification.run.run import Listener, Run
from mockserver.verification.target import HttpTarget, checked_base_url

VARIABLES = {
    "base_url": "APIGAMES_BASE_URL",
    "merchant_id": "APIGAMES_MERCHANT_ID",
    "secret_key": "APIGAMES_SECRET_KEY",
    "session_key": "APIGAMES_SESSION_KEY",
    "project_id": "APIGAMES_PROJECT_ID",
}
# A process list shows what stands on a command line, so for these any other source comes first.
SECRET = ("secret_key", "session_key")
REQUIRED = ("base_url", "merchant_id", "secret_key", "project_id")


class SettingsError(ValueError):
    """Something that a run needs is missing or wrong; the message says what to give."""


@dataclass(frozen=True)
class Settings:
    """A run before it starts. `rate` is in calls a second, `timeout` in seconds; None means the guard's own limits.

    `strict` are readings observed before. `leave` is what the sources other than the environment say to calling a live
    host, as `check_allowed` takes it. `submitting` is what may be submitted.
    """

    base_url: str
    merchant_id: str
    secret_key: str = field(repr=False)
    project_id: str
    session_key: str | None = field(default=None, repr=False)
    project_name: str | None = None
    max_requests: int | None = None
    rate: float | None = None
    timeout: float = 10.0
    seed: int = 0
    strict: Mapping[str, str] = field(default_factory=dict)
    leave: Mapping[str, str] = field(default_factory=dict)
    submitting: Submitting = Submitting.NOTHING

    @property
    def credentials(self) -> Credentials:
        """What calls are signed with."""
        return Credentials(self.merchant_id, self.secret_key, self.project_id, self.session_key, self.project_name)

    @property
    def limits(self) -> Limits:
        """What the run may ask of the target."""
        return Limits.of(self.base_url, max_requests=self.max_requests, rate=self.rate, submitting=self.submitting)

    def at(self, base_url: str) -> Settings:
        """Return the same settings for another address."""
        return replace(self, base_url=base_url)

    def run(self, *, wsgi: Callable[..., Iterable[bytes]] | None = None, listener: Listener | None = None) -> Run:
        """Return the run, past the live guard, at the base URL or at a WSGI app in this process.

        Raises:
            SettingsError: the base URL or an id is none, or the host is refused by the live guard.
        """
        try:
            base_url = checked_base_url(self.base_url)
            self.check_allowed()
        except (ValueError, Refused) as error:
            raise SettingsError(str(error)) from None
        for name, identifier in (("merchant id", self.merchant_id), ("project id", self.project_id)):
            if changes_the_path(identifier):
                raise SettingsError(f"the {name} {identifier!r} would change the path that is called")
        live = not is_loopback(base_url)
        target = HttpTarget(base_url, timeout=self.timeout, use_proxies=live, submitting=self.submitting, wsgi=wsgi)
        return Run(
            target,
            self.credentials,
            self.limits,
            self.seed,
            self.strict,
            listener,
            submitting=self.submitting,
        )

    def check_allowed(self) -> None:
        """Ask the live guard, which hears the environment too; raises Refused."""
        check_submitting(self.base_url, self.submitting)
        said = {**self.leave, f"{ALLOW_VARIABLE} of the environment": os.environ.get(ALLOW_VARIABLE, "")}
        check_allowed(self.base_url, said)


def settings_from_environment(*, base_url: str) -> Settings:
    """Return the settings of the `APIGAMES_*` variables.

    Raises:
        SettingsError: a variable is missing.
    """
    given: dict[str, Any] = {name: os.environ.get(variable) or None for name, variable in VARIABLES.items()}
    given["base_url"] = base_url
    missing = [VARIABLES[name] for name in REQUIRED if given[name] is None]
    if missing:
        raise SettingsError(f"{' and '.join(missing)} must be set to judge {base_url}")
    return Settings(**given)
