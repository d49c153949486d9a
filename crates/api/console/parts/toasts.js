// Short remarks. They are spoken by screen readers, and stand in whatever dialog is uppermost: a page behind an open
// dialog is neither seen nor heard.
import { html, signal } from "../vendor/preact.js";

const remarks = signal(/** @type {{id: number, text: string}[]} */ ([]));
/** Open dialogs, the uppermost last. */
export const layers = signal(/** @type {symbol[]} */ ([]));
let count = 0;

/** @param {string} text */
export function say(text) {
  const id = ++count;
  remarks.value = [...remarks.value.slice(-2), { id, text }];
  setTimeout(() => { remarks.value = remarks.value.filter((remark) => remark.id !== id); }, 4000);
}

/** @param {{layer?: symbol}} props */
export function Toasts({ layer }) {
  const isUppermost = layers.value.at(-1) === layer;
  return html`<div class="toasts" role="status" aria-live="polite">${isUppermost && remarks.value.map((remark) => html`<p key=${remark.id} class="toast">${remark.text}</p>`)}</div>`;
}
