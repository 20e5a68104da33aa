// Search as you type: a text field and a list of what was found, by hand and by keys.
// Source: ARIA Authoring Practices, "Combobox with listbox popup", manual selection.

import {say, t} from './words.js';

/** Bring the search field of a page to life. */
export function bindSearch(page, act) {
  const field = page.querySelector('main .ask input');
  const found = page.querySelector('[data-quick]');
  if (!field || !found) return;
  const isSearchPage = document.body.classList.contains('p-search');
  let chosen = -1;
  let asked = null;

  field.setAttribute('role', 'combobox');
  field.setAttribute('aria-autocomplete', 'list');
  field.setAttribute('aria-controls', 'hits');
  dress();
  field.addEventListener('input', ask); // each letter at once: the question before it is given up
  field.addEventListener('keydown', press);

  function rows() { return [...found.querySelectorAll('.hit')]; }

  function dress() {
    chosen = -1;
    field.removeAttribute('aria-activedescendant');
    const list = found.querySelector('#hits');
    field.setAttribute('aria-expanded', Boolean(list));
    if (!list) return;
    list.setAttribute('role', 'listbox');
    for (const group of list.children) group.setAttribute('role', 'group');
    for (const row of rows()) {
      row.setAttribute('role', 'option');
      row.setAttribute('aria-selected', 'false');
      row.tabIndex = -1;
    }
  }

  async function ask() {
    const text = field.value.trim();
    asked?.abort();
    asked = new AbortController();
    if (!text) {
      found.replaceChildren();
      dress();
      return;
    }
    const query = new URLSearchParams({q: text});
    try {
      const answer = await fetch(`/search?${query}&part=hits`, {signal: asked.signal});
      const part = new DOMParser().parseFromString(await answer.text(), 'text/html');
      found.replaceChildren(...part.body.childNodes);
      dress();
      if (isSearchPage) history.replaceState(history.state, '', `/search?${query}`);
    } catch (error) {
      if (error.name !== 'AbortError') say(t('Search cannot be reached now.'));
    }
  }

  function choose(to) {
    const all = rows();
    if (!all.length) return;
    chosen = (to + all.length + 1) % (all.length + 1);
    if (chosen === all.length) chosen = -1;
    all.forEach((row, at) => row.setAttribute('aria-selected', at === chosen));
    if (chosen < 0) {
      field.removeAttribute('aria-activedescendant');
      return;
    }
    field.setAttribute('aria-activedescendant', all[chosen].id);
    all[chosen].scrollIntoView({block: 'nearest'});
  }

  function press(event) {
    const row = rows()[chosen];
    const keys = {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(chosen < 0 ? rows().length - 1 : chosen - 1),
      Escape: () => {
        if (row) choose(-1);
        else {
          field.value = '';
          ask();
        }
      },
      ...(row && {
        Enter: () => row.click(),
        ' ': () => act('play', row),
        q: () => act('enqueue', row),
        Q: () => act('enqueue', row),
      }),
    };
    const work = keys[event.key];
    if (!work || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    work();
  }
}
