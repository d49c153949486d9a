// The one time that a secret is shown. It is held here and nowhere else, and is let go before the dialog closes.
import { html, signal, useState } from "../vendor/preact.js";
import { FORMATS, download } from "../lib/formats.js";
import { exactly } from "../lib/time.js";
import { Copy } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { say } from "./toasts.js";

/**
 * @typedef {object} Shown
 * @property {string} title
 * @property {string} warning
 * @property {string} name What the secret is called.
 * @property {string} [remark]
 * @property {{access_key_id: string, endpoint: string, region: string, label: string}} [pair] Of an S3 key.
 * @property {boolean} [isLink] A link is meant to be seen.
 * @property {any} [below] What else came of it.
 */

/** Everything about it but the secret itself. */
const shown = signal(/** @type {Shown | null} */ (null));
/** Emptied by `hide`; never copied into anything that lives on. */
const held = { secret: "" };

/** @param {Shown} about @param {string} secret */
export function reveal(about, secret) {
  held.secret = secret;
  shown.value = about;
}

/** Of a key that was just made, reset or rotated. @param {import("../lib/types").Schemas["CreatedKey"]} answer @param {{title: string, remark?: string, below?: any}} words */
export function revealKey(answer, { title, remark, below }) {
  const { key, s3_endpoint: endpoint, region, warning, secret_access_key: secret, claim } = answer;
  const pair = { access_key_id: key.access_key_id, endpoint, region, label: key.label ?? key.description ?? "" };
  if (secret) reveal({ title, warning, name: "Secret access key", remark, pair, below }, secret);
  else if (claim) revealClaim(claim, { title, pair, below, remark: `Partners do not see secrets here: send this link to whoever the key is for. ${remark ?? ""}` });
}

/** Of a link behind which somebody else finds the secret. @param {import("../lib/types").Schemas["CreatedClaim"]} claim @param {Pick<Shown, "title" | "remark" | "pair" | "below">} words */
export function revealClaim(claim, words) {
  const warning = `Whoever opens this link sees the secret, once, until ${exactly(claim.expires_at)}. The link is shown only now.`;
  reveal({ ...words, warning, name: "Claim link", isLink: true }, claim.url);
}

export function hide() {
  held.secret = "";
  shown.value = null;
}

/** Stands once in the page, above all screens. */
export function Revealed() {
  return shown.value && html`<${RevealDialog} about=${shown.value} />`;
}

/** @param {{about: Shown}} props */
function RevealDialog({ about }) {
  const [isSeen, setSeen] = useState(Boolean(about.isLink));
  const [isStored, setStored] = useState(false);
  const [isGone, setGone] = useState(false);
  // First the secret goes, then what showed it.
  const finish = () => {
    held.secret = "";
    setGone(true);
    requestAnimationFrame(() => { hide(); say(about.isLink ? "The link is hidden. It cannot be shown again." : "The secret is hidden. Nobody can show it again."); });
  };
  const { pair } = about;
  const text = isGone ? "" : isSeen ? held.secret : "•".repeat(Math.min(held.secret.length, 40));
  return html`
    <${Dialog} title=${about.title} isLocked=${!isStored} onClose=${finish} kind="wide">
      <div class="note warn"><p class="note-title"><${Icon} name="warning" /> Save it now</p><p>${about.warning}</p></div>
      ${about.remark && html`<p>${about.remark}</p>`}
      ${pair && html`<div class="secret"><span class="secret-name">Access key ID</span><code>${pair.access_key_id}</code>
        <${Copy} text=${pair.access_key_id} label="Copy the access key ID" said="Access key ID copied" /></div>`}
      <div class="secret"><span class="secret-name">${about.name}</span><code data-secret>${text}</code>
        <button type="button" class="icon" aria-pressed=${isSeen} aria-label=${isSeen ? "Cover it" : "Show it"} title=${isSeen ? "Cover it" : "Show it"} onClick=${() => setSeen(!isSeen)}><${Icon} name=${isSeen ? "eye-off" : "eye"} /></button>
        <${Copy} text=${() => held.secret} label=${`Copy the ${about.name.toLowerCase()}`} said=${`${about.name} copied`} /></div>
      ${pair && !about.isLink && !isGone && html`<${Files} pair=${pair} isSeen=${isSeen} />`}
      ${about.below}
      <form class="stored" onSubmit=${(event) => { event.preventDefault(); if (isStored) finish(); }}>
        <label class="choice"><input type="checkbox" checked=${isStored} onInput=${() => setStored(!isStored)} /><span>I have stored it</span></label>
        <button type="submit" class="primary" disabled=${!isStored}>${about.isLink ? "Hide link" : "Hide secret"}</button>
      </form>
    </${Dialog}>`;
}

/** @param {{pair: NonNullable<Shown["pair"]>, isSeen: boolean}} props */
function Files({ pair, isSeen }) {
  const [which, setWhich] = useState("env");
  const format = FORMATS[which];
  const written = (secret) => format.write({ ...pair, secret });
  return html`
    <fieldset class="files">
      <legend>For your tool</legend>
      <div class="tabs">${Object.entries(FORMATS).map(([key, { title }]) => html`
        <label key=${key} class="tab"><input type="radio" name="format" checked=${key === which} onInput=${() => setWhich(key)} /><span>${title}</span></label>`)}</div>
      <pre tabindex="0" aria-label=${`${format.title}, ${format.file}`}>${written(isSeen ? held.secret : "•".repeat(12))}</pre>
      <div class="row">
        <button type="button" class="small" onClick=${() => { download(format.file, format.type, written(held.secret)); say(`${format.file} downloaded`); }}><${Icon} name="download" />Download ${format.file}</button>
        <${Copy} text=${() => written(held.secret)} label=${`Copy as ${format.title}`} said=${`${format.title} copied`}>Copy as ${format.title}</${Copy}>
      </div>
    </fieldset>`;
}
