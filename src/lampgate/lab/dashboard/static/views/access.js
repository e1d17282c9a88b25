// What the signed-in person may do, asked of the API itself: one SelfSubjectAccessReview a cell. (The rules review
// would be one question, but it leaves out what Azure RBAC decides.)

import { isAbort, post } from "../api.js";
import { fill, h } from "../dom.js";
import { KINDS } from "../kinds.js";
import { namespaceForm, namespacePicker } from "../namespace_picker.js";
import { counted, page, section } from "../page.js";
import { loading, refusalPanel } from "../panels.js";
import { selectedNamespace } from "../scope.js";

const VERBS = ["get", "list", "create", "update", "delete"];
const EVERY = new Set(VERBS);
/** Rows: what it is called, kind, subresource, and the verbs that make sense. */
const ROWS = [
  ["Pods", KINDS.pods, "", EVERY],
  ["Pod logs", KINDS.pods, "log", new Set(["get"])],
  ["Shell in a pod", KINDS.pods, "exec", new Set(["create"])],
  ["Deployments", KINDS.deployments, "", EVERY],
  ["Services", KINDS.services, "", EVERY],
  ["Config maps", KINDS.configmaps, "", EVERY],
  ["Secrets", KINDS.secrets, "", EVERY],
  ["Namespaces", KINDS.namespaces, "", EVERY],
  ["Nodes", KINDS.nodes, "", EVERY],
];
const AT_ONCE = 6;

export function accessView({ signal, fail }) {
  const namespace = selectedNamespace();
  const everywhere = matrix("", { signal, fail });
  const there = namespace
    ? section(`In the namespace ${namespace}`, { testid: "access-namespace" }, matrix(namespace, { signal, fail }))
    : section(
        "In one namespace",
        {},
        h(
          "div",
          { class: "pad" },
          h("p", {}, "Roles are often given for one namespace. Which one?"),
          namespaceForm({ button: "Check it" }),
        ),
      );
  return page(
    { title: "What may I do", about: "The cluster's own answers, for you.", tools: namespacePicker({ signal }) },
    namespace && there,
    section("In all namespaces", { testid: "access-all" }, everywhere),
    !namespace && there,
  );
}

function matrix(namespace, { signal, fail }) {
  const place = h("div", { class: "matrix-place" });
  const asked = [];
  const rows = ROWS.filter(([, kind]) => !namespace || kind.namespaced).map(([title, kind, sub, verbs]) => {
    const cells = VERBS.map((verb) => {
      if (!verbs.has(verb))
        return h(
          "td",
          { class: "not-asked", "data-label": verb, role: "cell" },
          h("span", { class: "none", "aria-label": "not applicable" }, "–"),
        );
      const cell = h("td", { "data-label": verb, role: "cell" }, h("span", { class: "pending" }, "…"));
      asked.push({ cell, verb, kind, sub });
      return cell;
    });
    return h("tr", { role: "row" }, h("th", { scope: "row", role: "rowheader" }, title), cells);
  });
  const head = h(
    "tr",
    { role: "row" },
    h("th", { scope: "col", role: "columnheader" }, "Resource"),
    VERBS.map((verb) => h("th", { scope: "col", role: "columnheader" }, verb)),
  );
  const table = h(
    "table",
    {
      class: "matrix",
      role: "table",
      testid: "access-matrix",
      "aria-label": namespace ? `In ${namespace}` : "In all namespaces",
    },
    h("thead", { role: "rowgroup" }, head),
    h("tbody", { role: "rowgroup" }, rows),
  );
  const reasons = h("div", { class: "reasons", testid: "access-reasons" }, loading());
  fill(place, table, reasons);
  askAll(asked, namespace, signal)
    .then((answers) => fill(reasons, reasonList(answers)))
    .catch((error) => {
      if (isAbort(error)) return;
      if (error.status === 401) fail(error);
      else fill(place, refusalPanel(error, { title: "You may not ask what you may do", signal }));
    });
  return place;
}

async function askAll(asked, namespace, signal) {
  const waiting = [...asked];
  const answers = [];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const answer = await ask(next, namespace, signal);
      fill(
        next.cell,
        h(
          "span",
          { class: `verdict ${answer.allowed ? "yes" : "no"}`, title: answer.reason },
          answer.allowed ? "allowed" : "not allowed",
        ),
      );
      answers.push(answer);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answers;
}

async function ask({ verb, kind, sub }, namespace, signal) {
  const resourceAttributes = { verb, group: kind.group, resource: kind.plural };
  if (sub) resourceAttributes.subresource = sub;
  if (namespace && kind.namespaced) resourceAttributes.namespace = namespace;
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes },
  };
  const { status } = await post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, { signal });
  return { allowed: status.allowed === true, reason: status.reason || "The API gave no reason." };
}

function reasonList(answers) {
  const counts = new Map();
  for (const { allowed, reason } of answers) {
    const key = JSON.stringify([allowed, reason]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const items = [...counts].map(([key, count]) => {
    const [allowed, reason] = JSON.parse(key);
    const verdict = h("span", { class: `verdict ${allowed ? "yes" : "no"}` }, allowed ? "allowed" : "not allowed");
    return h(
      "li",
      {},
      verdict,
      h("span", { class: "quiet" }, counted(count, "answer", "answers")),
      h("span", { class: "reason" }, reason),
    );
  });
  return [h("h3", {}, "The reasons the API gave"), h("ul", {}, items)];
}
