/* The nurse's screen: the phone's own clock with every deed, its place at arrival and leaving only, and one
   deed for two taps. Without script the forms work too: the server's clock counts and no place is given. */

import { now } from "./clock.js";

const PLACE_WAIT_MS = 8000;
const NAMES = ["lat", "lon", "accuracy_m"];

/** The clock of this phone with its offset: 2026-11-23T10:15:00.000-05:00. */
export function localTime(at) {
  const behind = at.getTimezoneOffset();
  const two = (n) => String(Math.trunc(Math.abs(n))).padStart(2, "0");
  const local = new Date(at.getTime() - behind * 60000).toISOString().slice(0, -1);
  return `${local}${behind > 0 ? "-" : "+"}${two(behind / 60)}:${two(behind % 60)}`;
}

function whereAmI() {
  return new Promise((found) => {
    if (!navigator.geolocation) {
      found(null);
      return;
    }
    navigator.geolocation.getCurrentPosition(
      (place) => found(place.coords),
      () => found(null),
      { enableHighAccuracy: true, timeout: PLACE_WAIT_MS, maximumAge: 0 },
    );
  });
}

async function send(form, button) {
  const at = form.elements.namedItem("at");
  if (at && !at.value) at.value = localTime(now());
  if ("place" in form.dataset) {
    const place = await whereAmI();
    if (place) {
      const told = [place.latitude.toFixed(6), place.longitude.toFixed(6), place.accuracy.toFixed(0)];
      NAMES.forEach((name, n) => { form.elements.namedItem(name).value = told[n]; });
    }
  }
  const sentAt = form.elements.namedItem("sent_at");
  if (sentAt) sentAt.value = localTime(now());
  if (button?.name) {
    const said = document.createElement("input");
    Object.assign(said, { type: "hidden", name: button.name, value: button.value });
    form.append(said);
  }
  form.submit();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("deed" in form.dataset)) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  event.submitter?.setAttribute("aria-busy", "true");
  send(form, event.submitter);
});

// Coming back by the browser's own cache shows the page as it was left: let its buttons work again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("[aria-busy]").forEach((element) => element.removeAttribute("aria-busy"));
});

const signal = document.getElementById("signal");
function tellSignal() {
  signal.hidden = navigator.onLine;
}
window.addEventListener("online", tellSignal);
window.addEventListener("offline", tellSignal);
tellSignal();

// A page that was left open may be old. It asks when somebody looks at it again, never by a timer, so that an
// unwatched phone still signs itself off.
const newer = document.getElementById("newer");
document.addEventListener("visibilitychange", async () => {
  if (document.visibilityState !== "visible" || !navigator.onLine) return;
  const answer = await fetch(newer.dataset.ask, { headers: { Accept: "application/json" }, redirect: "manual" });
  if (answer.ok) newer.hidden = String((await answer.json()).plan ?? "") === newer.dataset.plan;
});
