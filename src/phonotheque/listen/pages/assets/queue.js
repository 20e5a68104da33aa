// What is played, in order: values only. A queue is {songs, at}: `at` is the place of the song that
// plays, -1 when there is none. Every function returns a new queue.

export const EMPTY = {songs: [], at: -1};

export const current = (queue) => queue.songs[queue.at] ?? null;
export const following = (queue) => queue.songs[queue.at + 1] ?? null;
export const upcoming = (queue) => queue.songs.slice(queue.at + 1);

/** Play these from one of them on. */
export function replace(songs, at = 0) {
  return songs.length ? {songs: [...songs], at: Math.min(Math.max(at, 0), songs.length - 1)} : EMPTY;
}

/** Put songs at the end. */
export function add(queue, songs) {
  return {songs: [...queue.songs, ...songs], at: queue.at < 0 && songs.length ? 0 : queue.at};
}

/** Go on or back; the same queue when there is nothing there. */
export function step(queue, by) {
  const at = queue.at + by;
  return at >= 0 && at < queue.songs.length ? {...queue, at} : queue;
}

/** Take one out that is still to come, by its place among those. */
export function remove(queue, place) {
  const at = queue.at + 1 + place;
  return {...queue, songs: queue.songs.filter((_, index) => index !== at)};
}

/** Move one that is still to come to another place among those. */
export function move(queue, from, to) {
  const rest = upcoming(queue);
  if (from < 0 || from >= rest.length || to < 0 || to >= rest.length) return queue;
  const [song] = rest.splice(from, 1);
  rest.splice(to, 0, song);
  return {...queue, songs: [...queue.songs.slice(0, queue.at + 1), ...rest]};
}
