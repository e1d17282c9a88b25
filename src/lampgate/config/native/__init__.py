"""lampgate's own configuration file, ``lampgate.yaml``: one dialect, typed, drawn from the settings model.

Keys are the model's field names. What a field takes, which keys there are, the JSON Schema and the file that
``lampgate convert`` writes are all derived from `lampgate.config.settings.Settings` (`shapes`), so that a new field
needs nothing here. Above the model there are a few short forms (`short_forms`).

The file begins with ``lampgate: 1``. That line, and not the file's name or a guess by its other keys, says that it is
this dialect: a file in which everything else is misspelt is still recognised and explained, it can live in any key of
a ConfigMap, and a later form of the file can be told from this one.
"""
