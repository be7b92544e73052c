/* What was charted and is not with the server yet: kept in this browser's own database, so that neither a lost
   signal nor a closed page loses it. Each report carries the id and the time it was made with; sent twice it
   is one. The oldest goes first. */

import { now } from "./clock.js";
import { localTime } from "./today.js";

const STORE = "reports";
let opened;

function database() {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open("housecall-outbox", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { autoIncrement: true });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opened;
}

async function inStore(mode, act) {
  const store = (await database()).transaction(STORE, mode).objectStore(STORE);
  const asked = act(store);
  return new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

/** Return what waits as [key, report], the oldest first. */
export async function unsent() {
  const keys = await inStore("readonly", (store) => store.getAllKeys());
  const reports = await inStore("readonly", (store) => store.getAll());
  return keys.map((key, n) => [key, reports[n]]);
}

/** Keep a form's report; a newer one of the same `matter` (a section saved again) takes an unsent one's place. */
export async function keep(form, matter = "") {
  const fields = new FormData(form);
  fields.delete("csrf_token");
  const report = { url: form.action, fields: new URLSearchParams(fields).toString(), matter };
  for (const [key, old] of matter ? await unsent() : []) {
    if (old.matter === matter && old.url === report.url) await inStore("readwrite", (store) => store.delete(key));
  }
  return inStore("readwrite", (store) => store.add(report));
}

async function post(report) {
  const fields = new URLSearchParams(report.fields);
  fields.set("sent_at", localTime(now()));
  const headers = {
    Accept: "application/json",
    "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
  };
  const answer = await fetch(report.url, { method: "POST", body: fields, headers, redirect: "manual" });
  if (answer.type === "opaqueredirect") throw new TypeError("signed off");
  if (answer.status >= 500 || answer.status === 429) throw new TypeError("not now");
  return { ok: answer.ok, ...(await answer.json().catch(() => ({}))) };
}

let sending = Promise.resolve();

/** Send what waits, one after another, and give each answer by its key; what fails to reach the server stays. */
export function send() {
  const turn = sending.then(async () => {
    const answers = new Map();
    try {
      for (const [key, report] of await unsent()) {
        answers.set(key, await post(report));
        await inStore("readwrite", (store) => store.delete(key));
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // a lost signal is one: the rest waits for the next turn
    }
    return answers;
  });
  sending = turn.catch(() => {});
  return turn;
}
