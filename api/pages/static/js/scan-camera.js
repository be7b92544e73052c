/* A camera button beside each scan field, where the browser itself reads codes (BarcodeDetector: Chrome on
   Android and on macOS). Elsewhere there is no button, and a hand scanner or the keyboard is used. */

const FORMATS = ["data_matrix", "qr_code", "code_128"];
const LOOK_EVERY_MS = 150;

async function readable() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return [];
  const known = await window.BarcodeDetector.getSupportedFormats();
  return FORMATS.filter((format) => known.includes(format));
}

function stop(stream, video) {
  stream.getTracks().forEach((track) => track.stop());
  video.remove();
}

async function look(field, button, formats) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    button.textContent = "The camera is not allowed";
    return;
  }
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, srcObject: stream });
  video.setAttribute("aria-label", "Camera picture: hold the code into it");
  button.after(video);
  await video.play();
  const detector = new window.BarcodeDetector({ formats });
  button.textContent = "Stop the camera";
  let running = true;
  button.addEventListener("click", () => { running = false; }, { once: true });
  while (running) {
    const [found] = await detector.detect(video).catch(() => []);
    if (found) {
      field.value = found.rawValue.replaceAll("\u001d", "␝");
      running = false;
      field.form.requestSubmit();
    } else {
      await new Promise((wait) => { setTimeout(wait, LOOK_EVERY_MS); });
    }
  }
  stop(stream, video);
  button.textContent = "Use the camera";
  button.addEventListener("click", () => look(field, button, formats), { once: true });
}

const formats = await readable();
if (formats.length) {
  for (const field of document.querySelectorAll("input[data-scan]")) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "secondary camera", textContent: "Use the camera" });
    field.after(button);
    button.addEventListener("click", () => look(field, button, formats), { once: true });
  }
}
