"""The OpenID Connect relying party: everything between "sign in, please" and "this is who signed in".

`provider` is the door; behind it, `metadata` (discovery), `scopes`, `attempt` (one sign-in under way), `keys` and
`id_token` (who signed in), `groups` (where the ID token had no room for them), `client_authentication` and
`token_response` (the token endpoint), `named_tokens` (tokens for further resources), `fetch` (bytes from the
provider, bounded).
"""
