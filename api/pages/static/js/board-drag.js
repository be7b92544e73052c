// Moving a visit by hand: with the pointer, or with Alt and the arrow keys. The server decides what is
// allowed and what it costs; here is only shown what it said.

const STEP_MINUTES = 5;
const START_PX = 5;
const SNAP_MINUTES = 25;

// Minutes are elapsed ones since the area's midnight; on a day of a change its clocks are ahead or behind.
const ahead = (board) => Number(board.querySelector('.gantt').dataset.ahead);
const clock = (board, minute) => {
  const shown = minute + ahead(board);
  return `${String(Math.floor(shown / 60) % 24).padStart(2, '0')}:${String(shown % 60).padStart(2, '0')}`;
};
const minuteOf = (board, reading) =>
  reading ? Number(reading.slice(0, 2)) * 60 + Number(reading.slice(3)) - ahead(board) : NaN;
// The next minute on the grid in the direction of `by`.
const step = (minute, by) => (by > 0 ? Math.floor(minute / by) + 1 : Math.ceil(minute / -by) - 1) * Math.abs(by);
const rows = (board) => [...board.querySelectorAll('.row')];

function minuteAt(board, lane, x) {
  const { from, span } = board.querySelector('.gantt').dataset;
  const box = lane.getBoundingClientRect();
  const minute = Number(from) + ((x - box.left) / box.width) * Number(span);
  return Math.round(minute / STEP_MINUTES) * STEP_MINUTES;
}

function xOf(board, lane, minute) {
  const { from, span } = board.querySelector('.gantt').dataset;
  const box = lane.getBoundingClientRect();
  return box.left + ((minute - Number(from)) / Number(span)) * box.width;
}

/** The visit in hand: what is shown while it is held. */
class Held {
  constructor(board, button, say) {
    Object.assign(this, { board, button, say, offers: new Map(), row: button.closest('.row'), follows: false });
    this.visit = button.dataset.visit;
    this.minute = Number(button.dataset.begin ?? 0);
    this.name = button.querySelector('span').textContent;
    this.ghost = document.createElement('div');
    this.ghost.className = 'ghost';
    document.body.append(this.ghost);
    button.classList.add('held');
    board.dataset.held = this.visit;
    board.querySelector('.gantt').classList.add('holding');
  }

  showOffers(offers) {
    offers.forEach((offer) => this.offers.set(offer.shift_id, offer));
    for (const row of rows(this.board)) {
      const offer = this.offers.get(row.dataset.shift);
      row.classList.toggle('never', offer ? !offer.allowed : false);
      const note = document.createElement('span');
      note.className = 'offer';
      note.textContent = offer ? (offer.allowed ? `${offer.begins} ${offer.added}` : offer.why) : '…';
      note.title = offer && !offer.allowed ? offer.reasons.join(' ') : '';
      row.querySelector('.offer')?.remove();
      row.append(note);
    }
    if (this.follows) this.goTo(this.row);
    else this.aim(this.row, this.minute);
  }

  /** Point at a row, whenever it costs least there: at once if the server has said when, else once it has. */
  goTo(row) {
    const begins = minuteOf(this.board, this.offers.get(row.dataset.shift)?.begins);
    this.aim(row, Number.isNaN(begins) ? this.minute : begins);
    this.follows = true;
  }

  /** Point at a row and a minute; close to what the server offers there, take exactly that. */
  aim(row, minute) {
    const offer = this.offers.get(row?.dataset.shift);
    const begins = offer?.allowed ? minuteOf(this.board, offer.begins) : NaN;
    this.row = row;
    this.follows = false;
    this.asOffered = Math.abs(begins - minute) <= SNAP_MINUTES && row !== this.button.closest('.row');
    this.minute = this.asOffered ? begins : minute;
    this.tell();
  }

  tell() {
    rows(this.board).forEach((row) => row.classList.toggle('target', row === this.row));
    const offer = this.offers.get(this.row?.dataset.shift);
    const refused = offer ? !offer.allowed : false;
    this.ghost.classList.toggle('refused', refused);
    if (!this.row) {
      this.ghost.textContent = this.name;
      return;
    }
    const where = `${this.row.dataset.code} ${clock(this.board, this.minute)}`;
    const price = !offer ? '' : refused ? offer.why : this.asOffered ? offer.added : '';
    this.ghost.textContent = `${this.name} → ${where} ${price}`;
    this.say(`${this.name} to ${where}. ${refused ? `Not allowed: ${offer.reasons.join(' ')}` : price}`);
  }

