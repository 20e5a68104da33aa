// The map of all releases: drawn on a canvas from tiles, walked by hand, mouse or key. No server
// but one for plain files; nothing is asked of anybody else.

import { pixelOf, placeOf } from "./curve.js";

const MOST_TILES = 300, LARGEST = 48, NEAR = 4;
const canvas = document.querySelector("#map canvas"), over = document.querySelector("#over");
const record = document.querySelector("#record"), pen = canvas.getContext("2d");
const dark = matchMedia("(prefers-color-scheme:dark)");
const map = await (await fetch("map.json")).json();
const width = map.squares * 2 ** map.order, height = 2 ** map.order;
const view = { x: 0, y: 0, scale: 1, place: null };
const tiles = new Map(), records = new Map(), hands = new Map();
let asked = false, moved = 0;

document.querySelector("#keys").hidden = document.querySelector(".zoomk").hidden = false;
canvas.hidden = false;
const first = document.querySelector("#map img");

function fit() { return Math.min(canvas.width / width, canvas.height / height); }
function bounded(scale) { return Math.min(Math.max(scale, fit()), LARGEST * devicePixelRatio); }
function bound() {
  view.scale = bounded(view.scale);
  for (const [axis, most, seen] of [["x", width, canvas.width], ["y", height, canvas.height]]) {
    const room = most - seen / view.scale;
    view[axis] = room < 0 ? room / 2 : Math.min(Math.max(view[axis], 0), room);
  }
}
function draw() {
  if (!asked) { asked = true; requestAnimationFrame(paint); }
}

function tileOf(level, column, row) {
  const name = `tiles/${dark.matches ? "dark" : "light"}/${level}/${column}-${row}.png`;
  if (!tiles.has(name)) {
    const image = new Image();
    image.onload = draw;
    image.src = name;
    tiles.set(name, image);
    if (tiles.size > MOST_TILES) tiles.delete(tiles.keys().next().value);
  }
  const image = tiles.get(name);
  return image.complete && image.naturalWidth ? image : null;
}

function paint() {
  asked = false;
  bound();
  const { x, y, scale } = view;
  pen.imageSmoothingEnabled = false;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(first, -x * scale, -y * scale, width * scale, height * scale);
  const level = Math.min(Math.max(map.zoom + Math.ceil(Math.log2(scale)), 0), map.zoom);
  if (level) {
    const size = map.tile * 2 ** (map.zoom - level);  // of a tile, in releases
    const last = [Math.min(x + canvas.width / scale, width), Math.min(y + canvas.height / scale, height)];
    for (let row = Math.max(Math.floor(y / size), 0); row * size < last[1]; row++)
      for (let column = Math.max(Math.floor(x / size), 0); column * size < last[0]; column++) {
        const tile = tileOf(level, column, row), wide = size * scale;
        if (!tile) continue;
        const at = [(column * size - x) * scale, (row * size - y) * scale];
        pen.clearRect(...at, wide, wide);
        pen.drawImage(tile, ...at, wide, wide);
      }
  }
  if (view.place !== null) mark();
}

function mark() {
  const [column, row] = pixelOf(view.place, map.order), ink = getComputedStyle(canvas).color;
  const size = Math.max(view.scale, 6 * devicePixelRatio);
  const at = [column, row].map((one, n) => (one + 0.5 - (n ? view.y : view.x)) * view.scale - size / 2);
  for (const [colour, line] of [[ink, 5], ["#ffd53d", 2]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = line * devicePixelRatio;
    pen.strokeRect(...at, size, size);
  }
}

function groupOf(place) {
  let low = 0, high = map.ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (map.ranges[middle][0] <= place) low = middle + 1; else high = middle;
  }
  const [start, name, known] = map.ranges[low - 1] ?? [0, "", 0];
  if (place >= start + known) return "a smaller one";  // only the largest are in the list
  return `${name ?? "unknown"}, ${known.toLocaleString("en")} ${known === 1 ? "release" : "releases"}`;
}
function tell(place) {
  over.textContent = place === null ? "\u00a0" : `${map.by}: ${groupOf(place)}`;
}

async function recordOf(place) {
  const block = Math.floor(place / map.block);
  if (!records.has(block)) {
    const name = `records/${String(block).padStart(6, "0")}.json.z`;
    records.set(block, fetch(name).then((answer) => {
      if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
      return new Response(answer.body.pipeThrough(new DecompressionStream("deflate"))).json();
    }));
  }
  try {
    return (await records.get(block))[place % map.block];
  } catch (error) {
    records.delete(block);  // the next click asks again
    throw error;
  }
}

function part(name, text) {
  const one = document.createElement(name);
  one.textContent = text;
  return one;
}

