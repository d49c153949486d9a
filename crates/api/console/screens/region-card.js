// One region with one key: not configured, active, rotating, disabled, or not available.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useLoad, useSend } from "../lib/load.js";
import { can } from "../lib/session.js";
import { placeOf } from "../lib/tenant.js";
import { countdown, exactly, useNow } from "../lib/time.js";
import { Copy } from "../parts/copy.js";
import { Dialog } from "../parts/dialog.js";
import { Form } from "../parts/fields.js";
import { Ago, Badge, Status } from "../parts/page.js";
import { ProblemNote } from "../parts/problem.js";
import { revealKey } from "../parts/reveal.js";
import { Skeleton } from "../parts/table.js";
import { ResetKey } from "./key-actions.js";

/** @typedef {import("../lib/types").Schemas["Key"]} Key */
/** @typedef {import("../lib/tenant.js").Offer} Offer */

/** @param {{tenant: string, offer: Offer, turn: number, onChange: () => void}} props */
export function RegionCard({ tenant, offer, turn, onChange }) {
  if (offer.status === "UNAVAILABLE") return html`<${Unavailable} tenant=${tenant} offer=${offer} onChange=${onChange} />`;
  if (offer.status === "NOT CONFIGURED") return html`<${NotConfigured} tenant=${tenant} offer=${offer} onChange=${onChange} />`;
  return html`<${Configured} tenant=${tenant} offer=${offer} turn=${turn} onChange=${onChange} />`;
}

/** @param {{offer: Offer, kind?: string, badge: any, children?: any}} props */
const Card = ({ offer, kind = "", badge, children }) => html`
  <article class=${`card ${kind}`} aria-label=${offer.name}>
    <header><h2>${offer.name}</h2>${badge}</header>
    <p class="muted card-sub"><code>${offer.region}</code> · ${offer.s3_endpoint.replace(/^https?:\/\//, "")}</p>
    ${children}
  </article>`;

/** @param {{tenant: string, offer: Offer, onChange: () => void}} props */
function Unavailable({ tenant, offer, onChange }) {
  const turnOn = useSend(() => request("put", "/v1/tenants/{tenant}/regions/{region}", { path: { tenant, region: offer.region }, body: { service: "available" }, version: offer.version }));
  const press = async () => {
    const answer = await turnOn.submit();
    if (!answer) return;
    if (answer.initial_key) revealKey(answer.initial_key, { title: `The first key in ${offer.name}` });
    onChange();
  };
  return html`<${Card} offer=${offer} kind="dashed" badge=${html`<${Badge} kind="off">UNAVAILABLE</${Badge}>`}>
    <p>The service in this region is switched off. Its keys are refused.</p>
    <${ProblemNote} problem=${turnOn.problem} onRetry=${press} onReload=${onChange} />
    ${can("regions") && html`<div class="card-foot"><button type="button" onClick=${press} disabled=${turnOn.isSending}>Make available</button></div>`}
  </${Card}>`;
}

/** @param {{tenant: string, offer: Offer, onChange: () => void}} props */
function NotConfigured({ tenant, offer, onChange }) {
  const [isOpen, setOpen] = useState(false);
  const create = useSend((once) => request("post", "/v1/tenants/{tenant}/keys", { path: { tenant }, body: { region: offer.region }, once }));
  const submit = async () => {
    const answer = await create.submit(offer.region);
    if (!answer) return;
    setOpen(false);
    revealKey(answer, { title: `Key for ${offer.name}` });
    onChange();
  };
  return html`<${Card} offer=${offer} kind="dashed" badge=${html`<${Badge} kind="off">NOT CONFIGURED</${Badge}>`}>
    <p>There is no key for this region yet.</p>
    ${can("keys:write") && html`<div class="card-foot"><button type="button" class="primary" onClick=${() => setOpen(true)}>Create key</button></div>`}
    ${isOpen && html`<${Dialog} title=${`Create a key for ${offer.name}`} onClose=${() => setOpen(false)}>
      <p>This region has one key pair. It can be reset later, and never goes away.</p>
      <${ProblemNote} problem=${create.problem} onReload=${onChange} />
      <${Form} send="Create key" isSending=${create.isSending} onSubmit=${submit} onCancel=${() => setOpen(false)} />
    </${Dialog}>`}
  </${Card}>`;
}

/** @param {{tenant: string, offer: Offer, turn: number, onChange: () => void}} props */
function Configured({ tenant, offer, turn, onChange }) {
  const [isResetting, setResetting] = useState(false);
  const found = useLoad(async (signal) => {
    const page = await request("get", "/v1/tenants/{tenant}/keys", { path: { tenant }, query: { region: offer.region, limit: 1 }, signal });
    return /** @type {Key | undefined} */ (page.items[0]);
  }, [tenant, offer.region, turn]);
  const key = found.data;
  if (!key) return html`<${Card} offer=${offer} badge=${null}>${found.problem ? html`<${ProblemNote} problem=${found.problem} onRetry=${found.reload} />` : html`<${Skeleton} rows=${2} />`}</${Card}>`;
  const isRotating = key.pairs.length > 1;
  const badge = key.held_back ? html`<${Badge} kind="bad">held back</${Badge}>` : isRotating && key.status === "active" ? html`<${Badge} kind="warn">rotating</${Badge}>` : html`<${Status} is=${key.status} />`;
  return html`<${Card} offer=${offer} kind=${key.status === "active" ? "" : "faint"} badge=${badge}>
    <${Pairs} of=${key} />
    <p class="muted">Created <${Ago} at=${key.created_at} /> · last used <${Ago} at=${key.last_used_at} /></p>
    <div class="card-foot">
      <a class="button" href=${`${placeOf(tenant)}/keys/${key.id}`}>Details</a>
      ${offer.model.reset && can("keys:write") && html`<button type="button" onClick=${() => setResetting(true)}>Reset</button>`}
    </div>
    ${isResetting && html`<${ResetKey} tenant=${tenant} of=${key} onClose=${() => setResetting(false)} onDone=${() => { setResetting(false); onChange(); }} />`}
  </${Card}>`;
}

/** The current pair, and the one before while it is still honoured. @param {{of: Key}} props */
export function Pairs({ of }) {
  const now = useNow(of.pairs.length > 1 ? 1000 : 60_000);
  return html`<ul class="pairs">${of.pairs.map((pair) => html`
    <li key=${pair.access_key_id}><code>${pair.access_key_id}</code><${Copy} text=${pair.access_key_id} label=${`Copy ${pair.access_key_id}`} said="Access key ID copied" quiet />
      ${of.pairs.length > 1 && html`<span class="muted">${pair.state === "current" ? "new" : html`old, ${pair.until && html`<span title=${exactly(pair.until)}>stops in <span class="clock">${countdown(new Date(pair.until).getTime() - now)}</span></span>`}`}</span>`}</li>`)}</ul>`;
}
