"""The page at `/__admin/` in a real browser: what it shows, what its buttons do, by keyboard and at phone width."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests

from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.testing.admin_client import AdminClient
from mockserver.web.server import Server
from tests.support.asking import DEMO_PROJECT, MERCHANT, PAGE_PROJECT, PATH, SECRET, fields
from tests.support.chromium import browser

pytestmark = pytest.mark.once

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

NASTY = '<script>document.title="broken in"</script><img src=x onerror="document.title=1">'
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    opened = chromium.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda message: troubles.append(message.text) if _is_trouble(message) else None)
    elsewhere: list[str] = []
    opened.on(
        "request", lambda sent: None if sent.url.startswith((server.url, "data:")) else elsewhere.append(sent.url)
    )
    opened.goto(f"{server.url}/__admin/?project={DEMO_PROJECT}&limit=10")
    yield opened
    opened.close()
    assert troubles == []
    assert elsewhere == []


def _is_trouble(message: ConsoleMessage) -> bool:
    # A refused call is noted by the browser itself; the page says it in its own words.
    return message.type == "error" and "Failed to load resource" not in message.text


def post(server: Server, **changed: object) -> None:
    requests.post(server.url + PATH, json=fields(**changed), timeout=30)


def test_projects_and_vouchers_are_shown(page: Page) -> None:
    assert page.title() == "apigames-mock"
    assert page.locator(".card").count() == 2
    assert page.locator(".card.chosen").inner_text().startswith(DEMO_PROJECT)
    assert page.locator("#vouchers tbody tr").count() == 10
    assert "page 1 of 14 · 137 vouchers" in page.inner_text(".pages")
    assert page.inner_text("[data-count=success]") == "62"


def test_filters_and_pages_are_links(page: Page) -> None:
    page.click(".filters a:has-text('error_voucher')")
    page.wait_for_url("**status=error_voucher**")
    assert page.locator("#vouchers tbody tr").count() == 9
    page.click(".filters a:has-text('all')")
    page.wait_for_url("**limit=10&page=1#project")
    page.click("text=next")
    page.wait_for_url("**page=2**")
    assert "page 2 of 14" in page.inner_text(".pages")


def test_vouchers_are_moved_and_the_bar_follows(page: Page, server: Server) -> None:
    width = page.get_attribute("#bar rect[data-status=success]", "width")
    page.fill("[name=count]", "5")
    page.click("form[aria-label='Move vouchers'] button")
    page.wait_for_selector("#notice:has-text('5 vouchers moved')")
    page.wait_for_selector("[data-count=success]:text-is('67')")
    assert page.get_attribute("#bar rect[data-status=success]", "width") != width
    assert AdminClient(server.url).project(DEMO_PROJECT)["stats"]["success"] == 67


def test_one_voucher_is_moved_in_its_row(page: Page, server: Server) -> None:
    row = page.locator("#vouchers tbody tr").first
    voucher_id = row.locator("td").first.inner_text()
    row.locator("select").select_option("error_engine")
    page.wait_for_selector("[data-count=error_engine]:text-is('7')")
    shown = requests.get(f"{server.url}/__admin/projects/{DEMO_PROJECT}/vouchers/{voucher_id}", timeout=30).json()
    assert shown["status"] == "error_engine"


def test_what_others_do_shows_by_itself(page: Page, server: Server) -> None:
    AdminClient(server.url).move(DEMO_PROJECT, "pending", to="success")
    page.wait_for_selector("[data-count=pending]:text-is('0')")
    post(server)
    page.wait_for_selector("#call-1")


def test_a_diagnosis_opens_in_place_with_a_line_to_repeat_the_call(page: Page, server: Server) -> None:
    post(server, signature=sign(SECRET, MERCHANT))
    page.wait_for_selector("#call-1")
    page.click("#call-1 summary")
    page.wait_for_selector("#call-1 .finding")
    assert "md5(secret_key + merchant_id)" in page.inner_text("#call-1 .finding")
    assert "$SIGNATURE" in page.inner_text("#call-1 .curl")
    post(server)
    page.wait_for_selector("#call-2")
    assert page.is_visible("#call-1 .finding"), "what was open stays open"


def test_calls_that_were_cleared_leave_the_page(page: Page, server: Server) -> None:
    for _ in range(3):
        post(server)
    page.wait_for_selector("#call-3")
    AdminClient(server.url).clear_requests()
    page.wait_for_selector("#requests .empty")
    assert page.locator(".call").count() == 0


def test_calls_after_a_reset_take_the_place_of_those_of_the_same_number(page: Page, server: Server) -> None:
    post(server, signature=sign(SECRET, MERCHANT))
    post(server)
    page.click("#call-1 summary")
    page.wait_for_selector("#call-1 .finding")
    page.route("**/__admin/?*", lambda route: route.abort())
    AdminClient(server.url).reset()
    post(server, page=4)
    post(server, page=5)
    page.click("#call-2 summary")
    page.wait_for_selector("#call-2 .inside:has-text('forgotten')")
    page.unroute("**/__admin/?*")
    page.wait_for_selector("#call-2:has-text('page=5')")
    assert "page=4" in page.inner_text("#call-1")
    assert page.locator(".call[open]").count() == 0
    page.click("#call-1 summary")
    page.wait_for_selector("#call-1 .facts")
    assert page.locator("#call-1 .finding").count() == 0


def test_a_call_has_the_time_that_the_clock_shows(page: Page, server: Server) -> None:
    post(server)
    page.wait_for_selector("#call-1")
    assert page.inner_text(".clock time").endswith(page.inner_text("#call-1 .time"))


def test_it_is_said_that_a_fault_takes_the_place_of_others(page: Page) -> None:
    assert "takes the place of every fault" in page.inner_text("form[aria-label='Set a fault']")


def test_the_clock_is_moved(page: Page, server: Server) -> None:
    before = AdminClient(server.url).clock()["now"]
    page.click("text=+1 min")
    page.wait_for_selector(".clock .tag:has-text('moved')")
    assert AdminClient(server.url).clock()["now"] == before + 60
    page.click("text=Freeze")
    page.wait_for_selector(".clock .tag:has-text('frozen')")


def test_a_fault_is_set_and_cleared(page: Page, server: Server) -> None:
    page.select_option("[name=fault]", "html_502")
    page.fill("[name=times]", "2")
    page.click("text=Set the fault")
    page.wait_for_selector(".rule:has-text('on the next 2')")
    assert requests.post(server.url + PATH, json=fields(), timeout=30).status_code == 502
    page.wait_for_selector(".rule:has-text('on the next 1')")
    page.click("text=Clear the faults")
    page.wait_for_selector("#faults-now:has-text('every reply gets through')")


def test_how_long_a_call_took_is_told_without_its_fault(server: Server) -> None:
    requests.post(server.url + PATH, json=fields(projectid="RMOCKDELAY0.01"), timeout=30)
    assert "ms before the fault</span>" in requests.get(f"{server.url}/__admin/", timeout=30).text


def test_a_plan_is_started(page: Page, server: Server) -> None:
    page.select_option("[name=transition]", "immediate")
    page.click("text=Start the plan")
    page.wait_for_selector("[data-count=pending]:text-is('0')")
    assert AdminClient(server.url).project(DEMO_PROJECT)["plan"] == {"transition": "immediate"}


def test_a_reset_asks_first(page: Page, server: Server) -> None:
    AdminClient(server.url).move(DEMO_PROJECT, to="success")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("text=Reset")
    assert AdminClient(server.url).project(DEMO_PROJECT)["stats"]["success"] == 137
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Reset")
    page.wait_for_selector("[data-count=success]:text-is('62')")


def test_readings_in_force_and_where_each_came_from(page: Page, server: Server) -> None:
    AdminClient(server.url).put_readings({"http_status": "200"})
    page.wait_for_selector("#readings .changed")
    assert page.inner_text("#readings .changed").split() == ["http_status", "200", "admin"]


def test_text_from_outside_is_shown_as_text(page: Page, server: Server) -> None:
    admin = AdminClient(server.url)
    admin.move(PAGE_PROJECT, to="error_voucher", ids=[23456], note=NASTY)
    post(server, projectid=NASTY, status=NASTY)
    requests.post(f"{server.url}/{NASTY}", data=NASTY, timeout=30)
    page.goto(f"{server.url}/__admin/?project={PAGE_PROJECT}")
    assert NASTY in page.inner_text("#vouchers")
    for n in (1, 2):
        page.click(f"#call-{n} summary")
        page.wait_for_selector(f"#call-{n} .facts")
    assert NASTY in page.inner_text("#call-1")
    assert page.title() == "apigames-mock"
    assert page.locator("main script, main img").count() == 0


def test_an_error_is_said(page: Page) -> None:
    page.fill("[name=seconds]", "99999")
    page.click("text=Set the fault")
    page.wait_for_selector("#notice:has-text('does not fit')")


def test_everything_is_reached_by_keyboard(page: Page, server: Server) -> None:
    post(server)
    page.wait_for_selector("#call-1")
    reached = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(e => e.textContent.trim().slice(0, 20) || e.name)(document.activeElement)"))
    assert {"Move", "Start the plan", "+1 min", "Set the fault", "Reset", "next"} <= reached
    page.focus("#call-1 summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#call-1 .facts")


def test_it_fits_a_phone(chromium: Browser, server: Server) -> None:
    post(server, note="x" * 300, projectid="y" * 300)
    AdminClient(server.url).move(PAGE_PROJECT, to="error_voucher", ids=[23456], note="z" * 300)
    phone = chromium.new_page(viewport=PHONE)  # type: ignore[arg-type] # a size is a plain dict
    phone.goto(f"{server.url}/__admin/")
    phone.click("#call-1 summary")
    phone.wait_for_selector("#call-1 .facts")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.close()


def test_without_script_the_page_is_whole(chromium: Browser, server: Server) -> None:
    post(server)
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{server.url}/__admin/")
    assert plain.locator("#vouchers tbody tr").count() == 3
    assert plain.locator("#call-1").count() == 1
    context.close()


def test_served_elsewhere_it_asks_for_the_token(chromium: Browser, provider: Provider) -> None:
    with Server(provider, host="0.0.0.0", admin_token="the-token") as server:
        page = chromium.new_page()
        page.goto(f"{server.url}/__admin/")
        assert "Authorization" not in page.content() or "R250101DEMO000137" not in page.content()
        page.fill("[name=token]", "wrong")
        page.click("text=Open")
        page.wait_for_selector("#notice:has-text('admin token')")
        page.fill("[name=token]", "the-token")
        page.click("text=Open")
        page.wait_for_selector("#projects")
        cookie = page.context.cookies()[0]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        page.click("text=+1 h")
        page.wait_for_selector(".clock .tag:has-text('moved')")
        page.close()


def test_nothing_may_be_loaded_from_elsewhere(server: Server) -> None:
    policy = requests.get(f"{server.url}/__admin/", timeout=30).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
