// A door on the map. The fields say where it is; the mark only shows and moves them, so both always agree.
import { openBaseMap } from './base-map.js';

const DOOR_ZOOM = 15;
const form = document.querySelector('#point');
const section = form.querySelector('.map');
const { lat, lon } = form.elements;

const typed = () => {
  const place = [Number(lat.value), Number(lon.value)];
  const filled = lat.value.trim() && lon.value.trim();
  return filled && Math.abs(place[0]) <= 90 && Math.abs(place[1]) <= 180 ? place : null;
};

const map = openBaseMap(section, section.dataset, {
  fits: () => !typed(),
  without: 'No base map for this area: the mark stands alone.',
});
const icon = L.divIcon({ className: 'door', html: '', iconSize: [22, 22] });
const mark = L.marker(map.getCenter(), { icon, draggable: true, autoPan: true, keyboard: false });

const show = () => {
  const place = typed();
  if (!place) return mark.remove();
  mark.setLatLng(place).addTo(map);
  if (!map.getBounds().pad(-0.05).contains(place)) map.setView(place, Math.max(map.getZoom(), DOOR_ZOOM));
  return mark;
};
const take = ({ lat: north, lng: east }) => {
  lat.value = north.toFixed(6);
  lon.value = east.toFixed(6);
  show();
};

map.on('click', (event) => take(event.latlng));
mark.on('dragend', () => take(mark.getLatLng()));
form.addEventListener('input', show);
if (typed()) map.setView(typed(), DOOR_ZOOM);
show();
