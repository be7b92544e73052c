/* Sections save themselves as they are answered. Without a signal they wait on the page and go as soon as
   there is one; each saving is a report of its own, so none is taken twice. Without script the button saves. */

import { now } from "./clock.js";
import { localTime } from "./today.js";

const waiting = new Set();

function say(form, text, failed = false) {
  const line = form.querySelector(".saved");
  line.textContent = text;
  line.classList.toggle("failed", failed);
}

async function save(form) {
  const sent = new FormData(form);
  sent.set("event_id", crypto.randomUUID());
  sent.set("at", form.dataset.changed);
  sent.set("sent_at", localTime(now()));
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(sent), headers: { Accept: "application/json" }, redirect: "manual",
    });
    if (answer.type === "opaqueredirect") throw new TypeError("signed off");
    const told = await answer.json();
    waiting.delete(form);
    if (!answer.ok) say(form, (told.reasons || []).map((each) => each.text).join(" "), true);
    else say(form, told.open ? `Saved; ${told.open} left here.` : "Saved; nothing left here.");
  } catch {
    waiting.add(form);
    say(form, "Not sent yet: no signal.", true);
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosave]");
  if (!form) return;
  form.dataset.changed = localTime(now());
  save(form);
});
window.addEventListener("online", () => waiting.forEach(save));
window.addEventListener("beforeunload", (event) => {
  if (waiting.size) event.preventDefault();
});
