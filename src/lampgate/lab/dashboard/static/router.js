// Which address shows which view. Addresses are Headlamp's, `/c/<cluster>/…`.

import { viewPath } from "./addresses.js";
import { clusterName } from "./api.js";
import { fill } from "./dom.js";
import { refusalPanel } from "./panels.js";
import { NAMESPACE_CHANGED, readFromAddress, writeToAddress } from "./scope.js";
import { markCurrent } from "./shell.js";
import { accessView } from "./views/access.js";
import { namespacesView } from "./views/namespaces.js";
import { overviewView } from "./views/overview.js";
import { podView } from "./views/pod.js";
import { podsView } from "./views/pods.js";
import { secretsView } from "./views/secrets.js";
import { workloadsView } from "./views/workloads.js";

/** By path below the cluster; `scoped` ones look at the chosen namespace. */
const ROUTES = [
  { path: "", nav: "overview", title: "Overview", view: overviewView, scoped: true },
  { path: "namespaces", nav: "namespaces", title: "Namespaces", view: namespacesView },
  { path: "workloads", nav: "workloads", title: "Workloads", view: workloadsView, scoped: true },
  { path: "pods", nav: "pods", title: "Pods", view: podsView, scoped: true },
  { path: "pods/:namespace/:name", nav: "pods", title: "Pod", view: podView },
  { path: "secrets", nav: "secrets", title: "Secrets", view: secretsView, scoped: true },
  { path: "access", nav: "access", title: "What may I do", view: accessView, scoped: true },
];

let leaving = new AbortController();

/** Goes to an address of this page. */
function navigate(address) {
  window.history.pushState(null, "", address);
  render();
  document.querySelector("h1")?.focus();
  window.scrollTo(0, 0);
}

/** Shows the view of the address. */
function render() {
  const { route, params } = match(window.location.pathname);
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  if (route.scoped) {
    readFromAddress();
    writeToAddress();
  }
  document.title = `${params.name ?? route.title} · ${clusterName()} · Lab dashboard`;
  markCurrent(route.nav);
  const main = document.getElementById("main");
  const fail = (error) => {
    if (!signal.aborted) fill(main, refusalPanel(error, { signal }));
  };
  fill(main, route.view({ params, signal, fail }));
}

/** Show the view of the address, and follow the links and the browser's buttons from now on. */
export function startRouter() {
  window.addEventListener("popstate", render);
  window.addEventListener(NAMESPACE_CHANGED, () => {
    render();
    document.querySelector('[data-testid="namespace-select"]')?.focus();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || !link.getAttribute("href").startsWith("/c/")) return;
    event.preventDefault();
    navigate(link.getAttribute("href"));
  });
  if (window.location.pathname === "/") {
    const to = new URLSearchParams(window.location.search).get("to") ?? "";
    window.history.replaceState(null, "", to.startsWith("/c/") ? to : viewPath());
  }
  render();
}

function match(pathname) {
  const parts = pathname.split("/").filter(Boolean).slice(2).map(decoded);
  for (const route of ROUTES) {
    const pattern = route.path.split("/").filter(Boolean);
    if (pattern.length !== parts.length) continue;
    if (!pattern.every((part, index) => part.startsWith(":") || part === parts[index])) continue;
    const named = pattern.flatMap((part, index) => (part.startsWith(":") ? [[part.slice(1), parts[index]]] : []));
    return { route, params: Object.fromEntries(named) };
  }
  return { route: ROUTES[0], params: {} };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
