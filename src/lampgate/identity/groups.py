"""The groups of a person who is in more of them than an ID token has room for ("groups overage").

Entra then leaves the claim out (`lampgate.identity.subject.lacks_groups`), and Microsoft Graph has to be asked:
``POST /v1.0/me/getMemberObjects`` with a token of its own, which the same refresh token is redeemed for. The address
that the ID token names instead is of a service that has been shut down, so it is not followed. What cannot be found
out is never an empty list: the subject says that its groups are not complete, and rules about groups cannot be told.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from lampgate.errors import LampgateError
from lampgate.identity.errors import GroupsUnknownError, quoted
from lampgate.identity.fetch import ProviderClient
from lampgate.identity.metadata import ProviderMetadata
from lampgate.identity.subject import SubjectNeeds
from lampgate.session.record import Subject

_log = logging.getLogger("lampgate.identity")

#: Microsoft Graph under its application id, which is the same in every cloud. ``.default`` asks for what has been
#: consented to; ``User.Read`` suffices.
GRAPH_SCOPE = "00000003-0000-0000-c000-000000000000/.default"

#: So many groups are kept where all of them are asked for (a header with them takes 74 KB).
MOST_GROUPS = 2_000
#: Seconds for both requests together: somebody waits for the end of their sign-in.
_TIME_LIMIT = 8.0
#: Seconds an answer is used again for the same person, who may sign in on several devices.
_ANSWER_AGE = 300.0
#: Seconds a failure is, so that Graph is left alone while it cannot answer.
_FAILURE_AGE = 15.0
#: One entry holds the groups that matter, at most `MOST_GROUPS`: 50 MB where everybody is in that many.
_MOST_ANSWERS = 250

#: Redeems a refresh token for a token with this scope, for Graph.
RedeemForGraph = Callable[[str, str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is known of a person.

    :ivar groups: None: it could not be found out.
    :ivar complete: whether these are all that matter.
    """

    groups: tuple[str, ...] | None
    complete: bool
    until: float


class GroupLookup:
    """Completes subjects that lack groups.

    :param needs: which groups matter.
    :param redeem: gets a token for Graph.
    :param client: asks Graph.
    """

    def __init__(
        self, needs: SubjectNeeds, *, redeem: RedeemForGraph, client: ProviderClient, clock: Callable[[], float]
    ) -> None:
        self._needs = needs
        self._redeem = redeem
        self._client = client
        self._clock = clock
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    async def complete(
        self, subject: Subject, metadata: ProviderMetadata, refresh_token: str, known: Subject | None = None
    ) -> Subject:
        """The subject with the groups that matter.

        :param known: the same person as known before; where Graph does not answer, these groups still hold.
        """
        if subject.groups_complete or not self._needs.any_groups:
            return subject
        answer = await self._answer(subject, metadata, refresh_token)
        if answer.groups is not None:
            return msgspec.structs.replace(subject, groups=answer.groups, groups_complete=answer.complete)
        if known is not None and known.groups_complete:
            return msgspec.structs.replace(subject, groups=known.groups, groups_complete=True)
        return subject

    def _that_matter(self, groups: frozenset[str], key: str) -> tuple[tuple[str, ...], bool]:
        """The groups to keep, and whether they are all that matter: a session may be kept in a cookie."""
        if self._needs.groups is not None:
            return tuple(sorted(groups & self._needs.groups)), True
        if len(groups) > MOST_GROUPS:
            _log.warning("%d groups of a person, of which %d are kept: %s", len(groups), MOST_GROUPS, quoted(key))
        return tuple(sorted(groups)[:MOST_GROUPS]), len(groups) <= MOST_GROUPS

    async def _answer(self, subject: Subject, metadata: ProviderMetadata, refresh_token: str) -> _Answer:
        earlier = self._answers.get(subject.key)
        if earlier is not None and earlier.until > self._clock():
            return earlier
        try:
            async with asyncio.timeout(_TIME_LIMIT):
                groups, complete = self._that_matter(await self._ask(metadata, refresh_token), subject.key)
        except (TimeoutError, LampgateError) as error:
            reason = str(error) or f"no answer within {_TIME_LIMIT:g} seconds"
            _log.warning("groups not known: subject=%s: %s", quoted(subject.key), reason)
            answer = _Answer(None, complete=False, until=self._clock() + _FAILURE_AGE)
        else:
            answer = _Answer(groups, complete, self._clock() + _ANSWER_AGE)
        self._answers[subject.key] = answer
        self._answers.move_to_end(subject.key)
        while len(self._answers) > _MOST_ANSWERS:
            self._answers.popitem(last=False)
        return answer

    async def _ask(self, metadata: ProviderMetadata, refresh_token: str) -> frozenset[str]:
        if not metadata.graph_host:
            raise _unknown("the provider's discovery document names no Graph to ask")
        if not refresh_token:
            raise _unknown(
                "there is no refresh token to get a token for Graph with",
                "Let the application be granted offline_access.",
            )
        token = await self._redeem(refresh_token, GRAPH_SCOPE)
        # Over TLS wherever the provider itself is: only a test's provider on loopback is not.
        url = f"{urlsplit(metadata.token_endpoint).scheme}://{metadata.graph_host}/v1.0/me/getMemberObjects"
        answer = await self._client.post_json(
            url, {"securityEnabledOnly": False}, {"Authorization": f"Bearer {token}"}
        )
        body = answer.document if isinstance(answer.document, dict) else {}
        groups = body.get("value")
        if answer.status != 200 or not isinstance(groups, list):
            said = body.get("error")
            message = quoted(said.get("message"), (token,)) if isinstance(said, dict) else ""
            raise _unknown(
                f"Graph answered with HTTP status {answer.status}" + (f": {message}" if message else ""),
                "Grant the application the delegated permission User.Read of Microsoft Graph."
                if answer.status in (401, 403)
                else "Wait until Graph has recovered; it is asked again at the next sign-in.",
            )
        return frozenset(group for group in groups if isinstance(group, str) and group.isprintable())


def _unknown(cause: str, remedy: str = "") -> GroupsUnknownError:
    return GroupsUnknownError(
        "The groups that the ID token had no room for cannot be found out", cause=cause, remedy=remedy
    )
