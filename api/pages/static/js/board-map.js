// The map draws what the table holds: points and paths are read from the rows, so both always agree.

const ROADS = {
  water: { fill: '--hc-water', weight: 0 },
  river: { line: '--hc-water', weight: 3 },
  tertiary: { line: '--hc-road-small', weight: 1 },
  secondary: { line: '--hc-road-main', weight: 1 },
  primary: { line: '--hc-road-main', weight: 1.75 },
  trunk: { line: '--hc-road-motorway', weight: 2 },
  motorway: { line: '--hc-road-motorway', weight: 2.5 },
};
const STREETS_FROM_ZOOM = 13;
const CREDIT = 'Map data © OpenStreetMap contributors';

const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
const point = (text) => text.split(',').map(Number);

const roadStyle = (feature) => {
  const kind = ROADS[feature.properties.class] ?? { line: '--hc-road-small', weight: 0.75 };
  if (kind.fill) return { stroke: false, fillColor: colour(kind.fill), fillOpacity: 1, interactive: false };
  return { color: colour(kind.line), weight: kind.weight, opacity: 0.9, interactive: false };
};

async function baseLayer(url, pane) {
  const answer = await fetch(url);
  if (!answer.ok) return null;
  return L.geoJSON(await answer.json(), { style: roadStyle, pane, renderer: L.canvas({ pane }), interactive: false });
}

/** Make the map of `board` and return `{draw, choose}`. `onChoose(visitId)` is called for a clicked stop. */
export function openMap(board, onChoose) {
  const map = L.map(board.querySelector('#map'), {
    preferCanvas: true, keyboard: false, zoomSnap: 0.25, minZoom: 8, maxZoom: 18,
    fadeAnimation: false, zoomAnimation: false, markerZoomAnimation: false,
  });
  map.attributionControl.setPrefix(false).addAttribution(CREDIT);
  map.createPane('streets').style.zIndex = 200;
  map.createPane('roads').style.zIndex = 210;
  map.setView([39.9612, -82.9988], 11);
  const drawn = L.layerGroup().addTo(map);
  const markers = new Map();
  const bases = [];
  let streets = null;
  let fitted = false;
  let chosenId = '';

  const lay = async (url, pane) => {
    const layer = await baseLayer(url, pane).catch(() => null);
    if (layer) bases.push(layer.addTo(map));
    return layer;
  };
  lay(board.dataset.roads, 'roads').then((layer) => {
    if (!fitted && layer) map.fitBounds(layer.getBounds());
    const note = board.querySelector('#map-note');
    note.hidden = Boolean(layer);
    note.textContent = 'No base map for this area: only the routes are shown.';
  });
  map.on('zoomend', () => {
    if (map.getZoom() < STREETS_FROM_ZOOM) {
      if (streets) streets.then((layer) => layer?.remove());
      return;
    }
    streets ??= lay(board.dataset.streets, 'streets');
    streets.then((layer) => layer && map.getZoom() >= STREETS_FROM_ZOOM && layer.addTo(map));
  });

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

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    bases.forEach((layer) => layer.setStyle(roadStyle));
    draw();
  });
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(map.getContainer());
  draw();
  return { draw, choose };
}
