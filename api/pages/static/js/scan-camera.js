/* The camera beside each scan field. Where the browser itself reads codes (BarcodeDetector: Chrome on
   Android and on macOS) it does, elsewhere a reader of ours (scan-reader.js), fetched when the button is first
   pressed. A hand scanner and the keyboard always do. */

const FORMATS = ["data_matrix", "qr_code", "code_128"];
const LOOK_EVERY_MS = 150;
// Pixels of the picture's longer side: enough for a code held near, and quick to read.
const LARGEST = 960;
const NEEDED = "data_matrix";

/* Return a function from a video to the code that is in its picture, "" without one. */
async function reader() {
  if ("BarcodeDetector" in window) {
    const known = await window.BarcodeDetector.getSupportedFormats();
    const formats = FORMATS.filter((format) => known.includes(format));
    if (formats.includes(NEEDED)) {
      const detector = new window.BarcodeDetector({ formats });
      return async (video) => (await detector.detect(video).catch(() => []))[0]?.rawValue ?? "";
    }
  }
  const worker = new Worker(new URL("scan-reader.js", import.meta.url), { type: "module" });
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  return (video) => new Promise((tell) => {
    if (!video.videoWidth) { tell(""); return; }
    const scale = Math.min(1, LARGEST / Math.max(video.videoWidth, video.videoHeight));
    pen.canvas.width = Math.round(video.videoWidth * scale);
    pen.canvas.height = Math.round(video.videoHeight * scale);
    pen.drawImage(video, 0, 0, pen.canvas.width, pen.canvas.height);
    worker.onmessage = ({ data }) => tell(data);
    worker.onerror = () => tell("");
    worker.postMessage(pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height));
  });
}

function stop(stream, video) {
  stream.getTracks().forEach((track) => track.stop());
  video.remove();
}

let kept;

async function look(field, button) {
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
  kept ??= reader();
  const read = await kept;
  button.textContent = "Stop the camera";
  let running = true;
  button.addEventListener("click", () => { running = false; }, { once: true });
  while (running) {
    const found = await read(video);
    if (found && running) {
      field.value = found.replaceAll("\u001d", "␝");
      running = false;
      field.form.requestSubmit();
    } else {
      await new Promise((wait) => { setTimeout(wait, LOOK_EVERY_MS); });
    }
  }
  stop(stream, video);
  button.textContent = "Use the camera";
  button.addEventListener("click", () => look(field, button), { once: true });
}

/* The button stands in the page from the first: one that came later would push down what is below it. */
for (const button of document.querySelectorAll("input[data-scan] + .camera")) {
  if (navigator.mediaDevices?.getUserMedia) {
    button.addEventListener("click", () => look(button.previousElementSibling, button), { once: true });
  } else {
    button.remove();
  }
}
