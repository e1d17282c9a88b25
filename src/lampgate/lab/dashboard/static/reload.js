// The answer header `X-Reload: reload` makes the page load anew, whatever the status, as in Headlamp. A gateway uses
// it to bring a page whose session has ended to a sign-in. Where reloading does not help it stops after two attempts.

const KEY = "lab-dashboard.reloads";
const WINDOW = 30_000;
const ATTEMPTS = 2;

let leaving = false;

/** Whether the page is on its way out because this answer asked for it. */
export function reloading(response) {
  if (response.headers.get("X-Reload") !== "reload") return false;
  // Several answers may ask for the same reload.
  if (leaving) return true;
  const now = Date.now();
  const recent = JSON.parse(sessionStorage.getItem(KEY) ?? "[]").filter((time) => now - time < WINDOW);
  if (recent.length >= ATTEMPTS) return false;
  sessionStorage.setItem(KEY, JSON.stringify([...recent, now]));
  leaving = true;
  window.location.reload();
  return true;
}
