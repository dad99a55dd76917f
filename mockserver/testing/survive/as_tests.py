"""Each scenario of `survive` as a test: what the fixture `apigames_scenario` is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mockserver.testing.survive.catalogue import Catalogue
from mockserver.testing.survive.playing import Examiner, Verdict
from mockserver.testing.survive.report import SurviveReport
from mockserver.testing.survive.running import Client, Command
from mockserver.testing.survive.stage import Stage
from mockserver.testing.survive.survive import DEFAULT_EXAMPLES, catalogue_of, player_of


def scenario_names(seed: int, *, flow: bool) -> list[str]:
    """Return the names of the fixed list and of the generated scenarios of this seed."""
    chosen = catalogue_of(flow=flow).chosen(None, examples=DEFAULT_EXAMPLES, seed=seed)
    return [scenario.name for scenario in chosen]


class ScenarioTest:
    """The scenario that a test is at: its `name`, what it means, and how a `careful` client handles it."""

    def __init__(self, name: str, catalogue: Catalogue, stage: Stage, seed: int, item: pytest.Item) -> None:
        scenario = catalogue.named(name)
        self.name = name
        self.meaning = scenario.meaning
        self.careful = scenario.careful
        self._catalogue = catalogue
        self._scenario = scenario
        self._stage = stage
        self._seed = seed
        self._item = item

    def __repr__(self) -> str:
        return f"ScenarioTest({self.name!r})"

    def check(
        self,
        client: Client | Sequence[str],
        *,
        timeout: float | None = None,
        errors: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> Verdict:
        """Run a client (a callable, or the words of a command) through this scenario; see `mockserver.survive`.

        `timeout` is in seconds (None: 10, for a flow 30). The verdict says in `result` whether what it saw could be
        judged; so does the test's property `apigames_judged`, which JUnit shows.

        Raises:
            AssertionError: it does not survive, with all that is known of the failure.
            CommandError: the command cannot be run at all.
        """
        __tracebackhide__ = True
        player = player_of(client, errors)
        timeout = self._catalogue.timeout if timeout is None else timeout
        verdict = Examiner(self._catalogue, player, self._stage, seed=self._seed, timeout=timeout).examine(
            self._scenario
        )
        self._item.user_properties.append(("apigames_judged", ", ".join(verdict.played.judgement.judged)))
        if verdict.result == "failed":
            command = player.words if isinstance(player, Command) else None
            report = SurviveReport((verdict,), command, self._seed, timeout, verdict.played.run.took, self._catalogue)
            raise AssertionError("\n".join(text for text, _ in report.failure_lines(verdict)))
        return verdict
