// A waveform that one can put a finger on: a slider by hand and by keys.

import {clock, t} from './words.js';

/** Make an SVG a slider of a player. */
export function makeSlider(svg, player) {
  const width = svg.viewBox.baseVal.width;
  let held = false;
  const seek = (event) => {
    const box = svg.getBoundingClientRect();
    player.seek((event.clientX - box.left) / box.width * player.length);
  };
  svg.addEventListener('pointerdown', (event) => {
    held = true;
    svg.setPointerCapture(event.pointerId);
    seek(event);
  });
  svg.addEventListener('pointermove', (event) => { if (held) seek(event); });
  for (const name of ['pointerup', 'pointercancel']) svg.addEventListener(name, () => { held = false; });
  svg.addEventListener('keydown', (event) => {
    const by = {ArrowLeft: -5, ArrowRight: 5, ArrowDown: -5, ArrowUp: 5, PageDown: -30, PageUp: 30}[event.key];
    const to = {Home: 0, End: player.length}[event.key] ?? (by === undefined ? null : player.at + by);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    player.seek(to);
  });
  return (atS, lengthS) => {
    const share = lengthS > 0 ? Math.min(atS / lengthS, 1) : 0;
    svg.querySelector('.played').setAttribute('width', (share * width).toFixed(2));
    svg.querySelector('.wv-head').setAttribute('x', (share * width - 1).toFixed(2));
    svg.setAttribute('aria-valuemax', Math.round(lengthS));
    svg.setAttribute('aria-valuenow', Math.round(atS));
    svg.setAttribute('aria-valuetext', t('{at} of {length}', {at: clock(atS * 1000), length: clock(lengthS * 1000)}));
  };
}
