"""The stage: one server on which every scene has a merchant of its own."""

from __future__ import annotations

import itertools
from functools import partial
from types import TracebackType
from typing import Any

from mockserver.contract.foreign_text import printable
from mockserver.contract.readings import Readings
from mockserver.provider.journal.headers import Headers
from mockserver.provider.operations.handler import Handler
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.state.world import World
from mockserver.testing.survive.catalogue import Catalogue
from mockserver.testing.survive.scenario import Situation
from mockserver.testing.survive.scene import CALLS_KEPT, Scene
from mockserver.web.server import Server


class Stage:
    """`with Stage() as stage:` serves; `open` sets a scene. Safe under threads."""

    def __init__(self) -> None:
        self._provider = _Provider()
        self._server = Server(self._provider)
        self._numbers = itertools.count(1)

    def __enter__(self) -> Stage:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def open(self, catalogue: Catalogue, situation: Situation, seed: int) -> Scene:
        """Set a scene with a merchant of its own."""
        scene = catalogue.scene(situation, seed, next(self._numbers), self._server.url)
        scene.enter(self._provider)
        self._provider.scenes[scene.merchant_id] = scene
        return scene

    def close(self, scene: Scene) -> None:
        """End a scene: whoever still calls finds the connection closed."""
        scene.is_over = True
        self._provider.remove_merchant(scene.merchant_id)


class _Provider(Provider):
    """The fake, with a say for the scene of each merchant, unknown ones included."""

    def __init__(self) -> None:
        self.scenes: dict[str, Scene] = {}
        super().__init__(World(), journal_capacity=1)

    def readings_of(self, merchant_id: str) -> Readings:
        scene = self.scenes.get(merchant_id)
        return super().readings_of(merchant_id) if scene is None else scene.readings

    def reply_to(self, handler: Handler[Any], merchant_id: str, body: bytes, forced: str | None = None) -> Reply:
        answer = partial(super().reply_to, handler, merchant_id, body)
        scene = self.scenes.get(merchant_id)
        return answer(forced) if scene is None else scene.reply(handler.operation, body, answer)

    def refuse(
        self, http_status: int, error_msg: str, *, method: str, path: str, origin: str, headers: Headers = ()
    ) -> Reply:
        for merchant_id, scene in list(self.scenes.items()):
            if merchant_id in path and len(scene.observed.unmatched) < CALLS_KEPT:
                scene.observed.unmatched.append(printable(scene.mask_shown(f"{method} {path}")))
        return super().refuse(http_status, error_msg, method=method, path=path, origin=origin, headers=headers)
