"""Sessions in Valkey or Redis, shared by all replicas. The part of `lampgate.session` that does I/O."""
