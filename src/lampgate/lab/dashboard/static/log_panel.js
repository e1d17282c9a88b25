// Shows what a pod's container writes, as it is written.

import { fill, h } from "./dom.js";
import { followLog } from "./log_stream.js";
import { section } from "./page.js";
import { refusalPanel } from "./panels.js";

const TAIL = 200;
const MOST_LINES = 2000;
const STATUS = { connecting: "Connecting", following: "Following", ended: "Ended" };

/**
 * @param path the API path of the log
 * @param containers their names; the first is shown first
 */
export function logPanel({ path, containers, signal }) {
  const output = h("div", {
    class: "log",
    role: "log",
    "aria-live": "off",
    "aria-label": "Log",
    tabindex: "0",
    testid: "log-output",
  });
  const status = h("span", { class: "live", role: "status", testid: "log-status" });
  const again = h(
    "button",
    { type: "button", class: "button small", hidden: true, testid: "log-again" },
    "Follow again",
  );
  const choice = h(
    "select",
    { "aria-label": "Container", testid: "log-container" },
    containers.map((name) => h("option", { value: name }, name)),
  );
  let current;

  const start = () => {
    current?.abort();
    current = new AbortController();
    const stop = current;
    signal.addEventListener("abort", () => stop.abort(), { signal: stop.signal });
    fill(output);
    followLog({
      path,
      container: choice.value,
      tailLines: TAIL,
      signal: stop.signal,
      onLines: (lines) => append(output, lines),
      onStatus: (word) => {
        status.dataset.status = word;
        fill(status, STATUS[word]);
        again.hidden = word !== "ended";
        if (word === "ended" && !output.firstChild)
          fill(output, h("p", { class: "none" }, "This container has written nothing."));
      },
      onRefused: (error) => fill(output, refusalPanel(error, { title: "You may not read this log", signal })),
    });
  };
  again.addEventListener("click", start);
  choice.addEventListener("change", start);
  start();
  const tools = h("div", { class: "tools" }, status, again, containers.length > 1 && choice);
  return section("Log", { head: tools, testid: "logs" }, output);
}

/** Adds lines at the end, and stays at the end unless the reader has scrolled up. */
function append(output, lines) {
  const atEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 40;
  output.append(...lines.map((line) => h("div", { class: "line" }, line || "\u00a0")));
  while (output.childElementCount > MOST_LINES) output.firstElementChild.remove();
  if (atEnd) output.scrollTop = output.scrollHeight;
}
