/* Sections save themselves as they are answered; readings, and deeds that happened, go when their button is
   pressed. Everything is kept in the outbox first and goes as soon as there is a signal. Without script the
   buttons post plain forms. */

import { now } from "./clock.js";
import { forgetRefused, keep, send, waiting, words } from "./outbox.js";
import { localTime } from "./today.js";

const count = document.getElementById("unsent");
const forget = document.getElementById("forget");

function say(form, text, failed = false) {
  const line = form.querySelector(".saved");
  line.textContent = text;
  line.classList.toggle("failed", failed);
}

async function tellUnsent() {
  const kept = await waiting();
  const lines = kept.refused.map((text) => `Not taken, and kept: ${text}`);
  if (kept.count) lines.unshift(`${kept.count} kept on this phone, not sent yet.`);
  if (kept.others) lines.push(`${kept.others} of somebody else wait on this phone until they sign in here.`);
  count.hidden = !lines.length;
  count.firstElementChild.textContent = lines.join(" ");
  forget.hidden = !kept.refused.length;
}

async function report(form, matter) {
  form.elements.namedItem("at").value = form.dataset.changed || localTime(now());
  const key = await keep(form, matter);
  form.elements.namedItem("event_id").value = crypto.randomUUID();
  const answer = await send(key);
  await tellUnsent();
  return answer;
}

async function save(form) {
  const answer = await report(form, form.elements.namedItem("section").value);
  if (!answer) say(form, "Kept on this phone: no signal.", true);
  else if (!answer.ok) say(form, words(answer), true);
  else say(form, answer.open ? `Saved; ${answer.open} left here.` : "Saved; nothing left here.");
}

async function press(form) {
  const whole = "autosave" in form.dataset; // a section stays as it is filled in; a newer one replaces it
  const answer = await report(form, whole ? form.elements.namedItem("section").value : "");
  if (answer?.ok) {
    location.assign(answer.next);
  } else if (answer) {
    say(form, words(answer), true);
  } else {
    const next = form.elements.namedItem("event_id").value;
    if (!whole) form.reset();
    form.elements.namedItem("event_id").value = next; // the next set is a report of its own
    say(form, "Kept on this phone: no signal.", true);
  }
}

async function sendWhatWaits() {
  await send();
  await tellUnsent();
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosave]");
  if (!form) return;
  form.dataset.changed = localTime(now());
  save(form);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("outbox" in form.dataset)) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  press(form).finally(() => form.removeAttribute("aria-busy"));
});
forget.addEventListener("click", () => forgetRefused().then(tellUnsent));
window.addEventListener("online", sendWhatWaits);
sendWhatWaits();
