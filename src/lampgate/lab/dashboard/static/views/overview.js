// What there is in the cluster, as far as the signed-in person may see it. What may not be seen is said, not hidden.

import { viewPath } from "../addresses.js";
import { get, isAbort } from "../api.js";
import { fill, h } from "../dom.js";
import { KINDS, listPath, mayNotList, withQuery } from "../kinds.js";
import { namespacePicker } from "../namespace_picker.js";
import { counted, page, section } from "../page.js";
import { compactRefusal, emptyPanel, loading, refusalPanel, scopePanel, whoSaidNo } from "../panels.js";
import { podStatus } from "../pod_status.js";
import { selectedNamespace } from "../scope.js";
import { age } from "../time.js";

const readyOf = (items, ready) => {
  const good = items.filter(ready).length;
  return good === items.length ? "all ready" : `${items.length - good} not ready`;
};
const replicasReady = ({ spec, status }) => (status?.readyReplicas ?? 0) >= (spec?.replicas ?? 1);

/** Kind, the view it leads to, and a line made of the objects. Without a line only their number is asked for. */
const CARDS = [
  [KINDS.pods, "pods", podsLine],
  [KINDS.deployments, "workloads", (items) => readyOf(items, replicasReady)],
  [KINDS.statefulsets, "workloads", (items) => readyOf(items, replicasReady)],
  [
    KINDS.daemonsets,
    "workloads",
    (items) => readyOf(items, ({ status }) => status?.numberReady >= status?.desiredNumberScheduled),
  ],
  [KINDS.jobs, "workloads", jobsLine],
  [KINDS.services, ""],
  [KINDS.configmaps, ""],
  [KINDS.secrets, "secrets"],
  [KINDS.namespaces, "namespaces"],
  [
    KINDS.nodes,
    "",
    (items) =>
      readyOf(items, ({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
      ),
  ],
];

function podsLine(items) {
  const tones = items.map((pod) => podStatus(pod).tone);
  const number = (tone) => tones.filter((each) => each === tone).length;
  return [
    [number("ok"), "running"],
    [number("wait"), "waiting"],
    [number("bad"), "failing"],
    [number("idle"), "completed"],
  ]
    .filter(([count]) => count)
    .map(([count, word]) => `${count} ${word}`)
    .join(" · ");
}

function jobsLine(items) {
  const unfinished = items.filter(({ spec, status }) => (status?.succeeded ?? 0) < (spec?.completions ?? 1)).length;
  return unfinished ? `${unfinished} not complete` : "all complete";
}

export function overviewView({ signal, fail }) {
  const namespace = selectedNamespace();
  const offer = h("div", { class: "offer" });
  const cards = CARDS.map(([kind, path, line]) => {
    const card = h("li", { class: "tile", testid: `card-${kind.plural}` }, h("h2", {}, kind.title), loading());
    fillCard(card, { kind, path, line, namespace, signal }).catch((error) => {
      if (isAbort(error)) return;
      if (error.status === 401) return fail(error);
      if (kind === KINDS.pods && error.status === 403 && !namespace) fill(offer, scopePanel(error, namespace));
      return fill(card, error.status === 403 ? forbiddenTile(kind, error) : failedTile(kind, error));
    });
    return card;
  });
  const warnings = h("div", {}, loading());
  showWarnings(warnings, namespace, signal);
  const about = namespace
    ? `What you may see of the namespace ${namespace}.`
    : "What you may see of the whole cluster.";
  return page(
    { title: "Overview", about, tools: namespacePicker({ signal }) },
    offer,
    h("ul", { class: "tiles", testid: "overview" }, cards),
    section("Warnings", { testid: "warnings" }, warnings),
  );
}

async function fillCard(card, { kind, path, line, namespace, signal }) {
  // Where only the number counts, one object is enough: the API says how many remain.
  const list = await get(withQuery(listPath(kind, namespace), { limit: line ? "" : "1" }), { signal });
  const items = list.items ?? [];
  const count = items.length + (list.metadata?.remainingItemCount ?? 0);
  const title = path ? h("a", { href: viewPath(path) }, kind.title) : kind.title;
  const remark = line && items.length ? line(items) : "";
  fill(
    card,
    h("h2", {}, title),
    h("p", { class: "figure" }, String(count)),
    h("p", { class: "remark" }, count ? remark : "none"),
  );
}

const forbiddenTile = (kind, error) => [
  h("h2", {}, kind.title),
  h("p", { class: "may-not", testid: "forbidden" }, `You may not list ${kind.title.toLowerCase()}.`),
  h(
    "details",
    {},
    h("summary", {}, "Why", h("span", { class: "visually-hidden" }, ` you may not list ${kind.plural}`)),
    h("p", {}, error.message),
    h("p", {}, whoSaidNo(error.message)),
  ),
];

const failedTile = (kind, error) => [h("h2", {}, kind.title), h("p", { class: "may-not" }, error.message)];

async function showWarnings(place, namespace, signal) {
  try {
    const { items = [] } = await get(
      withQuery(listPath(KINDS.events, namespace), { fieldSelector: "type=Warning", limit: "500" }),
      { signal },
    );
    const last = (event) => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
    const warnings = items
      .filter(({ type }) => type === "Warning")
      .sort((one, other) => Date.parse(last(other)) - Date.parse(last(one)));
    if (!warnings.length) return fill(place, emptyPanel("No warnings. All is calm."));
    return fill(
      place,
      h(
        "ul",
        { class: "warnings" },
        warnings
          .slice(0, 8)
          .map((event) =>
            h(
              "li",
              {},
              h("strong", {}, event.reason),
              h("span", { class: "message" }, event.message),
              h(
                "span",
                { class: "quiet" },
                subject(event),
                " · ",
                counted(event.count ?? 1, "time", "times"),
                " · ",
                age(last(event)),
                " ago",
              ),
            ),
          ),
      ),
    );
  } catch (error) {
    if (isAbort(error) || error.status === 401) return undefined;
    return fill(
      place,
      error.status === 403
        ? compactRefusal(error, mayNotList(KINDS.events, namespace))
        : refusalPanel(error, { signal }),
    );
  }
}

function subject({ involvedObject: { kind, namespace, name } }) {
  const text = `${namespace}/${name}`;
  return kind === "Pod" ? h("a", { href: viewPath("pods", namespace, name) }, text) : `${kind} ${text}`;
}
