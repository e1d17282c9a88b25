"""Several workers, signals and listeners: real processes, real signals, free ports."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import trustme

from lampgate.cli.running import Configuration
from lampgate.cli.supervisor import ORDERS, BackOff, Order
from lampgate.config.listener_notation import parse_listener
from lampgate.config.load import Overrides
from tests.cli.test_serve import PATIENCE, configuration, environment, free_port

__all__ = ["environment"]


class Gateway:
    """``lampgate serve`` as a process."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, address: str) -> None:
        self.process = process
        self._log = log
        self.address = address
        self.url = f"http://{address}"

    @property
    def log(self) -> str:
        return self._log.read_text()

    def says(self, text: str, times: int = 1) -> None:
        """Wait until the log says it."""
        self.waits_for(lambda: self.log.count(text) >= times)

    def waits_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.01)

    def workers(self) -> list[int]:
        """The processes that serve, in the order they were started."""
        return [int(number) for number in re.findall(r"serves as process (\d+)", self.log)]

    def get(self, path: str) -> httpx.Response:
        """One request on a connection of its own."""
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=PATIENCE)

    def ends(self) -> int:
        return self.process.wait(PATIENCE)


@contextmanager
def gateway(
    file: Path, environ: dict[str, str], *arguments: str, listen: str | None = None, started: int = 1
) -> Iterator[Gateway]:
    address = listen or f"127.0.0.1:{free_port()}"
    log = file.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lampgate", "serve", str(file), "--listen", address, *arguments],
            env=environ, stdout=output, stderr=output,
        )  # fmt: skip
    running = Gateway(process, log, address)
    try:
        running.waits_for(
            lambda: (
                process.poll() is not None
                or ("Listening" in running.log and (started == 1 or len(running.workers()) >= started))
            )
        )
        yield running
        assert "Traceback" not in running.log, running.log
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "configmap.yaml"
    file.write_text(configuration())
    return file


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended and was not waited for is still there.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_workers_are_restarted_reloaded_and_stopped(file: Path, environment: dict[str, str]) -> None:
    with gateway(file, environment, "--workers", "2", started=2) as running:
        first, second = running.workers()
        assert running.get("/ping").text == "OK"
        for worker in (first, second):
            for shown in ("cmdline", "environ"):
                assert b"secret" not in Path(f"/proc/{worker}/{shown}").read_bytes().lower()

        os.kill(first, signal.SIGKILL)
        assert running.get("/ping").text == "OK", "the other one serves"
        running.says("has ended by SIGKILL; it is started again in 0.5 s")
        running.waits_for(lambda: len(running.workers()) == 3)
        third = running.workers()[-1]

        file.write_text(
            configuration().replace("reverse-proxy: true", 'reverse-proxy: true\n      proxy-prefix: "/gate"')
        )
        running.process.send_signal(signal.SIGHUP)
        running.says("The configuration that was read is in use", times=2)
        for _ in range(4):
            assert running.get("/gate/auth").status_code == 401
            assert running.get("/gate/nowhere").json()["code"] == "portal.not-found"

        running.process.send_signal(signal.SIGTERM)
        assert running.ends() == 0
        assert not is_alive(second)
        assert not is_alive(third)


def test_no_worker_outlives_the_supervisor(file: Path, environment: dict[str, str]) -> None:
    with gateway(file, environment, "--workers", "2", started=2) as running:
        workers = running.workers()
        running.process.kill()
        running.waits_for(lambda: not any(map(is_alive, workers)))


def busy(address: str) -> socket.socket:
    """A connection with a request that is never complete."""
    host, _, port = address.partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(b"POST /oauth2/sign_out HTTP/1.1\r\nHost: x.example\r\nContent-Length: 5\r\n\r\n")
    # It was taken on when a second one is answered: connections are accepted in order.
    assert httpx.get(f"http://{address}/ping", trust_env=False).text == "OK"
    return connection


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_second_signal_ends_at_once(file: Path, environment: dict[str, str], workers: str) -> None:
    with gateway(file, environment, "--workers", workers, started=int(workers)) as running:
        with busy(running.address):
            running.process.send_signal(signal.SIGTERM)
            running.says("Stopping")
            assert running.process.poll() is None
            running.process.send_signal(signal.SIGTERM)
            assert running.ends() == 1
        running.waits_for(lambda: not any(map(is_alive, running.workers())))


def test_a_worker_that_somebody_else_stops_is_replaced(file: Path, environment: dict[str, str]) -> None:
    with gateway(file, environment, "--workers", "2", started=2) as running:
        first, second = running.workers()
        # systemd's way: every process of the service gets the signal, the workers twice.
        os.kill(first, signal.SIGTERM)
        running.says("has ended with code 0; it is started again")
        for _ in range(8):
            assert running.get("/ping").text == "OK", "the sockets are shared, not closed for everybody"
        running.waits_for(lambda: len(running.workers()) == 3)
        with busy(running.address):
            third = running.workers()[-1]
            for number in (running.process.pid, second, third):
                os.kill(number, signal.SIGTERM)
            running.says("Stopping: ", times=4)
            assert running.process.poll() is None, "a signal that came twice is no second signal"


