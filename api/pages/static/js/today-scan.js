/* Scanning on the nurse's phone: at the pharmacy a scan fills the next row of the pickup, at the bedside it opens
   the vial's own part of the lock-box. Without script the field's form asks the server. */

import "./scan.js";

const form = document.querySelector("[data-scan-form]");
const field = form?.elements.namedItem("scan");
const said = form?.querySelector("[data-scan-said]");

async function ask(scan) {
  const answer = await fetch(form.dataset.ask, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content,
    },
    body: JSON.stringify({ scan }),
  });
  return { ok: answer.ok, told: await answer.json() };
}

/** Choose the vial in the first empty row of the pickup, and go on to its seal. */
function takeFromShelf(serial) {
  for (const list of document.querySelectorAll("select[name^=serial_]")) {
    if (list.value === serial) return "It is on the list already.";
    if (list.value) continue;
    if (![...list.options].some((option) => option.value === serial)) return "";
    list.value = serial;
    list.closest("details").open = true;
    document.getElementById(list.id.replace("serial", "seal")).focus();
    return `Vial ${serial} is on the list. Read its seal.`;
  }
  return "";
}

/** Open the vial's next step in the lock-box. */
function openInBox(serial) {
  const vial = document.querySelector(`article[data-serial="${CSS.escape(serial)}"]`);
  if (!vial) return "";
  const step = vial.querySelector("details");
  if (step) step.open = true;
  (step?.querySelector("input:not([type=hidden]), select") ?? vial.querySelector("summary"))?.focus();
  return `Vial ${serial} is in your lock-box.`;
}

form?.addEventListener("submit", async (event) => {
  if (!field.value.trim()) return;
  event.preventDefault();
  try {
    const { ok, told } = await ask(field.value);
    const reasons = ok ? told.findings : told.reasons;
    const sentences = reasons.map((reason) => `${reason.text} ${reason.way_out ?? ""}`);
    if (ok && !reasons.length) sentences.push(takeFromShelf(told.serial) || openInBox(told.serial) || `Vial ${told.serial} is not in your lock-box.`);
    said.textContent = sentences.join(" ");
  } catch {
    said.textContent = "No signal. Read the number on the vial instead.";
  }
  field.value = "";
});
