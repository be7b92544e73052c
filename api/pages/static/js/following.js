/* Parts of an open page that ask by themselves twice a minute, while somebody can see them. Asking keeps
   nobody signed in, and nothing changes under a finger: a part in which something is focused waits. */

const EVERY_MS = 30000;

async function ask(part) {
  if (part.contains(document.activeElement)) return;
  const answer = await fetch(part.dataset.follow, { redirect: "manual" }).catch(() => null);
  if (!answer?.ok) return; // no signal, or signed off: the part stays as it is
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (fresh && !part.contains(document.activeElement)) part.replaceWith(fresh);
}

setInterval(() => {
  if (document.visibilityState === "visible" && navigator.onLine) {
    document.querySelectorAll("[data-follow]").forEach(ask);
  }
}, EVERY_MS);
