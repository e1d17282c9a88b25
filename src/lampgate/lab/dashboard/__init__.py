"""The lab's dashboard: a small stand-in for Headlamp that speaks Headlamp's routes.

It exists so that the gateway is tested against the same shapes as in production, traps included. It trusts nobody and
holds no credentials: the caller's own ``Authorization`` goes to the Kubernetes API, and the API decides.
"""
