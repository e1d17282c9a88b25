// A table whose rows are kept apart by uid, so that an update touches only the rows that changed.

import { h } from "./dom.js";

/**
 * @param columns `{title, cell(object), wide, number, size}`; a cell is a node or text; sizes are s, m, l, xl
 * @returns the table, and `update(objects, changed)` that shows objects in the given order and marks changed ones
 */
export function createTable({ testid, label, columns }) {
  const body = h("tbody", { role: "rowgroup" });
  const rows = new Map();
  const className = ({ wide, number, size }) =>
    [wide && "wide", number && "number", size && `size-${size}`].filter(Boolean).join(" ") || null;
  const head = columns.map((column) =>
    h("th", { role: "columnheader", scope: "col", class: className(column) }, column.title),
  );
  const element = h(
    "table",
    { class: "table", testid, "aria-label": label, role: "table" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    body,
  );
  // Roles are written out because the narrow layout makes rows into blocks, and browsers then forget what they are.
  const cells = (object) =>
    columns.map((column) => {
      const content = column.cell(object);
      const attributes = { role: "cell", class: className(column), "data-label": column.title };
      return h(
        "td",
        attributes,
        content === "" || content === undefined ? h("span", { class: "none" }, "–") : content,
      );
    });

  const update = (objects, changed = new Set()) => {
    const shown = objects.map((object) => {
      const { uid, resourceVersion, name } = object.metadata;
      let row = rows.get(uid);
      if (!row || row.version !== resourceVersion) {
        const old = row?.element;
        row = {
          version: resourceVersion,
          element: h("tr", { role: "row", "data-name": name, class: changed.has(uid) && "changed" }, cells(object)),
        };
        old?.replaceWith(row.element);
        rows.set(uid, row);
      }
      return row.element;
    });
    const kept = new Set(objects.map(({ metadata }) => metadata.uid));
    for (const uid of rows.keys()) if (!kept.has(uid)) rows.delete(uid);
    if (shown.length !== body.children.length || shown.some((row, index) => body.children[index] !== row)) {
      const focused = document.activeElement;
      body.replaceChildren(...shown);
      if (body.contains(focused)) focused.focus();
    }
  };
  return { element, update };
}
