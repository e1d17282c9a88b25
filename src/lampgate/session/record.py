"""What lampgate knows about a signed-in person.

Plain data, packed often, so these are `msgspec` structs. Times are whole seconds since the epoch. Tokens and
identifiers of sessions are secrets: no ``repr`` shows them.
"""

from __future__ import annotations

from msgspec import Struct, field


class Subject(Struct, frozen=True, omit_defaults=True, rename={"preferred_username": "pu"}):
    """Who signed in, from the ID token's claims."""

    issuer: str
    sub: str
    tid: str = ""
    oid: str = ""
    name: str = ""
    email: str = ""
    preferred_username: str = ""
    groups: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The one stable key of a person: ``tid`` + ``oid`` with Entra, else issuer + ``sub``.

        Never the e-mail address or the user name: both can be changed and given to somebody else.
        """
        return f"{self.tid}/{self.oid}" if self.tid and self.oid else f"{self.issuer}#{self.sub}"

    @property
    def display_name(self) -> str:
        """For people to read; never to decide on."""
        return self.name or self.preferred_username or self.email or self.sub


class Token(Struct, frozen=True):
    """A token for one resource. Opaque to lampgate except for display."""

    value: str
    expires_at: int

    def __repr__(self) -> str:
        return f"Token(<hidden>, expires_at={self.expires_at})"


class Session(Struct, frozen=True, omit_defaults=True):
    """A signed-in browser.

    :ivar id: random, new at every sign-in.
    :ivar tokens: by name; ``access_token`` is the one for the dashboard's API.
    :ivar id_token: kept only where a header injection asks for it.
    :ivar expires_at: the absolute end, whatever happens.
    """

    id: str
    subject: Subject
    signed_in_at: int
    expires_at: int
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_token: str = ""
    id_token: str = ""

    def __repr__(self) -> str:
        return f"Session({self.subject.key}, expires_at={self.expires_at})"

    def good_until(self) -> int:
        """The moment from which this session no longer admits a request: its own end or its access token's."""
        access_token = self.tokens.get("access_token")
        return min(self.expires_at, access_token.expires_at) if access_token else self.expires_at
