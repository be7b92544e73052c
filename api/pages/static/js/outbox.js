/* What was charted and is not with the server yet: kept in this browser's own database, so that neither a lost
   signal nor a closed page loses it. Each report carries the id and the time it was made with; sent twice it
   is one. The oldest goes first. A report is its maker's: only a page of the same account sends it, or sees
   it. One that the server refused stays until its maker throws it away. */

import { now } from "./clock.js";
import { localTime } from "./today.js";

const STORE = "reports";
const account = document.getElementById("unsent").dataset.account;
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

const drop = (key) => inStore("readwrite", (store) => store.delete(key));

/** Return this account's reports as [key, report], the oldest first. */
async function own() {
  const keys = await inStore("readonly", (store) => store.getAllKeys());
  const reports = await inStore("readonly", (store) => store.getAll());
  return keys.map((key, n) => [key, reports[n]]).filter(([, report]) => report.account === account);
}

/** Return how many reports wait, the words of those refused, and how many are other people's. */
export async function waiting() {
  const mine = await own();
  const refused = mine.filter(([, report]) => report.refused).map(([, report]) => report.refused);
  const all = await inStore("readonly", (store) => store.count());
  return { count: mine.length - refused.length, refused, others: all - mine.length };
}

/** Throw away what the server refused. */
export async function forgetRefused() {
  for (const [key, report] of await own()) if (report.refused) await drop(key);
}

/** Keep a form's report; a newer one of the same `matter` (a section saved again) takes an unsent one's place. */
export async function keep(form, matter = "") {
  const fields = new FormData(form);
  fields.delete("csrf_token");
  const report = { account, url: form.action, fields: new URLSearchParams(fields).toString(), matter };
  for (const [key, old] of matter ? await own() : []) {
    if (old.matter === matter && old.url === report.url) await drop(key);
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

export const words = (answer) =>
  (answer.reasons || []).map((each) => each.text).join(" ") || "The server did not take it.";

/** Send what waits, one after another; return the answer to the report of `open`, the form in hand, if it came. */
async function sendAll(open) {
  let mine;
  try {
    for (const [key, report] of await own()) {
      if (report.refused) continue;
      const answer = await post(report);
      if (key === open) mine = answer;
      if (answer.ok || key === open) await drop(key); // refused, it still stands in its form
      else await inStore("readwrite", (store) => store.put({ ...report, refused: words(answer) }, key));
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // a lost signal is one: the rest waits for the next turn
  }
  return mine;
}

let sending = Promise.resolve();

export function send(open) {
  const turn = sending.then(() => sendAll(open));
  sending = turn.catch(() => {});
  return turn;
}
