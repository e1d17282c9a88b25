"""The offline lab: an Entra tenant, an AKS API front and a dashboard stand-in, each its own origin on loopback.

Never imported by the gateway. It speaks to the gateway, and the gateway to it, over HTTP only.
"""
