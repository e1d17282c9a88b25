// Secrets: names and types. Values leave the API only for the one secret that somebody asks to see, so the list is
// asked for as a Table (which has none) and is not watched (a watch would bring them all).

import { get, isAbort } from "../api.js";
import { fill, h } from "../dom.js";
import { KINDS, listPath, mayNotList } from "../kinds.js";
import { byName } from "../live_table.js";
import { namespacePicker } from "../namespace_picker.js";
import { page } from "../page.js";
import { emptyPanel, loading, refusalPanel } from "../panels.js";
import { selectedNamespace } from "../scope.js";
import { createTable } from "../table.js";
import { age } from "../time.js";

const AS_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io, application/json";

export function secretsView({ signal, fail }) {
  const namespace = selectedNamespace();
  const count = h("span", { class: "count" });
  const body = h("div", { class: "table-place" }, loading());
  const load = async () => {
    try {
      const secrets = withoutValues(await get(listPath(KINDS.secrets, namespace), { signal, accept: AS_TABLE }));
      fill(count, String(secrets.length));
      show(secrets);
    } catch (error) {
      if (isAbort(error)) return;
      if (error.status === 401) return fail(error);
      const title = mayNotList(KINDS.secrets, namespace);
      fill(body, refusalPanel(error, { title, offerNamespace: !namespace, signal, retry: load }));
    }
  };
  const show = (secrets) => {
    if (!secrets.length)
      return fill(
        body,
        emptyPanel(namespace ? `There are no secrets in the namespace ${namespace}.` : "The cluster has no secrets."),
      );
    const table = createTable({ testid: "secrets-table", label: "Secrets", columns: columns(namespace, signal) });
    table.update(secrets.sort(byName));
    return fill(body, table.element);
  };
  load();
  const about = "Values stay in the cluster until you reveal them, one secret at a time.";
  return page(
    { title: "Secrets", mark: count, about, tools: namespacePicker({ signal }) },
    h("div", { class: "card" }, body),
  );
}

/** Names, types and numbers of keys, from a Table or, where the API gives none, from a list. */
function withoutValues(answer) {
  if (answer.kind !== "Table") {
    return (answer.items ?? []).map(({ metadata, type, data = {} }) => ({
      metadata,
      type,
      keys: Object.keys(data).length,
    }));
  }
  const index = (title) => answer.columnDefinitions.findIndex(({ name }) => name === title);
  return answer.rows.map(({ cells, object }) => ({
    metadata: object.metadata,
    type: cells[index("Type")],
    keys: cells[index("Data")],
  }));
}

const columns = (namespace, signal) =>
  [
    { title: "Name", wide: true, cell: ({ metadata }) => metadata.name },
    !namespace && { title: "Namespace", size: "m", cell: ({ metadata }) => metadata.namespace },
    { title: "Type", size: "l", cell: ({ type }) => type },
    { title: "Keys", number: true, size: "s", cell: ({ keys }) => String(keys) },
    { title: "Age", number: true, size: "s", cell: ({ metadata }) => age(metadata.creationTimestamp) },
    { title: "Values", number: true, size: "m", cell: ({ metadata }) => revealButton(metadata, signal) },
  ].filter(Boolean);

function revealButton({ namespace, name }, signal) {
  const button = h("button", {
    type: "button",
    class: "button small",
    "aria-expanded": "false",
    testid: `reveal-${name}`,
  });
  const caption = (text) => fill(button, text, h("span", { class: "visually-hidden" }, ` the values of ${name}`));
  caption("Reveal");
  let shown;
  button.addEventListener("click", async () => {
    if (shown) {
      shown.remove();
      shown = undefined;
    } else {
      shown = h("tr", { class: "detail", role: "row" }, h("td", { colspan: "6", role: "cell" }, loading()));
      button.closest("tr").after(shown);
      readInto(shown.firstChild, namespace, name, signal);
    }
    button.setAttribute("aria-expanded", String(Boolean(shown)));
    caption(shown ? "Hide" : "Reveal");
  });
  return button;
}

async function readInto(cell, namespace, name, signal) {
  try {
    const { data = {} } = await get(`${listPath(KINDS.secrets, namespace)}/${encodeURIComponent(name)}`, { signal });
    const rows = Object.entries(data).map(([key, value]) =>
      h("div", {}, h("dt", {}, key), h("dd", {}, decoded(value))),
    );
    fill(
      cell,
      rows.length
        ? h("dl", { class: "values", testid: "secret-values" }, rows)
        : emptyPanel("This secret has no values."),
    );
  } catch (error) {
    if (!isAbort(error)) fill(cell, refusalPanel(error, { title: `You may not read ${name}`, signal }));
  }
}

function decoded(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    return h("code", {}, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return h("span", { class: "quiet" }, `${bytes.length} bytes that are not text`);
  }
}
