// Roads and streets under every map of ours, from files of our own; drawn in the colours of the page.

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

/**
 * Make a map in `root`'s `#map` over the files of `data` (roads, streets). `fits()` says whether the roads may
 * still choose what is seen; `without` is what the note says where the area has no such files.
 */
export function openBaseMap(root, data, { fits, without }) {
  const map = L.map(root.querySelector('#map'), {
    preferCanvas: true, keyboard: false, zoomSnap: 0.25, minZoom: 8, maxZoom: 18,
    fadeAnimation: false, zoomAnimation: false, markerZoomAnimation: false,
  });
  map.attributionControl.setPrefix(false).addAttribution(CREDIT);
  map.createPane('streets').style.zIndex = 200;
  map.createPane('roads').style.zIndex = 210;
  map.setView([39.9612, -82.9988], 11);
  const bases = [];
  let streets = null;

  const lay = async (url, pane) => {
    const layer = await baseLayer(url, pane).catch(() => null);
    if (layer) bases.push(layer.addTo(map));
    return layer;
  };
  lay(data.roads, 'roads').then((layer) => {
    if (fits() && layer) map.fitBounds(layer.getBounds());
    const note = root.querySelector('#map-note');
    note.hidden = Boolean(layer);
    note.textContent = without;
  });
  const streetsWhenNear = () => {
    if (map.getZoom() < STREETS_FROM_ZOOM) {
      if (streets) streets.then((layer) => layer?.remove());
      return;
    }
    streets ??= lay(data.streets, 'streets');
    streets.then((layer) => layer && map.getZoom() >= STREETS_FROM_ZOOM && layer.addTo(map));
  };
  map.on('zoomend', streetsWhenNear);

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    bases.forEach((layer) => layer.setStyle(roadStyle));
  });
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(map.getContainer());
  return map;
}
