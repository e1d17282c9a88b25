// All pods, as they come and go.

import { viewPath } from "../addresses.js";
import { h } from "../dom.js";
import { KINDS } from "../kinds.js";
import { liveTable } from "../live_table.js";
import { namespacePicker } from "../namespace_picker.js";
import { chip, page } from "../page.js";
import { podStatus, readyContainers, restarts } from "../pod_status.js";
import { selectedNamespace } from "../scope.js";
import { age } from "../time.js";

const COLUMNS = [
  {
    title: "Name",
    wide: true,
    cell: ({ metadata }) => h("a", { href: viewPath("pods", metadata.namespace, metadata.name) }, metadata.name),
  },
  { title: "Namespace", size: "m", cell: ({ metadata }) => metadata.namespace },
  { title: "Status", size: "l", cell: (pod) => chip(podStatus(pod)) },
  {
    title: "Ready",
    number: true,
    size: "s",
    cell: (pod) => `${readyContainers(pod).ready}/${readyContainers(pod).total}`,
  },
  { title: "Restarts", number: true, size: "s", cell: (pod) => String(restarts(pod)) },
  { title: "Node", size: "m", cell: ({ spec }) => spec?.nodeName ?? "" },
  { title: "Age", number: true, size: "s", cell: ({ metadata }) => age(metadata.creationTimestamp) },
];

export function podsView({ signal, fail }) {
  const namespace = selectedNamespace();
  const search = h("input", {
    type: "search",
    placeholder: "Filter by name",
    "aria-label": "Filter by name",
    testid: "pods-filter",
  });
  const { body, count, status, refresh } = liveTable({
    kind: KINDS.pods,
    namespace,
    columns: namespace ? COLUMNS.filter(({ title }) => title !== "Namespace") : COLUMNS,
    testid: "pods-table",
    empty: namespace ? `There are no pods in the namespace ${namespace}.` : "The cluster has no pods.",
    keep: ({ metadata }) => metadata.name.includes(search.value.trim().toLowerCase()),
    describe: (pod) => `Pod ${pod.metadata.name}: ${podStatus(pod).word}`,
    offerNamespace: !namespace,
    signal,
    fail,
  });
  search.addEventListener("input", refresh);
  return page(
    { title: "Pods", mark: count, tools: [status, search, namespacePicker({ signal })] },
    h("div", { class: "card" }, body),
  );
}
