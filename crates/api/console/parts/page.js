// The head of a screen, and the small things that stand in all of them.
import { html, useEffect, useRef } from "../vendor/preact.js";
import { exactly, fromNow, useNow } from "../lib/time.js";

/** @param {{title: string, lead?: any, children?: any, up?: [string, string]}} props */
export function Head({ title, lead, children, up }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    document.title = `${title} · Keyreeve`;
    // Whoever came by a link hears where they are; whoever loaded the page begins at its beginning.
    if (document.activeElement === document.body && history.state === null && performance.now() > 3000) heading.current?.focus();
  }, [title]);
  return html`
    <div class="head">
      <div>
        ${up && html`<p class="up"><a href=${up[1]}>${up[0]}</a></p>`}
        <h1 ref=${heading} tabindex="-1">${title}</h1>
        ${lead && html`<p class="lead">${lead}</p>`}
      </div>
      ${children && html`<div class="head-actions">${children}</div>`}
    </div>`;
}

/** @param {{at: string | null | undefined, none?: string}} props */
export function Ago({ at, none = "never" }) {
  const now = useNow();
  return at ? html`<time datetime=${at} title=${exactly(at)}>${fromNow(at, now)}</time>` : html`<span class="muted">${none}</span>`;
}

/** @param {{kind?: "good" | "warn" | "bad" | "calm" | "off", children?: any, title?: string}} props */
export const Badge = ({ kind = "calm", children, title }) => html`<span class=${`badge ${kind}`} title=${title}>${children}</span>`;

/** When something stops by itself: green, amber in the last two weeks, red when it is over. @param {{at: string | null | undefined}} props */
export function Expiry({ at }) {
  const now = useNow();
  if (!at) return html`<span class="muted">never</span>`;
  const left = new Date(at).getTime() - now;
  const kind = left <= 0 ? "bad" : left < 14 * 86_400_000 ? "warn" : "good";
  return html`<span class=${`badge ${kind}`} title=${exactly(at)}>${left <= 0 ? `expired ${fromNow(at, now)}` : fromNow(at, now)}</span>`;
}

const STATES = /** @type {Record<string, "good" | "warn" | "bad" | "calm" | "off">} */ ({
  active: "good", available: "good", suspended: "warn", disabled: "off", revoked: "bad", expired: "bad", stopped: "bad", deleting: "bad", invited: "calm",
});

/** @param {{is: string}} props */
export const Status = ({ is }) => html`<span class=${`badge ${STATES[is] ?? "calm"}`}>${is}</span>`;

/** Names and values. @param {{facts: [string, any][]}} props */
export const Facts = ({ facts }) => html`<dl class="facts">${facts.filter(([, value]) => value !== undefined).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value ?? html`<span class="muted">none</span>`}</dd></div>`)}</dl>`;
