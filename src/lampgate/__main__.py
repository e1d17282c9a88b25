"""``python -m lampgate``."""

from lampgate.cli.main import main

main()
