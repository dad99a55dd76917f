"""The page in a real browser: what its script does, that nothing is lost on the way, and that everybody can use it.

What the views show is in `test_dashboard.py`, without a browser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.contract.redeem_bulk import REDEEM_BULK, encode_codes
from mockserver.contract.signature import sign
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.provider import Provider
from mockserver.provider.request import Request
from mockserver.testing.admin_client import AdminClient
from mockserver.web.server import Server
from tests.support.asking import DEMO_PROJECT, MERCHANT, PAGE_PROJECT, SECRET, body, built_in_provider, call
from tests.support.chromium import browser

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("chromium")]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

NASTY = '<script>document.title="broken in"</script><img src=x onerror="document.title=1">'
PHONE = {"width": 390, "height": 844}
VIEWS = ("requests", "submissions", "vouchers", "time", "readings")
DEMO = f"?view=vouchers&project={DEMO_PROJECT}&limit=10"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    with Server(built_in_provider()) as server:
        yield server


class Watched(NamedTuple):
    """A tab, what its script complained of, and what it asked for elsewhere."""

    page: Page
    troubles: list[str]
    elsewhere: list[str]


@pytest.fixture(scope="module")
def tab(chromium: Browser, shared: Server) -> Watched:
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(10_000)
    tab = Watched(opened, [], [])
    opened.on("pageerror", lambda error: tab.troubles.append(str(error)))
    opened.on("console", lambda message: tab.troubles.append(message.text) if _is_trouble(message) else None)
    opened.on(
        "request",
        lambda sent: None if sent.url.startswith((shared.url, "data:")) else tab.elsewhere.append(sent.url),
    )
    return tab


@pytest.fixture
def server(shared: Server) -> Server:
    """One for all tests here, as at its start."""
    shared.provider.reset()
    return shared


@pytest.fixture
def provider(server: Server) -> Provider:
    return server.provider


@pytest.fixture
def admin(server: Server) -> AdminClient:
    return AdminClient(server.url)


@pytest.fixture
def page(tab: Watched, server: Server) -> Iterator[Page]:
    """The same tab for all tests: a new one each would take a third of their time."""
    yield tab.page
    tab.page.goto("about:blank")
    troubles, elsewhere = tab.troubles[:], tab.elsewhere[:]
    tab.troubles.clear()
    tab.elsewhere.clear()
    assert troubles == []
    assert [url for url in elsewhere if url != "about:blank"] == []


def _is_trouble(message: ConsoleMessage) -> bool:
    # A refused call is noted by the browser itself; the page says it in its own words.
    return message.type == "error" and "Failed to load resource" not in message.text


def show(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/__admin/{query}", wait_until="domcontentloaded")


def refresh(page: Page) -> None:
    """Let it take over what the server shows, as it does once a second."""
    page.evaluate("refresh()")


def said(page: Page) -> str:
    page.wait_for_selector("#notice:not([data-quiet])")
    return page.inner_text("#notice-text")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim().slice(0, 40)"))


def numbers(page: Page) -> list[int]:
    return [int(one) for one in page.locator(".call").evaluate_all("all => all.map((one) => one.dataset.n)")]


# The place.


def test_it_keeps_itself_up_to_date(chromium: Browser, server: Server, provider: Provider) -> None:
    page = chromium.new_page()
    # A second of the page is over at once.
    page.add_init_script("const wait = setTimeout; window.setTimeout = (act, pause) => wait(act, pause / 20);")
    show(page, server)
    call(provider, body())
    page.wait_for_selector(".call[data-n='1']")
    assert page.inner_text("#view-requests .news") == "1"
    page.close()


def test_what_is_looked_for_is_in_the_address_and_outlives_a_reload(
    page: Page, server: Server, provider: Provider
) -> None:
    for n in range(1, 61):
        call(provider, body(page=n, signature="x") if n % 20 == 0 else body(page=n))
    show(page, server)
    page.click("text=refused 3")
    page.wait_for_url("**outcome=refused")
    page.wait_for_selector(".call[data-n='59']", state="detached")
    assert numbers(page) == [60, 40, 20]
    page.click(".call[data-n='40'] summary")
    page.wait_for_selector(".call[data-n='40'] .finding")
    page.wait_for_url("**open=40")
    page.reload()
    assert numbers(page) == [60, 40, 20]
    assert page.is_visible(".call[data-n='40'] .finding")
    page.fill("[name=text]", '"page": 60')
    page.wait_for_url("**text=*60**")
    page.wait_for_selector(".call[data-n='40']", state="detached")
    assert numbers(page) == [60]
    assert page.evaluate("document.activeElement.name") == "text"
    page.reload()
    assert page.input_value("[name=text]") == '"page": 60'
    page.click("#everything")
    page.wait_for_selector(".call[data-n='59']")
    assert page.input_value("[name=text]") == ""
    page.click("#older")
    page.wait_for_url("**before=11")
    page.go_back()
    page.wait_for_selector(".call[data-n='60']")


def test_views_are_changed_without_losing_the_focus(page: Page, server: Server) -> None:
    show(page, server)
    for name, heading in (("vouchers", "h-project"), ("time", "h-clock"), ("readings", "h-readings")):
        page.click(f"#view-{name}")
        page.wait_for_function("(id) => document.activeElement.id === id", arg=heading)
        assert page.get_attribute(f"#view-{name}", "aria-current") == "page"
        assert page.get_attribute("#view-requests", "aria-current") is None
    page.go_back()
    page.wait_for_selector("#h-clock")


def test_what_is_open_typed_and_focused_stays_while_requests_arrive(
    page: Page, server: Server, provider: Provider
) -> None:
    call(provider, body(signature=sign(SECRET, MERCHANT)))
    show(page, server)
    page.focus(".call[data-n='1'] summary")
    page.keyboard.press("Enter")
    page.wait_for_selector(".call[data-n='1'] .finding")
    assert "md5(secret_key + merchant_id)" in page.inner_text(".finding")
    call(provider, body())
    refresh(page)
    assert numbers(page) == [2, 1]
    assert page.is_visible(".call[data-n='1'] .finding")
    assert page.evaluate("document.activeElement.closest('.call').dataset.n") == "1"
    show(page, server, "?view=time")
    page.fill("[name=project_id]", "R1")
    page.select_option("[name=which]", "share")
    provider.clock.freeze()
    refresh(page)
    assert page.inner_text("#clock-face .tag") == "frozen"
    assert (page.input_value("[name=project_id]"), page.input_value("[name=which]")) == ("R1", "share")
    assert page.is_visible("[name=seed]")


def test_requests_after_a_reset_take_the_place_of_those_of_the_same_number(
    page: Page, server: Server, provider: Provider
) -> None:
    call(provider, body(signature=sign(SECRET, MERCHANT)))
    call(provider, body())
    show(page, server)
    page.click(".call[data-n='1'] summary")
    page.wait_for_selector(".call[data-n='1'] .finding")
    page.route("**/__admin/?*", lambda route: route.abort())
    provider.reset()
    call(provider, body(page=4))
    call(provider, body(page=5))
    page.click(".call[data-n='2'] summary")
    page.wait_for_selector(".call[data-n='2'] .inside:has-text('forgotten')")
    page.unroute("**/__admin/?*")
    refresh(page)
    assert "page 4" in page.inner_text(".call[data-n='1']")
    assert page.locator(".call[open]").count() == 0
    page.click(".call[data-n='1'] summary")
    page.wait_for_selector(".call[data-n='1'] .facts")
    assert page.locator(".finding").count() == 0
    provider.clear_journal()
    refresh(page)
    assert page.locator(".call").count() == 0


# What the page has after it took over what the server shows, and what it would have after a reload.
SAME = """async () => {
  await refresh();
  const text = await (await fetch(location.href + '&live=yes')).text();
  const reloaded = new DOMParser().parseFromString(text, 'text/html').getElementById('main');
  const [is, should] = [main, reloaded].map((one) => {
    const copy = one.cloneNode(true);
    for (const name of ['open', 'hidden', 'disabled', 'aria-disabled', 'data-loaded']) {
      for (const element of copy.querySelectorAll(`[${name}]`)) element.removeAttribute(name);
    }
    for (const text of copy.querySelectorAll('[data-what-of]')) text.textContent = '';
    return copy.outerHTML;
  });
  return [is, should];
}"""


@given(data=st.data())
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_taken_over_is_what_a_reload_would_show(
    page: Page, server: Server, provider: Provider, admin: AdminClient, data: st.DataObject
) -> None:
    changes: dict[str, Callable[[], object]] = {
        "a call": lambda: call(provider, body()),
        "a refused call": lambda: call(provider, body(signature="x")),
        "a fault": lambda: provider.faults.add(Rule(Fault("html_502"), times=1)),
        "no faults": provider.faults.clear,
        "a move": lambda: admin.move(DEMO_PROJECT, "pending", to="error_voucher", count=3, note="n" * 200),
        "a project": lambda: admin.add_merchant({"projects": [{"vouchers": {"generate": {"count": 2}}}]}),
        "a reading": lambda: admin.put_readings({"out_of_range": "default"}),
        "a submission": lambda: provider.handle(Request("POST", REDEEM_BULK.path_of(MERCHANT), b"{}", (), "test")),
        "no calls": provider.clear_journal,
        "a reset": provider.reset,
    }
    places = [f"?view={view}" for view in VIEWS] + ["?view=requests&outcome=refused", f"{DEMO}&status=pending"]
    show(page, server, data.draw(st.sampled_from(places)))
    for _ in range(6):
        if data.draw(st.integers(0, 4)) == 0:
            page.evaluate("(place) => go(place)", data.draw(st.sampled_from(places)))
        changes[data.draw(st.sampled_from(sorted(changes)))]()
        is_now, should_be = page.evaluate(SAME)
        assert is_now == should_be


def test_who_has_the_focus_on_what_goes_away_gets_the_heading_above(
    page: Page, server: Server, provider: Provider
) -> None:
    provider.faults.add(Rule(Fault("html_502"), times=1))
    show(page, server, "?view=time")
    page.focus("text=Clear the faults")
    page.keyboard.press("Enter")
    assert said(page) == "Every fault is cleared"
    assert focused(page) == "h-faults"
    call(provider, body())
    show(page, server)
    page.focus(".call summary")
    provider.clear_journal()
    refresh(page)
    assert focused(page) == "h-requests"


def test_a_mock_that_is_gone_is_said_and_so_is_its_return(page: Page, server: Server) -> None:
    show(page, server)
    page.route("**/__admin/?*", lambda route: route.abort())
    refresh(page)
    assert "does not answer" in said(page)
    page.unroute("**/__admin/?*")
    refresh(page)
    assert said(page) == "The mock answers again"
    page.click("#notice-close")
    assert page.get_attribute("#notice", "data-quiet") is not None


# What is done.


def test_vouchers_are_moved_and_the_bar_follows(page: Page, server: Server, admin: AdminClient) -> None:
    show(page, server, DEMO)
    width = page.get_attribute("#bar rect[data-status=success]", "width")
    page.fill("#move [name=count]", "5")
    page.fill("#move [name=note]", "by hand")
    page.click("#move button")
    assert said(page) == "5 vouchers are moved"
    assert page.inner_text("[data-count=success]") == "67"
    assert page.get_attribute("#bar rect[data-status=success]", "width") != width
    assert admin.project(DEMO_PROJECT)["stats"]["success"] == 67
    assert focused(page) == "Move"


def test_one_voucher_is_moved_by_its_button_and_by_no_arrow_key(page: Page, server: Server, admin: AdminClient) -> None:
    show(page, server, DEMO)
    row = page.locator("#vouchers tbody tr").first
    voucher_id = row.locator("td").first.inner_text()
    stats = admin.project(DEMO_PROJECT)["stats"]
    row.locator("select").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    refresh(page)
    assert admin.project(DEMO_PROJECT)["stats"] == stats
    assert row.locator("select").input_value() == "error_engine", "what is chosen stays until it is sent"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert said(page) == f"Voucher {voucher_id} is moved"
    shown = requests.get(f"{server.url}/__admin/projects/{DEMO_PROJECT}/vouchers/{voucher_id}", timeout=30).json()
    assert shown["status"] == "error_engine"
    assert row.locator("[data-label=status]").inner_text() == "error_engine"
    assert "error_engine" not in row.locator("select").inner_text()


def test_a_project_is_searched_and_its_vouchers_are_paged_in_place(page: Page, server: Server) -> None:
    show(page, server, DEMO)
    page.focus("#next")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=page 2 of 14")
    assert focused(page) == "next"
    page.click("#status-error_voucher")
    page.wait_for_selector("text=page 1 of 1 · 9 vouchers")
    page.fill("[name=find]", "dw")
    page.wait_for_selector(f"#project-{DEMO_PROJECT}", state="detached")
    page.click(f"#project-{PAGE_PROJECT}")
    page.wait_for_url(f"**project={PAGE_PROJECT}**")
    page.wait_for_selector("#voucher-23456")
    assert page.locator("#vouchers tbody tr").count() == 3
    page.reload()
    assert page.input_value("[name=find]") == "dw"


def test_a_plan_is_started(page: Page, server: Server, admin: AdminClient) -> None:
    show(page, server, DEMO)
    page.select_option("[name=transition]", "immediate")
    assert not page.is_visible("[name=process_after]")
    page.click("text=Start the plan")
    assert said(page) == "The plan is started"
    assert page.inner_text("[data-count=pending]") == "0"
    assert admin.project(DEMO_PROJECT)["plan"] == {"transition": "immediate"}


def test_the_clock_is_moved_for_all_or_for_one_merchant(page: Page, server: Server, admin: AdminClient) -> None:
    show(page, server, "?view=time")
    before = admin.clock()["now"]
    page.click("text=+1 min")
    assert said(page) == "The clock shows 2024-08-15 17:53:18, moved"
    assert admin.clock()["now"] == before + 60
    page.fill("[name=advance]:not(button)", "7.5")
    page.keyboard.press("Enter")
    page.wait_for_selector("#notice-text:has-text('17:53:25')")
    page.focus("#set-clock [name=merchant_id]")
    page.keyboard.press("Enter")
    page.click("#forward")
    page.wait_for_selector("#notice-text:has-text('17:53:33')")
    page.fill("[name=at]", "1700000000")
    page.click("#freeze-at")
    page.wait_for_selector("#notice-text:has-text('frozen')")
    assert admin.clock()["now"] == 1_700_000_000
    page.fill("#set-clock [name=merchant_id]", MERCHANT)
    page.click("text=+1 h")
    page.wait_for_selector(f"#notice-text:has-text('for {MERCHANT}')")
    assert admin.clock(MERCHANT)["now"] == 1_700_003_600
    assert page.is_visible(f"#clock-{MERCHANT}")


def test_a_fault_is_set_with_all_that_it_takes_and_is_confirmed(
    page: Page, server: Server, provider: Provider, admin: AdminClient
) -> None:
    show(page, server, "?view=time")
    assert page.is_visible("[name=seconds]")
    page.select_option("[name=fault]", "rate_limit")
    assert not page.is_visible("[name=seconds]")
    assert page.inner_text("#fault-what").startswith("429 with Retry-After")
    page.fill("[name=retry_after]", "7")
    page.fill("[name=times]", "")
    page.select_option("[name=which]", "share")
    page.fill("[name=share]", "0.5")
    page.fill("[name=seed]", "9")
    page.select_option("[name=operation]", "redeem_bulk")
    page.fill("#set-fault [name=merchant_id]", MERCHANT)
    page.fill("[name=project_id]", "R1")
    page.check("[name=carried_out]")
    page.click("text=Set the fault")
    assert said(page) == (
        "Set: rate_limit, Retry-After 7, 50 % of calls (seed 9) of redeem_bulk to project R1 of merchant "
        f"{MERCHANT}, until cleared; a submission is lost"
    )
    [state] = provider.faults.states()
    assert state.rule == Rule(
        Fault("rate_limit", retry_after=7, carried_out=False),
        share=0.5, seed=9, operation="redeem_bulk", merchant_id=MERCHANT, project_id="R1",
    )  # fmt: skip
    # One of everybody takes its place, one of a merchant that of the merchant's alone.
    show(page, server, "?view=time")
    page.select_option("[name=fault]", "html_502")
    page.click("#set-fault button")
    assert said(page) == "Set: html_502, the next call"
    page.fill("#set-fault [name=merchant_id]", MERCHANT)
    page.click("#set-fault button")
    page.wait_for_selector(".rule >> nth=1")
    assert [one.get("merchant_id") for one in admin.faults()] == [None, MERCHANT]
    assert call(provider, body()).http_status == 502
    refresh(page)
    assert page.inner_text(".rule.spent").split("\n")[0].startswith("html_502, 1 call")


def test_submissions_of_a_merchant_are_set_to_a_state_of_the_vendor(
    page: Page, server: Server, provider: Provider
) -> None:
    show(page, server, "?view=submissions")
    page.fill("#set-vendor [name=merchant_id]", MERCHANT)
    page.click("#set-vendor button")
    assert said(page) == f"Set: submissions of {MERCHANT} are refused: maintenance"
    assert page.inner_text(f"#vendor-{MERCHANT}").split() == [MERCHANT, "maintenance"]
    page.select_option("[name=vendor_state]", "null")
    page.click("#set-vendor button")
    page.wait_for_selector("#notice-text:has-text('are taken')")
    assert page.locator(f"#vendor-{MERCHANT}").count() == 0


def test_what_is_refused_is_said_until_it_is_closed(page: Page, server: Server) -> None:
    show(page, server, "?view=time")
    page.fill("#set-fault [name=merchant_id]", "M999")
    page.click("text=Set the fault")
    assert "There is no merchant 'M999'" in said(page)
    assert "trouble" in (page.get_attribute("#notice", "class") or "")
    page.click("#notice-close")
    assert page.inner_text("#notice-text") == ""


def test_a_reading_is_switched_by_its_button_and_the_others_stay(
    page: Page, server: Server, admin: AdminClient
) -> None:
    admin.put_readings({"max_limit": "10"})
    show(page, server, "?view=readings")
    page.focus("#reading-http_status select")
    page.keyboard.press("ArrowDown")
    assert admin.readings()["http_status"] == "rc"
    page.click("#reading-http_status button")
    assert said(page) == "http_status is 200 now"
    assert (admin.readings()["http_status"], admin.readings()["max_limit"]) == ("200", "10")
    assert page.inner_text("h1") == "Readings 2 changed"
    page.fill("#reading-max_limit input", "25")
    page.click("#reading-max_limit button")
    page.wait_for_selector("#notice-text:has-text('max_limit is 25 now')")
    page.fill("#reading-max_limit input", "many")
    page.click("#reading-max_limit button")
    page.wait_for_selector("#notice.trouble:has-text('max_limit')")
    page.click("text=All to their defaults")
    page.wait_for_selector("#notice-text:has-text('Every reading is at its default')")
    assert page.inner_text("h1") == "Readings none changed"
    page.fill("[name=merchant]", MERCHANT)
    page.wait_for_url(f"**merchant={MERCHANT}")
    page.wait_for_selector("#everybody")
    page.select_option("#reading-http_status select", "200")
    page.click("#reading-http_status button")
    page.wait_for_selector("#reading-http_status.changed")
    assert (admin.readings()["http_status"], admin.readings(MERCHANT)["http_status"]) == ("rc", "200")


def test_a_reset_and_to_forget_the_requests_ask_first(
    page: Page, server: Server, provider: Provider, admin: AdminClient
) -> None:
    admin.move(DEMO_PROJECT, to="success")
    call(provider, body())
    show(page, server)
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("text=Reset")
    assert admin.project(DEMO_PROJECT)["stats"]["success"] == 137
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Forget all")
    assert said(page) == "The requests are forgotten"
    assert admin.project(DEMO_PROJECT)["stats"]["success"] == 137
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Reset")
    page.wait_for_selector("#notice-text:has-text('as at the start')")
    assert admin.project(DEMO_PROJECT)["stats"]["success"] == 62


# Everybody.


@pytest.fixture
def crowded(server: Server, provider: Provider, admin: AdminClient) -> str:
    """A world of long names and notes with calls of every kind; the project that has most of it."""
    projects = [
        {
            "project_id": f"R{n:03}{'X' * 9 * n}",
            "project_name": f"Nama proyek nomor {n} {'panjang ' * n}",
            "vouchers": {"generate": {"count": 500 if n == 3 else n}},
        }
        for n in range(20)
    ]
    admin.add_merchant({"merchant_id": f"M{'Z' * 60}", "secret_key": "made-up-secret", "projects": projects})
    project_id = str(projects[3]["project_id"])
    admin.move(project_id, to="error_voucher", count=40, note=f"{'catatan ' * 30}{'z' * 300}")
    for n in range(12):
        call(provider, body(page=n, projectid="y" * 300 if n % 3 == 1 else DEMO_PROJECT))
    rules = [Rule(Fault("delay", 0), times=1), Rule(Fault("html_502"), share=0.1, project_id=project_id)]
    provider.faults.replace([*rules, Rule(Fault("rate_limit"), merchant_id=f"M{'Z' * 60}")])
    call(provider, body())
    sent = {"kode_voucher": encode_codes(["z" * 60, "VCRA11BB22CC33"]), "signature": sign(MERCHANT, SECRET)}
    for _ in range(2):
        requests.post(server.url + REDEEM_BULK.path_of(MERCHANT), json=sent, timeout=30)
    admin.set_vendor_state(f"M{'Z' * 60}", "maintenance")
    provider.faults.add(Rule(Fault("html_503"), times=3, operation="redeem_bulk"))
    admin.put_readings({"http_status": "200"})
    return project_id


@pytest.mark.parametrize(
    ("width", "scheme", "views"),
    [
        (1280, "light", "requests time"),
        (390, "dark", "submissions vouchers readings"),
        *(
            pytest.param(width, scheme, " ".join(VIEWS), marks=pytest.mark.matrix)
            for width in (390, 1280)
            for scheme in ("light", "dark")
        ),
    ],
)
def test_axe_finds_nothing_and_everything_fits(
    chromium: Browser, server: Server, crowded: str, width: int, scheme: str, views: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = chromium.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type] # one of two words
    more = {"requests": "&open=1,2", "vouchers": f"&project={crowded}&status=error_voucher&limit=10"}
    for view in views.split():
        show(page, server, f"?view={view}{more.get(view, '')}")
        if view == "vouchers":
            page.click("td.note summary >> nth=0")
        page.evaluate("(isTrouble) => say('A word on what was done', isTrouble)", view in {"time", "vouchers"})
        found = axe.Axe().run(page).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == [], view
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
    page.close()


def test_everything_is_reached_by_keyboard(page: Page, server: Server, provider: Provider) -> None:
    call(provider, body())
    reached = set()
    for query in ("", DEMO, "?view=time"):
        show(page, server, query)
        for _ in range(100):
            page.keyboard.press("Tab")
            name = page.evaluate(
                "(e => e === document.body ? '' : e.id || e.textContent.trim() || e.tagName)(document.activeElement)"
            )
            if not name:
                break
            reached.add(name)
    assert {"Move", "Start the plan", "+1 min", "Set the fault", "Reset", "next", "view-readings"} <= reached


def test_text_from_outside_is_shown_as_text(page: Page, server: Server, provider: Provider, admin: AdminClient) -> None:
    admin.move(PAGE_PROJECT, to="error_voucher", ids=[23456], note=NASTY)
    call(provider, body(projectid=NASTY, status=NASTY))
    requests.post(f"{server.url}/{NASTY}", data=NASTY, timeout=30)
    show(page, server, f"?view=vouchers&project={PAGE_PROJECT}")
    assert NASTY in page.inner_text("#vouchers")
    page.click("#view-requests")
    for n in (1, 2):
        page.click(f".call[data-n='{n}'] summary")
        page.wait_for_selector(f".call[data-n='{n}'] .facts")
    assert NASTY in page.inner_text(".call[data-n='1']")
    assert page.title() == "Requests · apigames-mock"
    assert page.locator("main script, main img").count() == 0


def test_without_script_the_page_is_whole(chromium: Browser, server: Server, provider: Provider) -> None:
    call(provider, body(page=0))
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    show(plain, server)
    assert plain.locator(".call").count() == 1
    plain.fill("[name=text]", "nothing has this")
    plain.click("text=Find")
    plain.wait_for_selector("#calls:has-text('No such request')")
    plain.click("#view-vouchers")
    plain.wait_for_selector("#vouchers")
    assert plain.locator("#vouchers tbody tr").count() == 3
    context.close()


def test_served_elsewhere_it_asks_for_the_token(chromium: Browser, provider: Provider) -> None:
    with Server(provider, host="0.0.0.0", admin_token="the-token") as server:
        page = chromium.new_page()
        show(page, server)
        assert DEMO_PROJECT not in page.content()
        page.fill("[name=token]", "wrong")
        page.click("text=Open")
        assert "admin token" in said(page)
        page.fill("[name=token]", "the-token")
        page.click("text=Open")
        page.wait_for_selector("#requests")
        assert re.search("[?&]token=", page.url) is None
        cookie = page.context.cookies()[0]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        page.click("#view-time")
        page.click("text=+1 h")
        assert "moved" in said(page)
        page.click("text=Log out")
        page.wait_for_selector("[name=token]")
        page.close()
