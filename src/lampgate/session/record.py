"""What lampgate knows about a signed-in person.

Plain data, packed often, so these are `msgspec` structs. Times are whole seconds since the epoch. Tokens and
identifiers of sessions are secrets: no ``repr`` shows them.
"""

from __future__ import annotations

from msgspec import Struct, field

#: The issuer of people who have signed in with a password of the file; no provider's, which are URLs.
PASSWORD_FILE = "htpasswd"  # noqa: S105 - a name


class Subject(Struct, frozen=True, omit_defaults=True, rename={"preferred_username": "pu"}):
    """Who signed in, from the ID token's claims.

    :ivar groups_complete: whether ``groups`` are all; where not, the person may be in others as well. Nobody may be
        refused for a group they are not in while that is so.
    :ivar claims: by name, those that a rule or a header asks for; always as texts.
    """

    issuer: str
    sub: str
    tid: str = ""
    oid: str = ""
    name: str = ""
    email: str = ""
    preferred_username: str = ""
    groups: tuple[str, ...] = ()
    groups_complete: bool = True
    roles: tuple[str, ...] = ()
    claims: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The one stable key of a person: ``tid`` + ``oid`` with Entra, else issuer + ``sub``.

        Never the e-mail address or the user name: both can be changed and given to somebody else.
        """
        return f"{self.tid}/{self.oid}" if self.tid and self.oid else f"{self.issuer}#{self.sub}"

    @property
    def is_local(self) -> bool:
        """Whether this is somebody of the password file: unknown to the provider, and without tokens."""
        return self.issuer == PASSWORD_FILE

    @property
    def display_name(self) -> str:
        """For people to read; never to decide on."""
        return self.name or self.preferred_username or self.email or self.sub


class Token(Struct, frozen=True):
    """A token for one resource. Opaque to lampgate except for display.

    :ivar obtained_at: when it was asked for.
    """

    value: str
    expires_at: int
    obtained_at: int = 0

    def __repr__(self) -> str:
        return f"Token(<hidden>, expires_at={self.expires_at})"


class Session(Struct, frozen=True, omit_defaults=True):
    """A signed-in browser.

    :ivar id: random, new at every sign-in.
    :ivar tokens: by name; ``access_token`` is the one for the dashboard's API. A cookie may have left it out.
    :ivar id_token: kept only where a header injection or a sign-out at the provider asks for it.
    :ivar expires_at: the absolute end, whatever happens.
    :ivar generation: how often its tokens were renewed; of two records of one session the higher one is the newer.
    :ivar provider_session: the ``sid`` claim, by which the provider can end it (OpenID Connect Back-Channel Logout).
    :ivar active_at: when the person last did something, as far as is written down; for the idle lifetime.
    :ivar contexts: authentication contexts that the sign-in has met (Entra's ``acrs`` claim).
    """

    id: str
    subject: Subject
    signed_in_at: int
    expires_at: int
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_token: str = ""
    id_token: str = ""
    generation: int = 0
    provider_session: str = ""
    active_at: int = 0
    contexts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Session({self.subject.key}, expires_at={self.expires_at})"

    @property
    def access_token(self) -> Token | None:
        """The token for the dashboard's API, if the record has it."""
        return self.tokens.get("access_token")

    def good_until(self) -> int:
        """The moment from which requests can no longer be forwarded as they are: the end of the session, or of its
        access token, whichever comes first. Zero where there is no access token, and one is needed."""
        if self.subject.is_local:
            return self.expires_at
        token = self.access_token
        return min(self.expires_at, token.expires_at) if token else 0