async function show(place) {
  view.place = place;
  tell(place);
  history.replaceState(null, "", `#${place}`);
  draw();
  let found;
  try {
    found = await recordOf(place);
  } catch {
    record.replaceChildren(part("p", "The record could not be fetched. Try again."));
    return;
  }
  if (view.place !== place || !found) return;
  const [pixel, group, title, credit, year, gid] = found;
  const facts = [...new Set([map.pixels[pixel], group, year && String(year)])].filter(Boolean);
  const link = part("a", "Open the record");
  link.href = map.record + gid;
  record.replaceChildren(part("h2", title), part("p", credit ?? ""), part("p", facts.join(", ")), link);
}

function placeAt(event) {
  const box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width;
  const column = Math.floor(view.x + (event.clientX - box.left) * ratio / view.scale);
  const row = Math.floor(view.y + (event.clientY - box.top) * ratio / view.scale);
  if (column < 0 || row < 0 || column >= width || row >= height) return null;
  const place = placeOf(column, row, map.order);
  return place < map.count ? place : null;
}
function zoom(by, x = canvas.width / 2, y = canvas.height / 2) {
  const before = view.scale;
  view.scale = bounded(view.scale * by);
  view.x += x / before - x / view.scale;
  view.y += y / before - y / view.scale;
  bound();
  draw();
}
function center(place) {
  const [column, row] = pixelOf(place, map.order);
  view.x = column - canvas.width / view.scale / 2;
  view.y = row - canvas.height / view.scale / 2;
  bound();
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  hands.set(event.pointerId, event);
  moved = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const last = hands.get(event.pointerId);
  if (!last) { tell(placeAt(event)); return; }
  const others = [...hands.values()].filter((one) => one.pointerId !== event.pointerId);
  const ratio = canvas.width / canvas.getBoundingClientRect().width;
  const step = [event.clientX - last.clientX, event.clientY - last.clientY];
  moved += Math.hypot(...step);
  if (others.length) {
    const far = (one) => Math.hypot(one.clientX - others[0].clientX, one.clientY - others[0].clientY);
    const box = canvas.getBoundingClientRect();
    zoom(far(event) / Math.max(far(last), 1), ...["X", "Y"].map((axis) => ratio *
      ((event[`client${axis}`] + others[0][`client${axis}`]) / 2 - (axis === "X" ? box.left : box.top))));
  } else if (moved > NEAR) {
    view.x -= step[0] * ratio / view.scale;
    view.y -= step[1] * ratio / view.scale;
    draw();
  }
  hands.set(event.pointerId, event);
});
for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => {
  const was = hands.delete(event.pointerId);
  if (name === "pointerup" && was && moved <= NEAR && !hands.size) {
    const place = placeAt(event);
    if (place !== null) show(place);
  }
});
canvas.addEventListener("pointerleave", () => tell(view.place));
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width;
  zoom(2 ** (-event.deltaY / 300), (event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio);
}, { passive: false });

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function walk(step) {
  const far = Math.max(Math.round(8 * devicePixelRatio / view.scale), 1);
  const [column, row] = pixelOf(view.place ?? 0, map.order);
  const to = [column + step[0] * far, row + step[1] * far];
  const next = [Math.min(Math.max(to[0], 0), width - 1), Math.min(Math.max(to[1], 0), height - 1)];
  const place = view.place === null ? 0 : placeOf(...next, map.order);
  if (place >= map.count) return;
  const edge = 0.1 * Math.min(canvas.width, canvas.height) / view.scale;
  view.place = place;
  const out = (one, low, seen) => one < low + edge || one > low + seen / view.scale - edge;
  if (out(next[0], view.x, canvas.width) || out(next[1], view.y, canvas.height)) center(place);
  tell(place);
  record.replaceChildren();
  draw();
}
const KEYS = { "+": () => zoom(2), "=": () => zoom(2), "-": () => zoom(0.5), 0: () => zoom(0) };
canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (STEPS[event.key]) walk(STEPS[event.key]);
  else if (event.key === "Enter" && view.place !== null) {
    const link = record.querySelector("a");
    if (link) link.click(); else show(view.place);
  } else if (KEYS[event.key]) {
    KEYS[event.key]();
    if (view.place !== null) { center(view.place); draw(); }
  } else return;
  event.preventDefault();
});
// By key alone: a hand says itself which place it means.
canvas.addEventListener("focus", () => { if (view.place === null && !hands.size) walk([0, 0]); });
const BUTTONS = { in: 2, out: 0.5, all: 0 };
for (const button of document.querySelectorAll("[data-zoom]"))
  button.addEventListener("click", () => zoom(BUTTONS[button.dataset.zoom]));

new ResizeObserver(() => {
  const before = canvas.width;
  canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
  canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
  if (before) view.scale *= canvas.width / before;
  draw();
}).observe(canvas);
dark.addEventListener("change", draw);
first.addEventListener("load", draw);

canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
view.scale = fit();
const wanted = Number(location.hash.slice(1));
if (location.hash && Number.isInteger(wanted) && wanted >= 0 && wanted < map.count) {
  view.scale = 16;
  center(wanted);
  show(wanted);
}
paint();  // at once: where a pixel is on the screen is known from here on
document.documentElement.dataset.map = "ready";
