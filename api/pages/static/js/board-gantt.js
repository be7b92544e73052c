// Walking and choosing in the table. One visit at a time is in the tab order; arrow keys walk from it.

import { now } from './clock.js';

const minutes = (element) => Number(element.dataset.begin ?? 0);
const inRow = (row) => [...row.querySelectorAll('.visit')];

function nearest(row, minute) {
  const found = inRow(row);
  found.sort((a, b) => Math.abs(minutes(a) - minute) - Math.abs(minutes(b) - minute));
  return found[0];
}

function neighbour(button, key) {
  const row = button.closest('.row');
  if (!row) return null;
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const all = inRow(row);
    return all[all.indexOf(button) + (key === 'ArrowRight' ? 1 : -1)] ?? null;
  }
  const step = key === 'ArrowDown' ? 'nextElementSibling' : 'previousElementSibling';
  for (let next = row[step]; next; next = next[step]) {
    const found = nearest(next, minutes(button));
    if (found) return found;
  }
  return null;
}

/** Follow focus and choice in `board`; `onChoose(visitId)` is called when a visit is chosen. */
export function openGantt(board, onChoose) {
  let chosenId = '';
  let focusedId = '';
  const all = () => [...board.querySelectorAll('.visit')];
  const find = (visitId) => all().find((button) => button.dataset.visit === visitId);

  const rove = () => {
    const stops = all();
    const current = find(focusedId) ?? find(chosenId) ?? stops[0];
    stops.forEach((button) => { button.tabIndex = button === current || !button.closest('.row') ? 0 : -1; });
  };

  const showWindows = (visitId) => {
    board.querySelectorAll('.window').forEach((span) => span.classList.toggle('shown', span.dataset.of === visitId));
  };

  const mark = (visitId) => {
    chosenId = visitId;
    all().forEach((button) => {
      button.classList.toggle('chosen', button.dataset.visit === visitId);
      if (button.dataset.visit === visitId) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    });
    showWindows(visitId);
    rove();
  };

  board.addEventListener('focusin', (event) => {
    const button = event.target.closest('.visit');
    if (!button) return;
    focusedId = button.dataset.visit;
    rove();
    showWindows(focusedId);
  });
  board.addEventListener('pointerover', (event) => {
    const button = event.target.closest?.('.visit');
    if (button) showWindows(button.dataset.visit);
  });
  board.addEventListener('pointerout', (event) => {
    if (event.target.closest?.('.visit')) showWindows(chosenId);
  });
  board.addEventListener('click', (event) => {
    const asked = event.target.closest('[data-why]');
    const button = event.target.closest('.visit');
    if (asked) onChoose(asked.dataset.why);
    else if (button) onChoose(button.dataset.visit);
  });
  board.addEventListener('keydown', (event) => {
    const button = event.target.closest('.visit');
    if (!button || event.altKey || event.ctrlKey || event.metaKey || board.dataset.held) return;
    if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].includes(event.key)) return;
    const next = neighbour(button, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  rove();

  return {
    mark,
    find,
    /** After a live update: the same visit stays chosen, and focus follows a visit to its new row. */
    restore() {
      const lost = focusedId && document.activeElement === document.body;
      mark(chosenId);
      if (lost) find(focusedId)?.focus({ preventScroll: true });
    },
  };
}

/** Keep the line of the present where the clock is, between two updates. */
export function tickNow(board) {
  setInterval(() => {
    const gantt = board.querySelector('.gantt');
    const flag = board.querySelector('.now-flag');
    if (!flag || !gantt.dataset.origin || board.dataset.clockStands) return;
    const minute = Math.floor((now() - Number(gantt.dataset.origin)) / 60000);
    const place = [`h${Math.floor(minute / 60)}`, `m${minute % 60}`];
    flag.className = ['now-flag', ...place].join(' ');
    board.querySelector('.now').className = ['now', ...place].join(' ');
    flag.textContent = new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit', minute: '2-digit', timeZone: gantt.dataset.zone,
    }).format(now());
  }, 20000);
}