  place(x, y) {
    this.ghost.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  placeAtRow() {
    const lane = this.row.querySelector('.lane');
    this.row.scrollIntoView({ block: 'nearest' });
    this.place(xOf(this.board, lane, this.minute), lane.getBoundingClientRect().top + 2);
  }

  letGo() {
    this.ghost.remove();
    this.button.classList.remove('held');
    delete this.board.dataset.held;
    this.board.querySelector('.gantt').classList.remove('holding');
    for (const row of rows(this.board)) {
      row.classList.remove('never', 'target');
      row.querySelector('.offer')?.remove();
    }
  }
}

/**
 * Let visits be moved. `offersOf(visitId)` asks what each row would cost, `settle(visitId, shiftId, reading)`
 * asks the server to do it, `onRelease()` runs when nothing is held any more.
 */
export function openMoving(board, { say, offersOf, settle, onRelease }) {
  let held = null;
  let pressed = null;

  const release = () => {
    held?.letGo();
    held = null;
    pressed = null;
    onRelease();
  };
  const take = (button) => {
    if (button.classList.contains('frozen')) {
      say('This visit is done or under way: it no longer moves.');
      return null;
    }
    const mine = new Held(board, button, say);
    held = mine;
    offersOf(mine.visit).then((offers) => { if (held === mine) mine.showOffers(offers); });
    return mine;
  };
  const drop = () => {
    const { visit, row, minute, button } = held;
    const whenItSuits = (held.asOffered || held.follows) && row !== button.closest('.row');
    const moved = row && (row !== button.closest('.row') || minute !== Number(button.dataset.begin));
    release();
    if (moved) settle(visit, row.dataset.shift, whenItSuits ? '' : clock(board, minute));
  };

  // The click that ends a drag must not choose the visit beneath.
  const notAClick = (click) => click.stopPropagation();

  board.addEventListener('pointerdown', (event) => {
    const button = event.target.closest('.visit');
    if (!button || event.button !== 0 || held) return;
    const box = button.getBoundingClientRect();
    pressed = { button, x: event.clientX, y: event.clientY, grip: event.clientX - box.left };
  });
  document.addEventListener('pointermove', (event) => {
    if (!pressed) return;
    if (!held) {
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < START_PX) return;
      if (!take(pressed.button)) {
        pressed = null;
        return;
      }
      document.addEventListener('click', notAClick, { capture: true });
    }
    event.preventDefault();
    const beneath = document.elementFromPoint(event.clientX, event.clientY);
    const row = beneath?.closest?.('.row') ?? null;
    const left = event.clientX - Math.min(pressed.grip, 60);
    held.aim(row, row ? minuteAt(board, row.querySelector('.lane'), left) : held.minute);
    held.place(left, event.clientY - 12);
  });
  document.addEventListener('pointerup', () => {
    if (held && pressed) drop();
    pressed = null;
    setTimeout(() => document.removeEventListener('click', notAClick, { capture: true }));
  });
  document.addEventListener('pointercancel', release);
  board.addEventListener('dragstart', (event) => event.preventDefault());

  const KEYS = { ArrowLeft: -STEP_MINUTES, ArrowRight: STEP_MINUTES, ArrowUp: -1, ArrowDown: 1 };
  board.addEventListener('keydown', (event) => {
    if (held && event.key === 'Escape') {
      event.preventDefault();
      say('Let go; nothing moved.');
      release();
      return;
    }
    if (held && event.key === 'Enter') {
      event.preventDefault();
      drop();
      return;
    }
    const button = event.target.closest('.visit');
    if (!event.altKey || !button || !(event.key in KEYS)) return;
    event.preventDefault();
    if (!held && !take(button)) return;
    const all = rows(board);
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      held.aim(held.row ?? all[0], step(held.minute, KEYS[event.key]));
    } else {
      const next = Math.min(all.length - 1, Math.max(0, all.indexOf(held.row) + KEYS[event.key]));
      held.goTo(all[next]);
    }
    held.placeAtRow();
  });
  board.addEventListener('focusout', (event) => {
    if (held && !pressed && event.target === held.button) release();
  });
  return { isHeld: () => held !== null };
}
