"""The views of the page as the server renders them: what each shows for its address."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.provider import Provider
from mockserver.provider.request import FAULT_HEADER, Request
from mockserver.web.admin.dashboard import view_requests, view_submissions
from mockserver.web.app import create_app
from tests.support.asking import DEMO_PROJECT, MERCHANT, PAGE_PROJECT, PATH, SECRET, body, built_in_provider, call
from tests.support.examples import examples
from tests.support.html_page import Element, read

Show = Callable[[str], Element]


@pytest.fixture
def client(provider: Provider) -> FlaskClient:
    return create_app(provider).test_client()


@pytest.fixture
def show(client: FlaskClient) -> Show:
    return lambda query: shown(client, query)


def shown(client: FlaskClient, query: str) -> Element:
    reply = client.get(f"/__admin/{query}")
    assert reply.status_code == 200
    return read(reply.text)


def numbers(page: Element) -> list[int]:
    return [int(one["data-n"]) for one in page.all("details", class_="call")]


# Where the reader is.


@pytest.mark.parametrize(
    ("query", "heading"),
    [
        ("", "Requests"),
        ("?view=requests", "Requests"),
        ("?view=vouchers", f"Vouchers of {PAGE_PROJECT} DW"),
        ("?view=submissions", "Submissions"),
        ("?view=time", "Clock"),
        ("?view=readings", "Readings none changed"),
        ("?view=of-another-version", "Requests"),
        (f"?project={DEMO_PROJECT}&limit=10", f"Vouchers of {DEMO_PROJECT} Demo"),
    ],
)
def test_each_view_has_an_address_and_one_of_before_there_were_views_still_opens_its_project(
    show: Show, query: str, heading: str
) -> None:
    page = show(query)
    assert page.one("h1").text == heading
    assert len(page.all("a", aria_current="page")) == 1


def test_what_is_worth_knowing_of_a_view_is_told_before_it_is_opened(provider: Provider, show: Show) -> None:
    call(provider, body())
    provider.faults.add(Rule(Fault("delay", 0), times=1))
    provider.clock.freeze()
    news = [one.text for one in show("").one("nav", id="views").all("a")]
    assert news == ["Requests 1", "Submissions", "Vouchers", "Time and faults frozen, 1 fault", "Readings"]


NAMES = st.sampled_from(
    [
        *("view", "outcome", "operation", "merchant", "project", "text", "reading", "before", "open", "of", "live"),
        *("find", "status", "page", "limit", "key"),
    ]
)
VALUES = st.one_of(
    st.text(), st.integers().map(str), st.sampled_from(["vouchers", "time", "readings", "refused", DEMO_PROJECT])
)


@pytest.fixture(scope="module")
def busy_client() -> FlaskClient:
    provider = built_in_provider()
    for changed in ({}, {"page": 2}, {"signature": "x"}, {"projectid": "DW"}):
        call(provider, body(**changed))
    return create_app(provider).test_client()


@settings(max_examples=examples(40))
@given(query=st.dictionaries(NAMES, VALUES))
def test_whatever_the_address_says_the_page_is_shown(busy_client: FlaskClient, query: dict[str, str]) -> None:
    reply = busy_client.get("/__admin/", query_string=query)
    assert reply.status_code == 200
    read(reply.text)


def test_every_link_of_the_page_leads_somewhere(busy_client: FlaskClient) -> None:
    seen = {f"?view={view}" for view in ("requests", "submissions", "vouchers", "time", "readings")}
    for address in sorted(seen):
        for link in shown(busy_client, address).all("a"):
            if link["href"].startswith("?"):
                shown(busy_client, link["href"])
                seen.add(link["href"])
    assert len(seen) > 15


# Requests.


def test_the_one_refused_call_behind_forty_good_ones_is_one_link_away(provider: Provider, show: Show) -> None:
    call(provider, body(signature=sign(SECRET, MERCHANT)))
    for _ in range(60):
        call(provider, body())
    page = show("")
    assert 1 not in numbers(page)
    refused = next(one for one in page.one(aria_label="By outcome").all("a") if one.text == "refused 1")
    assert numbers(show(refused["href"])) == [1]


@pytest.fixture
def mixed(provider: Provider) -> Provider:
    call(provider, body(page=7, status="pending"))
    call(provider, body(projectid="DW"))
    call(provider, body(page=0))
    call(provider, body(), merchant_id="M999")
    call(provider, body(), forced="html_502")
    call(provider, body(signature=sign(SECRET, MERCHANT)), forced="delay; seconds=0")
    provider.handle(Request("GET", "/some/path", b"", (), "test"))
    provider.handle(Request("POST", REDEEM_BULK.path.replace("{merchant_id}", MERCHANT), b"{}", (), "test"))
    return provider


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [8, 7, 6, 5, 4, 3, 2, 1]),
        ("outcome=answered", [1]),
        # A refusal that is delayed is both; what a proxy answers in the mock's place is no refusal.
        ("outcome=refused", [8, 7, 6, 4, 3, 2]),
        ("outcome=fault", [6, 5]),
        ("merchant=m999", [4]),
        ("operation=redeem_bulk", [8]),
        ("operation=project_detail&merchant=M2403", [6, 5, 3, 2, 1]),
        ("project=dw", [2]),
        (f"project={DEMO_PROJECT[:9]}&outcome=answered", [1]),
        ("text=pending", [1]),
        ("text=%22page%22:+7", [1]),
        ("text=/some/path", [7]),
        ("text=err-4", [2]),
        ("text=404", [7]),
        ("text=nothing+has+this", []),
        ("reading=out_of_range", [3]),
    ],
)
def test_requests_are_found_by_outcome_merchant_project_and_text(
    mixed: Provider, show: Show, query: str, found: list[int]
) -> None:
    page = show(f"?view=requests&{query}")
    assert numbers(page) == found
    assert f"of {len(found)}" in page.one(aria_label="Pages of requests").text or not found


def test_counts_by_outcome_are_those_of_the_other_filters(mixed: Provider, show: Show) -> None:
    counts = [one.text for one in show("?merchant=M999").one(aria_label="By outcome").all("a")]
    assert counts == ["all 1", "answered 0", "refused 1", "hit by a fault 0", "show all"]


def test_pages_together_hold_each_request_once_and_stay_while_others_arrive(provider: Provider, show: Show) -> None:
    for _ in range(120):
        call(provider, body())
    page, seen = show("?outcome=answered"), []
    while older := page.all("a", id="older"):
        seen += numbers(page)
        call(provider, body())
        page = show(older[0]["href"])
    seen += numbers(page)
    assert seen == list(range(120, 0, -1))
    newer = show(page.one("a", id="newer")["href"])
    assert numbers(newer) == list(range(70, 20, -1))
    assert numbers(show(page.one("a", id="newest")["href"]))[0] == provider.journal.total


def test_status_and_page_are_seen_however_long_the_rest_is(provider: Provider, show: Show) -> None:
    call(provider, body(projectid="R" * 300, status="pending", page=17))
    chips = [one.text for one in show("").all("span", class_="chip")]
    assert chips == [MERCHANT, f"projectid {'R' * 300}", "status pending", "page 17", "limit 30"]


def test_an_opened_request_is_part_of_the_address(provider: Provider, show: Show) -> None:
    call(provider, body(signature=sign(SECRET, MERCHANT), page=3))
    for _ in range(60):
        call(provider, body())
    assert 1 not in numbers(show(""))
    page = show("?open=1,999999")
    assert numbers(page)[-1] == 1, "it stays in sight however many arrive"
    opened = page.all("details", class_="call")[-1]
    assert "open" in opened.attributes
    assert "md5(secret_key + merchant_id)" in opened.one(class_="finding").text
    assert json.loads(opened.one("pre", class_="fields").text) == {
        "projectid": DEMO_PROJECT,
        "status": "",
        "page": 3,
        "limit": 30,
        "signature": "***",
    }
    assert opened.one("pre", class_="curl").text.startswith("curl -sS -X POST http://localhost/merchant/")
    assert "$SIGNATURE" in opened.one("pre", class_="curl").text
    assert json.loads(opened.one("pre", class_="reply").text)["error_msg"] == "Signature Not Valid"
    # What is kept live is asked for without it.
    assert not show("?open=1&live=yes").all(class_="finding")


def test_the_headers_of_a_request_are_shown_and_found_but_no_secret_in_them(provider: Provider, show: Show) -> None:
    headers = (("user-agent", "toko-voucher/7"), ("authorization", "Bearer geheim-geheim"), ("accept", "<b>"))
    provider.handle(Request("POST", PATH, body(), headers, "test"))
    shown = show("?open=1").one("pre", class_="headers").text
    assert shown == "user-agent: toko-voucher/7 authorization: *** accept: <b>"
    assert numbers(show("?text=toko-voucher")) == [1]
    assert numbers(show("?text=geheim")) == []


def test_whatever_was_sent_is_shown(provider: Provider, show: Show) -> None:
    bodies = [
        *(b'{"projectid": "x", "z": ' + b"[" * depth + b"]" * depth + b"}" for depth in (200, 400, 600, 950, 100_000)),
        b'{"page": 1e400}',
        b'{"page": ' + b"9" * 5000 + b"}",
        b'{"\\ud800": "\\ud800\\u0000\\u202e"}',
        b'{"projectid": 1, "projectid": 2}',
        b"\xff\xfe",
        b"projectid=%ff&</pre>",
        b"",
    ]
    for n, sent in enumerate(bodies, 1):
        call(provider, sent)
        assert show(f"?open={n}&text=").all("pre", class_="curl")


def test_a_number_of_before_a_reset_opens_nothing(provider: Provider, show: Show) -> None:
    call(provider, body(page=1))
    before = provider.journal.generation
    assert show(f"?open=1&of={before}").all(class_="facts")
    provider.reset()
    call(provider, body(page=2))
    assert not show(f"?open=1&of={before}").all(class_="facts")


def test_a_reading_that_decided_and_the_project_are_links(provider: Provider, show: Show) -> None:
    call(provider, body(page=0))
    facts = show("?open=1").one("dl", class_="facts")
    links = {one.text: one["href"] for one in facts.all("a")}
    assert links == {
        "out_of_range": "?view=readings&key=out_of_range",
        "Its vouchers": f"?view=vouchers&project={DEMO_PROJECT}",
    }


def test_how_long_a_call_took_is_told_without_its_fault(provider: Provider, show: Show) -> None:
    call(provider, body(projectid="RMOCKDELAY0.01"))
    assert show("").one(class_="took").text.endswith("ms before the fault")


def test_no_secret_is_on_the_page_or_can_be_guessed_by_a_search(provider: Provider, client: FlaskClient) -> None:
    signature = sign(MERCHANT, SECRET)
    call(provider, body(note=SECRET))
    for query in ("?open=1", f"?text={signature[:6]}", f"?text={SECRET[:14]}", "?view=vouchers", "?view=time"):
        page = client.get(f"/__admin/{query}").text
        assert signature not in page
        assert SECRET not in page
    assert numbers(shown(client, f"?text={signature[:6]}")) == []
    assert numbers(shown(client, f"?text={SECRET[:14]}")) == []


def test_a_text_is_looked_for_among_the_newest_and_the_page_says_so(
    provider: Provider, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_requests, "_SEARCHED", 3)
    for page in range(1, 6):
        call(provider, body(page=page))
    assert numbers(shown(client, f"?project={DEMO_PROJECT}&view=requests")) == [5, 4, 3]
    assert "among the newest 3" in shown(client, "?text=R25").one(id="requests").text


def test_older_requests_that_are_forgotten_are_counted(client: FlaskClient, provider: Provider) -> None:
    provider.journal.capacity = 2
    for _ in range(5):
        call(provider, body())
    assert "1 to 2 of 2, 3 older forgotten" in shown(client, "").one(aria_label="Pages of requests").text


# Submissions.


def submit(provider: Provider, *codes: str, fault: str | None = None, signature: str | None = None) -> None:
    sent = {"kode_voucher": encode_codes([*codes]), "signature": signature or sign(MERCHANT, SECRET)}
    headers = () if fault is None else ((FAULT_HEADER.lower(), fault),)
    provider.handle(Request("POST", REDEEM_BULK.path_of(MERCHANT), json.dumps(sent).encode(), headers, "test"))


def submitted(page: Element) -> list[list[str]]:
    return [[cell.text for cell in row.all("td")] for row in page.one(id="submitted").one("tbody").all("tr")]


def test_what_became_of_each_submission_is_shown_also_where_its_sender_heard_nothing(
    provider: Provider, show: Show
) -> None:
    submit(provider, "VCRA11BB22CC33", "VCRD44EE55FF66")
    submit(provider, "VCRA11BB22CC33")
    submit(provider, "VCRG77HH88II99", fault="close_before")
    submit(provider, "VCRG77HH88II98", fault="close_before; carried_out=0")
    page = show("?view=submissions")
    shown = [[cells[2], cells[3], cells[5], cells[6]] for cells in submitted(page)]
    assert shown == [
        ["not carried out", "1", "close_before lost on its way", "4"],
        ["accepted", "1", "close_before lost on its way", "3"],
        ["refused BULK-ERR-10", "1", "sent", "2"],
        ["accepted", "2", "sent", "1"],
    ]
    assert "VCR" not in page.text
    pills = {one.text: one["href"] for one in page.one(aria_label="By outcome").all("a")}
    assert list(pills) == ["all 4", "accepted 2", "refused 1", "not carried out 1", "reply lost 2"]
    assert [cells[6] for cells in submitted(show(pills["reply lost 2"]))] == ["4", "3"]


def test_a_submission_leads_to_its_request_and_its_vouchers_and_these_back(provider: Provider, show: Show) -> None:
    submit(provider, "VCRA11BB22CC33")
    project, request = (one["href"] for one in show("?view=submissions").one(id="submitted").all("a"))
    opened = show(project)
    assert "submitted 2024-08-15 17:52:18" in opened.one(id="project").text
    assert [row.one("code").text for row in opened.one(id="vouchers").one("tbody").all("tr")] == ["VCRA11BB22CC33"]
    assert show(request).one("details", class_="call").one("dl").all("a")[0]["href"] == project
    # What was submitted is among the requests of the project that it became.
    requests_of_it = next(one["href"] for one in opened.all("a") if one.text == "its requests")
    assert numbers(show(requests_of_it)) == [1]


def test_the_newest_submissions_are_shown_page_by_page(
    provider: Provider, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_submissions, "_NEWEST", 5)
    monkeypatch.setattr(view_submissions, "_SHOWN", 2)
    for n in range(7):
        submit(provider, f"VCRA11BB22CC{n}")
    page, seen = shown(client, "?view=submissions"), []
    assert "The newest 5 of 7." in page.one(id="submissions").text
    while older := page.all("a", id="next"):
        seen += submitted(page)
        page = shown(client, older[0]["href"])
    seen += submitted(page)
    assert [cells[6] for cells in seen] == ["7", "6", "5", "4", "3"]
    assert submitted(shown(client, page.one("a", id="previous")["href"])) == seen[2:4]


def test_a_merchant_whose_submissions_are_refused_is_listed(provider: Provider, client: FlaskClient) -> None:
    client.patch(f"/__admin/merchants/{MERCHANT}", json={"vendor_state": "maintenance"})
    page = shown(client, "?view=submissions")
    assert page.one(id=f"vendor-{MERCHANT}").text == f"{MERCHANT} maintenance"
    assert "no merchant M999" in shown(client, "?view=submissions&merchant=M999").one(class_="trouble").text


# Vouchers.


def test_a_project_is_found_by_id_name_and_merchant(provider: Provider, client: FlaskClient) -> None:
    added = {
        "merchant_id": "MMANY",
        "projects": [{"project_id": f"R{n:03}X", "project_name": f"Name {n}"} for n in range(70)],
    }
    assert client.post("/__admin/merchants", json=added).status_code == 201
    page = shown(client, "?view=vouchers")
    assert len(page.all("a", class_="card")) == 50
    assert "and 22 more" in page.one(id="projects").text
    for sought, found in (("r069", ["R069X"]), ("name 7", ["R007X"]), ("demo", [DEMO_PROJECT]), ("mmany", None)):
        cards = shown(client, f"?view=vouchers&find={sought}").all("a", class_="card")
        names = [one["id"].removeprefix("project-") for one in cards]
        assert names == found if found else len(names) == 50


def test_a_search_does_not_close_the_project(show: Show) -> None:
    page = show(f"?view=vouchers&project={DEMO_PROJECT}&find=dw")
    assert DEMO_PROJECT in page.one("h1").text
    assert [one["id"] for one in page.all("a", class_="card")] == [f"project-{PAGE_PROJECT}"]


def test_a_project_that_is_not_here_is_said(show: Show) -> None:
    page = show("?view=vouchers&project=R999")
    assert page.one(class_="trouble").text == "There is no project R999; this is another."


def test_a_page_of_vouchers_has_the_size_that_is_asked_for(show: Show) -> None:
    page = show(f"?view=vouchers&project={DEMO_PROJECT}&limit=10&page=2")
    assert len(page.one(id="vouchers").one("tbody").all("tr")) == 10
    assert "page 2 of 14 · 137 vouchers" in page.one(aria_label="Pages of vouchers").text
    larger = show(page.one("a", id="size-100")["href"])
    assert len(larger.one(id="vouchers").one("tbody").all("tr")) == 100
    filtered = show(page.one("a", id="status-error_voucher")["href"])
    assert "page 1 of 1 · 9 vouchers" in filtered.one(aria_label="Pages of vouchers").text


def test_a_long_note_is_cut_and_all_of_it_can_be_seen(client: FlaskClient) -> None:
    note = "catatan " * 40
    moved = {"to": "error_voucher", "ids": [23456], "note": note}
    client.patch(f"/__admin/projects/{PAGE_PROJECT}/vouchers", json=moved)
    cell = shown(client, f"?view=vouchers&project={PAGE_PROJECT}").one(id="voucher-23456").one("td", class_="note")
    assert cell.one("summary").text.endswith("show allshow less")
    assert len(cell.one("summary").text) < 200
    assert cell.one("p").text == note.strip()


# Time and faults.


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(Fault("delay", 2), times=1), "delay of 2 s, the next call"),
        (Rule(Fault("html_502"), times=3), "html_502, the next 3 calls"),
        (
            Rule(Fault("rate_limit", retry_after=7), share=0.25, seed=9, merchant_id=MERCHANT),
            f"rate_limit, Retry-After 7, 25 % of calls (seed 9) of merchant {MERCHANT}, until cleared",
        ),
        (
            Rule(Fault("close_before", carried_out=False), operation="redeem_bulk", project_id="R1"),
            "close_before, every call of redeem_bulk to project R1, until cleared; a submission is lost",
        ),
    ],
)
def test_all_that_a_rule_says_is_shown(provider: Provider, show: Show, rule: Rule, words: str) -> None:
    provider.faults.add(rule)
    assert show("?view=time").one(class_="rule-words").text == words


def test_what_is_spent_is_shown_so(provider: Provider, show: Show) -> None:
    provider.faults.replace([Rule(Fault("html_502"), times=2)])
    call(provider, body())
    [rule] = show("?view=time").all(class_="rule")
    assert rule.text == "html_502, the next 1 of 2 calls hit 1"
    call(provider, body())
    [rule] = show("?view=time").all(class_="rule")
    assert rule.text == "html_502, 2 calls spent hit 2"
    assert "spent" in rule["class"]
    assert show("?view=time").one("a", id="view-time").text == "Time and faults"


def test_a_merchant_with_a_clock_of_its_own_is_listed(provider: Provider, client: FlaskClient) -> None:
    client.post("/__admin/clock", json={"advance": 60, "merchant_id": MERCHANT})
    page = shown(client, "?view=time")
    assert page.one(id="clock-face").text == "2024-08-15 17:52:18 real"
    assert page.one(id=f"clock-{MERCHANT}").text == f"{MERCHANT} 2024-08-15 17:53:18 moved"


# Readings.


def test_a_reading_shows_which_requests_it_decided(provider: Provider, show: Show) -> None:
    for number in (1, 0, 0):
        call(provider, body(page=number))
    page = show("?view=readings")
    link = page.one("a", id="decided-out_of_range")
    assert link.text == "decided 2 requests"
    assert numbers(show(link["href"])) == [3, 2]
    assert [one["id"] for one in page.all("a") if one.attributes.get("id", "").startswith("decided-")] == [link["id"]]


def test_readings_of_one_merchant_are_shown_apart(provider: Provider, client: FlaskClient) -> None:
    changed: dict[str, Any] = {"readings": {"http_status": "200"}}
    client.put(f"/__admin/readings?merchant_id={MERCHANT}", json=changed)
    everybody, own = shown(client, "?view=readings"), shown(client, f"?view=readings&merchant={MERCHANT}")
    assert everybody.one("h1").text == "Readings none changed"
    assert own.one("h1").text == "Readings 1 changed"
    assert "merchant" in own.one(id="reading-http_status").one(class_="tag").text
    assert own.one(id="reading-http_status").one("form")["data-send"] == (
        f"PUT /__admin/readings?merchant_id={MERCHANT}"
    )
    assert "no merchant M999" in shown(client, "?view=readings&merchant=M999").one(class_="trouble").text


# Every view.


@pytest.mark.parametrize("view", ["requests", "submissions", "vouchers", "time", "readings"])
def test_no_form_sends_anything_in_the_address_but_what_is_looked_for(show: Show, view: str) -> None:
    for form in show(f"?view={view}").all("form"):
        assert ("data-filter" in form.attributes) != (form.attributes.get("method") == "post")


def test_nothing_may_be_loaded_from_elsewhere(client: FlaskClient) -> None:
    policy = client.get("/__admin/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
