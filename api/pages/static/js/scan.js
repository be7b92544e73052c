/* A hand scanner is a keyboard. It sends GS1's group separator as Ctrl+], which no text field takes: here it is
   typed as the sign for it, so that a lot number is not taken for the serial number behind it. */

import "./scan-camera.js";

const GROUP_SEPARATOR = "␝";

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !("scan" in field.dataset)) return;
  if (event.ctrlKey && (event.key === "]" || event.code === "BracketRight")) {
    event.preventDefault();
    field.setRangeText(GROUP_SEPARATOR, field.selectionStart, field.selectionEnd, "end");
  }
});
