// Which namespace is looked at. The choice is kept in the address (so that it survives a sign-in and can be shared)
// and, with every name ever typed, in this browser: who may not list namespaces has to type them.

const SELECTED = "lab-dashboard.namespace";
const KNOWN = "lab-dashboard.namespaces";
/** The event of `window` that tells that another namespace was chosen. */
export const NAMESPACE_CHANGED = "namespacechanged";

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a text can be a namespace's name (a DNS label, RFC 1123). */
export const isNamespaceName = (text) => NAME.test(text);

/** The namespace looked at; empty for all. */
export const selectedNamespace = () => localStorage.getItem(SELECTED) ?? "";

/** The names this browser knows. */
export const knownNamespaces = () => JSON.parse(localStorage.getItem(KNOWN) ?? "[]");

/** Look at a namespace, or at all where `name` is empty. */
export function selectNamespace(name) {
  remember(name);
  writeToAddress();
  window.dispatchEvent(new Event(NAMESPACE_CHANGED));
}

function remember(name) {
  localStorage.setItem(SELECTED, name);
  if (name) localStorage.setItem(KNOWN, JSON.stringify([...new Set([...knownNamespaces(), name])].sort()));
}

/** Take the namespace from the address, where it names one. */
export function readFromAddress() {
  const name = new URLSearchParams(window.location.search).get("namespace");
  if (name && isNamespaceName(name)) remember(name);
}

/** Let the address name the namespace. */
export function writeToAddress() {
  const url = new URL(window.location.href);
  const name = selectedNamespace();
  if (name) url.searchParams.set("namespace", name);
  else url.searchParams.delete("namespace");
  window.history.replaceState(null, "", url);
}
