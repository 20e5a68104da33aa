// The deck below every page, the whole player on its own page, and the marks in lists.

import * as queues from './queue.js';
import {facts, wavePath} from './facts.js';
import {kept, settings} from './kept.js';
import {makeSlider} from './slider.js';
import {clock, n, say, t} from './words.js';

/** Where the deck has no room for a way to the queue, its words lead there. */
const narrow = matchMedia('(max-width: 48rem)');

const cover = (song, size) => `/cover/${song.albumGid ?? song.gid}-${size}.jpg`;

/** Bind the deck to a player; returns what every new page is given to. */
export function makeDeck(player) {
  const deck = document.querySelector('.deck');
  const views = [bindView(deck, player, 250)];
  const volume = deck.querySelector('.volume');
  volume.addEventListener('input', () => player.setVolume(volume.value / 100, false));

  const show = () => {
    deck.hidden = !player.song;
    document.body.classList.toggle('has-deck', Boolean(player.song));
    volume.value = player.isMuted ? 0 : player.volume * 100;
    for (const view of views) view.song();
    markRows(document, player);
  };
  player.addEventListener('song', show);
  player.addEventListener('state', () => {
    for (const view of views) view.state();
    if (!player.refusal) hideMessage();
    markRows(document, player);
  });
  player.addEventListener('time', () => { for (const view of views) view.time(); });
  player.addEventListener('queue', () => showQueue(document, player));
  player.addEventListener('problem', ({detail: {song, reason}}) => {
    if (reason?.page) showMessage(song, reason);
    else say(reason ? `${song.title}: ${reason.wrong}. ${reason.todo}`
      : t('{title} cannot be played now. Try again, or take another song.', {title: song.title}));
  });
  bindSession(player);

  return (page) => {
    views.length = 1;
    if (player.refusal?.page === location.pathname) player.letGo();
    const whole = page.querySelector('[data-player]');
    if (whole) {
      views.push(bindView(whole, player, 500));
      showQueue(page, player);
    }
    const wave = page.querySelector('[data-wave]');
    if (wave) views.push(bindWave(page, wave, player));
    const strip = page.querySelector('[data-strip]');
    if (strip) views.push(bindStrip(strip, player));
    show();
    for (const view of views) { view.state(); view.time(); }
  };
}

const message = document.querySelector('.held');

/** Say why a song is not opened, with the way on, until it is closed, or over. */
function showMessage(song, reason) {
  message.querySelector('span').textContent = `${song.title}: ${reason.wrong}.`;
  const way = message.querySelector('a');
  [way.textContent, way.href] = [t(reason.act), reason.page];
  message.hidden = false;
}

const hideMessage = () => { message.hidden = true; };

/** Close it by hand: the way on stays in the deck. */
export function closeMessage() {
  hideMessage();
  document.querySelector('main').focus({preventScroll: true});
}

/** One view of the player: the deck, or the page of it. */
function bindView(root, player, size) {
  const svg = root.querySelector('.wv');
  const slide = makeSlider(svg, player);
  const find = (name) => root.querySelector(name);
  return {
    async song() {
      const {song} = player;
      const panel = find('.np');
      if (panel) panel.hidden = !song;
      if (find('.np-none')) find('.np-none').hidden = Boolean(song);
      if (!song) return;
      find('.art').src = cover(song, size);
      const title = find('.t');
      title.textContent = song.title;
      const isWhole = narrow.matches && root.matches('.deck');
      title.href = isWhole ? '/player' : `/song/${song.gid}`;
      const by = find('.by');
      by.textContent = song.by ?? t('unknown');
      by.href = !isWhole && song.artist ? `/artist/${song.artist}` : title.href;
      if (find('.on-album')) find('.on-album').textContent = song.album ? `, ${song.album}` : '';
      const licence = find('.li');
      licence.textContent = song.licence ?? '';
      licence.href = `/song/${song.gid}#licence`;
      find('[data-do=keep]').setAttribute('aria-pressed', kept.has(song.gid));
      const known = await facts(song.gid);
      if (player.song !== song) return;
      const {width, height} = svg.viewBox.baseVal;
      const path = wavePath(known.bars, width, height);
      for (const one of svg.querySelectorAll('path')) one.setAttribute('d', path);
    },
    state() {
      const key = find('[data-do=toggle]');
      key.classList.toggle('is-playing', player.isPlaying);
      key.setAttribute('aria-label', player.isPlaying ? t('Pause') : t('Play'));
      find('[data-do=mute]')?.setAttribute('aria-pressed', player.isMuted);
      if (player.song) find('[data-do=keep]').setAttribute('aria-pressed', kept.has(player.song.gid));
      const {refusal} = player;
      const way = find('.wait');
      way.hidden = !refusal || refusal.song.gid !== player.song?.gid;
      if (!way.hidden) [way.textContent, way.href] = [t(refusal.act), refusal.page];
    },
    time() {
      slide(player.at, player.length);
      find('.at').textContent = clock(player.at * 1000);
      find('.left').textContent = clock(player.length * 1000);
    },
  };
}

