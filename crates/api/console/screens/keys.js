// Keys: a card for every region with one key, a table for those with many.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useLoad } from "../lib/load.js";
import { place, setQuery } from "../lib/router.js";
import { can } from "../lib/session.js";
import { hasOneKey, placeOf, useOffers } from "../lib/tenant.js";
import { Icon } from "../parts/icon.js";
import { Ago, Badge, Expiry, Head, Status } from "../parts/page.js";
import { ProblemPage } from "../parts/problem.js";
import { Skeleton, Table } from "../parts/table.js";
import { CreateKey } from "./key-create.js";
import { TenantPosture } from "./posture.js";
import { RegionCard } from "./region-card.js";

/** @typedef {import("../lib/types").Schemas["Key"]} Key */
/** @typedef {import("../lib/tenant.js").Offer} Offer */

/** @param {{tenant: string}} props */
export function Keys({ tenant }) {
  const offers = useOffers(tenant);
  const [isCreating, setCreating] = useState(false);
  const [turn, setTurn] = useState(0);
  // Whoever has no keys page is told so by the API itself.
  const refusal = useLoad(async (signal) => can("keys") ? undefined : void await request("get", "/v1/tenants/{tenant}/keys", { path: { tenant }, query: { limit: 1 }, signal }), [tenant]);
  if (refusal.problem) return html`<${ProblemPage} problem=${refusal.problem} onRetry=${refusal.reload} />`;
  if (offers.problem && !offers.data) return html`<${ProblemPage} problem=${offers.problem} onRetry=${offers.reload} />`;
  if (!offers.data || (!can("keys") && refusal.isLoading)) return html`<${Head} title="Keys" /><${Skeleton} />`;
  const single = offers.data.filter(hasOneKey);
  const many = offers.data.filter((offer) => !hasOneKey(offer));
  const open = many.filter((offer) => offer.service === "available");
  const changed = () => { setTurn(turn + 1); offers.reload(); };
  return html`
    <${Head} title="Keys" lead="Access keys for your S3 storage. A secret is shown once, when it is made.">
      ${open.length > 0 && can("keys:write") && html`<button type="button" class="primary" data-key="n" onClick=${() => setCreating(true)}><${Icon} name="plus" />Create key</button>`}
    </${Head}>
    ${can("usage") && html`<${TenantPosture} key=${`posture ${turn}`} tenant=${tenant} isBrief />`}
    ${offers.data.length === 0 && html`<div class="empty"><p>No region is offered yet. Whoever runs this storage adds them.</p></div>`}
    ${single.length > 0 && html`<section aria-label="Regions"><div class="cards">${single.map((offer) => html`<${RegionCard} key=${offer.region} tenant=${tenant} offer=${offer} turn=${turn} onChange=${changed} />`)}</div></section>`}
    ${many.length > 0 && html`<${ManyKeys} key=${turn} tenant=${tenant} offers=${many} all=${offers.data} onChange=${changed} />`}
    ${isCreating && html`<${CreateKey} tenant=${tenant} offers=${open} onClose=${() => setCreating(false)} onDone=${() => { setCreating(false); changed(); }} />`}`;
}

/** @param {{tenant: string, offers: Offer[], all: Offer[], onChange: () => void}} props */
function ManyKeys({ tenant, offers, all, onChange }) {
  const query = place.value.query;
  const filter = { region: query.get("region") ?? "", status: query.get("status") ?? "", label: query.get("label") ?? "", bucket: query.get("bucket") ?? "" };
  const list = useList("/v1/tenants/{tenant}/keys", { path: { tenant }, query: filter });
  const many = new Set(offers.map((offer) => offer.region));
  const items = list.items?.filter((key) => many.has(key.region));
  const isFiltered = Object.values(filter).some(Boolean);
  const hasBuckets = offers.some((offer) => offer.model.bucket_scopes);
  const base = placeOf(tenant);
  const closed = offers.filter((offer) => offer.service !== "available");
  return html`
    <section>
      ${offers.length < all.length && html`<h2>Keys in ${offers.map((offer) => offer.name).join(", ")}</h2>`}
      ${closed.length > 0 && html`<div class="cards">${closed.map((offer) => html`<${RegionCard} key=${offer.region} tenant=${tenant} offer=${offer} turn=${0} onChange=${onChange} />`)}</div>`}
      <${Filters} filter=${filter} regions=${offers} hasBuckets=${hasBuckets} />
      <${Table} caption="Keys" list=${{ ...list, items }} id=${(key) => key.id} rowClass=${(key) => key.status === "active" ? "" : "faint"}
        empty=${isFiltered ? html`<p>No key fits these filters.</p><p><button type="button" onClick=${() => setQuery({ region: "", status: "", label: "", bucket: "" })}>Show all keys</button></p>` : html`<${NoKeys} offers=${offers} />`}
        columns=${[
          { head: "Label", kind: "main", cell: (key) => html`<a href=${`${base}/keys/${key.id}`}>${key.label ?? key.description ?? html`<span class="muted">unnamed</span>`}</a>` },
          { head: "Access key ID", cell: (key) => html`<code>${key.access_key_id}</code>` },
          { head: "Region", kind: "short-cell", cell: (key) => key.region },
          ...(hasBuckets ? [{ head: "Buckets", cell: (key) => html`<${Buckets} of=${key} />` }] : []),
          { head: "Status", cell: (key) => html`<${KeyStatus} of=${key} />` },
          { head: "Created", cell: (key) => html`<${Ago} at=${key.created_at} />` },
          { head: "Last used", cell: (key) => html`<${Ago} at=${key.last_used_at} />` },
          { head: "Expires", cell: (key) => html`<${Expiry} at=${key.expires_at} />` },
        ]} />
    </section>`;
}

