// The page of what is kept in this browser.

import {jspf, m3u8, save} from './formats.js';
import {changed, history, kept, playlists} from './kept.js';
import {clock, n, say, t} from './words.js';

const KINDS = {m3u8: ['audio/x-mpegurl', m3u8], jspf: ['application/json', jspf]};

/** Fill the shelf and keep it so. */
export function bindShelf(page, player, afterwards) {
  const root = page.querySelector('[data-shelf]');
  if (!root) return;
  const show = () => {
    if (!root.isConnected) {
      changed.removeEventListener('change', show);
      return;
    }
    fill(root, 'kept', kept.all());
    fill(root, 'history', history.all());
    fillLists(root);
    afterwards();
  };
  changed.addEventListener('change', show);
  root.addEventListener('click', (event) => press(event, player));
  root.querySelector('[data-form=playlist]').addEventListener('submit', (event) => {
    event.preventDefault();
    const field = event.target.elements.name;
    if (!player.queue.songs.length) {
      say(t('The queue is empty. Play something, or add songs to it, first.'));
      return;
    }
    playlists.put(field.value.trim(), player.queue.songs);
    field.value = '';
  });
  show();
}

/** Give a list as a file. */
export function give(name, songs, form) {
  const [type, write] = KINDS[form];
  save(write(name, songs, location.origin), `${name.replace(/[^\p{L}\p{N} ._-]/gu, '_') || 'playlist'}.${form}`, type);
}

function press(event, player) {
  const button = event.target.closest('[data-do]');
  const list = button?.closest('[data-list=playlists] li');
  const songs = list && playlists.all().find((one) => one.name === list.dataset.name)?.songs;
  const acts = {
    'play-kept': () => player.play(kept.all()),
    'kept-m3u8': () => give(t('Kept'), kept.all(), 'm3u8'),
    'kept-jspf': () => give(t('Kept'), kept.all(), 'jspf'),
    forget: () => history.forget(),
    ...(songs && {
      'play-list': () => player.play(songs),
      'list-m3u8': () => give(list.dataset.name, songs, 'm3u8'),
      'list-jspf': () => give(list.dataset.name, songs, 'jspf'),
      'drop-list': () => playlists.drop(list.dataset.name),
    }),
  };
  acts[button?.dataset.do]?.();
}

function fill(root, name, songs) {
  const list = root.querySelector(`[data-list=${name}]`);
  const template = document.getElementById('shelf-row');
  list.previousElementSibling.hidden = songs.length > 0;
  root.querySelector(`[data-when=${name}]`).hidden = !songs.length;
  list.replaceChildren(...songs.map((song, place) => {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.song = JSON.stringify(song);
    row.querySelector('.n').textContent = place + 1;
    const title = row.querySelector('.t a');
    title.textContent = song.title;
    title.href = `/song/${song.gid}`;
    row.querySelector('.by').textContent = song.by ?? '';
    row.querySelector('.ln').textContent = song.licence ?? '';
    row.querySelector('.d').textContent = clock(song.ms);
    const play = row.querySelector('[data-do=play]');
    play.href = `/sound/${song.gid}`;
    play.setAttribute('aria-label', t('Play {title}', {title: song.title}));
    row.querySelector('[data-do=enqueue]').setAttribute('aria-label', t('Add {title} to the queue', {title: song.title}));
    row.querySelector('[data-do=keep]').setAttribute('aria-label', t('Keep {title}', {title: song.title}));
    return row;
  }));
}

function fillLists(root) {
  const list = root.querySelector('[data-list=playlists]');
  const template = document.getElementById('playlist-row');
  list.replaceChildren(...playlists.all().map(({name, songs}) => {
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.name = name;
    row.querySelector('.t').textContent = name;
    row.querySelector('.quiet').textContent = n(songs.length, '{n} song', '{n} songs');
    row.querySelector('[data-do=drop-list]').setAttribute('aria-label', t('Throw away {name}', {name}));
    return row;
  }));
}
