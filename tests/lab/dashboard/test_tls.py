"""The API's certificate is checked, for requests and for WebSockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from lampgate.lab.dashboard.app import create_app
from tests.lab.dashboard.fake_api import FakeApi, token
from tests.lab.dashboard.serving import serving

HEADERS = {"Authorization": f"Bearer {token('ada@contoso.example')}"}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_api(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("tls") / "api.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(file)
    with serving(FakeApi().app(), certificate=file) as origin:
        yield origin


def trusting(authority: trustme.CA, folder: Path) -> Path:
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


def request_and_socket(dashboard: str) -> tuple[str, connect]:
    cluster = f"{dashboard}/clusters/main"
    return f"{cluster}/api/v1/pods", connect(f"{cluster}/echo".replace("http", "ws"), proxy=None)


async def test_the_authority_of_the_file_is_trusted(tls_api: str, authority: trustme.CA, tmp_path: Path) -> None:
    with serving(create_app(tls_api, trusting(authority, tmp_path))) as dashboard:
        pods, echo = request_and_socket(dashboard)
        async with httpx.AsyncClient() as client:
            assert (await client.get(pods, headers=HEADERS)).status_code == 200
        async with echo as socket:
            assert socket.response is not None
            assert socket.response.status_code == 101


async def test_another_authority_is_not(tls_api: str, tmp_path: Path) -> None:
    with serving(create_app(tls_api, trusting(trustme.CA(), tmp_path))) as dashboard:
        pods, echo = request_and_socket(dashboard)
        async with httpx.AsyncClient() as client:
            answer = await client.get(pods, headers=HEADERS)
        assert answer.status_code == 502
        assert "certificate verify failed" in answer.json()["message"]
        with pytest.raises(InvalidStatus) as refusal:
            await echo
        assert refusal.value.response.status_code == 502
