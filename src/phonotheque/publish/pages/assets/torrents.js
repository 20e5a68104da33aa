// The chooser: so much room in, the list that helps most out. Without it the page is complete;
// its rule is that of the Python module `phonotheque.publish.choice`, number for number.

const MOST_SHOWN = 100;
const TIERS = {all: 0, 50: 0, 90: 1, 99: 2, 996: 3, rest: 4};
const BEYOND = 5;

/** A number of 32 bits by which a keeper orders torrents of equal need (FNV-1a, then fmix32). */
export function rank(keeper, torrent) {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${keeper}\0${torrent}`)) {
    value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b) >>> 0;
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35) >>> 0;
  return (value ^ (value >>> 16)) >>> 0;
}

/** Rows of choice.json as things with names. */
export function candidates(data) {
  return data.torrents.map(([id, kind, tier, bytes, day, collections, spine, seeders]) => (
    {id, kind, tier, bytes, day, spine, seeders,
      collections: collections.map((number) => data.collections[number])}));
}

/** The torrents that help most. `wish`: bytes, keeper, kinds (a Set), collection, order. */
export function choose(data, wish) {
  const missing = (one) => data.target_copies - (one.seeders ?? 0);
  const keys = {
    'at-risk': (one) => [-missing(one), one.level, one.rank],
    heard: (one) => [one.level, -missing(one), one.rank],
    newest: (one) => [-date(one.day), -missing(one), one.level, one.rank],
  };
  const asked = candidates(data)
    .filter((one) => wish.kinds.has(one.kind))
    .filter((one) => !wish.collection || one.collections.includes(wish.collection));
  for (const one of asked) {
    one.level = TIERS[one.tier] ?? BEYOND;
    one.rank = rank(wish.keeper, one.id);
    one.key = keys[wish.order](one);
  }
  asked.sort((a, b) => compare(a.key, b.key) || (a.id < b.id ? -1 : 1));
  let left = Math.floor(wish.bytes / 100) * data.fill_percent;
  return asked.filter((one) => {
    if (one.bytes > left) return false;
    left -= one.bytes;
    return true;
  });
}

function date(day) {
  const digits = day.replaceAll('-', '');
  return /^[0-9]{8}$/.test(digits) ? Number(digits) : 0;
}

function compare(a, b) {
  for (let at = 0; at < a.length; at += 1) {
    if (a[at] !== b[at]) return a[at] - b[at];
  }
  return 0;
}

const CRC = Uint32Array.from({length: 256}, (_, number) => {
  let value = number;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** A zip of files that are not packed further (APPNOTE 6.3.10). `files`: pairs of name, bytes. */
export function zip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, bytes] of files) {
    const title = new TextEncoder().encode(name);
    const fields = [20, 0x0800, 0, 0, 0x21].map((n) => [n, 2])
      .concat([[crc32(bytes), 4], [bytes.length, 4], [bytes.length, 4], [title.length, 2], [0, 2]]);
    const local = pack([[0x04034b50, 4], ...fields]);
    directory.push(pack([[0x02014b50, 4], [20, 2], ...fields,
      [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]]), title);
    parts.push(local, title, bytes);
    offset += local.length + title.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = pack([[0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2],
    [size, 4], [offset, 4], [0, 2]]);
  return new Blob([...parts, ...directory, end], {type: 'application/zip'});
}

function pack(numbers) {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [, width]) => sum + width, 0)));
  let at = 0;
  for (const [number, width] of numbers) {
    if (width === 2) view.setUint16(at, number, true); else view.setUint32(at, number, true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

/** A size in powers of 1000 with three digits that count. */
export function size(bytes) {
  let value = bytes;
  let unit = 'B';
  for (const larger of ['kB', 'MB', 'GB', 'TB', 'PB']) {
    if (value < 999.5) break;
    value /= 1000;
    unit = larger;
  }
  if (unit === 'B') return `${bytes} B`;
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`;
}

const counted = (number, noun) => `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;

/** What a list changes, as a sentence. */
export function finding(chosen) {
  const bytes = chosen.reduce((sum, one) => sum + one.bytes, 0);
  if (!chosen.length) return 'Nothing that is asked for fits into that. Give it more room.';
  const leaving = chosen.filter((one) => one.seeders === 3).length;
  const alone = chosen.filter((one) => one.seeders === 0).length;
  const changes = [];
  if (leaving) changes.push(`${leaving} of them would leave the danger zone`);
  if (alone) changes.push(`${alone} that nobody was seen keeping would be kept`);
  const said = `${counted(chosen.length, 'torrent')}, ${size(bytes)}.`;
  return changes.length ? `${said} With you, ${changes.join(', and ')}.` : said;
}

/** How long ago an instant was, in words. */
export function ago(instant, now) {
  const seconds = Math.max(0, (now - Date.parse(instant)) / 1000);
  const steps = [['day', 86400], ['hour', 3600], ['minute', 60]];
  const [unit, length] = steps.find(([, each]) => seconds >= each) ?? ['minute', 60];
  const number = Math.floor(seconds / length);
  return number ? `${counted(number, unit)} ago` : 'just now';
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function fetched(path, kind) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: the server answered ${answer.status}`);
  return kind === 'json' ? answer.json() : new Uint8Array(await answer.arrayBuffer());
}

