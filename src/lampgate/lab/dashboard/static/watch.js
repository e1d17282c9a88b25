// Keeps a list up to date: lists, then watches over a WebSocket from the list's resource version on. When a watch
// ends (the API ends each after a while, a session may end, a network may break) it lists anew: nothing is missed.

import { ApiError, get, isAbort, openSocket } from "./api.js";
import { withQuery } from "./kinds.js";

const LONGEST_PAUSE = 30_000;

/**
 * Watches until `signal` is aborted.
 *
 * @param path the list's API path
 * @param query further query parameters, such as a field selector
 * @param onChange called with the objects by uid and the uids that are new or changed (none after the first list)
 * @param onStatus called with "connecting", "live" or "reconnecting"
 * @param onRefused called once with an error that trying again does not cure; the watch is over then
 */
export async function watchList({ path, query = {}, signal, onChange, onStatus, onRefused }) {
  let objects;
  let failures = 0;
  onStatus("connecting");
  while (!signal.aborted) {
    try {
      const list = await get(withQuery(path, query), { signal });
      const found = new Map((list.items ?? []).map((object) => [object.metadata.uid, object]));
      onChange(found, objects ? changedBetween(objects, found) : new Set());
      objects = found;
      const resourceVersion = list.metadata?.resourceVersion ?? "";
      const opened = await follow(
        withQuery(path, { ...query, watch: "1", resourceVersion }),
        objects,
        signal,
        onChange,
        onStatus,
      );
      failures = opened ? 0 : failures + 1;
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof ApiError) || [401, 403, 404].includes(error.status) || !objects) {
        onRefused(error);
        return;
      }
      failures += 1;
    }
    if (signal.aborted) return;
    onStatus("reconnecting");
    await pause(Math.min(LONGEST_PAUSE, 1000 * 2 ** failures) * (0.75 + Math.random() / 2), signal);
  }
}

/** Applies one watch's events to `objects` until it ends. Resolves to whether it had opened at all. */
function follow(path, objects, signal, onChange, onStatus) {
  return new Promise((resolve) => {
    const socket = openSocket(path);
    const leave = () => socket.close();
    let opened = false;
    let changed = new Set();
    let frame = 0;
    const flush = () => {
      frame = 0;
      const news = changed;
      changed = new Set();
      if (!signal.aborted) onChange(objects, news);
    };
    signal.addEventListener("abort", leave);
    socket.onopen = () => {
      opened = true;
      onStatus("live");
    };
    socket.onmessage = ({ data }) => {
      const { type, object } = JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data));
      if (type === "ERROR") {
        socket.close();
        return;
      }
      if (type === "BOOKMARK") return;
      const { uid } = object.metadata;
      if (type === "DELETED") objects.delete(uid);
      else objects.set(uid, object);
      changed.add(uid);
      // A hidden tab gets no animation frames; a timer keeps it up to date, too.
      frame ||= window.setTimeout(flush, 50);
    };
    socket.onclose = () => {
      signal.removeEventListener("abort", leave);
      window.clearTimeout(frame);
      if (changed.size) flush();
      resolve(opened);
    };
  });
}

function changedBetween(before, after) {
  const version = (object) => object?.metadata.resourceVersion;
  return new Set(
    [...after].filter(([uid, object]) => version(before.get(uid)) !== version(object)).map(([uid]) => uid),
  );
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}
