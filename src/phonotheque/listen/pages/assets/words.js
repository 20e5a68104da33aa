// The words of scripts, in the language of the page; a sentence is its own key.

const language = document.documentElement.lang;
const table = language === 'en' ? {} : (await import(`./words.${language}.js`)).default;

/** Say a sentence; `{name}` stands for a value. */
export function t(sentence, values = {}) {
  const said = table[sentence] ?? sentence;
  return said.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** Say how many: `{n}` is the number. */
export function n(number, one, many, values = {}) {
  return t(number === 1 ? one : many, {n: number.toLocaleString(language), ...values});
}

/** A length as a clock shows it: "4:56". */
export function clock(ms) {
  if (!Number.isFinite(ms)) return '';
  const seconds = Math.floor(ms / 1000);
  const pad = (value) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const rest = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${pad(rest)}:${pad(seconds % 60)}` : `${rest}:${pad(seconds % 60)}`;
}

/** Tell something in passing: it is read out, and gone after a while. */
export function say(text) {
  const line = document.querySelector('.said');
  if (!line) return;
  line.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { line.textContent = ''; }, 6000);
}
