// What stays in this browser, and nowhere else: songs kept, playlists, what was heard, settings.
// A browser that keeps nothing is no fault: then it is forgotten when the page is left.

const MOST_HEARD = 500;
const memory = new Map();

function read(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`phonotheque.${name}`)) ?? memory.get(name) ?? otherwise;
  } catch {
    return memory.get(name) ?? otherwise;
  }
}

function write(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(`phonotheque.${name}`, JSON.stringify(value));
  } catch { /* full, or forbidden */ }
  changed.dispatchEvent(new Event('change'));
}

/** Tells when anything was kept or dropped. */
export const changed = new EventTarget();

export const settings = {
  get: (name) => ({keys: true, level: true, volume: 1, muted: false, ...read('settings', {})})[name],
  set: (name, value) => write('settings', {...read('settings', {}), [name]: value}),
};

export const kept = {
  all: () => read('kept', []),
  has: (gid) => read('kept', []).some((song) => song.gid === gid),
  /** Keep a song, or let it go; whether it is kept now. */
  toggle(song) {
    const all = read('kept', []);
    const rest = all.filter((one) => one.gid !== song.gid);
    write('kept', rest.length < all.length ? rest : [song, ...all]);
    return rest.length === all.length;
  },
};

export const playlists = {
  all: () => read('playlists', []),
  put(name, songs) {
    write('playlists', [{name, songs}, ...read('playlists', []).filter((one) => one.name !== name)]);
  },
  drop: (name) => write('playlists', read('playlists', []).filter((one) => one.name !== name)),
};

export const history = {
  all: () => read('history', []),
  has: (gid) => read('history', []).some((song) => song.gid === gid),
  add(song) {
    const rest = read('history', []).filter((one) => one.gid !== song.gid);
    write('history', [song, ...rest].slice(0, MOST_HEARD));
  },
  forget: () => write('history', []),
};

/** The queue as it stood when a page was left. */
export const lastQueue = {
  get: () => read('queue', null),
  set: (value) => write('queue', value),
};

/** Plays that could not be reported yet. */
export const unsent = {
  take() {
    const all = read('unsent', []);
    if (all.length) write('unsent', []);
    return all;
  },
  put: (play) => write('unsent', [...read('unsent', []), play].slice(-100)),
};
