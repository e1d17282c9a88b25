"""The page in a real browser, with the gateway's part (a token on every request) played by `SignedIn`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from lampgate.lab.dashboard.app import create_app
from tests import chromium
from tests.lab.dashboard.cluster_objects import pod
from tests.lab.dashboard.fake_api import AKS_SERVER, NO_ROLE, FakeApi, token
from tests.lab.dashboard.serving import serving
from tests.lab.dashboard.signed_in import SignedIn

CLIENT = "5b1e0c44-2f7d-4a86-8c1e-9d3f60a7b215"
ID_TOKEN = (
    "This is an ID token: it says who someone is, not what they may do. "
    f"Its audience is {CLIENT}; the API accepts only tokens for the audience {AKS_SERVER}."
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium.executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def gateway(api_origin: str) -> SignedIn:
    return SignedIn(create_app(api_origin, None))


@pytest.fixture(scope="module")
def origin(gateway: SignedIn) -> Iterator[str]:
    with serving(gateway) as origin:
        yield origin


@pytest.fixture
def page(browser: Browser, api: FakeApi, gateway: SignedIn, origin: str) -> Iterator[Page]:
    """A page signed in as Ada; it fails where a script fails or the content security policy objects."""
    gateway.token, gateway.asks_to_reload = token("ada@contoso.example"), False
    context = browser.new_context(base_url=origin)
    page = context.new_page()
    page.set_default_timeout(5000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert problems == []


def row(page: Page, name: str) -> Locator:
    return page.locator(f'tr[data-name="{name}"]')


def test_the_overview_counts_what_there_is_and_says_who_one_is(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/c/main$"))
    expect(page.get_by_test_id("whoami")).to_contain_text("ada@contoso.example")
    expect(page.get_by_test_id("stand-in")).to_contain_text("a stand-in for Headlamp")
    expect(page.get_by_test_id("card-pods")).to_contain_text("6 running · 1 waiting · 1 failing · 1 completed")
    expect(page.get_by_test_id("card-secrets")).to_contain_text("3")
    expect(page.get_by_test_id("card-nodes")).to_contain_text("all ready")
    expect(page.get_by_test_id("warnings")).to_contain_text("FailedMount")
    expect(page.get_by_test_id("sign-out")).to_have_attribute("href", "/oauth2/sign_out")


def test_a_link_after_sign_in_leads_to_its_view(page: Page) -> None:
    page.goto("/?to=/c/main/secrets")
    expect(page.get_by_test_id("secrets-table")).to_be_visible()
    expect(page.get_by_test_id("nav-secrets")).to_have_attribute("aria-current", "page")


def test_pods_appear_change_and_vanish_as_the_cluster_says(page: Page, api: FakeApi) -> None:
    page.goto("/c/main/pods")
    expect(page.get_by_test_id("pods-table").locator("tbody tr")).to_have_count(9)
    expect(row(page, "payments-6c9d7f5b8-x2lqv")).to_contain_text("CrashLoopBackOff")
    expect(page.get_by_test_id("live-status")).to_have_text("Live")
    api.change("ADDED", "pods", pod("shop", "cart-1", phase="Pending", waiting="ContainerCreating"))
    expect(row(page, "cart-1")).to_contain_text("ContainerCreating")
    api.change("MODIFIED", "pods", pod("shop", "cart-1"))
    expect(row(page, "cart-1")).to_contain_text("Running")
    expect(row(page, "cart-1")).to_have_class(re.compile("changed"))
    api.change("DELETED", "pods", pod("shop", "cart-1"))
    expect(row(page, "cart-1")).to_have_count(0)


def test_a_watch_that_ends_is_taken_up_again_and_nothing_is_missed(page: Page, api: FakeApi) -> None:
    page.goto("/c/main/pods")
    status = page.get_by_test_id("live-status")
    expect(status).to_have_text("Live")
    api.hang_up("pods")
    expect(status).to_have_text("Reconnecting")
    api.objects["pods"].append(pod("shop", "came-meanwhile"))
    expect(row(page, "came-meanwhile")).to_be_visible()
    expect(status).to_have_text("Live")


def test_a_name_that_looks_like_markup_stays_text(page: Page, api: FakeApi) -> None:
    name = "<img src=x onerror=alert(1)>"
    api.objects["pods"] = [pod("shop", name)]
    page.goto("/c/main/pods")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    assert page.locator("td img").count() == 0


def test_pods_can_be_filtered_by_name_and_namespace(page: Page) -> None:
    page.goto("/c/main/pods")
    rows = page.get_by_test_id("pods-table").locator("tbody tr")
    page.get_by_test_id("namespace-select").select_option("ledger")
    expect(rows).to_have_count(2)
    expect(page).to_have_url(re.compile(r"namespace=ledger"))
    page.get_by_test_id("pods-filter").fill("nightly")
    expect(rows).to_have_count(1)
    page.get_by_test_id("pods-filter").fill("nothing")
    expect(page.get_by_test_id("empty")).to_have_text("Nothing matches the filter.")


def test_a_pods_log_is_followed(page: Page, api: FakeApi) -> None:
    page.goto("/c/main/pods")
    page.get_by_role("link", name="checkout-5d8f7c9b6-4tq7m").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("checkout-5d8f7c9b6-4tq7m")
    output = page.get_by_test_id("log-output")
    expect(output).to_contain_text("café opened")
    api.say("a new line, with ünïcode")
    expect(output).to_contain_text("a new line, with ünïcode")
    page.get_by_test_id("log-container").select_option("proxy")
    expect(output).to_contain_text("a new line")
    assert "container=proxy" in [seen.target for seen in api.seen if "/log?" in seen.target][-1]
    api.hang_up("log")
    expect(page.get_by_test_id("log-status")).to_have_text("Ended")
    page.get_by_test_id("log-again").click()
    expect(page.get_by_test_id("log-status")).to_have_text("Following")


def test_a_secrets_value_is_fetched_only_when_revealed(page: Page, api: FakeApi) -> None:
    page.goto("/c/main/secrets")
    expect(row(page, "payments-api")).to_contain_text("Opaque")
    assert "correct horse" not in page.content()
    assert [seen.method for seen in api.seen if seen.target.endswith("/secrets/payments-api")] == []
    page.get_by_test_id("reveal-payments-api").click()
    expect(page.get_by_test_id("secret-values")).to_contain_text("correct horse battery staple")
    page.get_by_test_id("reveal-payments-api").click()
    expect(page.get_by_test_id("secret-values")).to_have_count(0)
    page.get_by_test_id("reveal-ledger-db").click()
    expect(page.get_by_test_id("secret-values")).to_contain_text("<script>alert(1)</script>")


def test_a_403_is_shown_word_for_word_and_explained(page: Page, gateway: SignedIn) -> None:
    gateway.token = token("rita@contoso.example")
    page.goto("/c/main/secrets")
    panel = page.get_by_test_id("forbidden")
    expect(panel).to_contain_text("You may not list secrets in all namespaces")
    expect(panel.get_by_test_id("api-message")).to_have_text(
        'secrets is forbidden: User "rita@contoso.example" cannot list resource "secrets" in API group "" '
        f"at the cluster scope: {NO_ROLE}"
    )
    expect(panel).to_contain_text("Azure RBAC said no; a role assignment is needed.")
    page.goto("/c/main")
    expect(page.get_by_test_id("card-nodes")).to_contain_text("You may not list nodes.")
    expect(page.get_by_test_id("card-pods")).to_contain_text("9")


def test_who_may_see_one_namespace_types_its_name_once(page: Page, gateway: SignedIn) -> None:
    gateway.token = token("wes@contoso.example")
    page.goto("/c/main/pods")
    page.get_by_test_id("namespace-input").fill("Not A Name")
    page.get_by_test_id("namespace-submit").click()
    expect(page.get_by_role("alert")).to_contain_text("small letters")
    page.get_by_test_id("namespace-input").fill("shop")
    page.get_by_test_id("namespace-submit").click()
    expect(page.get_by_test_id("pods-table").locator("tbody tr")).to_have_count(5)
    page.goto("/c/main/workloads")
    expect(page.get_by_test_id("namespace-select")).to_have_value("shop")
    expect(page.get_by_test_id("deployments-table").locator("tbody tr")).to_have_count(4)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            token("ada@contoso.example", aud=CLIENT, ver="2.0"),
            ID_TOKEN,
        ),
        (token("ada@contoso.example", aud="https://graph.microsoft.com"), "This is a token for Microsoft Graph."),
        (token("ada@contoso.example", exp=1), "This token has expired."),
        ("", "No token reached the dashboard"),
    ],
    ids=["ID token", "token for Graph", "expired", "none"],
)
def test_a_401_is_explained(page: Page, gateway: SignedIn, sent: str, expected: str) -> None:
    gateway.token = sent
    page.goto("/c/main/pods")
    expect(page.get_by_test_id("unauthorized")).to_contain_text("The Kubernetes API refused the token (401)")
    expect(page.get_by_test_id("why")).to_contain_text(expected)
    assert not sent or sent not in page.content()


def test_what_may_i_do_asks_the_api_for_every_cell(page: Page, api: FakeApi, gateway: SignedIn) -> None:
    gateway.token = token("wes@contoso.example")
    page.goto("/c/main/access?namespace=shop")
    there, everywhere = page.get_by_test_id("access-namespace"), page.get_by_test_id("access-all")
    expect(there.get_by_test_id("access-reasons")).to_contain_text("Access allowed by Azure RBAC Role Assignment")
    expect(everywhere.get_by_test_id("access-reasons")).to_contain_text(NO_ROLE)
    expect(there.locator("td .no")).to_have_count(0)
    expect(everywhere.locator("td .yes")).to_have_count(0)
    asked = sum(seen.target.endswith("/selfsubjectaccessreviews") for seen in api.seen)
    assert asked == there.locator("td .yes").count() + everywhere.locator("td .no").count()


def test_x_reload_reloads_the_page_but_not_for_ever(page: Page, gateway: SignedIn) -> None:
    page.goto("/c/main/pods")
    expect(page.get_by_test_id("pods-table")).to_be_visible()
    loads: list[str] = []
    page.on("domcontentloaded", lambda loaded: loads.append(loaded.url))
    gateway.token, gateway.asks_to_reload = "", True
    page.get_by_test_id("nav-secrets").click()
    expect(page.get_by_test_id("unauthorized")).to_contain_text("asked this page to load anew")
    assert len(loads) == 2


def test_a_lost_cluster_is_told(page: Page, api: FakeApi) -> None:
    page.clock.install()
    page.goto("/c/main/namespaces")
    expect(page.get_by_test_id("namespaces-table")).to_be_visible()
    page.route("**/clusters/main/healthz", lambda route: route.abort())
    for _ in range(2):
        with page.expect_event("requestfailed"):
            page.clock.run_for(5000)
    expect(page.get_by_test_id("lost-connection")).to_be_visible()


def test_it_works_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/c/main")
    for name, shown in [("pods", "pods-table"), ("secrets", "secrets-table"), ("access", "access-all")]:
        page.get_by_test_id("menu").click()
        page.get_by_test_id(f"nav-{name}").click()
        expect(page.get_by_test_id(shown)).to_be_visible()
        expect(page.get_by_test_id(f"nav-{name}")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_keyboard_gets_everywhere(page: Page) -> None:
    page.goto("/c/main")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_test_id("nav-pods").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Pods")).to_be_focused()


READABLE = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const [r, g, b] = rgb(colour).map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const { backgroundColor } = getComputedStyle(element);
      if (backgroundColor !== "rgba(0, 0, 0, 0)") return backgroundColor;
    }
    return "white";
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !element.checkVisibility()) continue;
    const [one, other] = [getComputedStyle(element).color, ground(element)].map(light).sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) poor.push(`${element.textContent.trim()}: ${contrast.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_enough_contrast(page: Page, theme: Literal["light", "dark"]) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    page.emulate_media(color_scheme=theme)
    page.goto("/c/main/pods/shop/payments-6c9d7f5b8-x2lqv")
    expect(page.get_by_test_id("events-table")).to_be_visible()
    assert page.evaluate(READABLE) == []
    for name in ("overview", "pods", "workloads", "secrets", "access"):
        page.get_by_test_id(f"nav-{name}").click()
        expect(page.locator(".loading")).to_have_count(0)
        assert page.evaluate(READABLE) == []
