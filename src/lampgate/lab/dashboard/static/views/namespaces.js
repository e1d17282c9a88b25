// The cluster's namespaces.

import { viewPath } from "../addresses.js";
import { h } from "../dom.js";
import { KINDS } from "../kinds.js";
import { liveTable } from "../live_table.js";
import { chip, page } from "../page.js";
import { age } from "../time.js";

const COLUMNS = [
  {
    title: "Name",
    wide: true,
    cell: ({ metadata }) =>
      h("a", { href: `${viewPath("pods")}?namespace=${encodeURIComponent(metadata.name)}` }, metadata.name),
  },
  {
    title: "Status",
    size: "l",
    cell: ({ status }) =>
      chip({ word: status?.phase ?? "Unknown", tone: status?.phase === "Active" ? "ok" : "wait" }),
  },
  { title: "Age", number: true, size: "s", cell: ({ metadata }) => age(metadata.creationTimestamp) },
];

export function namespacesView({ signal, fail }) {
  const { body, count, status } = liveTable({
    kind: KINDS.namespaces,
    columns: COLUMNS,
    testid: "namespaces-table",
    empty: "The cluster has no namespaces.",
    offerNamespace: true,
    signal,
    fail,
  });
  return page(
    { title: "Namespaces", mark: count, about: "A name leads to the pods of that namespace.", tools: status },
    h("div", { class: "card" }, body),
  );
}
