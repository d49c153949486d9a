// Everything by keyboard: `n` for a new one, `/` for the filter, `g` and a letter to go somewhere, `?` for this list.
import { html, signal } from "../vendor/preact.js";
import { go } from "../lib/router.js";
import { Dialog } from "./dialog.js";

const isShown = signal(false);
let places = /** @type {Record<string, string>} */ ({});
let isGoing = false;

/** A letter for every place in the menu: its first that is still free. @param {string[][]} items */
function lettered(items) {
  const taken = /** @type {Record<string, string>} */ ({});
  for (const [name, url] of items) {
    const letter = [...name.toLowerCase()].find((one) => /[a-z]/.test(one) && !taken[one]);
    if (letter) taken[letter] = url;
  }
  return taken;
}

/** @param {{items: string[][]}} props */
export function Shortcuts({ items }) {
  places = lettered(items);
  if (!isShown.value) return null;
  const letterOf = (url) => Object.keys(places).find((letter) => places[letter] === url);
  return html`<${Dialog} title="Keyboard" onClose=${() => { isShown.value = false; }}>
    <dl class="keys"><div><dt><kbd>n</kbd></dt><dd>Make a new one</dd></div><div><dt><kbd>/</kbd></dt><dd>To the filter</dd></div>
      ${items.map(([name, url]) => html`<div key=${url}><dt><kbd>g</kbd> <kbd>${letterOf(url)}</kbd></dt><dd>${name}</dd></div>`)}
      <div><dt><kbd>?</kbd></dt><dd>This list</dd></div></dl>
  </${Dialog}>`;
}

export function listen() {
  addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (event.ctrlKey || event.metaKey || event.altKey || target?.closest("input, select, textarea, dialog")) return;
    if (isGoing && places[event.key]) {
      event.preventDefault();
      go(places[event.key]);
    } else if (event.key === "?") {
      isShown.value = true;
    } else if (event.key === "n" || event.key === "/") {
      const wanted = document.querySelector(`[data-key="${event.key}"]`);
      if (wanted instanceof HTMLElement) {
        event.preventDefault();
        if (event.key === "n") wanted.click();
        else wanted.focus();
      }
    }
    isGoing = event.key === "g";
  });
}
