// Which buckets a key opens: all, or some. Registered ones are picked, others are typed.
import { html, useId, useState } from "../vendor/preact.js";
import { useList } from "../lib/load.js";
import { Choice } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";

/** @param {{tenant: string, access: string, onAccess: (v: string) => void, names: string[], onNames: (v: string[]) => void, error?: string}} props */
export function BucketPicker({ tenant, access, onAccess, names, onNames, error }) {
  const known = useList("/v1/tenants/{tenant}/buckets", { path: { tenant }, query: { limit: 500 } });
  const registered = known.items?.map((bucket) => bucket.name) ?? [];
  return html`
    <${Choice} label="Bucket access" value=${access} onInput=${onAccess} error=${access === "all" ? error : ""}
      options=${[["all", "All buckets", "Those of today and those to come"], ["specific", "Specific buckets"]]} />
    ${access === "specific" && (registered.length > 0
      ? html`<${Pick} registered=${registered} names=${names} onNames=${onNames} error=${error} />`
      : html`<${Type} names=${names} onNames=${onNames} error=${error} />`)}`;
}

/** @param {{registered: string[], names: string[], onNames: (v: string[]) => void, error?: string}} props */
function Pick({ registered, names, onNames, error }) {
  const [search, setSearch] = useState("");
  const toggle = (name) => onNames(names.includes(name) ? names.filter((one) => one !== name) : [...names, name]);
  const all = [...new Set([...registered, ...names])];
  return html`
    <fieldset class="field inset">
      <legend>Buckets <span class="optional">${names.length} picked</span></legend>
      ${all.length > 8 && html`<input type="search" placeholder="Find a bucket" aria-label="Find a bucket" value=${search} onInput=${(event) => setSearch(event.currentTarget.value)} />`}
      <div class="several scroll" tabindex="-1">${all.filter((name) => name.includes(search)).map((name) => html`
        <label key=${name} class="choice"><input type="checkbox" checked=${names.includes(name)} onInput=${() => toggle(name)} /><span><code>${name}</code></span></label>`)}</div>
      <p class="error">${error}</p>
    </fieldset>`;
}

/** @param {{names: string[], onNames: (v: string[]) => void, error?: string}} props */
function Type({ names, onNames, error }) {
  const id = useId();
  const [text, setText] = useState("");
  const add = () => {
    const more = text.split(/[\s,]+/).filter(Boolean);
    if (more.length) onNames([...new Set([...names, ...more])]);
    setText("");
  };
  return html`
    <div class="field inset">
      <label for=${id}>Buckets</label>
      ${names.length > 0 && html`<ul class="tags">${names.map((name) => html`<li key=${name}><code>${name}</code><button type="button" class="icon quiet" aria-label=${`Remove ${name}`} onClick=${() => onNames(names.filter((one) => one !== name))}><${Icon} name="close" /></button></li>`)}</ul>`}
      <div class="row"><input id=${id} value=${text} autocomplete="off" spellcheck=${false} placeholder="media, backups" aria-describedby=${`${id}-error`} onInput=${(event) => setText(event.currentTarget.value)}
        onKeyDown=${(event) => { if (event.key === "Enter" || event.key === ",") { event.preventDefault(); add(); } }} onBlur=${add} />
      <button type="button" onClick=${add}>Add</button></div>
      <p class="hint">Names of buckets, separated by commas.</p>
      <p class="error" id=${`${id}-error`}>${error}</p>
    </div>`;
}