@pytest.mark.parametrize("workers", [1, 2])
def test_no_worker_can_start(file: Path, environment: dict[str, str], workers: int) -> None:
    for name in ("tls.crt", "tls.key"):
        file.with_name(name).write_text("not PEM")
    tls = f"tls-cert-file={file.with_name('tls.crt')},tls-key-file={file.with_name('tls.key')}"
    listen = f"127.0.0.1:{free_port()},{tls}"
    with gateway(file, environment, "--workers", str(workers), listen=listen) as running:
        assert running.ends() == 1
        assert ("Not one worker could start" in running.log) == (workers > 1)
        assert running.log.count("cannot be used") == workers, "each says why"


def test_a_bad_new_configuration_changes_nothing(file: Path, environment: dict[str, str]) -> None:
    with gateway(file, environment) as running:
        good = file.read_text()
        file.write_text(good.replace("cookie-expire", "cookie-expires").replace("email_domains", "emial_domains"))
        running.process.send_signal(signal.SIGHUP)
        running.says("the one that was read before stays in use")
        assert running.log.count("config.unknown-setting") == 2, "every finding is named"
        assert running.get("/oauth2/auth").status_code == 401
        file.write_text(good.replace("reverse-proxy: true", 'reverse-proxy: true\n      cookie-name: "other"'))
        running.process.send_signal(signal.SIGHUP)
        running.says("The configuration that was read is in use")
        assert "session.cookie cannot change while the gateway runs" in running.log
        running.process.send_signal(signal.SIGTERM)
        assert running.ends() == 0


def test_connections_are_accepted_for_a_while_though_not_ready(file: Path, environment: dict[str, str]) -> None:
    with gateway(file, environment, "--pre-stop-delay", "0.8") as running:
        running.process.send_signal(signal.SIGTERM)
        running.says("Stopping")
        assert running.get("/ready").json()["code"] == "gateway.stopping"
        assert running.get("/ping").text == "OK", "it is alive, only no longer wanted"
        assert running.ends() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_local_socket_is_there_while_it_serves(file: Path, environment: dict[str, str], workers: str) -> None:
    path = file.with_name("gateway.sock")
    with gateway(
        file, environment, "--workers", workers, listen=f"unix://{path},mode=0600", started=int(workers)
    ) as running:
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(transport=transport, base_url="http://x.example", trust_env=False) as client:
            assert client.get("/ping").text == "OK"
        running.process.send_signal(signal.SIGTERM)
        assert running.ends() == 0
        assert not path.exists()


def test_a_socket_from_systemd_and_a_certificate(file: Path, environment: dict[str, str]) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(file.with_name("tls.crt")))
    issued.private_key_pem.write_to_path(str(file.with_name("tls.key")))
    authority.cert_pem.write_to_path(str(file.with_name("ca.crt")))
    tls = f"tls-cert-file={file.with_name('tls.crt')},tls-key-file={file.with_name('tls.key')}"
    log = file.with_suffix(".log")
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        port = listener.getsockname()[1]
        # What systemd does: the descriptor, the variables with the process id, and the program.
        script = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); "
            "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); "
            "os.execv(sys.executable, [sys.executable, '-m', 'lampgate', *sys.argv[2:]])"
        )
        serve = ["serve", str(file), "--listen", f"fd:3,{tls}"]
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(listener.fileno()), *serve],
            env=environment, stdout=output, stderr=output, pass_fds=[listener.fileno()],
        )  # fmt: skip
    running = Gateway(process, log, f"127.0.0.1:{port}")
    try:
        running.says(f"Listening on https://127.0.0.1:{port}")
        context = ssl.create_default_context(cafile=str(file.with_name("ca.crt")))
        answer = httpx.get(f"https://127.0.0.1:{port}/ping", verify=context, trust_env=False)
        assert answer.text == "OK"
        process.send_signal(signal.SIGTERM)
        assert running.ends() == 0
    finally:
        process.kill()
        process.wait()


def test_the_pauses_before_a_restart() -> None:
    back_off = BackOff()
    assert [back_off.after(1.0) for _ in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert back_off.after(60.0) == 0.5
    assert back_off.after(59.0) == 1.0


def test_orders_survive_the_channel() -> None:
    listener = parse_listener("unix:///run/x,proxy-protocol-from=unix")
    order = Order(
        number=1,
        files=(Path("/x"),),
        overrides=Overrides(listen=(listener, parse_listener(":1,proxy-protocol-from=10.0.0.0/8")), workers=2),
        listeners=((7, listener),),
        cookie_secret="c2VjcmV0",
    )
    assert ORDERS.validate_json(ORDERS.dump_json(order)) == order
    assert "c2VjcmV0" not in repr(order)


def test_workers_share_one_secret_unless_one_is_configured(
    file: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydantic import SecretBytes

    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", environment["AZURE_FEDERATED_TOKEN_FILE"])
    monkeypatch.delenv("OAUTH2_PROXY_COOKIE_SECRET", raising=False)
    made = SecretBytes(b"k" * 32)
    shared = Configuration((file,), Overrides(), cookie_secret=made)
    assert shared.load().settings.session.cookie.secret == made
    monkeypatch.setenv("OAUTH2_PROXY_COOKIE_SECRET", "tYq7vN2kLr9wXz4bHc8mPd3gFs6jKa1e")
    assert shared.load().settings.session.cookie.secret not in (made, None)
