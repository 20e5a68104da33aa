// Sound: two audio elements, so that the next song is ready when this one ends. It knows no page.
// Events: "song" another one, "queue" what comes changed, "state" plays or not, "time", "problem".

import * as queues from './queue.js';
import {facts} from './facts.js';
import {history, lastQueue, settings, unsent} from './kept.js';

const READY_S = 20;      // so long before its end the next song is fetched
const HAND_OVER_S = 0.6; // so long before its end the hand-over is timed
const EARLY_MS = 15;     // an element takes about so long to start
const COUNTED_MS = 240_000;
const MOST_HELD_S = 24 * 3600;
const SAME_PLAY_MS = 24 * 3600 * 1000; // so long the door knows a play again (docs/reference/plays.md)

/** A version 4 UUID (RFC 9562); browsers keep crypto.randomUUID to themselves on plain HTTP. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = bytes[6] & 0x0f | 0x40;
  bytes[8] = bytes[8] & 0x3f | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const isOld = (play) => Date.now() - play.begun > SAME_PLAY_MS;

export class Player extends EventTarget {
  /** Where `isKeeping` is false nothing of what is heard stays in the browser. */
  constructor({isKeeping = true} = {}) {
    super();
    this.isKeeping = isKeeping;
    this.queue = queues.EMPTY;
    this.draw = null; // asked for more when the queue ends
    this.refusal = null; // why a song is not opened for now, and where more can be done
    this.audios = [this.#element(), this.#element()];
    this.front = 0;
    this.volume = settings.get('volume');
    this.isMuted = settings.get('muted');
  }

  get audio() { return this.audios[this.front]; }
  get song() { return queues.current(this.queue); }
  get isPlaying() { return Boolean(this.song) && !this.audio.paused; }
  get at() { return this.wanted ?? this.audio.currentTime; }

  get length() {
    const known = this.audio.duration;
    return Number.isFinite(known) && known > 0 ? known : (this.song?.ms ?? 0) / 1000;
  }

  /** Play these songs from one of them on. */
  play(songs, at = 0) {
    this.draw = null;
    this.#start(queues.replace(songs, at));
  }

  /** Put songs at the end; the first of an empty queue starts. */
  enqueue(songs) {
    const wasEmpty = !this.song;
    const queue = queues.add(this.queue, songs);
    if (wasEmpty) this.#start(queue); else this.change(queue);
  }

  /** Take another queue in which the same song plays. */
  change(queue) {
    this.queue = queue;
    this.#forgetNext();
    this.#remember();
    this.#tell('queue');
  }

  /** Show a song at a place without playing it, until somebody presses play. */
  cue(queue, atS = 0) {
    this.queue = queue;
    this.#load(this.audio, this.song, 'none');
    this.wanted = atS;
    this.#tell('song', 'queue', 'state', 'time');
  }

  toggle() {
    if (!this.song) return;
    if (this.isPlaying) this.audio.pause(); else this.#run();
  }

  pause() { if (this.isPlaying) this.audio.pause(); }

  async next() {
    const queue = queues.step(this.queue, 1);
    if (queue !== this.queue) return this.#start(queue);
    if (!this.draw) return undefined;
    const songs = await this.draw();
    return songs.length ? this.#start({songs: [...this.queue.songs, ...songs], at: this.queue.at + 1}) : undefined;
  }

  /** Back to the beginning, or to the song before when this one has just begun. */
  previous() {
    const queue = queues.step(this.queue, -1);
    if (this.at > 3 || queue === this.queue) this.seek(0); else this.#start(queue);
  }

  seek(atS) {
    if (!this.song) return;
    const at = Math.min(Math.max(atS, 0), Math.max(this.length - 0.05, 0));
    clearTimeout(this.timer);
    this.timer = null;
    if (this.audio.readyState > 0) this.audio.currentTime = at; else this.wanted = at;
    this.#tell('time');
  }

  setVolume(volume, isMuted = this.isMuted) {
    this.volume = volume;
    this.isMuted = isMuted;
    settings.set('volume', volume);
    settings.set('muted', isMuted);
    this.#level(this.audio, this.song);
    this.#tell('state');
  }

  #element() {
    const audio = new Audio();
    const only = (work) => (event) => { if (event.target === this.audio) work(event); };
    audio.addEventListener('timeupdate', only(() => this.#moved()));
    audio.addEventListener('ended', only(() => this.#handOver()));
    for (const name of ['play', 'playing', 'pause']) {
      audio.addEventListener(name, only(() => this.#tell('state')));
    }
    audio.addEventListener('playing', only(() => this.#holds(this.song?.gid) && this.letGo()));
    audio.addEventListener('loadedmetadata', (event) => {
      if (event.target === this.audio) {
        if (this.wanted) audio.currentTime = this.wanted;
        this.wanted = null;
        this.#tell('time');
      }
    });
    audio.addEventListener('error', only(() => this.#failed()));
    return audio;
  }

  #load(audio, song, preload) {
    audio.preload = preload;
    audio.gid = song.gid;
    audio.src = `/sound/${song.gid}`;
    this.#level(audio, song);
  }

  #start(queue) {
    this.#report();
    const isReady = this.audios[1 - this.front].gid === queues.current(queue)?.gid
      && this.audios[1 - this.front].readyState > 2;
    this.audio.pause();
    this.queue = queue;
    if (isReady) this.front = 1 - this.front; else this.#load(this.audio, this.song, 'auto');
    this.audio.currentTime = 0;
    this.wanted = null;
    this.#begin();
    this.#run();
  }

  #begin() {
    this.#forgetNext();
    this.counted = {play: randomId(), gid: this.song.gid, played_ms: 0, begun: Date.now()};
    this.heardTo = 0;
    this.isReported = false;
    if (this.isKeeping) history.add(this.song);
    this.#remember();
    this.#tell('song', 'queue', 'state', 'time');
  }

  async #run() {
    if (this.counted?.gid !== this.song.gid || isOld(this.counted)) this.#begin();
    if (this.audio.error) { // what was refused, also while it was only made ready, is asked for anew
      const {at} = this;
      this.#load(this.audio, this.song, 'auto');
      this.wanted = at;
    }
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name === 'NotAllowedError') this.#tell('state');
    }
  }

  #moved() {
    const at = this.audio.currentTime;
    const passed = at - this.heardTo;
    this.heardTo = at;
    if (this.counted && passed > 0 && passed < 2) this.counted.played_ms += passed * 1000;
    const half = Math.min(this.length * 500, COUNTED_MS);
    if (!this.isReported && this.counted?.played_ms >= half && half > 0) {
      this.isReported = true;
      this.#report();
    }
    this.#prepare(this.length - at);
    this.#tell('time');
  }

  #prepare(leftS) {
    const song = queues.following(this.queue);
    const back = this.audios[1 - this.front];
    if (song && leftS < READY_S && back.gid !== song.gid) this.#load(back, song, 'auto');
    if (song && leftS < HAND_OVER_S && !this.timer && this.isPlaying && back.readyState > 2) {
      this.timer = setTimeout(() => this.#handOver(), Math.max(0, leftS * 1000 - EARLY_MS));
    }
  }

  #handOver() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!queues.following(this.queue)) {
      this.#report();
      if (this.draw) this.next();
      this.#tell('state');
      return;
    }
    this.#report();
    const back = this.audios[1 - this.front];
    this.queue = queues.step(this.queue, 1);
    this.front = 1 - this.front;
    if (back.gid !== this.song.gid) this.#load(back, this.song, 'auto');
    this.#begin();
    this.#run();
  }

  #forgetNext() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  #level(audio, song) {
    const own = this.isMuted ? 0 : this.volume;
    audio.volume = own;
    if (!song || !settings.get('level')) return;
    facts(song.gid).then(({gainDb}) => {
      // Only down: what is louder than full scale would be cut off.
      if (audio.gid === song.gid) audio.volume = own * Math.min(1, 10 ** ((gainDb ?? 0) / 20));
    });
  }

  /** Say what was heard by now, and what could not be said before. What was counted is known to
      the door for a day: what is older is dropped, because it might count twice. */
  #report() {
    if (!this.counted || this.counted.played_ms < 1000) return;
    const play = {...this.counted, played_ms: Math.round(this.counted.played_ms)};
    const before = this.isKeeping ? unsent.take() : [];
    const keep = (one) => { if (this.isKeeping) unsent.put(one); };
    for (const one of [...before, play].filter((each) => !isOld(each))) {
      const {begun, ...told} = one;
      fetch('/plays', {method: 'POST', keepalive: true, body: JSON.stringify(told),
        headers: {'Content-Type': 'application/json'}})
        .then((answer) => { if (answer.status >= 500) keep(one); })
        .catch(() => keep(one));
    }
  }

  /** Report what was heard so far: the page goes. */
  leave() {
    this.#report();
    this.#remember();
  }

  #remember() {
    if (this.song && this.isKeeping) lastQueue.set({...this.queue, time: this.at});
  }

  async #failed() {
    const {song} = this;
    if (!song || !this.audio.src) return;
    this.audio.pause();
    let reason = null;
    try {
      const answer = await fetch(`/sound/${song.gid}`, {headers: {Accept: 'application/json', Range: 'bytes=0-0'}});
      if (!answer.ok) {
        reason = {status: answer.status, afterS: answer.headers.get('Retry-After'), ...await answer.json()};
      }
    } catch { /* offline, or an answer that is no JSON */ }
    if (this.song !== song) return;
    if (reason?.page) this.#hold(song, reason);
    this.dispatchEvent(new CustomEvent('problem', {detail: {song, reason}}));
    this.#tell('state');
    const isOver = reason && ![429, 503].includes(reason.status);
    if (isOver && queues.following(this.queue)) this.next();
  }

  /** Remember a refusal as long as it holds. */
  #hold(song, reason) {
    clearTimeout(this.held);
    this.refusal = {song, ...reason};
    this.held = setTimeout(() => this.letGo(), Math.min(Number(reason.afterS) || MOST_HELD_S, MOST_HELD_S) * 1000);
  }

  #holds(gid) { return this.refusal !== null && this.refusal.song.gid === gid; }

  /** Forget a refusal: it is over, or somebody has read on. */
  letGo() {
    clearTimeout(this.held);
    this.refusal = null;
    this.#tell('state');
  }

  #tell(...names) {
    for (const name of names) this.dispatchEvent(new Event(name));
  }
}
