"""An OpenID provider that behaves like Microsoft Entra ID (v2.0 endpoints) for the lab's one tenant.

`tenant.Tenant` is the state, `app.create_app` serves it. What it issues is accepted by the lab only.
"""
