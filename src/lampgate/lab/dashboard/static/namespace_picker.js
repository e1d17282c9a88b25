// Chooses the namespace to look at: from a list where the person may see it, else by typing its name.

import { get, isAbort } from "./api.js";
import { fill, h } from "./dom.js";
import { KINDS, listPath } from "./kinds.js";
import { isNamespaceName, knownNamespaces, selectNamespace, selectedNamespace } from "./scope.js";

const OTHER = "…";

/** A field to type a namespace's name into. */
export function namespaceForm({ button, onCancel }) {
  const problem = h("p", { class: "field-problem", role: "alert" });
  const input = h("input", {
    type: "text",
    name: "namespace",
    placeholder: "such as shop",
    "aria-label": "Namespace",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    testid: "namespace-input",
  });
  const submit = (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (isNamespaceName(name)) selectNamespace(name);
    else
      fill(
        problem,
        "A namespace's name has small letters, digits and hyphens, and begins and ends with a letter or digit.",
      );
  };
  return h(
    "form",
    { class: "namespace-form", onsubmit: submit },
    input,
    h("button", { type: "submit", class: "button", testid: "namespace-submit" }, button),
    onCancel && h("button", { type: "button", class: "button quiet", onclick: onCancel }, "Cancel"),
    problem,
  );
}

/** The choice of a namespace. */
export function namespacePicker({ signal }) {
  const place = h("div", { class: "namespace-picker" });
  const names = new Set([...knownNamespaces(), selectedNamespace()].filter(Boolean));
  const select = h("select", { testid: "namespace-select", "aria-label": "Namespace" });
  const option = (value, text) => {
    const element = h("option", { value }, text);
    element.selected = value === selectedNamespace();
    return element;
  };
  const showOptions = () =>
    fill(
      select,
      option("", "All namespaces"),
      [...names].sort().map((name) => option(name, name)),
      option(OTHER, "Type a name…"),
    );
  const showSelect = () => {
    showOptions();
    fill(place, select);
  };
  select.addEventListener("change", () => {
    if (select.value === OTHER) {
      fill(place, namespaceForm({ button: "Show", onCancel: showSelect }));
      place.querySelector("input").focus();
    } else selectNamespace(select.value);
  });
  showSelect();
  addListed(names, signal).then((added) => added && !signal.aborted && select.isConnected && showOptions());
  return place;
}

async function addListed(names, signal) {
  try {
    const { items = [] } = await get(listPath(KINDS.namespaces), { signal });
    for (const { metadata } of items) names.add(metadata.name);
    return items.length > 0;
  } catch (error) {
    // Who may not list namespaces has the names this browser remembers; the view itself shows any refusal.
    if (isAbort(error) || error.status) return false;
    throw error;
  }
}
