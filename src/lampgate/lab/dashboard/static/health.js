// Asks every five seconds whether the cluster answers, in hidden tabs too, exactly as Headlamp does: a gateway must
// not take it for a person's activity, and its answer is where the page soon learns that a session has ended.

import { probe } from "./api.js";
import { fill, h, icon } from "./dom.js";

const PERIOD = 5000;

/** Shows a bar across the page while the cluster does not answer. */
export function startHealthCheck() {
  const place = document.getElementById("health");
  let failures = 0;
  const show = (lost) => {
    if (lost === Boolean(place.firstChild)) return;
    fill(
      place,
      lost && h("p", { class: "lost", testid: "lost-connection" }, icon("lost"), "Lost connection to the cluster"),
    );
  };
  window.setInterval(async () => {
    try {
      await probe("/healthz", { signal: AbortSignal.timeout(PERIOD) });
      failures = 0;
    } catch (error) {
      // A refusal is an answer, and the view explains it.
      failures = [401, 403].includes(error.status) ? 0 : failures + 1;
    }
    show(failures > 1);
  }, PERIOD);
}
