"""nginx as a proxy that asks nobody who they are: the floor."""

from __future__ import annotations

from bench.peers.peer import Command, Place, first_line
from bench.processes import program

_CONFIGURATION = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
worker_rlimit_nofile 19000;
events {{ worker_connections 18000; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_max_temp_file_size 0;
  upstream files {{ server 127.0.0.1:{files}; keepalive 64; keepalive_requests 1000000000; }}
  upstream sockets {{ server 127.0.0.1:{sockets}; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1;
    location / {{ proxy_pass http://files; proxy_set_header Connection ""; }}
    location = /stream {{ proxy_pass http://sockets; proxy_set_header Connection ""; }}
    location = /ws {{
      proxy_pass http://sockets;
      proxy_set_header Connection Upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_read_timeout 3600s;
    }}
  }}
}}
"""


class Nginx:
    """See `Peer`."""

    name = "nginx, without sign-in"
    callback = ""

    def program(self) -> str | None:
        """See `Peer.program`."""
        return program("nginx")

    def version(self) -> str:
        """See `Peer.version`."""
        return first_line(self.program() or "", "-v").rpartition("/")[2]

    def command(self, place: Place) -> Command:
        """See `Peer.command`."""
        text = _CONFIGURATION.format(folder=place.folder, port=place.port, files=place.files, sockets=place.sockets)
        return Command([self.program() or "", "-p", str(place.folder), "-c", place.write("nginx.conf", text)])
