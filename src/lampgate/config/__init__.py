"""Settings: one typed model (`settings`), and one loader for each dialect that can be turned into it."""
