// What the door knows of a song's sound: bars to draw, and what levels it. Asked once for each.

const asked = new Map();

/** {bars: left and right peaks of each bar, 0 to 255, gainDb, lengthMs}; nothing known is empty. */
export function facts(gid) {
  if (!asked.has(gid)) {
    asked.set(gid, fetch(`/wave/${gid}.json`)
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
      .catch(() => { asked.delete(gid); return {bars: [], gainDb: null, lengthMs: null}; }));
  }
  return asked.get(gid);
}

/** The path of a waveform, left channel above the line, right below. */
export function wavePath(bars, width, height) {
  const half = height / 2;
  const count = bars.length / 2;
  if (!count) return `M0 ${half - 0.5}h${width}v1h-${width}z`;
  const pitch = width / count;
  const bar = (pitch * 0.72).toFixed(1);
  let path = '';
  for (let at = 0; at < count; at += 1) {
    const up = Math.max(0.4, bars[2 * at] / 255 * half);
    const down = Math.max(0.4, bars[2 * at + 1] / 255 * half);
    path += `M${(at * pitch).toFixed(1)} ${(half - up).toFixed(1)}h${bar}v${(up + down).toFixed(1)}h-${bar}z`;
  }
  return path;
}
