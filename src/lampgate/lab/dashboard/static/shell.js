// The frame around the views: navigation, the cluster's name, who is signed in, the way out.

import { viewPath } from "./addresses.js";
import { clusterName, get, post } from "./api.js";
import { fill, h, icon } from "./dom.js";

const ENTRIES = [
  ["overview", "", "Overview"],
  ["namespaces", "namespaces", "Namespaces"],
  ["workloads", "workloads", "Workloads"],
  ["pods", "pods", "Pods"],
  ["secrets", "secrets", "Secrets"],
  ["access", "access", "What may I do"],
];

/** Fills the frame. */
export function startShell() {
  const navigation = document.getElementById("navigation");
  const links = ENTRIES.map(([id, path, title]) =>
    h("li", {}, h("a", { href: viewPath(path), testid: `nav-${id}`, "data-nav": id }, icon(id), title)),
  );
  fill(
    navigation,
    h("div", { class: "brand" }, h("img", { src: "/static/favicon.svg", alt: "" }), "Lab dashboard"),
    h("ul", {}, links),
  );
  const menu = h(
    "button",
    { class: "menu-button", type: "button", "aria-expanded": "false", "aria-controls": "navigation", testid: "menu" },
    icon("menu"),
    h("span", { class: "visually-hidden" }, "Menu"),
  );
  menu.addEventListener("click", () => setMenu(menu.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && menu.getAttribute("aria-expanded") === "true") {
      setMenu(false);
      menu.focus();
    }
  });
  const whoami = h("div", { class: "whoami", testid: "whoami" });
  fill(
    document.getElementById("topbar"),
    menu,
    h(
      "div",
      { class: "cluster" },
      icon("cluster"),
      h("span", { class: "visually-hidden" }, "Cluster "),
      h("span", { testid: "cluster" }, clusterName()),
    ),
    whoami,
    h("a", { class: "button quiet", href: "/oauth2/sign_out", testid: "sign-out" }, "Sign out"),
  );
  showWhoAmI(whoami);
}

/** Marks where one is in the navigation, and closes it where it covers the page. */
export function markCurrent(id) {
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  setMenu(false);
}

function setMenu(open) {
  document.querySelector(".menu-button").setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("menu-open", open);
}

async function showWhoAmI(place) {
  const name = await whoAmI();
  fill(
    place,
    h("span", { class: "initial", "aria-hidden": "true" }, name ? name[0].toUpperCase() : "?"),
    h(
      "span",
      { class: "name", title: name || null },
      h("span", { class: "visually-hidden" }, "Signed in as "),
      name || "not known",
    ),
  );
}

/** The name in the token; failing that, the name the API knows the person by. */
async function whoAmI() {
  try {
    const { username, email } = await get("/me");
    if (username || email) return username || email;
  } catch {
    // The API may know more than the token says.
  }
  try {
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const { status } = await post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review);
    return status?.userInfo?.username ?? "";
  } catch {
    return "";
  }
}