/** The large waveform on a song's page: seeks, and starts the song where it was put. */
function bindWave(page, svg, player) {
  const song = JSON.parse(page.querySelector('article[data-song]').dataset.song);
  const isHere = () => player.song?.gid === song.gid;
  const length = (song.ms ?? 0) / 1000;
  const stand = {
    get at() { return isHere() ? player.at : 0; },
    get length() { return isHere() ? player.length : length; },
    seek(atS) {
      if (!isHere()) player.play([song]);
      player.seek(atS);
    },
  };
  const slide = makeSlider(svg, stand);
  const shown = page.querySelector('[data-at]');
  return {
    song() {}, state() {},
    time() {
      slide(stand.at, stand.length);
      shown.textContent = clock(stand.at * 1000);
    },
  };
}

/** An album as one strip, seekable end to end. */
function bindStrip(svg, player) {
  const bands = [...svg.querySelectorAll('[data-band]')].map((group) => ({
    gid: group.dataset.band, x: Number(group.dataset.x), width: Number(group.dataset.width),
    played: group.querySelector('.played'),
  }));
  const songs = songsIn(document.querySelector('main'));
  svg.addEventListener('click', (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    const band = bands.findLast((one) => one.x <= x);
    if (!band) return;
    if (player.song?.gid !== band.gid) player.play(songs, songs.findIndex((song) => song.gid === band.gid));
    player.seek(Math.min((x - band.x) / band.width, 1) * player.length);
  });
  return {
    song() {}, state() {},
    time() {
      const here = bands.findIndex((band) => band.gid === player.song?.gid);
      const share = player.length > 0 ? Math.min(player.at / player.length, 1) : 0;
      bands.forEach((band, at) => {
        band.played.setAttribute('width', here < 0 || at > here ? 0 : at < here ? band.width : share * band.width);
      });
      const x = here < 0 ? -9 : bands[here].x + share * bands[here].width;
      svg.querySelector('.wv-head').setAttribute('x', x.toFixed(2));
    },
  };
}

/** The songs that a part of a page shows, in order, each once. */
export function songsIn(root) {
  const found = new Map();
  for (const row of root.querySelectorAll('[data-song]')) {
    const song = JSON.parse(row.dataset.song);
    if (!found.has(song.gid)) found.set(song.gid, song);
  }
  return [...found.values()];
}

/** Mark which row plays, and which songs are kept. */
export function markRows(root, player) {
  for (const row of root.querySelectorAll('main [data-song]')) {
    const song = JSON.parse(row.dataset.song);
    const isHere = song.gid === player.song?.gid;
    row.classList.toggle('is', isHere && row.localName === 'li');
    const key = row.querySelector('[data-do=play]');
    if (key) {
      key.setAttribute('role', 'button');
      key.dataset.label ??= key.getAttribute('aria-label');
      const isPlaying = isHere && player.isPlaying;
      key.classList.toggle('is-playing', isPlaying);
      key.setAttribute('aria-label', isPlaying ? t('Pause {title}', {title: song.title}) : key.dataset.label);
    }
    row.querySelector('[data-do=keep]')?.setAttribute('aria-pressed', kept.has(song.gid));
  }
}

/** The list of what comes, on the page of the player. */
function showQueue(page, player) {
  const list = page.querySelector('.qu ol');
  if (!list) return;
  const rows = queues.upcoming(player.queue);
  const ms = rows.reduce((sum, song) => sum + (song.ms ?? 0), 0);
  page.querySelector('.said-queue').textContent = rows.length
    ? `${n(rows.length, '{n} song', '{n} songs')}, ${clock(ms)}. ${t('Drag to reorder, or use Alt with the arrow keys.')}`
    : t('Nothing comes after this. Add songs from any list.');
  const template = document.getElementById('queue-row');
  list.replaceChildren(...rows.map((song, place) => {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.place = place;
    row.querySelector('img').src = cover(song, 250);
    row.querySelector('.t').textContent = song.title;
    row.querySelector('.t').href = `/song/${song.gid}`;
    row.querySelector('.by').textContent = song.by ?? '';
    row.querySelector('.d').textContent = clock(song.ms);
    row.querySelector('[data-do=up]').setAttribute('aria-label', t('Move {title} up', {title: song.title}));
    row.querySelector('[data-do=remove]').setAttribute('aria-label', t('Remove {title} from the queue', {title: song.title}));
    return row;
  }));
}

/** Keys of the machine and of headphones. */
function bindSession(player) {
  const session = navigator.mediaSession;
  if (!session) return;
  const acts = {
    play: () => { if (!player.isPlaying) player.toggle(); },
    pause: () => player.pause(),
    previoustrack: () => player.previous(),
    nexttrack: () => player.next(),
    seekbackward: (how) => player.seek(player.at - (how.seekOffset ?? 10)),
    seekforward: (how) => player.seek(player.at + (how.seekOffset ?? 10)),
    seekto: (how) => player.seek(how.seekTime),
  };
  for (const [name, act] of Object.entries(acts)) {
    try { session.setActionHandler(name, act); } catch { /* not known to this browser */ }
  }
  player.addEventListener('song', () => {
    const {song} = player;
    if (!song) return;
    session.metadata = new MediaMetadata({
      title: song.title, artist: song.by ?? '', album: song.album ?? '',
      artwork: [250, 500].map((size) => ({src: cover(song, size), sizes: `${size}x${size}`})),
    });
  });
  player.addEventListener('state', () => {
    session.playbackState = player.isPlaying ? 'playing' : 'paused';
    if (player.length > 0) {
      session.setPositionState?.({duration: player.length, position: Math.min(player.at, player.length)});
    }
  });
}

export const levelsChanged = (player) => {
  settings.set('level', !settings.get('level'));
  player.setVolume(player.volume);
};
