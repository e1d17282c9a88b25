"""oauth2-proxy's dialects: its command line, environment, TOML file, alpha YAML and Helm chart values.

`inventory`, `alpha_keys` and `chart_keys` declare what there is and where lampgate stands to it; the other modules
read it.
"""
