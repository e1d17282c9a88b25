// The kinds of objects this page knows, and where the API keeps them.

const kind = (group, plural, singular, title, namespaced = true) => ({ group, plural, singular, title, namespaced });

export const KINDS = {
  namespaces: kind("", "namespaces", "namespace", "Namespaces", false),
  nodes: kind("", "nodes", "node", "Nodes", false),
  pods: kind("", "pods", "pod", "Pods"),
  services: kind("", "services", "service", "Services"),
  configmaps: kind("", "configmaps", "config map", "Config maps"),
  secrets: kind("", "secrets", "secret", "Secrets"),
  events: kind("", "events", "event", "Events"),
  deployments: kind("apps", "deployments", "deployment", "Deployments"),
  statefulsets: kind("apps", "statefulsets", "stateful set", "Stateful sets"),
  daemonsets: kind("apps", "daemonsets", "daemon set", "Daemon sets"),
  jobs: kind("batch", "jobs", "job", "Jobs"),
};

/** The API path of a kind's list: of one namespace, or of all where `namespace` is empty. */
export function listPath({ group, plural, namespaced }, namespace = "") {
  const root = group ? `/apis/${group}/v1` : "/api/v1";
  const place = namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${place}/${plural}`;
}

/** A list path with a query. */
export function withQuery(path, query) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return text ? `${path}?${text}` : path;
}

/** What a 403 to a list means. */
export function mayNotList({ namespaced, title }, namespace) {
  const sentence = `You may not list ${title.toLowerCase()}`;
  if (!namespaced) return sentence;
  return `${sentence} in ${namespace ? `the namespace ${namespace}` : "all namespaces"}`;
}
