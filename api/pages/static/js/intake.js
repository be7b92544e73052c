// Saves each answer as it is given. Without this file every answer has its own button.
const WAIT_MS = 900;

for (const form of document.querySelectorAll("form[data-autosave]")) {
  const output = form.querySelector("output");
  let timer = 0;
  let sending = Promise.resolve();

  const say = (text, failed) => {
    output.textContent = text;
    output.classList.toggle("failed", failed);
  };

  const ready = () => {
    const sayings = form.querySelectorAll("input[type=radio]");
    return sayings.length === 0 || [...sayings].some((each) => each.checked);
  };

  const send = async () => {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "X-Autosave": "1", "Accept": "application/json" },
    });
    if (answer.ok) {
      say("Saved", false);
      return;
    }
    const told = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
    say((told.texts || ["Not saved. Load the page again."]).join(" "), true);
  };

  const save = () => {
    clearTimeout(timer);
    if (!ready()) {
      say("Choose an answer, too", true);
      return;
    }
    say("Saving …", false);
    // One after the other, so that the last word counts.
    sending = sending.then(send).catch(() => say("Not saved: no connection. It is tried again when you go on.", true));
  };

  form.addEventListener("change", save);
  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea, input:not([type=radio])")) {
      clearTimeout(timer);
      timer = setTimeout(save, WAIT_MS);
    }
  });
}
