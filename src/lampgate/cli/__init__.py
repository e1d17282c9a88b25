"""The command line: one file a command. Errors become sentences and exit codes here."""
