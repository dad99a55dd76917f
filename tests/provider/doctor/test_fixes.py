"""The doctor's fixes, applied as they are worded, give what the sender meant: every mistake, alone and together."""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.signature import sign
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from mockserver.testing.strategies.exchanges import readings as any_readings
from tests.support.asking import DEMO_PROJECT, MERCHANT, PAGE_PROJECT, PATH, SECRET, built_in_provider
from tests.support.examples import examples

NUMBERS = {PAGE_PROJECT: 5847, DEMO_PROJECT: 5848}
NAMES = {PAGE_PROJECT: "DW", DEMO_PROJECT: "Demo"}


@dataclass(frozen=True)
class Sent:
    """What a program sends: to which merchant, which fields, and how it writes them."""

    fields: dict[str, Any]
    merchant_id: str = MERCHANT
    form: str = "json"
    inside: str | None = None

    @property
    def body(self) -> bytes:
        return FORMS[self.form](self.fields if self.inside is None else {self.inside: self.fields})

    def having(self, **changed: Any) -> Sent:
        return replace(self, fields={**self.fields, **changed})

    def without(self, name: str) -> Sent:
        return replace(self, fields={key: value for key, value in self.fields.items() if key != name})

    def renamed(self, name: str, other: str) -> Sent:
        return replace(self, fields={other if key == name else key: value for key, value in self.fields.items()})


def as_json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()


# How a body is written that nobody can take apart.
FORMS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "json": as_json,
    "with a comment": lambda fields: json.dumps(fields, indent=0).encode() + b" // kosong",
    "with a comment inside": lambda fields: as_json(fields).replace(b", ", b", // kosong\n", 1),
    "with a comma too many": lambda fields: as_json(fields)[:-1] + b",}",
    "in single quotes": lambda fields: str(fields).encode(),
    "with a mark": lambda fields: b"\xef\xbb\xbf" + as_json(fields),
    "as UTF-16": lambda fields: json.dumps(fields).encode("utf-16"),
    "compressed": lambda fields: gzip.compress(as_json(fields), mtime=0),
    "twice": lambda fields: json.dumps(json.dumps(fields)).encode(),
    "cut off": lambda fields: as_json(fields)[:-5],
    "as a form": lambda fields: "&".join(f"{name}={value}" for name, value in fields.items()).encode(),
}


def changing(name: str, change: Callable[[Any], Any], wanted: Callable[[Any], bool] = lambda _: True) -> Any:
    """Return a mistake with one field; it is made where the field that is meant is `wanted`."""

    def make(sent: Sent, _: Readings) -> Sent | None:
        value = sent.fields.get(name)
        return sent.having(**{name: change(value)}) if name in sent.fields and wanted(value) else None

    return make


def renaming(name: str, other: str) -> Any:
    return lambda sent, _: sent.renamed(name, other) if name in sent.fields else None


def signing(make: Callable[[str, str], str]) -> Any:
    return changing("signature", lambda _: make(MERCHANT, SECRET))


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def is_code(status: Any) -> bool:
    return isinstance(status, str) and status.isdecimal()


def by_another_name(sent: Sent, in_force: Readings) -> Sent | None:
    """Filter by the name of a status where it has a number, and by its number where it has a name."""
    asked = sent.fields.get("status")
    if not asked:
        return None
    names = {str(code): status.value for code, status in in_force.status_of.items()}
    return sent.having(status=names.get(asked) or {name: code for code, name in names.items()}[asked])


