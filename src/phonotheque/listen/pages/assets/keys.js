// Single keys, as the page of help lists them; all off by one setting (WCAG 2.1.4).

import {settings} from './kept.js';

/** Take keys that no field wants. */
export function bindKeys(acts) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target;
    if (event.key === 'Escape') {
      on.blur?.();
      return;
    }
    if (!settings.get('keys')) return;
    if (on.matches?.('input,select,textarea,[contenteditable]')) return;
    const isControl = on.matches?.('a[href],button,summary,[role=slider]');
    if (isControl && [' ', 'Enter'].includes(event.key)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = acts[event.shiftKey && key !== '?' && key !== '/' ? `Shift+${key}` : key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
