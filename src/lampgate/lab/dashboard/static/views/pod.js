// One pod: what it consists of, how it is, what happened to it, and what it writes.

import { viewPath } from "../addresses.js";
import { fill, h } from "../dom.js";
import { KINDS, listPath, mayNotList } from "../kinds.js";
import { liveTable } from "../live_table.js";
import { logPanel } from "../log_panel.js";
import { chip, counted, facts, page, section } from "../page.js";
import { emptyPanel, loading, refusalPanel } from "../panels.js";
import { containerState, podStatus } from "../pod_status.js";
import { age } from "../time.js";
import { watchList } from "../watch.js";

export function podView({ params: { namespace, name }, signal, fail }) {
  const mark = h("span", { testid: "pod-status" });
  const details = h("div", {}, loading());
  const containers = h("div", {});
  const conditions = h("div", {});
  const rest = h("div", { class: "stack-gap" });
  let built = false;

  const show = (pod) => {
    fill(mark, chip(podStatus(pod)));
    fill(details, podFacts(pod));
    fill(containers, containerList(pod));
    fill(conditions, conditionList(pod.status?.conditions ?? []));
    if (built) return;
    built = true;
    const path = `${listPath(KINDS.pods, namespace)}/${encodeURIComponent(name)}/log`;
    fill(
      rest,
      section("Containers", {}, containers),
      logPanel({ path, containers: pod.spec.containers.map((each) => each.name), signal }),
      section("Conditions", {}, conditions),
      eventsSection(pod, signal, fail),
    );
  };
  watchList({
    path: listPath(KINDS.pods, namespace),
    query: { fieldSelector: `metadata.name=${name}` },
    signal,
    onChange: (objects) => {
      const pod = [...objects.values()].find(({ metadata }) => metadata.name === name);
      if (pod) show(pod);
      else if (built) fill(mark, chip({ word: "Deleted", tone: "idle" }));
      else fill(details, emptyPanel(`There is no pod ${name} in the namespace ${namespace}.`));
    },
    onStatus: () => {},
    onRefused: (error) => {
      if (error.status === 401) return fail(error);
      return fill(details, refusalPanel(error, { title: mayNotList(KINDS.pods, namespace), signal }));
    },
  });
  const about = h("span", {}, h("a", { href: viewPath("pods") }, "Pods"), " / ", namespace);
  return page({ title: name, mark, about }, h("div", { class: "card" }, details), rest);
}

function podFacts({ metadata, spec = {}, status = {} }) {
  const owner = metadata.ownerReferences?.[0];
  const labels = Object.entries(metadata.labels ?? {}).map(([key, value]) =>
    h("span", { class: "label" }, `${key}=${value}`),
  );
  return facts([
    ["Namespace", metadata.namespace],
    ["Node", spec.nodeName],
    ["Pod address", status.podIP],
    ["Service account", spec.serviceAccountName],
    ["Controlled by", owner && `${owner.kind} ${owner.name}`],
    ["Quality of service", status.qosClass],
    ["Age", age(metadata.creationTimestamp)],
    ["Labels", labels.length && h("span", { class: "labels" }, labels)],
  ]);
}

function containerList({ spec = {}, status = {} }) {
  return h(
    "ul",
    { class: "containers", testid: "containers" },
    (spec.containers ?? []).map(({ name, image }) => {
      const current = status.containerStatuses?.find((each) => each.name === name);
      const state = containerState(current);
      return h(
        "li",
        {},
        h("div", {}, h("strong", {}, name), h("span", { class: "image" }, image)),
        h(
          "div",
          { class: "container-state" },
          state.detail && h("span", { class: "quiet" }, state.detail),
          h("span", { class: "quiet" }, counted(current?.restartCount ?? 0, "restart", "restarts")),
          chip(state),
        ),
      );
    }),
  );
}

function conditionList(conditions) {
  if (!conditions.length) return emptyPanel("The cluster has not reported any yet.");
  return h(
    "ul",
    { class: "conditions" },
    conditions.map(({ type, status, message, reason, lastTransitionTime }) =>
      h(
        "li",
        {},
        h("span", { class: "condition-name" }, type),
        chip({
          word: status === "True" ? "Yes" : status === "False" ? "No" : "Unknown",
          tone: status === "True" ? "ok" : "wait",
        }),
        h("span", { class: "message" }, message || reason || ""),
        h("span", { class: "quiet" }, age(lastTransitionTime)),
      ),
    ),
  );
}

const EVENT_COLUMNS = [
  { title: "Type", size: "m", cell: ({ type }) => chip({ word: type, tone: type === "Warning" ? "wait" : "idle" }) },
  { title: "Reason", size: "m", cell: ({ reason }) => reason },
  { title: "Message", wide: true, cell: ({ message }) => message },
  { title: "Times", number: true, size: "s", cell: ({ count }) => String(count ?? 1) },
  { title: "Last seen", number: true, size: "m", cell: (event) => age(lastSeen(event)) },
];
const lastSeen = (event) => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;

function eventsSection({ metadata: { name, namespace, uid } }, signal, fail) {
  const { body, count, status } = liveTable({
    kind: KINDS.events,
    namespace,
    query: { fieldSelector: `involvedObject.name=${name},involvedObject.uid=${uid}` },
    columns: EVENT_COLUMNS,
    testid: "events-table",
    empty: "Nothing happened to this pod lately.",
    belongs: ({ involvedObject }) => involvedObject?.name === name,
    order: (one, other) => Date.parse(lastSeen(other)) - Date.parse(lastSeen(one)),
    signal,
    fail,
  });
  return section(["Events", count], { head: status }, body);
}