# By what is wrong with it: one field, or whom it is for.
FIELD_MISTAKES: dict[str, list[Any]] = {
    "page": [
        changing("page", str),
        changing("page", lambda page: f"{page:02}"),
        changing("page", lambda _: None, lambda page: page == 1),
        changing("page", lambda _: "", lambda page: page == 1),
        changing("page", lambda _: 0, lambda page: page == 1),
        changing("page", lambda page: page + 0.5),
        renaming("page", "Page"),
    ],
    "limit": [
        changing("limit", str),
        changing("limit", lambda _: [], lambda limit: limit == 30),
        renaming("limit", "per_page"),
        renaming("limit", "pageSize"),
    ],
    "status": [
        changing("status", int, is_code),
        by_another_name,
        changing("status", lambda status: f" {status}", bool),
        changing("status", lambda status: status.upper().replace("_", " "), lambda status: "_" in status),
        changing("status", lambda _: None, lambda status: status == ""),
        changing("status", lambda _: False, lambda status: status == ""),
        changing("status", lambda _: "all", lambda status: status == ""),
        renaming("status", "STATUS"),
    ],
    "project": [
        changing("projectid", lambda project: NUMBERS[project]),
        changing("projectid", lambda project: str(NUMBERS[project])),
        changing("projectid", lambda project: NAMES[project]),
        changing("projectid", str.lower),
        changing("projectid", lambda project: f"{project} "),
        changing("projectid", lambda project: f"{project[:-2]}{project[-1]}{project[-2]}"),
        renaming("projectid", "project_id"),
        renaming("projectid", "project"),
    ],
    "signature": [
        signing(lambda merchant, secret: sign(merchant, secret).upper()),
        signing(lambda merchant, secret: md5(f"{merchant}:{secret}")),
        signing(lambda merchant, secret: md5(secret + merchant)),
        signing(lambda merchant, secret: md5(f"{merchant}{secret}\n")),
        signing(lambda merchant, secret: hashlib.sha1((merchant + secret).encode()).hexdigest()),
        signing(lambda *_: "not a signature"),
        signing(lambda *_: ""),
        changing("signature", lambda _: 7),
        lambda sent, _: sent.without("signature"),
        renaming("signature", "sign"),
    ],
    "object": [lambda sent, _: replace(sent, inside="data"), lambda sent, _: replace(sent, inside="json")],
}
MERCHANT_MISTAKES: list[Callable[[str], str]] = [
    str,
    str.lower,
    lambda known: f"{known} ",
    lambda known: f"{known[:-1]}X",
]


def meant_requests(in_force: Readings) -> st.SearchStrategy[Sent]:
    made = st.fixed_dictionaries(
        {
            "projectid": st.sampled_from([PAGE_PROJECT, DEMO_PROJECT]),
            "status": st.sampled_from(["", *in_force.status_named]),
            "page": st.integers(1, 4),
            "limit": st.sampled_from([1, 7, 30, 100]),
            "signature": st.just(sign(MERCHANT, SECRET)),
            "session_key": st.just("a session key"),
        }
    )
    return made.map(Sent)


MEANT = Sent({"projectid": DEMO_PROJECT, "signature": sign(MERCHANT, SECRET), "session_key": "a session key"})


def ask(provider: Provider, sent: Sent) -> tuple[Any, list[Finding]]:
    """Return the reply, and what the doctor says."""
    reply = provider.handle(Request("POST", PATH.replace(MERCHANT, sent.merchant_id), sent.body))
    kept = provider.journal.kept(provider.journal.total)
    assert kept is not None
    return json.loads(reply.body), provider.diagnose(kept)


# How whoever reads a fix carries it out: what it says, and what becomes of the request.
WORDED: list[tuple[str, Callable[[Sent, re.Match[str], Finding], Sent]]] = [
    (r'send ("(\w+)": ("[^"]*"|-?\d+))(?=,|$)', lambda sent, said, _: sent.having(**json.loads(f"{{{said[1]}}}"))),
    (r'send "(session_key|signature)" as text', lambda sent, _, __: sent.having(signature=sign(MERCHANT, SECRET))),
    (r"send (page|limit) (\d+) or more", lambda sent, said, _: sent.having(**{said[1]: int(said[2])})),
    (r"send '([^']+)'", lambda sent, said, _: sent.having(projectid=said[1])),
    (r"call '([^']+)'(?! as)", lambda sent, said, _: replace(sent, merchant_id=said[1])),
    (r"strip the id before", lambda sent, _, __: replace(sent, merchant_id=sent.merchant_id.strip())),
    (r"call it '(\w+)'", lambda sent, said, finding: sent.renamed(misnamed_in(finding), said[1])),
    (r"sign md5\(merchant_id \+ secret_key\)", lambda sent, _, __: sent.having(signature=sign(MERCHANT, SECRET))),
    (r"send what is inside '(\w+)', without the object", lambda sent, _, __: replace(sent, inside=None)),
    (r"leave the comm(ent|a) out", lambda sent, _, __: replace(sent, form="json")),
    (r"let a JSON library write (it|the body)", lambda sent, _, __: replace(sent, form="json")),
    (r"save it as UTF-8 without BOM", lambda sent, _, __: replace(sent, form="json")),
    (r"encode it as UTF-8$", lambda sent, _, __: replace(sent, form="json")),
    (r"send it as it is, without gzip", lambda sent, _, __: replace(sent, form="json")),
    (r"encode the object once, not twice", lambda sent, _, __: replace(sent, form="json")),
    (r"send nothing after it", lambda sent, _, __: replace(sent, form="json")),
    (r"check Content-Length, and that the whole was sent", lambda sent, _, __: replace(sent, form="json")),
    (r"send json\.dumps\(...\), not str\(...\)", lambda sent, _, __: replace(sent, form="json")),
    (r"send the fields as JSON: json= in requests", lambda sent, _, __: replace(sent, form="json")),
    (r"let a library write the form", lambda sent, _, __: replace(sent, form="json")),
    (r"send digits alone, as in (page|limit)=1", lambda sent, _, __: replace(sent, form="json")),
    (r"stop at total_page, which is|check the filter, or the project", lambda sent, _, __: sent),
]


