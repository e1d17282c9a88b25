"""The families of checks, one module each."""
