// What runs the pods: deployments, stateful sets, daemon sets, jobs.

import { fill, h } from "../dom.js";
import { KINDS } from "../kinds.js";
import { liveTable } from "../live_table.js";
import { namespacePicker } from "../namespace_picker.js";
import { chip, page, section } from "../page.js";
import { scopePanel } from "../panels.js";
import { selectedNamespace } from "../scope.js";
import { age } from "../time.js";

/** By kind: how many are ready, of how many. */
const READY = {
  deployments: ({ spec, status }) => [status?.readyReplicas ?? 0, spec?.replicas ?? 1],
  statefulsets: ({ spec, status }) => [status?.readyReplicas ?? 0, spec?.replicas ?? 1],
  daemonsets: ({ status }) => [status?.numberReady ?? 0, status?.desiredNumberScheduled ?? 0],
  jobs: ({ spec, status }) => [status?.succeeded ?? 0, spec?.completions ?? 1],
};

function health(ready, wanted, isJob) {
  if (ready >= wanted) return { word: isJob ? "Complete" : "Ready", tone: isJob ? "idle" : "ok" };
  if (isJob) return { word: "Running", tone: "wait" };
  return ready ? { word: "Partly ready", tone: "wait" } : { word: "Not ready", tone: "bad" };
}

const images = ({ spec }) => (spec?.template?.spec?.containers ?? []).map(({ image }) => image).join(", ");

function columns(plural, namespace) {
  const ready = READY[plural];
  const isJob = plural === "jobs";
  return [
    { title: "Name", wide: true, cell: ({ metadata }) => metadata.name },
    !namespace && { title: "Namespace", size: "m", cell: ({ metadata }) => metadata.namespace },
    { title: "Status", size: "m", cell: (object) => chip(health(...ready(object), isJob)) },
    { title: isJob ? "Done" : "Ready", number: true, size: "s", cell: (object) => ready(object).join("/") },
    { title: "Images", size: "xl", cell: (object) => h("span", { class: "image" }, images(object)) },
    { title: "Age", number: true, size: "s", cell: ({ metadata }) => age(metadata.creationTimestamp) },
  ].filter(Boolean);
}

export function workloadsView({ signal, fail }) {
  const namespace = selectedNamespace();
  const offer = h("div", { class: "offer" });
  const onRefused = (error) => fill(offer, scopePanel(error, namespace));
  const sections = Object.keys(READY).map((plural) => {
    const kind = KINDS[plural];
    const { body, count, status } = liveTable({
      kind,
      namespace,
      columns: columns(plural, namespace),
      testid: `${plural}-table`,
      empty: `There are no ${kind.singular}s${namespace ? ` in the namespace ${namespace}` : ""}.`,
      compact: true,
      onRefused,
      signal,
      fail,
    });
    return section([kind.title, count], { head: status }, body);
  });
  return page({ title: "Workloads", tools: namespacePicker({ signal }) }, offer, sections);
}