def misnamed_in(finding: Finding) -> str:
    found = re.match(r"the body has ('.*?') and no", finding.what)
    assert found is not None, finding
    return str(ast.literal_eval(found[1]))


def carried_out(sent: Sent, findings: list[Finding]) -> Sent:
    for finding in findings:
        found = [(how, said) for pattern, how in WORDED if (said := re.match(pattern, finding.fix))]
        assert found, finding.fix
        how, said = found[0]
        sent = how(sent, said, finding)
    return sent


def assert_fixed(provider: Provider, meant: Sent, sent: Sent, *, rounds: int) -> None:
    """Do what the doctor says, and ask again, at most so many times; the reply is then that of what was meant."""
    expected, remarks = ask(provider, meant)
    assume(expected["rc"] == 200)
    for _ in range(rounds):
        reply, findings = ask(provider, sent)
        if findings == remarks:
            break
        sent = carried_out(sent, findings)
    reply, findings = ask(provider, sent)
    assert (reply, findings) == (expected, remarks)


ALL_MISTAKES = [(kind, number) for kind, mistakes in FIELD_MISTAKES.items() for number in range(len(mistakes))]


@pytest.mark.parametrize(("kind", "number"), ALL_MISTAKES)
@settings(max_examples=5)
@given(data=st.data())
def test_each_mistake_alone_is_fixed_at_once(kind: str, number: int, data: st.DataObject) -> None:
    in_force = data.draw(st.just(Readings()) | any_readings())
    meant = data.draw(meant_requests(in_force))
    sent = FIELD_MISTAKES[kind][number](meant, in_force)
    if sent is not None:
        assert_fixed(built_in_provider(in_force), meant, sent, rounds=1)


@settings(max_examples=examples(150))
@given(data=st.data())
def test_all_mistakes_of_a_request_are_fixed_at_once(data: st.DataObject) -> None:
    in_force = data.draw(st.just(Readings()) | any_readings())
    meant = sent = data.draw(meant_requests(in_force))
    for kind in data.draw(st.lists(st.sampled_from(sorted(FIELD_MISTAKES)), unique=True, max_size=5)):
        sent = data.draw(st.sampled_from(FIELD_MISTAKES[kind]))(sent, in_force) or sent
    assert_fixed(built_in_provider(in_force), meant, sent, rounds=1)


@settings(max_examples=examples(60))
@given(data=st.data())
def test_what_hides_the_rest_is_fixed_first(data: st.DataObject) -> None:
    """A text that nobody can read, and a merchant that nobody knows; what they hide follows."""
    in_force = data.draw(st.just(Readings()) | any_readings())
    meant = sent = data.draw(meant_requests(in_force))
    kind = data.draw(st.sampled_from(sorted(FIELD_MISTAKES)))
    sent = data.draw(st.sampled_from(FIELD_MISTAKES[kind]))(sent, in_force) or sent
    change = data.draw(st.sampled_from(MERCHANT_MISTAKES))
    sent = replace(sent, merchant_id=change(MERCHANT), form=data.draw(st.sampled_from(sorted(FORMS))))
    assume(sent.form != "as a form" or (sent.inside is None and " " not in "".join(map(str, sent.fields.values()))))
    assert_fixed(built_in_provider(in_force), meant, sent, rounds=3)


OTHER_READINGS = [
    (key, value)
    for key, entry in REGISTER.items()
    for value in dict.fromkeys((*entry.values, *entry.tried))
    if value != entry.default
]


@cache
def under(key: str, value: str) -> Provider:
    return built_in_provider(Readings.of({key: value}))


@pytest.mark.parametrize(("kind", "number"), ALL_MISTAKES)
def test_a_reading_that_would_let_a_mistake_in_as_it_was_meant_is_named(kind: str, number: int) -> None:
    for status, page, limit in (("0", 2, 1), ("", 1, 30)):
        meant = Sent({**MEANT.fields, "status": status, "page": page, "limit": limit})
        sent = FIELD_MISTAKES[kind][number](meant, Readings())
        if sent is None:
            continue
        _, findings = ask(built_in_provider(), sent)
        fixes = " ".join(finding.fix for finding in findings)
        for key, value in OTHER_READINGS if findings else ():
            relaxed = under(key, value)
            if ask(relaxed, sent) == ask(relaxed, meant):
                assert f"--reading {key}=" in fixes, (sent, findings)
