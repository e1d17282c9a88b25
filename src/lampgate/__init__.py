"""lampgate: an identity-aware gateway for Kubernetes dashboards behind Microsoft Entra ID.

The folders are the way of a request; `docs/architecture.md` draws it.
"""

__version__ = "0.1.0"