/** Bring the form to life. */
function wire(form) {
  const result = document.querySelector('.result');
  const said = result.querySelector('.said');
  const load = {};
  const once = (path) => (load[path] ??= fetched(path, 'json').catch((error) => {
    delete load[path];
    throw error;
  }));
  let chosen = [];
  // A name of one's own, so that keepers spread; it stands in the address, so a list can be sent.
  const asked = new URLSearchParams(location.hash.slice(1));
  const keeper = asked.get('keeper') || crypto.getRandomValues(new Uint32Array(2)).join('-');
  for (const name of ['tb', 'licence', 'collection', 'order']) {
    if (!asked.has(name)) continue;
    const field = form.elements[name];
    const before = field.value;
    field.value = asked.get(name);
    if (!field.value) field.value = before;
  }

  async function answer() {
    const fields = form.elements;
    const wish = {
      bytes: Math.floor(Number(fields.tb.value) * 1e12),
      keeper,
      kinds: new Set(fields.licence.selectedOptions[0].dataset.kinds.split(' ')),
      collection: fields.collection.value,
      order: fields.order.value,
    };
    chosen = choose(await once('choice.json'), wish);
    result.querySelector('h2').textContent = finding(chosen);
    result.querySelector('.acts').hidden = !chosen.length;
    result.hidden = false;
    show(chosen, result.querySelector('.picks'));
    said.textContent = '';
    const state = new URLSearchParams([...new FormData(form), ['keeper', keeper]]);
    history.replaceState(null, '', `#${state}`);
  }

  const takes = {
    async magnets() {
      const all = await records();
      save(new Blob([all.map((one) => `${one.magnet}\n`).join('')], {type: 'text/plain'}), 'magnets.txt');
    },
    async json() {
      const body = JSON.stringify({keeper, torrents: await records()}, null, 1);
      save(new Blob([body], {type: 'application/json'}), 'torrents.json');
    },
    async zip() {
      const files = [];
      for (const one of chosen) {
        said.textContent = `Fetching torrent file ${files.length + 1} of ${chosen.length}.`;
        files.push([`${one.id}.torrent`, await fetched(`${encodeURIComponent(one.id)}.torrent`)]);
      }
      save(zip(files), 'torrents.zip');
    },
  };

  async function records() {
    const wanted = new Set(chosen.map((one) => one.id));
    const place = new Map(chosen.map((one, number) => [one.id, number]));
    const all = (await once('torrents.json')).torrents.filter((one) => wanted.has(one.id));
    return all.sort((a, b) => place.get(a.id) - place.get(b.id));
  }

  const telling = (work) => async (event) => {
    event.preventDefault();
    const button = event.submitter ?? event.currentTarget;
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    try {
      await work();
      if (button.dataset.take) said.textContent = 'Done: see your downloads.';
    } catch (error) {
      result.hidden = false;
      said.textContent = `That did not work: ${error.message}. The lists below are files; take one of them.`;
    } finally {
      button.removeAttribute('aria-disabled');
    }
  };

  form.addEventListener('submit', telling(answer));
  for (const button of result.querySelectorAll('[data-take]')) {
    button.addEventListener('click', telling(takes[button.dataset.take]));
  }
  form.hidden = false;
  if (asked.has('tb')) form.requestSubmit();
}

function show(chosen, list) {
  const ids = new Set(chosen.map((one) => one.id));
  for (const row of document.querySelectorAll('.vols tr[data-id]')) {
    row.classList.toggle('is', ids.has(row.dataset.id));
  }
  const items = chosen.slice(0, MOST_SHOWN).map((one) => {
    const item = document.createElement('li');
    const name = document.createElement('span');
    name.className = 'mono';
    name.textContent = one.id;
    const weight = document.createElement('span');
    weight.textContent = `${size(one.bytes)}, ${one.seeders === null ? 'not counted' : counted(one.seeders, 'seeder')}`;
    item.append(name, weight);
    return item;
  });
  list.replaceChildren(...items);
  if (chosen.length > MOST_SHOWN) {
    const more = document.createElement('li');
    more.textContent = `and ${counted(chosen.length - MOST_SHOWN, 'more torrent')}; each of the three files has all`;
    list.append(more);
  }
  const shelf = document.querySelector('.shelf');
  if (!shelf) return;
  const marks = [...new Set(chosen.map((one) => one.spine))].map((number) => {
    const spine = shelf.querySelector(`[data-spine="${number}"]`).getBBox();
    const mark = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    mark.setAttribute('class', 'sel');
    mark.setAttribute('d', `M${spine.x} 206h${Math.max(spine.width, 3)}v13h-${Math.max(spine.width, 3)}z`);
    return mark;
  });
  shelf.querySelector('.picked').replaceChildren(...marks);
  document.querySelector('.picked-key').hidden = !marks.length;
}

const form = document.querySelector('.chooser');
if (form) wire(form);
for (const time of document.querySelectorAll('time.ago')) {
  time.after(` (${ago(time.dateTime, Date.now())})`);
}
