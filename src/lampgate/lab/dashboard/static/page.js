// The parts every view is made of.

import { h } from "./dom.js";

/** A view: heading, a line about it, tools beside it, and its content. */
export const page = ({ title, about, tools, mark }, ...content) =>
  h(
    "div",
    { class: "page" },
    h(
      "header",
      { class: "page-head" },
      h("div", {}, h("h1", { tabindex: "-1" }, title, mark), about && h("p", { class: "about" }, about)),
      tools && h("div", { class: "tools" }, tools),
    ),
    content,
  );

/** A card with a heading. */
export const section = (title, { head, testid, ...attributes } = {}, ...content) =>
  h(
    "section",
    { class: "card", testid, ...attributes },
    h("header", { class: "card-head" }, h("h2", {}, title), head),
    content,
  );

/** A state in one word, with a tone: ok, wait, bad, idle. The word carries the meaning, the colour helps. */
export const chip = ({ word, tone }) => h("span", { class: `chip ${tone}` }, word);

/** Names and values. */
export const facts = (rows) =>
  h(
    "dl",
    { class: "facts" },
    rows.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );

/** "1 pod", "2 pods". */
export const counted = (count, singular, plural) => `${count} ${count === 1 ? singular : plural}`;
