// Others' changes arrive without a reload. While a visit is held nothing moves under the hand: the update waits.

const SETTLE_MS = 150;

/** Follow the day's changes. `isHeld()` tells whether a visit is held; `onUpdate()` runs after each swap. */
export function openLive(board, { isHeld, onUpdate }) {
  const stream = board.querySelector('#live');
  const offline = board.querySelector('#offline');
  let waiting = 0;
  let missed = false;

  const refresh = () => {
    if (isHeld()) {
      missed = true;
      return;
    }
    missed = false;
    // A plan changes much at once: one refresh for a burst of events.
    clearTimeout(waiting);
    waiting = setTimeout(() => htmx.trigger(board.querySelector('#table'), 'board-refresh'), SETTLE_MS);
  };
  const refreshRun = () => htmx.trigger(board.querySelector('#run'), 'run-refresh');

  stream.addEventListener('board-changed', refresh);
  stream.addEventListener('plan-run', refreshRun);
  board.addEventListener('board-changed', refresh);
  let broken = false;
  stream.addEventListener('htmx:sse:error', () => {
    broken = true;
    offline.hidden = false;
  });
  stream.addEventListener('htmx:sse:after:connection', () => {
    offline.hidden = true;
    if (broken) {
      refresh();
      refreshRun();
    }
    broken = false;
  });

  board.addEventListener('htmx:before:swap', (event) => {
    const { ctx } = event.detail;
    const place = ctx?.target?.id;
    if (ctx?.sourceElement === stream) {
      offline.hidden = false;
    } else if (place === 'table' && isHeld()) {
      event.preventDefault();
      missed = true;
    } else if (ctx?.response?.status >= 400 && ctx.text?.includes('class="problem"') && place !== 'panel') {
      // What went wrong is told beside the board, never in place of it.
      event.preventDefault();
      board.querySelector('#problems').innerHTML = ctx.text;
    }
  });
  board.addEventListener('htmx:error', () => { offline.hidden = false; });
  board.addEventListener('htmx:after:request', (event) => {
    const { ctx } = event.detail;
    if (ctx?.response?.status < 400) {
      board.querySelector('#problems').replaceChildren();
      if (ctx.sourceElement !== stream && !broken) offline.hidden = true;
    }
    if (ctx?.request?.method === 'POST') refresh();
  });
  document.body.addEventListener('htmx:after:swap', (event) => onUpdate(event.detail.ctx?.target?.id ?? ''));
  return {
    refresh,
    /** Catch up with what came in while a visit was held. */
    released() {
      if (missed) refresh();
    },
  };
}
