"""``lampgate.yaml``: what it takes, and what is said about what it does not take."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.load import Overrides
from lampgate.config.oauth2_proxy.cookie_secret import key_bytes
from lampgate.config.settings import (
    ClientSecret,
    ClientSecretFile,
    FederatedToken,
    HeaderInjection,
    InjectedValue,
    ListenAddress,
)
from tests.config.configurations import ALPHA, ANY_HOST, CLIENT_ID, COOKIE_SECRET, ISSUER, LEGACY, Loader, config_map
from tests.config_native.native_files import ENVIRONMENT, FULL, SMALLEST


def test_the_smallest_file_is_the_scenario(loader: Loader) -> None:
    settings = loader.load(SMALLEST).settings
    assert settings.public_url == "https://headlamp.company.com"
    assert settings.provider.kind == "entra"
    assert settings.provider.issuer_url == ISSUER
    assert settings.provider.client_id == CLIENT_ID
    assert settings.provider.client_authentication == FederatedToken(path=loader.token)
    assert settings.provider.scopes[0] == "6dae42f8-4368-4678-94ff-3960e28e3630/user.read"
    assert "offline_access" in settings.provider.scopes
    assert settings.allow.email_domains == ("*",)
    assert settings.inject == (
        HeaderInjection(name="Authorization", values=(InjectedValue(claim="access_token", prefix="Bearer "),)),
    )
    assert [(upstream.url, upstream.path, upstream.profile) for upstream in settings.upstreams] == [
        ("http://headlamp:80", "/", "headlamp")
    ]


def test_a_full_file(loader: Loader) -> None:
    loaded = loader.load(FULL, environ=ENVIRONMENT)
    settings = loaded.settings
    assert settings.listen == (ListenAddress(host=ANY_HOST, port=4180), ListenAddress(host="::1", port=4181))
    assert settings.session.lifetime == 12 * 3600
    assert settings.session.idle_timeout == 5400
    assert settings.upstreams[0].body_bytes == 10 * 1024 * 1024
    assert settings.upstreams[0].stream_idle_timeout == 90
    assert settings.limits.head_bytes == 65536
    assert settings.allow.groups is None
    assert [str(network) for network in settings.trusted_proxies] == ["10.244.0.0/16", "10.0.0.7/32"]
    authentication = settings.provider.client_authentication
    assert isinstance(authentication, ClientSecret)
    assert authentication.secret.get_secret_value() == ENVIRONMENT["CLIENT_SECRET"]
    assert settings.session.cookie.secret is not None
    assert settings.session.cookie.secret.get_secret_value() == key_bytes(COOKIE_SECRET)
    assert (loaded.places["session.idle_timeout"].line, loaded.places["session.idle_timeout"].column) == (14, 3)


def test_it_is_recognised_in_a_config_map(loader: Loader) -> None:
    inside = loader.load(config_map("lampgate.yaml", SMALLEST))
    assert inside.settings == loader.load(SMALLEST).settings
    assert inside.places["upstreams.0.url"].line == 11


@pytest.mark.parametrize("text", ["0.0.0.0:4180", ":4180", "[0.0.0.0:4180]", "[{host: 0.0.0.0, port: 4180}]"])
def test_listening_has_a_short_form(loader: Loader, text: str) -> None:
    assert loader.load(f"{SMALLEST}listen: {text}\n").settings.listen == (ListenAddress(host=ANY_HOST, port=4180),)


def test_the_preset_gives_way_to_what_is_written(loader: Loader) -> None:
    text = f"{SMALLEST}inject: []\nallow:\n  groups: [admins]\nprovider:\n  scopes: [openid]\n"
    settings = loader.load(text).settings
    assert settings.inject == ()
    assert (settings.allow.email_domains, settings.allow.groups) == (("*",), ("admins",))
    assert settings.provider.scopes == ("openid",)
    assert settings.provider.kind == "entra"


def test_a_client_secret_from_a_file_can_be_rotated(loader: Loader) -> None:
    text = f"{SMALLEST}client_secret: file:{loader.token}\n"
    assert loader.load(text).settings.provider.client_authentication == ClientSecretFile(path=loader.token)


def test_a_client_secret_from_a_variable(loader: Loader) -> None:
    settings = loader.load(f"{SMALLEST}client_secret: env:SECRET\n", environ={"SECRET": "abc"}).settings
    authentication = settings.provider.client_authentication
    assert isinstance(authentication, ClientSecret)
    assert authentication.secret.get_secret_value() == "abc"


@pytest.mark.parametrize("key", ["secret: file:", "secret_file: "])
def test_cookie_secrets_from_a_file(loader: Loader, key: str) -> None:
    file = loader.folder / "secrets"
    file.write_text(f"{COOKIE_SECRET}\n0dLer-0ne-Of-Th1rty-Tw0-Bytes-xY\n")
    cookie = loader.load(f"{SMALLEST}session:\n  cookie:\n    {key}{file}\n").settings.session.cookie
    assert cookie.secret is not None
    assert cookie.secret.get_secret_value() == key_bytes(COOKIE_SECRET)
    assert len(cookie.earlier_secrets) == 1
    assert cookie.secret_file == file


def test_the_command_line_goes_first(loader: Loader) -> None:
    overrides = Overrides(listen=(ListenAddress(host="127.0.0.2", port=1),), public_url="https://other.company.com/")
    settings = loader.load(SMALLEST, overrides=overrides).settings
    assert settings.listen == (ListenAddress(host="127.0.0.2", port=1),)
    assert settings.public_url == "https://other.company.com"


WRONG = [
    ("lampgate: 1\n", "lampgate: 2\n", "config.invalid-value", "line 1 column 1, lampgate", "Write lampgate: 1"),
    ("lampgate: 1\n", "", "config.missing-setting", "line 1 column 1", "lampgate: 1"),
    ("public_url", "public_ur", "config.unknown-setting", "line 2 column 1, public_ur", "Did you mean “public_url”?"),
    ("tenant: ", "tenant: ..your-tenant.. #", "config.placeholder-left", "line 3 column 1, tenant", "Directory"),
    ("client_id: ", "client_id: 12 #", "config.invalid-value", "line 4 column 1, client_id", "quotes"),
    ("https://headlamp.", "http://headlamp.", "config.invalid-value", "line 2 column 1, public_url", "https://"),
    ("company.com", "company.com/ui", "config.invalid-value", "line 2 column 1, public_url", "host only"),
    ("http://headlamp:80", "http://headlamp:80/ui", "config.invalid-value", "line 5 column 1, upstream", "Remove"),
    ("upstream: http://headlamp:80\n", "", "config.missing-setting", "line 1 column 1, upstreams", "Add it"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "remedy"), WRONG, ids=[f"{old}>{new}"[:40] for old, new, *_ in WRONG]
)
def test_what_is_wrong_is_said_with_its_place(
    loader: Loader, old: str, new: str, code: str, place: str, remedy: str
) -> None:
    error = loader.error(SMALLEST.replace(old, new, 1))
    assert error.code == code
    assert error.place.endswith(f"0.conf {place}")
    assert remedy in error.remedy


ADDED = [
    ("session: {lifetime: 0}", "session.lifetime", "above 0"),
    ("session: {lifetime: 5x}", "session.lifetime", "takes a duration"),
    ("session: {lifetime: null}", "session.lifetime", "has no value"),
    ("session: {idle_timeout: 30s}", "session.idle_timeout", "1m or more"),
    ("session: {cookie: {secret: XXXXXXXXXXXXXXXX}}", "session.cookie.secret", "everybody knows"),
    ("session: {cookie: {secret: pLanted}}", "session.cookie.secret", "16, 24 or 32 bytes"),
    ("session: {cookie: {secret: env:NOT_SET}}", "session.cookie.secret", "is not set"),
    ("session: {cookie: {secret_file: /no/such/file}}", "session.cookie.secret_file", "cannot be read"),
    ("session: {cookie: {name: __Host-x}}", "session.cookie.name", "not a usable name"),
    ("session: {cookie: {same_site: stict}}", "session.cookie.same_site", "no such choice"),
    ("session: []", "session", "takes keys"),
    ("listen: [x]", "listen[0]", "an address to listen on"),
    ("trusted_proxies: [0.0.0.0/0]", "trusted_proxies[0]", "every address"),
    ("trusted_proxies: [10.0.0.1/8]", "trusted_proxies[0]", "IP address or network"),
    ("trusted_proxies: 10.0.0.1", "trusted_proxies", "takes a list"),
    ("limits: {head_bytes: 5 X}", "limits.head_bytes", "takes a size"),
    ("limits: {connections: 1.5}", "limits.connections", "takes a whole number"),
    ("portal: {skip_sign_in_page: 'yes'}", "portal.skip_sign_in_page", "true or false"),
    ("portal: {ping_path: /ready}", "portal", "differ"),
    ("metrics: {}", "metrics.port", "port is missing"),
    ("upstreams: [{id: a, url: 'http://a'}]", "upstream", "both given"),
    ("provider: {client_authentication: {kind: secrt}}", "provider.client_authentication.kind", "no such kind"),
    ("provider: {client_authentication: {}}", "provider.client_authentication", "has no kind"),
    ("provider: {client_id: x}", "client_id", "both given"),
    ("client_secret: ''", "client_secret", "is empty"),
    ("client_secret: file:relative", "client_secret", "absolute path"),
    ("client_secret: <your-secret>", "client_secret", "placeholder"),
    ("allow: {email_domains: [you@company.com]}", "allow.email_domains[0]", "is not one"),
    ("step_up: [{path: '(', context: c1}]", "step_up[0].path", "regular expression"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "key", "sentence"), ADDED, ids=[line for line, *_ in ADDED])
def test_a_value_that_cannot_be_is_refused(loader: Loader, line: str, key: str, sentence: str) -> None:
    error = loader.error(f"{SMALLEST}{line}\n")
    assert error.place.rpartition(", ")[2] == key
    assert sentence in error.sentence
    assert error.remedy
    assert " column " in error.place
    assert "pLanted" not in str(error)


def test_everything_is_said_at_once(loader: Loader) -> None:
    text = SMALLEST.replace("client_id", "clientid") + "session: {lifetime: 0}\nupstreams: [{id: a}, {url: 1}, 3]\n"
    keys = [error.place.rpartition(", ")[2] for error in loader.errors(text)]
    entries = ["upstreams[0].url", "upstreams[1].id", "upstreams[1].url", "upstreams[2]"]
    assert keys == ["clientid", "upstream", "session.lifetime", *entries]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lampgate: 1\nlampgate: 1\n", "given twice"),
        ("lampgate: 1\n---\nlampgate: 1\n", "a second document"),
        ("lampgate: [", "not valid YAML"),
        ("lampgate: &a [*a]", "alias"),
        ("- lampgate: 1\n", "takes keys with values"),
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("lampgate: 1\na: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)
        ), "too large"),
    ],
)  # fmt: skip
def test_documents_that_are_none(loader: Loader, text: str, sentence: str) -> None:
    assert any(sentence in error.sentence for error in loader.errors(text))


def test_one_gateway_has_one_configuration(loader: Loader) -> None:
    assert "a second lampgate.yaml" in loader.error(SMALLEST, SMALLEST).sentence
    assert "a configuration of oauth2-proxy" in loader.error(SMALLEST, ALPHA).sentence


def test_without_the_federated_token_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    loader = Loader(tmp_path)
    loader.environ.clear()
    error = loader.error(SMALLEST)
    assert "AZURE_FEDERATED_TOKEN_FILE is not set" in error.sentence
    assert "azure.workload.identity/use" in error.remedy


def test_only_native_files_name_columns(loader: Loader) -> None:
    assert " column " not in loader.error(LEGACY.replace("email_domains", "email_domain_s")).place


DOCUMENTED = (Path(__file__).parents[2] / "docs/configuration.md").read_text("utf-8")


@pytest.mark.parametrize("number", [0, 1], ids=["smallest", "full"])
def test_the_documented_files_load(loader: Loader, number: int) -> None:
    blocks = ["lampgate: 1\n" + part.partition("\n\n")[0] for part in DOCUMENTED.split("    lampgate: 1\n")[1:]]
    text = "\n".join(line.removeprefix("    ") for line in blocks[number].splitlines()) + "\n"
    secret = loader.folder / "cookie"
    secret.write_text(COOKIE_SECRET)
    text = text.replace("/var/run/secrets/lampgate/cookie", str(secret)).replace("example.com", "company.com")
    assert loader.load(text).settings.provider.kind == "entra"


def test_parameters_of_the_sign_in_request(loader: Loader) -> None:
    document = SMALLEST + "provider: {login_parameters: {prompt: login}}\n"
    assert loader.load(document).settings.provider.login_parameters == {"prompt": "login"}
    error = loader.error(SMALLEST + "provider: {login_parameters: {state: mine}}\n")
    assert "lampgate's own" in str(error)


def test_headers_of_further_tokens_claims_and_secrets(loader: Loader) -> None:
    text = f"""{SMALLEST}provider: {{tokens: {{graph: [https://graph.microsoft.com/.default]}}}}
inject:
  - {{name: X-Graph, values: [{{claim: "token:graph", prefix: "Bearer "}}]}}
  - {{name: X-Department, values: [{{claim: "claim:department"}}]}}
  - {{name: X-Key, values: [{{secret: "env:CLIENT_SECRET"}}]}}
  - {{name: Authorization, values: [{{claim: user, basic_password: "env:CLIENT_SECRET"}}]}}
"""
    inject = loader.load(text, environ=ENVIRONMENT).settings.inject
    assert [value.claim for header in inject for value in header.values] == [
        "token:graph", "claim:department", "", "user",
    ]  # fmt: skip
    assert ENVIRONMENT["CLIENT_SECRET"] not in repr(inject)
