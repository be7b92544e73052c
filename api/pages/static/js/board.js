// The day board: the table, the map, the panel, moving and live updates hang together here.
import { openMoving } from './board-drag.js';
import { openGantt, tickNow } from './board-gantt.js';
import { openLive } from './board-live.js';
import { openMap } from './board-map.js';

const board = document.querySelector('#board');
const panel = document.querySelector('#panel');
const spoken = document.querySelector('#say');
const { url } = board.dataset;
const nothingChosen = panel.innerHTML;
let asked = '';

const say = (text) => { spoken.textContent = text; };
const visitUrl = (visitId) => `${url}/visits/${visitId}`;
const toPanel = (method, address, values = {}) => htmx.ajax(method, address, { source: '#panel', target: '#panel', swap: 'innerHTML', values });

function choose(visitId) {
  asked = visitId;
  gantt.mark(visitId);
  map.choose(visitId);
  toPanel('GET', visitUrl(visitId));
}

function close() {
  const button = gantt.find(asked) ?? document.querySelector('[data-costs]');
  asked = '';
  panel.innerHTML = nothingChosen;
  gantt.mark('');
  map.choose('');
  button?.focus();
}

async function offersOf(visitId) {
  const answer = await fetch(`${visitUrl(visitId)}/offers`, { headers: { Accept: 'application/json' } });
  if (!answer.ok) {
    say('What a move would cost could not be found out; it can still be tried.');
    return [];
  }
  return answer.json();
}

function settle(visitId, shiftId, reading) {
  asked = visitId;
  gantt.mark(visitId);
  map.choose(visitId);
  const plan = board.querySelector('#table').dataset.plan;
  toPanel('POST', `${visitUrl(visitId)}/move`, { shift_id: shiftId, reading, plan_number: plan });
}

const gantt = openGantt(board, choose);
const map = openMap(board, choose);
const moving = openMoving(board, { say, offersOf, settle, onRelease: () => live.released() });
const live = openLive(board, {
  isHeld: moving.isHeld,
  onUpdate(target) {
    if (target === 'table') {
      gantt.restore();
      map.draw();
    }
    const notice = target === 'panel' && panel.querySelector('.notice, [data-focus]');
    if (notice) {
      notice.tabIndex = -1;
      notice.focus();
    }
  },
});

panel.addEventListener('click', (event) => {
  const mover = event.target.closest('[data-settle]');
  if (event.target.closest('[data-close]')) close();
  else if (mover) settle(asked, mover.dataset.settle, '');
});
board.addEventListener('click', (event) => {
  if (!event.target.closest('[data-costs]')) return;
  asked = ''; // the panel now shows the plan, no visit
  gantt.mark('');
  map.choose('');
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || moving.isHeld()) return;
  const planning = document.querySelector('#planning[open]');
  if (planning) {
    planning.open = false;
    planning.querySelector('summary').focus();
  } else if (panel.contains(document.activeElement)) close();
});
document.body.addEventListener('htmx:after:request', (event) => {
  if (event.target.closest?.('#planning')) document.querySelector('#planning').open = false;
});
document.querySelector('#area').addEventListener('change', (event) => event.target.form.requestSubmit());
document.querySelector('#day').addEventListener('change', (event) => event.target.value && event.target.form.requestSubmit());
tickNow(board);
const wanted = new URLSearchParams(location.search).get('visit');
if (wanted && gantt.find(wanted)) choose(wanted);
