// A proposal on the rows: what it moves is marked where it stands, and drawn where it would stand. The words
// are in the panel; here nothing is decided.

const board = document.querySelector('#board');
const panel = document.querySelector('#panel');

function clear() {
  board.querySelectorAll('.proposed').forEach((bar) => bar.remove());
  board.querySelectorAll('.visit.moving').forEach((bar) => bar.classList.remove('moving'));
}

function draw() {
  clear();
  const proposal = panel.querySelector('[data-replan="proposed"]');
  if (!proposal) return;
  for (const moved of proposal.querySelectorAll('[data-moved]')) {
    document.getElementById(`v-${moved.dataset.moved}`)?.classList.add('moving');
    const lane = moved.dataset.shift && board.querySelector(`[data-shift="${moved.dataset.shift}"].row .lane`);
    if (!lane) continue;
    const bar = document.createElement('i');
    bar.className = `proposed ${moved.dataset.place}`;
    bar.textContent = `→ ${moved.dataset.text}`;
    bar.title = `Proposed: ${moved.dataset.text}`;
    lane.append(bar);
  }
}

/** Show only the fields that what happened needs. */
function suit(form) {
  const { value } = form.elements.kind;
  form.querySelectorAll('[data-for]').forEach((part) => { part.hidden = !part.dataset.for.split(' ').includes(value); });
}

panel.addEventListener('change', (event) => {
  if (event.target.name === 'kind') suit(event.target.form);
});
document.body.addEventListener('htmx:after:swap', () => {
  const form = panel.querySelector('form.happened');
  if (form) suit(form);
  draw();
});
new MutationObserver(() => { if (!panel.querySelector('[data-replan]')) clear(); }).observe(panel, { childList: true });
