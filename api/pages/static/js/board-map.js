// The map draws what the table holds: points and paths are read from the rows, so both always agree.

import { openBaseMap } from './base-map.js';

const point = (text) => text.split(',').map(Number);

/** Make the map of `board` and return `{draw, choose}`. `onChoose(visitId)` is called for a clicked stop. */
export function openMap(board, onChoose) {
  const markers = new Map();
  let fitted = false;
  let chosenId = '';
  const map = openBaseMap(board, board.dataset, {
    fits: () => !fitted,
    without: 'No base map for this area: only the routes are shown.',
  });
  const drawn = L.layerGroup().addTo(map);

  const stopMarker = (button, row) => {
    const number = button.querySelector('b')?.textContent ?? '?';
    const tone = button.classList.contains('late') ? ' is-late' : '';
    const className = row ? `stop ${row.classList[1]}${tone}` : 'stop is-loose';
    const icon = L.divIcon({ className, html: number, iconSize: [18, 18] });
    const marker = L.marker(point(button.dataset.point), { icon, keyboard: false, riseOnHover: true });
    const { visit } = button.dataset;
    marker.on('click', () => onChoose(visit));
    marker.bindTooltip(button.getAttribute('aria-label'), { direction: 'top' });
    markers.set(visit, marker);
    return marker.addTo(drawn);
  };

  const draw = () => {
    drawn.clearLayers();
    markers.clear();
    const seen = [];
    for (const row of board.querySelectorAll('.row')) {
      const line = (row.dataset.path ?? '').split(' ').filter(Boolean).map(point);
      if (line.length > 1) {
        const stroke = getComputedStyle(row).getPropertyValue('--nurse').trim();
        L.polyline(line, { color: stroke, weight: 2.5, opacity: 0.8, interactive: false }).addTo(drawn);
      }
      row.querySelectorAll('.visit[data-point]').forEach((button) => {
        stopMarker(button, row);
        seen.push(point(button.dataset.point));
      });
    }
    board.querySelectorAll('.waiting .visit[data-point]').forEach((button) => {
      stopMarker(button, null);
      seen.push(point(button.dataset.point));
    });
    board.querySelectorAll('#pharmacies li').forEach((shop) => {
      const icon = L.divIcon({ className: 'shop', html: '✚', iconSize: [20, 20] });
      const marker = L.marker(point(shop.dataset.point), { icon, keyboard: false, zIndexOffset: 500 });
      marker.bindTooltip(shop.textContent, { direction: 'top' }).addTo(drawn);
    });
    if (!fitted && seen.length) {
      map.fitBounds(L.latLngBounds(seen), { padding: [14, 14] });
      fitted = true;
    }
    choose(chosenId);
  };

  const choose = (visitId) => {
    markers.get(chosenId)?.getElement()?.classList.remove('is-chosen');
    chosenId = visitId;
    const marker = markers.get(visitId);
    marker?.getElement()?.classList.add('is-chosen');
    if (marker && !map.getBounds().pad(-0.05).contains(marker.getLatLng())) map.panTo(marker.getLatLng());
  };

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  draw();
  return { draw, choose };
}
