"""What checks look at: one form for oauth2-proxy's configurations and lampgate's own, loadable or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lampgate.config.nodes import Entry, List, Node
from lampgate.config.nodes import Mapping as MappingNode
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.written import WrittenGateway, WrittenProvider
from lampgate.config.settings import Place, Settings

_ENTRA_HOSTS = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "sts.windows.net"}
)
_TENANTLESS = frozenset({"", "common", "organizations", "consumers"})


@dataclass(frozen=True, slots=True)
class Subject:
    """A configuration under examination.

    :ivar place: of the configuration as a whole.
    :ivar options: oauth2-proxy's options; None for lampgate's own file.
    :ivar gateway: what is said about provider, upstreams and headers; None where that could not be read.
    :ivar alpha: oauth2-proxy's alpha configuration.
    :ivar settings: None where lampgate refuses the configuration.
    :ivar plain_secrets: the places of secrets that stand in the files in plain text, by what they are.
    :ivar headlamp: values for Headlamp's own Helm chart that were given as well.
    """

    place: Place
    options: Options | None
    gateway: WrittenGateway | None
    alpha: MappingNode | None
    settings: Settings | None
    places: Mapping[str, Place] = field(default_factory=dict)
    plain_secrets: Sequence[tuple[str, Place]] = ()
    headlamp: Sequence[MappingNode] = ()

    @property
    def is_oauth2_proxy(self) -> bool:
        """Whether it is a configuration of oauth2-proxy."""
        return self.options is not None

    def seconds(self, flag: str) -> tuple[float, Place] | None:
        """A duration that was written."""
        written = self.options.written(flag, float) if self.options is not None else None
        return (written.value, written.place) if written is not None else None

    def texts(self, flag: str) -> tuple[tuple[str, ...], Place] | None:
        """A list that was written."""
        written = self.options.written(flag, tuple) if self.options is not None else None
        return (written.value, written.place) if written is not None else None

    def is_on(self, flag: str) -> Place | None:
        """The place where a switch was set to true."""
        return self._switch(flag, wanted=True)

    def is_off(self, flag: str) -> Place | None:
        """The place where a switch was set to false."""
        return self._switch(flag, wanted=False)

    def _switch(self, flag: str, *, wanted: bool) -> Place | None:
        written = self.options.written(flag, bool) if self.options is not None else None
        return written.place if written is not None and written.value is wanted else None

    @property
    def provider(self) -> WrittenProvider | None:
        """What is said about the provider."""
        return self.gateway.provider if self.gateway is not None else None

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that are asked for."""
        scope = self.provider.scope if self.provider is not None else None
        return tuple(scope.value.split()) if scope is not None else ()

    @property
    def scope_place(self) -> Place:
        """Where the scopes are, or would be."""
        if self.provider is None:
            return self.place
        return (
            self.provider.scope.place if self.provider.scope is not None else self.provider.section.place_of("scope")
        )

    @property
    def is_entra(self) -> bool:
        """Whether the provider is Microsoft Entra ID."""
        provider = self.provider
        if provider is None:
            return False
        if provider.kind is not None and provider.kind.value in ("entra-id", "azure"):
            return True
        return self._issuer()[0] in _ENTRA_HOSTS

    @property
    def is_tenantless(self) -> bool:
        """Whether accounts of every tenant of Entra can sign in."""
        host, path = self._issuer()
        return host in _ENTRA_HOSTS and path.strip("/").partition("/")[0].lower() in _TENANTLESS

    def _issuer(self) -> tuple[str, str]:
        issuer = self.provider.issuer_url if self.provider is not None else None
        try:
            parts = urlsplit(issuer.value.strip()) if issuer is not None else None
        except ValueError:
            return "", ""
        return ((parts.hostname or "").lower(), parts.path) if parts is not None else ("", "")

    @property
    def email_domains(self) -> tuple[tuple[str, ...], Place] | None:
        """The e-mail domains that are admitted."""
        if self.settings is not None:
            return self.settings.allow.email_domains, self.places.get("allow.email_domains", self.place)
        return self.texts("email-domain")

    def alpha_entries(self, key: str) -> list[Entry]:
        """Every entry of this key in the alpha configuration, whatever its case and depth."""
        return list(_entries(self.alpha, key.lower())) if self.alpha is not None else []


def _entries(node: Node, key: str) -> list[Entry]:
    match node:
        case MappingNode():
            found = [entry for entry in node if entry.key.lower() == key]
            return found + [each for entry in node for each in _entries(entry.value, key)]
        case List(items=items):
            return [each for item in items for each in _entries(item, key)]
    return []
