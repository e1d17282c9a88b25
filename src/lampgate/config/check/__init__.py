"""``lampgate check``: everything that is wrong or risky about a configuration, also one that lampgate refuses.

Each family of checks is a module in `families` with its rules; `registry` holds them all together. A new check is a
`Rule` and a few lines in its family; texts, JSON, SARIF and the page of documentation follow.
"""
