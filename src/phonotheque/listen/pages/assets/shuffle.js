// The fair draw, gone on with: the server draws under one seed, so nothing comes twice; what this
// person has heard is known here alone, and left out here.

import {history} from './kept.js';

const MOST_ASKED = 10; // pages of draws looked through for something never heard

/** Begin a draw; what is returned gives more songs each time, and none at the end of the pool. */
export function drawing({heard = '', licence = ''} = {}) {
  let seed = '';
  let after = 0;
  return async () => {
    for (let asked = 0; asked < MOST_ASKED && after !== null; asked += 1) {
      const query = new URLSearchParams({heard, licence, seed, after});
      const answer = await fetch(`/shuffle.json?${query}`);
      if (!answer.ok) return [];
      const drawn = await answer.json();
      ({seed, after} = drawn);
      const songs = drawn.songs.filter((song) => heard !== 'mine' || !history.has(song.gid));
      if (songs.length) return songs;
    }
    return [];
  };
}
