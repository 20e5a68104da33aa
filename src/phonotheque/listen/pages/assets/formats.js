// Playlists as files, the same as the Python module `phonotheque.listen.pages.playlists` writes.

const line = (text) => (text ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').replace(/\s+/g, ' ').trim();

/** M3U8 (UTF-8). */
export function m3u8(title, songs, origin) {
  const lines = ['#EXTM3U', `#PLAYLIST:${line(title)}`];
  for (const song of songs) {
    const seconds = song.ms ? Math.round(song.ms / 1000) : -1;
    const by = song.by ? `${line(song.by)} - ` : '';
    lines.push(`#EXTINF:${seconds},${by}${line(song.title)}`, `${origin}/sound/${song.gid}`);
  }
  return `${lines.join('\n')}\n`;
}

/** JSPF. */
export function jspf(title, songs, origin) {
  const track = songs.map((song) => ({
    title: line(song.title),
    ...(song.by && {creator: line(song.by)}),
    ...(song.album && {album: line(song.album)}),
    ...(song.ms && {duration: song.ms}),
    location: [`${origin}/sound/${song.gid}`],
    identifier: [`${origin}/song/${song.gid}`],
    info: `${origin}/song/${song.gid}`,
  }));
  return JSON.stringify({playlist: {title: line(title), track}}, null, 1);
}

/** Give a text to whoever sits here as a file. */
export function save(text, name, type) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
