"""The lab's AKS API front: a Kubernetes API over an in-memory cluster, with AKS's sign-in and Azure's permissions.

A request goes authentication (401) -> impersonation -> request info -> authorization (403) -> handler, in that
order, as in the real API server.
"""
