// What state a pod is in, in one word, as `kubectl get pods` would say it, and how worrying that is.

const WORRYING = /^(CrashLoopBackOff|ImagePullBackOff|ErrImagePull|Error|OOMKilled|Evicted|.*Error)$/;

/** The word, and a tone: ok, wait, bad or idle. */
export function podStatus(pod) {
  const { metadata, status = {} } = pod;
  if (metadata.deletionTimestamp) return { word: "Terminating", tone: "wait" };
  const reason = waitingReason(status);
  if (reason) return { word: reason, tone: WORRYING.test(reason) ? "bad" : "wait" };
  if (status.phase === "Succeeded") return { word: "Completed", tone: "idle" };
  if (status.phase === "Failed") return { word: status.reason ?? "Failed", tone: "bad" };
  if (status.phase === "Running" && readyContainers(pod).ready < readyContainers(pod).total) {
    return { word: "Not ready", tone: "wait" };
  }
  if (status.phase === "Running") return { word: "Running", tone: "ok" };
  return { word: status.phase ?? "Unknown", tone: "wait" };
}

function waitingReason(status) {
  const states = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(
    ({ state }) => state ?? {},
  );
  const waiting = states.find(({ waiting }) => waiting?.reason && waiting.reason !== "PodInitializing");
  if (waiting) return waiting.waiting.reason;
  if (status.phase === "Succeeded") return "";
  return states.find(({ terminated }) => terminated && terminated.exitCode !== 0)?.terminated.reason ?? "";
}

/** How many containers are ready, of how many. */
export function readyContainers({ spec = {}, status = {} }) {
  const statuses = status.containerStatuses ?? [];
  return { ready: statuses.filter(({ ready }) => ready).length, total: spec.containers?.length ?? statuses.length };
}

/** How often its containers were started again. */
export const restarts = ({ status = {} }) =>
  (status.containerStatuses ?? []).reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);

/** One container's state: word, tone and detail. */
export function containerState({ state = {}, ready } = {}) {
  const { waiting, terminated, running } = state;
  if (waiting) {
    const word = waiting.reason ?? "Waiting";
    return { word, tone: WORRYING.test(word) ? "bad" : "wait", detail: waiting.message ?? "" };
  }
  if (terminated) {
    const failed = terminated.exitCode !== 0;
    const detail = failed ? `exit code ${terminated.exitCode}` : "";
    return { word: terminated.reason ?? "Terminated", tone: failed ? "bad" : "idle", detail };
  }
  if (running)
    return ready ? { word: "Running", tone: "ok", detail: "" } : { word: "Not ready", tone: "wait", detail: "" };
  return { word: "Unknown", tone: "wait", detail: "" };
}
