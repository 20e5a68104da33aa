// Where it comes together: one player for all pages, and what the keys and buttons of a page do.

import {lastQueue, playlists, settings, kept, changed} from './kept.js';
import {closeMessage, levelsChanged, makeDeck, markRows, songsIn} from './deck.js';
import * as queues from './queue.js';
import {Player} from './player.js';
import {bindEmbed} from './embed.js';
import {bindKeys} from './keys.js';
import {bindSearch} from './search.js';
import {bindShelf} from './shelf.js';
import {drawing} from './shuffle.js';
import {makeNavigation} from './navigation.js';
import {clock, n, say, t} from './words.js';

const embedded = document.querySelector('[data-embed]');
const player = new Player({isKeeping: !embedded});
if (embedded) bindEmbed(embedded, player); else start();

function start() {
  const onDeck = makeDeck(player);
  const onPage = (page) => {
    for (const part of page.querySelectorAll('.scripted')) part.hidden = false;
    onDeck(page);
    bindSearch(page, act);
    bindShelf(page, player, () => markRows(document, player));
    bindSettings(page);
    bindMoving(page);
    cueAsked(page);
  };
  const go = makeNavigation(onPage, () => player.isPlaying);
  const last = lastQueue.get();
  if (last?.songs?.length) player.cue({songs: last.songs, at: last.at}, last.time ?? 0);
  onPage(document);
  changed.addEventListener('change', () => markRows(document, player));

  document.addEventListener('click', (event) => {
    const key = event.target.closest?.('[data-do]');
    if (!key || event.ctrlKey || event.metaKey) return;
    const row = key.closest('[data-song]');
    const place = Number(key.closest('[data-place]')?.dataset.place);
    if (act(key.dataset.do, row, key, place)) event.preventDefault();
  }, true);
  document.addEventListener('submit', (event) => {
    if (!event.target.matches('.lot')) return;
    event.preventDefault();
    draw(Object.fromEntries(new FormData(event.target)));
  }, true);
  bindKeys({
    '/': () => document.querySelector('main .ask input, .find input')?.focus(),
    ' ': () => player.toggle(),
    j: () => player.seek(player.at - 10),
    l: () => player.seek(player.at + 10),
    'Shift+j': () => player.previous(),
    'Shift+l': () => player.next(),
    k: () => act('keep', null),
    q: () => go('/player'),
    r: () => draw({}),
    m: () => player.setVolume(player.volume, !player.isMuted),
    '?': () => go('/help'),
  });
  addEventListener('pagehide', () => player.leave());
}

/** Do what a key on the page says; whether it was ours to do. */
function act(name, row, key = null, place = NaN) {
  const song = row ? JSON.parse(row.dataset.song) : null;
  const acts = {
    toggle: () => player.toggle(),
    next: () => player.next(),
    previous: () => player.previous(),
    mute: () => player.setVolume(player.volume, !player.isMuted),
    play: () => playFrom(row, song),
    enqueue: () => song && enqueue([song]),
    'play-all': () => player.play(songsIn(document.querySelector('main'))),
    'enqueue-all': () => enqueue(songsIn(document.querySelector('main'))),
    keep: () => keep(song ?? player.song),
    draw: () => draw({}),
    up: () => player.change(queues.move(player.queue, place, place - 1)),
    remove: () => player.change(queues.remove(player.queue, place)),
    'link-here': () => linkHere(),
    'let-go': () => closeMessage(),
    'save-list': () => {
      playlists.put(key.dataset.name, songsIn(document.querySelector('main')));
      say(t('Kept on your shelf.'));
    },
  };
  acts[name]?.();
  return name in acts;
}

async function playFrom(row, song) {
  if (!song) {
    const songs = row ? await songsBehind(row) : [];
    if (songs.length) player.play(songs);
  } else if (player.song?.gid === song.gid) player.toggle();
  else {
    const songs = songsIn(row.closest('ol, .songs') ?? row.parentElement);
    const at = songs.findIndex((one) => one.gid === song.gid);
    if (at < 0) player.play([song]); else player.play(songs, at);
    const from = askedTime();
    if (from && row.localName === 'article') player.seek(from);
  }
}

