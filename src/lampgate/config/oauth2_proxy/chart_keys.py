"""Every key of oauth2-proxy's Helm chart values (chart 10.7, and older ones back to 6), as data."""

from __future__ import annotations

#: They say how oauth2-proxy is deployed, not what it does. lampgate's own deployment decides about these.
DEPLOYMENT = frozenset(
    {
        "affinity", "autoscaling", "checkDeprecation", "containerPort", "customLabels", "deploymentAnnotations",
        "dnsConfig", "dnsPolicy", "enableServiceLinks", "extraContainers", "extraInitContainers", "extraObjects",
        "extraVolumeMounts", "extraVolumes", "fullnameOverride", "gatewayApi", "global", "hostAliases",
        "httpScheme", "image", "imagePullSecrets", "ingress", "initContainers", "kubeVersion", "lifecycle",
        "livenessProbe", "metrics", "nameOverride", "namespaceOverride", "networkPolicy", "nodeSelector",
        "podAnnotations", "podDisruptionBudget", "podLabels", "podSecurityContext", "priorityClassName",
        "readinessProbe", "redis", "redis-ha", "replicaCount", "resizePolicy", "resources", "revisionHistoryLimit",
        "securityContext", "service", "serviceAccount", "strategy", "terminationGracePeriodSeconds", "tolerations",
        "topologySpreadConstraints",
    }
)  # fmt: skip

#: Where the chart mounts the entries of ``htpasswdFile``.
PASSWORD_FILE = "/etc/oauth2_proxy/htpasswd/users.txt"  # noqa: S105 - a path

#: They say what oauth2-proxy does, and are read.
PROXY = frozenset(
    {
        "alphaConfig", "authenticatedEmailsFile", "config", "envFrom", "extraArgs", "extraEnv", "htpasswdFile",
        "proxyVarsAsSecrets", "sessionStorage",
    }
)  # fmt: skip

ALL = DEPLOYMENT | PROXY

CONFIG = frozenset(
    {
        "annotations", "clientID", "clientSecret", "configFile", "cookieName", "cookieSecret", "emailDomains",
        "existingConfig", "existingSecret", "forceLegacyConfig", "google", "requiredSecretKeys", "upstreams",
    }
)  # fmt: skip

ALPHA_CONFIG = frozenset(
    {
        "annotations", "configData", "configFile", "enabled", "existingConfig", "existingSecret",
        "metricsConfigData", "serverConfigData",
    }
)  # fmt: skip

#: Keys of the Secret that the chart makes, or is told of with ``config.existingSecret``, and the variable and the
#: values key each stands for.
SECRET_KEYS = {
    "client-id": ("OAUTH2_PROXY_CLIENT_ID", "clientID"),
    "client-secret": ("OAUTH2_PROXY_CLIENT_SECRET", "clientSecret"),
    "cookie-secret": ("OAUTH2_PROXY_COOKIE_SECRET", "cookieSecret"),
}

#: Where the chart tells oauth2-proxy to listen.
BIND_ADDRESS = "0.0.0.0:4180"
SECURE_BIND_ADDRESS = "0.0.0.0:4443"
