/* Compliance and stock: what was refused or done takes the focus; a scanner's group separator becomes visible. */

import "./scan.js";

document.querySelector("[data-focus]")?.focus();

// Shortcuts stand on what they press, and are shown beside it: with Alt, so that no screen reader's own keys
// are taken (WCAG 2.2, 2.1.4).
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || !event.code.startsWith("Key")) return;
  const pressed = document.querySelector(`[aria-keyshortcuts="Alt+${event.code.at(-1)}"]`);
  if (!pressed) return;
  event.preventDefault();
  if (pressed instanceof HTMLInputElement) pressed.focus();
  else pressed.click();
});

// A deed takes a moment: its button says so, and coming back by the browser's cache lets it work again. A
// download leaves the page as it is, so its button is free again soon.
const DOWNLOAD_MS = 4000;
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  event.submitter?.setAttribute("aria-busy", "true");
  if ("download" in event.target.dataset) setTimeout(() => event.submitter?.removeAttribute("aria-busy"), DOWNLOAD_MS);
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("[aria-busy]").forEach((element) => element.removeAttribute("aria-busy"));
});

// Somebody looks again at a page that was left open: it says that it is old. No timer, so that an unwatched
// screen still signs itself off.
const OLD_AFTER_MS = 60_000;
const shownAt = Date.now();
const stale = document.getElementById("stale");
document.addEventListener("visibilitychange", () => {
  if (stale && document.visibilityState === "visible" && Date.now() - shownAt > OLD_AFTER_MS) stale.hidden = false;
});