/** The songs of an album or artist that a row leads to. */
async function songsBehind(row) {
  const answer = await fetch(row.href, {headers: {Accept: 'text/html'}});
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  return songsIn(page);
}

function enqueue(songs) {
  player.enqueue(songs);
  say(n(songs.length, 'Added to the queue.', '{n} songs were added to the queue.'));
}

function keep(song) {
  if (!song) return;
  say(kept.toggle(song) ? t('{title} is kept on your shelf.', {title: song.title})
    : t('{title} is not kept any more.', {title: song.title}));
  if (song.gid === player.song?.gid) player.dispatchEvent(new Event('state'));
}

async function draw(wish) {
  const more = drawing(wish);
  const songs = await more();
  if (!songs.length) {
    say(t('There is nothing to draw from. Choose less.'));
    return;
  }
  player.play(songs);
  player.draw = more;
}

/** The place that an address asks for with ?t=, in seconds. */
function askedTime() {
  const asked = new URLSearchParams(location.search).get('t');
  return asked && /^[0-9]{1,6}$/.test(asked) ? Number(asked) : 0;
}

/** An address with ?t= shows its song at that place; whoever presses play hears it from there. */
function cueAsked(page) {
  const article = page.querySelector('article[data-song]');
  const at = askedTime();
  if (!article || !at || player.isPlaying) return;
  player.cue(queues.replace([JSON.parse(article.dataset.song)]), at);
}

async function linkHere() {
  const article = document.querySelector('article[data-song]');
  const song = JSON.parse(article.dataset.song);
  const at = player.song?.gid === song.gid ? Math.floor(player.at) : 0;
  const address = `${location.origin}/song/${song.gid}${at ? `?t=${at}` : ''}`;
  try {
    await navigator.clipboard.writeText(address);
    say(t('The address of {at} is copied.', {at: clock(at * 1000)}));
  } catch {
    say(address);
  }
}

function bindSettings(page) {
  const keys = page.querySelector('[data-setting=keys]');
  if (keys) {
    keys.checked = settings.get('keys');
    keys.addEventListener('change', () => settings.set('keys', keys.checked));
    const level = page.querySelector('[data-setting=level]');
    level.checked = settings.get('level');
    level.addEventListener('change', () => levelsChanged(player));
  }
  for (const choice of page.querySelectorAll('input[name=theme]')) {
    choice.addEventListener('change', () => {
      const age = choice.value ? 31_536_000 : 0;
      document.cookie = `theme=${choice.value}; path=/; max-age=${age}; SameSite=Lax`;
      if (choice.value) document.documentElement.dataset.theme = choice.value;
      else delete document.documentElement.dataset.theme;
    });
  }
}

/** Rows of the queue are moved by hand, or by Alt with the arrow keys. */
function bindMoving(page) {
  const list = page.querySelector('.qu ol');
  if (!list) return;
  const placeOf = (event) => Number(event.target.closest('[data-place]')?.dataset.place);
  let from = NaN;
  list.addEventListener('dragstart', (event) => { from = placeOf(event); });
  list.addEventListener('dragover', (event) => event.preventDefault());
  list.addEventListener('drop', (event) => {
    event.preventDefault();
    player.change(queues.move(player.queue, from, placeOf(event)));
  });
  list.addEventListener('keydown', (event) => {
    const by = {ArrowUp: -1, ArrowDown: 1}[event.key];
    if (!event.altKey || !by) return;
    event.preventDefault();
    const place = placeOf(event);
    player.change(queues.move(player.queue, place, place + by));
    list.children[Math.min(Math.max(place + by, 0), list.children.length - 1)]?.querySelector('a').focus();
  });
}
