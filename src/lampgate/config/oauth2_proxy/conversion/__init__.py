"""From what was written to `lampgate.config.settings`: one module for each part of the settings.

Every value is judged here, whichever dialect it came from. A part that cannot be made is None, with the errors found.
"""
