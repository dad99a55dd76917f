"""The app in several processes would be several fakes: it says so, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from mockserver.provider.provider import Provider
from mockserver.provider.state.world import World
from mockserver.storage.opening import open_log
from mockserver.web.app import create_app
from tests.support.asking import PATH, body, built_in_provider

SAID = "Several processes serve this mock, each with a fake of its own; serve it from one with threads, as gunicorn "


@pytest.mark.parametrize("multiprocess", [False, True])
@pytest.mark.parametrize(("method", "path"), [("POST", PATH), ("GET", "/nowhere"), ("GET", "/__admin/requests")])
def test_several_processes_are_told(multiprocess: bool, method: str, path: str) -> None:
    builder = EnvironBuilder(method=method, path=path, data=body() if method == "POST" else None)
    environ = builder.get_environ() | {"wsgi.multiprocess": multiprocess, "REMOTE_ADDR": "127.0.0.1"}
    provider = built_in_provider()
    is_refused = multiprocess and not provider.is_shared
    reply = Response.from_app(create_app(provider), environ)
    assert (reply.status_code == 503) is is_refused
    assert (SAID in reply.get_data(as_text=True)) is is_refused
    if is_refused:
        told = reply.get_json()
        assert told["rc" if "/__admin/" not in path else "status"] == 503


def test_several_processes_with_one_state_are_one_fake(tmp_path: Path) -> None:
    provider = Provider(World(), log=open_log(f"sqlite:///{tmp_path / 'state.db'}"))
    environ = EnvironBuilder(path="/__admin/ready").get_environ()
    environ |= {"wsgi.multiprocess": True, "REMOTE_ADDR": "127.0.0.1"}
    assert Response.from_app(create_app(provider), environ).status_code == 200
