// The player in other people's pages: a song or an album, nothing kept.

import * as queues from './queue.js';
import {t} from './words.js';

/** Bring an embedded player to life. */
export function bindEmbed(root, player) {
  const songs = JSON.parse(root.dataset.embed);
  const key = root.querySelector('[data-do=toggle]');
  root.addEventListener('click', (event) => {
    const name = event.target.closest('[data-do]')?.dataset.do;
    if (name === 'toggle') player.toggle();
    if (name === 'next') player.next();
    if (name === 'previous') player.previous();
  });
  player.addEventListener('song', () => { root.querySelector('.t').textContent = player.song.title; });
  player.addEventListener('state', () => {
    key.classList.toggle('is-playing', player.isPlaying);
    key.setAttribute('aria-label', player.isPlaying ? t('Pause') : t('Play'));
  });
  player.addEventListener('problem', ({detail: {song, reason}}) => {
    if (!reason?.page) return;
    const way = root.querySelector('.by');
    [way.textContent, way.href] = [t(reason.act), reason.page];
    document.querySelector('[role=alert]').textContent = `${song.title}: ${reason.wrong}.`;
  });
  player.cue(queues.replace(songs));
}
