// Going from page to page without stopping the music: the next page is fetched, and its content
// takes the place of this one's. Whatever is no page of ours is left to the browser.

import {say, t} from './words.js';

const LATE_MS = 300;

/** Take over links and forms; `onPage` is given every new page, `isPlaying` says whether leaving
    these pages would stop something. */
export function makeNavigation(onPage, isPlaying) {
  let running = null;

  async function go(address, {isNew = true, scroll = 0, ...request} = {}) {
    running?.abort();
    const mine = running = new AbortController();
    const late = setTimeout(() => document.body.setAttribute('aria-busy', 'true'), LATE_MS);
    const [answer, next] = await fetched(address, {signal: mine.signal, ...request});
    clearTimeout(late);
    if (running !== mine) return;
    document.body.removeAttribute('aria-busy');
    if (!answer) {
      say(t('That page cannot be reached now. The queue plays on; try again.'));
    } else if (request.method && !next?.body.dataset.assets) {
      const why = await refusal(answer);
      if (running === mine) say(why);  // the form stays as it is, with all that was written
    } else if (!request.method && next?.body.dataset.assets !== document.body.dataset.assets) {
      leave(address);
    } else {
      if (isNew) {
        remember();
        history.pushState({scroll: 0}, '', placeOf(answer, address, request));
      }
      swap(next);
      scrollTo(0, scroll);
      onPage(document);
      document.getElementById(location.hash.slice(1))?.scrollIntoView();
    }
  }

  /** Go where no page of ours is: beside this one while something plays. */
  function leave(address) {
    if (!isPlaying() || !open(address)) location.assign(address);
  }

  /** The address that stands for a page: a list that was brought in has none but the shelf. */
  function placeOf(answer, address, request) {
    if (request.method && answer.url === new URL(address, location).href) return '/shelf';
    return answer.url + new URL(address, location).hash;
  }

  /** What an answer to a form says that is no page of ours. */
  async function refusal(answer) {
    try {
      const {thing, wrong, todo} = await answer.json();
      return t('This was not taken: {thing}: {wrong}. {todo}', {thing, wrong, todo});
    } catch {  // of a proxy in front
      return t('This was not taken (answer {status}). Try again later.', {status: answer.status});
    }
  }

  /** The answer, and the page it is, if it is one. */
  async function fetched(address, request) {
    try {
      const answer = await fetch(address, {headers: {Accept: 'text/html'}, ...request});
      if (answer.headers.get('content-type')?.startsWith('text/html')) {
        return [answer, new DOMParser().parseFromString(await answer.text(), 'text/html')];
      }
      if (!request.method) answer.body?.cancel();
      return [answer, null];
    } catch {
      return [null, null];
    }
  }

  function swap(next) {
    for (const part of ['.top', 'main', '.foot']) {
      const [old, fresh] = [document.querySelector(part), next.querySelector(part)];
      if (old && fresh) old.replaceWith(document.adoptNode(fresh));
    }
    document.title = next.title;
    const hasDeck = document.body.classList.contains('has-deck');
    document.body.className = next.body.className;
    document.body.classList.toggle('has-deck', hasDeck);
    document.querySelector('link[rel=canonical]')?.remove();
    const canonical = next.querySelector('link[rel=canonical]');
    if (canonical) document.head.append(document.adoptNode(canonical));
    document.querySelector('main').focus({preventScroll: true});
  }

  const remember = () => history.replaceState({...history.state, scroll: scrollY}, '');

  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey
      || event.shiftKey || event.altKey || link.target || link.hasAttribute('download')) return;
    const to = new URL(link.href);
    if (to.origin !== location.origin) return;
    if (to.pathname + to.search === location.pathname + location.search && to.hash) return;
    event.preventDefault();
    go(to.href);
  });
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || new URL(form.action).origin !== location.origin) return;
    event.preventDefault();
    const fields = new FormData(form);
    const isUpload = form.enctype === 'multipart/form-data';
    if (form.method === 'post') go(form.action, {method: 'POST', body: isUpload ? fields : new URLSearchParams(fields)});
    else go(`${form.action}?${new URLSearchParams(fields)}`);
  });
  addEventListener('popstate', (event) => {
    go(location.href, {isNew: false, scroll: event.state?.scroll ?? 0});
  });
  history.scrollRestoration = 'manual';
  return go;
}