/** @param {{of: Key}} props */
const Buckets = ({ of }) => {
  const { access, names = [] } = of.buckets;
  if (access === "all") return html`All Buckets`;
  const rest = names.length - 2;
  return html`<span title=${names.join(", ")}>${names.slice(0, 2).join(", ")}${rest > 0 && html` <span class="muted">and ${rest} more</span>`}</span>`;
};

/** @param {{of: Key}} props */
export const KeyStatus = ({ of }) => html`<span class="badges"><${Status} is=${of.status} />${of.held_back && html`<${Badge} kind="bad">held back</${Badge}>`}
  ${of.status === "active" && of.pairs.length > 1 && html`<${Badge} kind="warn">rotating</${Badge}>`}
  ${of.status === "active" && of.rotate_by && new Date(of.rotate_by).getTime() < Date.now() && html`<${Badge} kind="warn" title="Older than its key model wants keys to be">rotate</${Badge}>`}</span>`;

const STATUSES = /** @type {[string, string][]} */ ([["", "Any status"], ["active", "Active"], ["disabled", "Disabled"], ["revoked", "Revoked"], ["expired", "Expired"]]);

/** @param {{filter: Record<string, string>, regions: Offer[], hasBuckets: boolean}} props */
function Filters({ filter, regions, hasBuckets }) {
  const [label, setLabel] = useState(filter.label);
  const [bucket, setBucket] = useState(filter.bucket);
  return html`
    <form class="filters" role="search" aria-label="Filter keys" onSubmit=${(event) => { event.preventDefault(); setQuery({ label, bucket }); }}>
      <input type="search" aria-label="Label" placeholder="Label" data-key="/" value=${label} onInput=${(event) => setLabel(event.currentTarget.value)} onChange=${() => setQuery({ label })} />
      ${hasBuckets && html`<input type="search" aria-label="Bucket" placeholder="Bucket" value=${bucket} onInput=${(event) => setBucket(event.currentTarget.value)} onChange=${() => setQuery({ bucket })} />`}
      ${regions.length > 1 && html`<select aria-label="Region" onInput=${(event) => setQuery({ region: event.currentTarget.value })}>
        <option value="">Any region</option>${regions.map((offer) => html`<option key=${offer.region} value=${offer.region} selected=${offer.region === filter.region}>${offer.name}</option>`)}</select>`}
      <select aria-label="Status" onInput=${(event) => setQuery({ status: event.currentTarget.value })}>
        ${STATUSES.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === filter.status}>${text}</option>`)}</select>
    </form>`;
}

/** @param {{offers: Offer[]}} props */
const NoKeys = ({ offers }) => {
  const region = offers.find((offer) => offer.service === "available") ?? offers[0];
  const needsInstance = region.model.instances === "many";
  const command = [
    `curl ${location.origin}/v1/tenants/$TENANT/keys \\`, '  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\',
    `  -d '{"region": "${region.region}", "label": "My application"}'`,
  ].join("\n");
  return html`
    <p class="empty-title">No keys yet</p>
    <p>${needsInstance ? html`Keys live in storage instances. <a href="instances">Make one</a>, and its first key comes with it.` : "Make one key for each application: then each can be replaced by itself."}</p>
    ${!needsInstance && html`<p>With the API it is one line:</p>
    <pre tabindex="0" aria-label="A command">${command}</pre>`}`;
};
