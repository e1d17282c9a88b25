"""The OpenID Connect relying party: everything between "sign in, please" and "this is who signed in".

`provider` is the door; behind it, `metadata` (discovery), `scopes`, `attempt` (one sign-in under way), `keys` and
`id_token` (who signed in), `client_authentication` and `token_response` (the token endpoint), `fetch` (bytes from
the provider, bounded).
"""
