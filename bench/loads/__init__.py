"""The load, each kind a program of its own, so that it can be pinned to a core."""
