/* Signing on glass: each stroke joins the path of the box and the field that is sent. It is thinned until it fits
   what the server keeps. Without script the typed name with its tick signs. */

const WIDTH = 600;
const HEIGHT = 200;
const MOST = 2000;

function pointOf(pad, event) {
  const box = pad.getBoundingClientRect();
  const within = (part, whole, most) => Math.min(most, Math.max(0, Math.round((part / whole) * most)));
  return [within(event.clientX - box.left, box.width, WIDTH), within(event.clientY - box.top, box.height, HEIGHT)];
}

/** A stroke as steps, without points nearer than `apart` units to the one before; the last one stays. */
function thinned(points, apart) {
  const kept = [points[0]];
  points.slice(1).forEach((point, n) => {
    const [x, y] = kept.at(-1);
    const far = Math.hypot(point[0] - x, point[1] - y);
    if (far >= apart || (far > 0 && n === points.length - 2)) kept.push(point);
  });
  return kept;
}

function pathOf(strokes, apart) {
  return strokes.map((points) => {
    const kept = thinned(points, apart);
    const steps = kept.slice(1).map(([x, y], n) => `${x - kept[n][0]} ${y - kept[n][1]}`);
    return `M${kept[0].join(" ")}${steps.length ? `l${steps.join(" ")}` : ""}`;
  }).join("");
}

function fitting(strokes) {
  for (let apart = 3; apart <= 96; apart *= 1.5) {
    const path = pathOf(strokes, apart);
    if (path.length <= MOST) return path;
  }
  return null;
}

document.querySelectorAll("[data-signature]").forEach((place) => {
  const pad = place.querySelector(".pad");
  const ink = pad.querySelector("path");
  const field = place.querySelector('input[name="signature"]');
  let strokes = [];

  function keep(path) {
    field.value = path;
    ink.setAttribute("d", path);
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  pad.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    strokes.push([pointOf(pad, event)]);
  });
  pad.addEventListener("pointermove", (event) => {
    if (!pad.hasPointerCapture(event.pointerId)) return;
    strokes.at(-1).push(pointOf(pad, event));
    ink.setAttribute("d", pathOf(strokes, 1));
  });
  pad.addEventListener("pointerup", () => {
    const path = fitting(strokes);
    if (path === null) strokes.pop();
    else keep(path);
  });
  pad.addEventListener("pointercancel", () => {
    strokes.pop();
    ink.setAttribute("d", field.value);
  });
  place.querySelector("[data-clear]").addEventListener("click", () => {
    strokes = [];
    keep("");
  });
});
