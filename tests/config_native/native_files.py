"""Native files to start from."""

from __future__ import annotations

from tests.config.configurations import CLIENT_ID, TENANT

SMALLEST = f"""\
lampgate: 1
public_url: https://headlamp.company.com
tenant: {TENANT}
client_id: {CLIENT_ID}
upstream: http://headlamp:80
"""

FULL = f"""\
lampgate: 1
public_url: https://headlamp.company.com
listen: [0.0.0.0:4180, "[::1]:4181"]
provider:
  kind: oidc
  issuer_url: https://login.microsoftonline.com/{TENANT}/v2.0
  client_id: {CLIENT_ID}
  client_authentication:
    kind: secret
    secret: env:CLIENT_SECRET
  scopes: [openid, offline_access]
session:
  lifetime: 12h
  idle_timeout: 1h30m
  cookie:
    secret: env:COOKIE_SECRET
allow:
  email_domains: [company.com]
  groups: null
upstreams:
  - id: main
    url: http://headlamp:80
    body_bytes: 10MiB
    stream_idle_timeout: 90
inject:
  - name: Authorization
    values:
      - claim: access_token
        prefix: "Bearer "
trusted_proxies: [10.244.0.0/16, 10.0.0.7]
limits:
  head_bytes: 64KiB
metrics:
  port: 9090
"""

ENVIRONMENT = {"CLIENT_SECRET": "s3cret-of-the-client", "COOKIE_SECRET": "tYq7vN2kLr9wXz4bHc8mPd3gFs6jKa1e"}
