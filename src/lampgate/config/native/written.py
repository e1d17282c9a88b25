"""Settings in the common form that oauth2-proxy's configurations are judged in (`oauth2_proxy.written`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from lampgate.config.oauth2_proxy.written import (
    Section,
    Written,
    WrittenGateway,
    WrittenHeader,
    WrittenHeaderValue,
    WrittenProvider,
    WrittenSecret,
    WrittenUpstream,
)
from lampgate.config.settings import HeaderInjection, Place, ProviderSettings, Settings

_KINDS = {"oidc": "oidc", "entra": "entra-id"}
_KEYS = {
    name: name for name in ("kind", "client_id", "issuer_url", "client_authentication")
} | {"client_secret": "client_authentication", "scope": "scopes"}  # fmt: skip


def written_headers(inject: Sequence[HeaderInjection], place: Callable[[int], Place]) -> tuple[WrittenHeader, ...]:
    """The headers that are injected."""
    return tuple(
        WrittenHeader(
            Written(header.name, place(index)),
            tuple(
                WrittenHeaderValue(Written(value.claim, place(index)), Written(value.prefix, place(index)))
                if value.claim
                else WrittenHeaderValue(secret=WrittenSecret("value", Written("judged elsewhere", place(index))))
                for value in header.values
            ),
            place(index),
        )
        for index, header in enumerate(inject)
    )


def written_provider(provider: ProviderSettings, place: Callable[[str], Place]) -> WrittenProvider:
    """The provider as oauth2-proxy's configuration would say it, but for the client's credential.

    :param place: where a field was written, or where it would be.
    """
    # Any secret will do: the credential has rules of its own in each dialect.
    return WrittenProvider(
        section=Section(place("id"), _KEYS),
        id=Written(provider.id, place("id")),
        kind=Written(_KINDS[provider.kind], place("kind")),
        client_id=Written(provider.client_id, place("client_id")),
        client_secret=Written("judged elsewhere", place("client_authentication")),
        issuer_url=Written(provider.issuer_url, place("issuer_url")),
        scope=Written(" ".join(provider.scopes), place("scopes")),
        ca_files=Written(tuple(map(str, provider.ca_files)), place("ca_files")) if provider.ca_files else None,
    )


def written_gateway(settings: Settings, places: Mapping[str, Place], root: Place) -> WrittenGateway:
    """All that the common form can say."""

    def place(path: str) -> Place:
        return places.get(path) or places.get(path.rpartition(".")[0]) or root

    upstreams = tuple(
        WrittenUpstream(
            section=Section(place(f"upstreams.{index}"), {}),
            url=Written(upstream.url, place(f"upstreams.{index}.url")),
            insecure_skip_verify=Written(
                upstream.tls.insecure_skip_verify, place(f"upstreams.{index}.tls.insecure_skip_verify")
            ),
        )
        for index, upstream in enumerate(settings.upstreams)
    )
    unverified = Written(settings.provider.allow_unverified_email, place("provider.allow_unverified_email"))
    return WrittenGateway(
        section=Section(root, {}),
        provider=replace(
            written_provider(settings.provider, lambda name: place(f"provider.{name}")),
            allow_unverified_email=unverified,
        ),
        upstreams=upstreams,
        headers=written_headers(settings.inject, lambda index: place(f"inject.{index}")),
    )
