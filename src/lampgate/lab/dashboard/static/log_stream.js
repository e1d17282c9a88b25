// Follows a container's log over a WebSocket: text frames of base64, as the sub-protocol `base64.binary.k8s.io` has
// it. A frame may end anywhere, within a line and within a character.

import { ApiError, isAbort, openSocket, probe } from "./api.js";
import { withQuery } from "./kinds.js";

/**
 * Follows a log until `signal` is aborted or the log ends.
 *
 * @param path the API path of the log
 * @param onLines called with complete lines
 * @param onStatus called with "connecting", "following" or "ended"
 * @param onRefused called with the API's reason where it does not give the log
 */
export function followLog({ path, container, tailLines, signal, onLines, onStatus, onRefused }) {
  const socket = openSocket(withQuery(path, { container, follow: "1", tailLines: String(tailLines) }));
  const decoder = new TextDecoder();
  const leave = () => socket.close();
  let opened = false;
  let rest = "";

  const take = (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    if (lines.length && !signal.aborted) onLines(lines);
  };
  onStatus("connecting");
  signal.addEventListener("abort", leave);
  socket.onopen = () => {
    opened = true;
    if (!signal.aborted) onStatus("following");
  };
  socket.onmessage = ({ data }) => take(decoder.decode(bytesOf(data), { stream: true }));
  socket.onclose = async () => {
    signal.removeEventListener("abort", leave);
    if (signal.aborted) return;
    if (rest) take("\n");
    onStatus("ended");
    if (opened) return;
    // A browser does not tell why a handshake failed, so the same question is asked in plain HTTP.
    try {
      await probe(withQuery(path, { container, tailLines: "1" }), { signal });
      onRefused(new ApiError(0, "The log can be read, but not followed: the WebSocket was refused on the way."));
    } catch (error) {
      if (!isAbort(error)) onRefused(error);
    }
  };
}

const bytesOf = (data) =>
  typeof data === "string" ? Uint8Array.from(atob(data), (character) => character.charCodeAt(0)) : data;
