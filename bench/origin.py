"""What all peers stand in front of: nginx for files, and a small server of our own for WebSockets and streams."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import BenchmarkError, Running, free_port, program, running

#: The files that are asked for, by name, with their sizes.
FILES = {"1k": 1024, "64k": 64 * 1024, "1m": 1024 * 1024}

_NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  sendfile on;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    root {folder}/files;
    open_file_cache max=16;
    location = /token {{ return 200 "$http_authorization"; }}
  }}
}}
"""


@contextmanager
def files(folder: Path, core: int) -> Iterator[Running]:
    """An nginx that serves `FILES`, and at ``/token`` the ``Authorization`` it got."""
    nginx = program("nginx")
    if nginx is None:
        raise BenchmarkError("nginx is needed as the origin: install it with your system's packages.")
    (folder / "files").mkdir(parents=True)
    for name, size in FILES.items():
        (folder / "files" / name).write_bytes(b"x" * size)
    port = free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port))
    with running([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")], port, core=core, folder=folder) as it:
        yield it


@contextmanager
def sockets(folder: Path, core: int) -> Iterator[Running]:
    """The origin of WebSockets and of the log stream (`bench.loads.socket_origin`)."""
    folder.mkdir()
    port = free_port()
    command = [sys.executable, "-m", "bench.loads.socket_origin", str(port)]
    root = str(Path(__file__).parents[1])
    with running(command, port, core=core, folder=folder, environ={"PYTHONPATH": root}) as it:
        yield it
