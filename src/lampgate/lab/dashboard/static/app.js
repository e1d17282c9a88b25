// Starts the page.

import { loadConfig } from "./api.js";
import { startHealthCheck } from "./health.js";
import { failurePanel } from "./panels.js";
import { startRouter } from "./router.js";
import { startShell } from "./shell.js";

try {
  await loadConfig();
  startShell();
  startRouter();
  startHealthCheck();
} catch (error) {
  document.getElementById("main").replaceChildren(failurePanel(error));
}
