// Requests to the Kubernetes API through the dashboard. The page holds no token: whoever is in front adds it.

import { reloading } from "./reload.js";

let cluster = "main";

/** The cluster's name in URLs. */
export const clusterName = () => cluster;

/** The dashboard's path of an API path: `/api/v1/pods` becomes `/clusters/main/api/v1/pods`. */
export const clusterPath = (path) => `/clusters/${encodeURIComponent(cluster)}${path}`;

/** An answer other than success. `message` is the API's own sentence; `status` is 0 where nobody answered. */
export class ApiError extends Error {
  constructor(status, message, reloadRefused = false) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.reloadRefused = reloadRefused;
  }
}

/** Reads the cluster's name from the dashboard's settings. */
export async function loadConfig() {
  const config = await json(await request("/config"));
  cluster = config.clusters?.[0]?.name ?? cluster;
}

/** GET an API path; the answer as JSON. */
export async function get(path, { signal, accept = "application/json" } = {}) {
  return json(await request(clusterPath(path), { signal, headers: { Accept: accept } }));
}

/** POST an object to an API path; the answer as JSON. */
export async function post(path, body, { signal } = {}) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  return json(await request(clusterPath(path), { signal, method: "POST", headers, body: JSON.stringify(body) }));
}

/** GET an API path for its status only. */
export async function probe(path, { signal } = {}) {
  await request(clusterPath(path), { signal });
}

/** A WebSocket on an API path, with the sub-protocol Headlamp offers. */
export function openSocket(path) {
  const socket = new WebSocket(clusterPath(path), ["base64.binary.k8s.io"]);
  socket.binaryType = "arraybuffer";
  return socket;
}

/** Whether an error only says that the view was left. */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

async function request(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", cache: "no-store", ...options });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError(0, "The dashboard cannot be reached. It may be restarting, or the network may be down.");
  }
  if (reloading(response)) await new Promise(() => {});
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  const text = await response.text();
  let message = text.trim();
  try {
    message = JSON.parse(text).message ?? message;
  } catch {
    // Not JSON: the text itself is the message.
  }
  const reloadRefused = response.headers.get("X-Reload") === "reload";
  return new ApiError(response.status, message || `HTTP status ${response.status}`, reloadRefused);
}

async function json(response) {
  try {
    return await response.json();
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError(
      response.status,
      "The answer is not JSON. Something between this page and the API replaced it.",
    );
  }
}
