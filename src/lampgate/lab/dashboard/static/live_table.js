// A table of one kind of objects that follows the cluster.

import { announce, fill, h } from "./dom.js";
import { listPath, mayNotList } from "./kinds.js";
import { compactRefusal, emptyPanel, loading, refusalPanel } from "./panels.js";
import { createTable } from "./table.js";
import { watchList } from "./watch.js";

const STATUS = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting" };

/** By namespace, then by name. */
export const byName = (one, other) =>
  (one.metadata.namespace ?? "").localeCompare(other.metadata.namespace ?? "") ||
  one.metadata.name.localeCompare(other.metadata.name);

/**
 * @param kind one of KINDS
 * @param namespace empty for all
 * @param query further query parameters
 * @param belongs which objects are meant at all, for an API that does not select them itself
 * @param keep which of them to show: a person's filter
 * @param order how to sort them
 * @param describe what to say to screen readers about a changed object
 * @param offerNamespace whether a refusal invites to type a namespace
 * @param compact whether a refusal leaves the explanation to the view around
 * @param onRefused called with a 403, besides showing it
 * @param fail called with a 401
 * @returns elements `body`, `count` and `status` to place, and `refresh()` for when `keep` has changed its mind
 */
export function liveTable({
  kind,
  namespace = "",
  query,
  columns,
  testid,
  empty,
  signal,
  fail,
  belongs = () => true,
  keep = () => true,
  order = byName,
  describe,
  offerNamespace = false,
  compact = false,
  onRefused,
}) {
  const body = h("div", { class: "table-place" }, loading());
  const count = h("span", { class: "count", testid: testid && `${testid}-count` });
  const status = h("span", { class: "live", role: "status", testid: "live-status" });
  let table;
  let objects = new Map();

  const show = (changed) => {
    const all = [...objects.values()].filter(belongs);
    const kept = all.filter(keep).sort(order);
    fill(count, kept.length === all.length ? String(all.length) : `${kept.length} of ${all.length}`);
    if (!kept.length) {
      table = undefined;
      fill(body, emptyPanel(all.length ? "Nothing matches the filter." : empty));
      return;
    }
    if (!table) {
      table = createTable({ testid, label: kind.title, columns });
      fill(body, table.element);
    }
    table.update(kept, changed);
  };

  const start = () =>
    watchList({
      path: listPath(kind, namespace),
      query,
      signal,
      onChange: (current, changed) => {
        objects = current;
        show(changed);
        const told = describe && [...changed].map((uid) => objects.get(uid)).find(Boolean);
        if (told) announce(describe(told));
      },
      onStatus: (word) => {
        status.dataset.status = word;
        fill(status, STATUS[word]);
      },
      onRefused: (error) => {
        fill(status);
        delete status.dataset.status;
        fill(count);
        table = undefined;
        if (error.status === 401) {
          fail(error);
          return;
        }
        if (error.status === 403) onRefused?.(error);
        const title = mayNotList(kind, namespace);
        if (compact && error.status === 403) {
          fill(body, compactRefusal(error, title));
          return;
        }
        const retry = () => {
          fill(body, loading());
          start();
        };
        fill(body, refusalPanel(error, { title, offerNamespace, signal, retry }));
      },
    });
  start();
  return { body, count, status, refresh: () => objects.size && show(new Set()) };
}
