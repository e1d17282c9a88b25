"""What has gone wrong in oauth2-proxy, and what keeps it from happening here: docs/oauth2-proxy-lessons.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lesson:
    """One of them.

    :ivar source: the CVE; empty for what the current release still does.
    :ivar tests: that attack it, as pytest names them.
    """

    what: str
    here: str
    tests: tuple[str, ...]
    source: str = ""


_PATHS = "tests/conformance/test_open_paths.py::test_paths"
_RETURNS = "tests/identity/test_return_path.py::test_everything_else_becomes_the_root"
_HEADERS = "tests/conformance/test_headers.py::test_a_clients_copies_never_arrive"

LESSONS: tuple[Lesson, ...] = (
    Lesson(
        "Signing in could be forged from another site.",
        "The state is sealed into a cookie of that sign-in alone, and compared before anything else.",
        (
            "tests/portal/test_sign_in.py::test_callback_of_another_browser",
            "tests/portal/test_sign_in.py::test_callback_with_another_state_never_redeems_the_code",
        ),
        "CVE-2017-1000069",
    ),
    Lesson(
        "`//evil.example` was a place to return to.",
        "One judge for every return path, which looks at what browsers make of it.",
        (_RETURNS,),
        "CVE-2017-1000070",
    ),
    Lesson("`/\\evil.example` was one, too.", "No backslash, decoded or not.", (_RETURNS,), "CVE-2020-5233"),
    Lesson(
        "Encoded white space led past the check.",
        "The path is decoded until nothing changes any more, and judged then.",
        (_RETURNS,),
        "CVE-2020-11053",
    ),
    Lesson(
        "More such paths were found.",
        "2,176 combinations and random ones, resolved as a browser would.",
        (
            "tests/identity/test_return_path.py::test_whatever_is_put_together_a_browser_stays_here",
            "tests/identity/test_return_path.py::test_whatever_comes_out_stays_on_our_origin",
        ),
        "CVE-2020-4037",
    ),
    Lesson(
        "`.example.com` in the list admitted `evilexample.com`.",
        "Hosts and e-mail domains are compared by whole labels.",
        (
            "tests/identity/test_return_hosts.py::test_other_hosts",
            "tests/conformance/test_people.py::test_email_rules",
        ),
        "CVE-2021-21291",
    ),
    Lesson(
        "A rule about groups silently stopped to act.",
        "Every rule is tested with somebody it refuses, and one that is unknown stops the start.",
        (
            "tests/conformance/test_people.py::test_groups",
            "tests/config/test_inventory.py::test_what_works_changes_the_settings_or_is_judged",
        ),
        "CVE-2021-21411",
    ),
    Lesson(
        "Rules about what needs no session matched the query.",
        "They look at the path that the upstream will see, and at nothing else.",
        (_PATHS,),
        "CVE-2025-54576",
    ),
    Lesson(
        "`X_Forwarded_User` passed where `X-Forwarded-User` was dropped.",
        "Names are compared with `_` as `-`, and no header with an underscore passes.",
        (_HEADERS,),
        "CVE-2025-64484",
    ),
    Lesson(
        "Signing out left the session's cookie.",
        "A sign-out deletes every cookie of ours and ends the session itself, WebSockets included.",
        (
            "tests/portal/test_sign_out.py::test_ones_own_wish",
            "tests/gateway/test_websockets.py::test_signing_out_closes_the_sockets_of_that_session_only",
        ),
        "CVE-2026-34454",
    ),
    Lesson(
        "A health check's `User-Agent` opened every path.",
        "A health check is known by its path; nothing is decided by `User-Agent`.",
        ("tests/conformance/test_open_paths.py::test_a_user_agent_opens_nothing",),
        "CVE-2026-34457",
    ),
    Lesson(
        "Anybody's `X-Forwarded-Uri` chose the path that was judged.",
        "It counts from listed peers, for `/oauth2/auth` alone; nobody is listed by default.",
        ("tests/conformance/test_open_paths.py::test_paths_that_a_proxy_in_front_asks_about",),
        "CVE-2026-40575",
    ),
    Lesson(
        "`#` and `%23` cut the path that was judged.",
        "There is one canonical path; one that servers could read in two ways gets 400.",
        (_PATHS,),
        "CVE-2026-41059",
    ),
    Lesson(
        "`a@evil.com@company.com` was of the domain company.com.",
        "An address with two `@` is of no domain.",
        (
            "tests/conformance/test_people.py::test_email_rules",
            "tests/conformance/test_people.py::test_addresses_of_no_domain",
        ),
        "CVE-2026-40574",
    ),
    Lesson(
        "`trusted-ip` believes a header that anybody can send.",
        "The address counts as far as listed proxies vouch for it.",
        ("tests/conformance/test_open_paths.py::test_addresses",),
    ),
    Lesson(
        "`reverse-proxy` trusts every peer unless some are listed.",
        "Nobody is trusted by default.",
        ("tests/gateway/test_origins.py::test_nobody_is_trusted_by_default",),
    ),
    Lesson(
        "With `proxyRawPath` a rule and the upstream can see different paths.",
        "The bytes that are forwarded are the bytes that were judged.",
        (_PATHS, "tests/conformance/test_routing.py::test_upstreams"),
    ),
    Lesson(
        "The chart's public cookie secret is accepted, and goes before the one in the file.",
        "Secrets that everybody knows are refused.",
        ("tests/config/test_cookie_secret.py::test_public_secrets",),
    ),
    Lesson(
        "Nonce and PKCE are off by default, and the code is redeemed before the state is compared.",
        "Both are always on; the state comes first.",
        (
            "tests/portal/test_sign_in.py::test_callback_with_another_state_never_redeems_the_code",
            "tests/identity/test_misbehaving_op.py::test_oidcc_client_test_nonce_invalid",
        ),
    ),
    Lesson(
        "A session keeps its identifier through sign-ins, and may have no end.",
        "Every sign-in is a new session, with an absolute end.",
        (
            "tests/portal/test_sign_in.py::test_every_sign_in_makes_a_new_session",
            "tests/gateway/test_gate.py::test_a_session_ends_on_time_though_its_cookie_was_seen_before",
        ),
    ),
    Lesson(
        "One key signs every kind of cookie, without saying which; the cipher is not authenticated.",
        "AES-GCM with the purpose as associated data: a text for one purpose opens for no other.",
        (
            "tests/session/test_seal.py::test_a_text_for_one_purpose_does_not_open_for_another",
            "tests/session/test_seal.py::test_one_changed_bit_is_noticed",
        ),
    ),
    Lesson(
        "Trust in the provider's certificate extends to the upstreams.",
        "Each has its own.",
        ("tests/gateway/test_upstreams_tls.py::test_unknown_authority",),
    ),
    Lesson(
        "Tokens that requests bring are not held to the allowed tenants.",
        "The same rules hold for them as for sessions.",
        ("tests/gateway/test_bearer.py::test_a_good_token_of_somebody_who_may_not_pass",),
    ),
    Lesson(
        "Identity headers of clients, `Impersonate-*` and the session's cookie reach the upstream.",
        "None of them does.",
        (_HEADERS, "tests/wire/test_cookies.py::test_without_never_lets_a_prefix_through"),
    ),
    Lesson(
        "Another site can sign people out, and open WebSockets in their name.",
        "A sign-out of somebody else's asks first; changes and WebSockets of other origins are refused.",
        (
            "tests/portal/test_sign_out.py::test_somebody_elses_wish_is_asked_about",
            "tests/gateway/test_gate.py::test_websockets_are_refused",
            "tests/gateway/test_gate.py::test_changes_are_refused",
        ),
    ),
    Lesson(
        "The access log has codes and states in it.",
        "It has paths without their queries.",
        (
            "tests/gateway/test_forwarding.py::test_the_log_names_the_person_and_never_the_token",
            "tests/replicas/test_redaction.py::test_nothing_of_a_whole_run_is_said",
        ),
    ),
    Lesson(
        "Calls to the provider have no time-out, and a bad signature makes it fetch the keys anew.",
        "Every call is bounded; unknown keys make it ask now and then.",
        (
            "tests/identity/test_misbehaving_op.py::test_a_provider_that_never_finishes_its_answer_is_given_up",
            "tests/identity/test_misbehaving_op.py::test_unknown_key_ids_do_not_make_us_hammer_the_provider",
        ),
    ),
    Lesson(
        "A failed renewal was stored as a good one.",
        "Only a complete token response renews; a refusal ends the session, silence does not.",
        (
            "tests/identity/test_refreshing_op.py::test_a_refusal_ends_the_session_and_silence_does_not",
            "tests/identity/test_misbehaving_op.py::test_token_responses_that_are_not_usable",
        ),
    ),
    Lesson(
        "Error pages can print internals; banner and footer are HTML.",
        "Pages say what was decided to be said; the operator's words are plain text.",
        (
            "tests/portal/test_endpoints.py::test_a_mistake_of_ours_is_a_page_of_ours",
            "tests/portal/test_sign_in.py::test_texts_of_the_sign_in_page",
        ),
    ),
)

_INTRODUCTION = (
    "Published weaknesses of oauth2-proxy and its predecessor, then what its release 7.15.3 still does by default "
    "or by design, each with the tests that try the same here."
)


def page() -> str:
    """The page in the docs."""
    rows = []
    for lesson in LESSONS:
        tests = "<br>".join(f"`{test.removeprefix('tests/').replace('.py::test_', ': ')}`" for test in lesson.tests)
        rows.append(f"| {lesson.source} | {lesson.what} | {lesson.here} | {tests} |")
    head = ["# What has gone wrong in oauth2-proxy, and what keeps it from happening here", "", _INTRODUCTION, ""]
    return "\n".join([*head, "| | there | here | tested by |", "| --- | --- | --- | --- |", *rows, ""])
