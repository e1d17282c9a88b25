// Builds elements. Data only ever becomes text nodes and attribute values, never markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `on…` attributes are event listeners, `testid` becomes `data-testid`; null, undefined and false are
 * left out. Children are nodes, text, or lists of them.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "testid") element.dataset.testid = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** Puts new children in place of the old ones. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

const present = (children) =>
  children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);

const ICONS = {
  overview: "M4 4h7v7H4zM13 4h7v4h-7zM13 10h7v10h-7zM4 13h7v7H4z",
  namespaces: "M4 7l8-4 8 4-8 4zM4 12l8 4 8-4M4 17l8 4 8-4",
  workloads: "M4 6h16M4 12h16M4 18h16M7 4v4M14 10v4M10 16v4",
  pods: "M12 3l8 4.500v9L12 21l-8-4.500v-9zM12 12l8-4.500M12 12v9M12 12L4 7.500",
  secrets: "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5zM12 15v2",
  access: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  menu: "M4 7h16M4 12h16M4 17h16",
  cluster: "M12 3l8 4.500v9L12 21l-8-4.500v-9zM12 8v8M8.500 10v4M15.500 10v4",
  refused: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12",
  lost: "M12 4l9 16H3zM12 10v5M12 17.500v.500",
};

/** A line drawing that screen readers skip. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

let lastAnnouncement = 0;

/** Says something to screen readers; in a rush of news only some of it. */
export function announce(text) {
  const now = Date.now();
  if (now - lastAnnouncement < 3000) return;
  lastAnnouncement = now;
  document.getElementById("announcer").textContent = text;
}
