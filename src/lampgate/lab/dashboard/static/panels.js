// What is shown in place of content: loading, nothing there, refused, failed. A refusal is content, too: it says what
// the API said, word for word, and what that means.

import { get } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { namespaceForm } from "./namespace_picker.js";
import { moment } from "./time.js";
import { explainRefusal } from "./token_explanation.js";

/** Shown while the first answer is on its way. */
export const loading = () => h("p", { class: "loading", "aria-busy": "true" }, "Loading…");

/** Shown where there is nothing, with the reason for it. */
export const emptyPanel = (text) => h("p", { class: "empty", testid: "empty" }, text);

/** The panel for any error: 401 and 403 are explained. */
export function refusalPanel(error, { title, offerNamespace = false, signal, retry } = {}) {
  if (error.status === 401) return unauthorizedPanel(error, signal);
  if (error.status === 403) return forbiddenPanel(error, { title, offerNamespace });
  return failurePanel(error, retry);
}

/** 403: the API knows who asks, and that person may not. */
export function forbiddenPanel(error, { title = "You may not see this", offerNamespace = false } = {}) {
  return h(
    "section",
    { class: "panel", testid: "forbidden" },
    h("h2", {}, icon("secrets"), title),
    verbatim(error),
    signedIn(error),
    offerNamespace && offerForm(),
  );
}

const signedIn = (error) =>
  h("p", {}, "You are signed in, and the API knows who you are. ", h("strong", {}, whoSaidNo(error.message)));

const offerForm = () => [
  h("p", {}, "If your role is for one namespace only, look at that one:"),
  namespaceForm({ button: "Show this namespace" }),
];

/** 403 for one part of a view, where `scopePanel` explains them all. */
export const compactRefusal = (error, title) =>
  h("div", { class: "refusal", testid: "forbidden" }, h("p", {}, `${title}.`), verbatim(error));

/** 403 for much of a view: what that means, and the offer to look at one namespace. */
export const scopePanel = (error, namespace) =>
  h(
    "section",
    { class: "panel" },
    h(
      "h2",
      {},
      icon("secrets"),
      namespace ? "You may not see all of this namespace" : "You may not see the whole cluster",
    ),
    signedIn(error),
    !namespace && offerForm(),
  );

/** Who decided, and what would change it. */
export const whoSaidNo = (message) =>
  /\bAzure\b/.test(message)
    ? "Azure RBAC said no; a role assignment is needed."
    : "Kubernetes RBAC said no; a role binding is needed.";

/** Anything else: what happened, and a way to try again. */
export function failurePanel(error, retry) {
  const title = error.status === 404 ? "The API does not have this" : "This did not work";
  return h(
    "section",
    { class: "panel", testid: "failure" },
    h("h2", {}, icon("lost"), title),
    verbatim(error),
    retry && h("button", { type: "button", class: "button", onclick: retry }, "Try again"),
  );
}

function unauthorizedPanel(error, signal) {
  const why = h("div", {}, loading());
  explain(why, signal);
  return h(
    "section",
    { class: "panel unauthorized", testid: "unauthorized" },
    h("h1", { tabindex: "-1" }, icon("refused"), "The Kubernetes API refused the token (401)"),
    verbatim(error),
    error.reloadRefused &&
      h(
        "p",
        {},
        "The gateway asked this page to load anew. It did so twice within half a minute, and that did not help.",
      ),
    why,
  );
}

async function explain(place, signal) {
  const [facts, me] = await Promise.allSettled([get("/token-facts", { signal }), get("/me", { signal })]);
  if (signal?.aborted) return;
  const known = facts.status === "fulfilled" ? facts.value : null;
  const { sentence, remedy } = explainRefusal(known, facts.reason?.message);
  const said =
    me.status === "fulfilled"
      ? `The dashboard, which does not check it, reads the token as ${me.value.username || "nobody in particular"}.`
      : `The dashboard's own answer to "who am I": ${me.reason.message}`;
  fill(
    place,
    h("p", { class: "lead", testid: "why" }, withIds(sentence)),
    h("p", {}, withIds(remedy)),
    known && factList(known),
    h("p", { class: "quiet" }, said),
  );
}

function factList({ aud, iss, ver, exp, username }) {
  const rows = [
    ["Audience", [aud].flat().join(", ")],
    ["Issuer", iss],
    ["Version", ver],
    ["Expires", typeof exp === "number" ? moment(exp * 1000) : ""],
    ["User", username],
  ];
  return h(
    "dl",
    { class: "facts token-facts", testid: "token-facts" },
    rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value || "none"))),
  );
}

/** Text with its identifiers kept in one piece. */
const withIds = (text) =>
  text
    .split(/([0-9a-f-]{36}(?:\/[\w.]+)?)/)
    .map((part, index) => (index % 2 ? h("code", { class: "id" }, part) : part));

const verbatim = (error) => h("blockquote", { class: "verbatim", testid: "api-message" }, error.message);
