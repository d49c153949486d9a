// What was done, by whom: with filters that stand in the address, the whole of an event, and export.
import { html, useState } from "../vendor/preact.js";
import { address, request } from "../lib/api.js";
import { download } from "../lib/formats.js";
import { useList, useSend } from "../lib/load.js";
import { place, setQuery } from "../lib/router.js";
import { exactly } from "../lib/time.js";
import { Copy } from "../parts/copy.js";
import { Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { Ago, Facts, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["AuditEvent"]} Event */
/** @typedef {"/v1/audit" | "/v1/partners/{partner}/audit" | "/v1/tenants/{tenant}/audit"} Source */

/** What can happen to what. */
const ACTIONS = Object.entries({
  platform: "initialised frozen thawed", operator: "bootstrapped", setup_link: "made", region: "created changed deleted", key_model: "created changed deleted",
  partner: "created changed guardrails_changed stopped stop_undone suspended resumed deleted",
  tenant: "created changed suspended resumed deleted restored purged", tenant_region: "changed", instance: "created changed deleted",
  bucket: "registered unregistered", key: "created imported changed reset rotated retired disabled enabled revoked deleted claimed",
  claim_link: "made reused", user: "created invited joined changed deleted", password: "changed", token: "created rotated deleted",
  session: "started ended", refresh_token: "reused", gateway: "created changed deleted enumeration_suspected", signing_keys: "issued", secret: "issued",
  database: "restored", quarantine: "lifted", changes: "held_back", held_back: "released confirmed", access: "denied", master_key: "promoted rotated removed", checkpoint_key: "drawn", clock: "reset",
}).flatMap(([what, verbs]) => verbs.split(" ").map((verb) => `${what}.${verb}`));
/** Events in one file, at most. */
const MOST = 20_000;

/** @param {{source: Source, path?: object}} props */
export function Audit({ source, path = {} }) {
  const query = place.value.query;
  const moment = (name) => { const at = new Date(query.get(name) ?? ""); return Number.isNaN(at.getTime()) ? undefined : at.toISOString(); };
  const filter = { action: query.get("action") ?? "", actor: query.get("actor") ?? "", target: query.get("target") ?? "", from: moment("from"), to: moment("to") };
  const list = useList(source, { path, query: filter });
  const [open, setOpen] = useState(/** @type {Event | null} */ (null));
  if (list.problem && !list.items && list.problem.status !== 422) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  return html`
    <${Head} title="Audit" lead="Everything that was done, in chains that show it when a row is changed."><${Export} source=${source} path=${path} filter=${filter} /></${Head}>
    <${Filters} query=${query} />
    <${Table} caption="Audit events" list=${list} id=${(event) => event.id} empty=${Object.values(filter).some(Boolean) ? "No event fits these filters." : "Nothing has been done yet."} columns=${[
      { head: "Action", kind: "main", cell: (event) => html`<button type="button" class="link" onClick=${() => setOpen(event)}>${event.action}</button>` },
      { head: "When", cell: (event) => html`<${Ago} at=${event.at} />` },
      { head: "Who", cell: (event) => html`<span class="muted">${event.actor.kind}</span> <code class="short">${event.actor.id}</code>` },
      { head: "What", cell: (event) => html`<span class="muted">${event.target.kind}</span> <code class="short">${event.target.id}</code>` },
      { head: "From", cell: (event) => event.address ?? html`<span class="muted">within</span>` },
    ]} />
    ${open && html`<${Detail} of=${open} onClose=${() => setOpen(null)} />`}`;
}

/** @param {{query: URLSearchParams}} props */
function Filters({ query }) {
  const field = (name, label, type = "search") => html`<label class="filter"><span>${label}</span><input type=${type} value=${query.get(name) ?? ""} data-key=${name === "actor" ? "/" : undefined}
    onChange=${(event) => setQuery({ [name]: event.currentTarget.value.trim() })} /></label>`;
  return html`
    <form class="filters" role="search" aria-label="Filter events" onSubmit=${(event) => event.preventDefault()}>
      <label class="filter"><span>Action</span><select onInput=${(event) => setQuery({ action: event.currentTarget.value })}>
        <option value="">Any</option>${ACTIONS.map((action) => html`<option key=${action} value=${action} selected=${query.get("action") === action}>${action}</option>`)}</select></label>
      ${field("actor", "Who (id)")}${field("target", "What (id)")}${field("from", "From", "datetime-local")}${field("to", "Until", "datetime-local")}
      ${[...query.keys()].length > 0 && html`<button type="button" class="plain" onClick=${() => setQuery({ action: "", actor: "", target: "", from: "", to: "" })}>Clear</button>`}
    </form>`;
}

/** @param {{of: Event, onClose: () => void}} props */
function Detail({ of, onClose }) {
  return html`<${Dialog} title=${of.action} kind="drawer" onClose=${onClose}>
    <${Facts} facts=${[
      ["When", exactly(of.at)],
      ["Who", html`${of.actor.kind} <code>${of.actor.id}</code>`],
      ["What", html`${of.target.kind} <code>${of.target.id}</code>`],
      ["From", of.address],
      ["Request", html`<code>${of.request_id}</code> <${Copy} text=${of.request_id} label="Copy the request id" quiet />`],
      ["Tenant", of.tenant_id ? html`<code>${of.tenant_id}</code>` : undefined],
      ["Partner", of.partner_id ? html`<code>${of.partner_id}</code>` : undefined],
      ...Object.entries(of.details).map(([name, value]) => /** @type {[string, any]} */ ([name.replaceAll("_", " "), value])),
      ["Place in the chain", html`${of.sequence} of <code>${of.chain}</code>`],
      ["Hash", html`<code class="wrap">${of.hash}</code>`],
    ]} />
    <p class="row wrap"><button type="button" class="small" onClick=${() => { setQuery({ actor: of.actor.id }); onClose(); }}>All by the same</button>
      <button type="button" class="small" onClick=${() => { setQuery({ target: of.target.id }); onClose(); }}>All about the same</button></p>
  </${Dialog}>`;
}

/** @param {{source: Source, path: object, filter: Record<string, string | undefined>}} props */
function Export({ source, path, filter }) {
  const [count, setCount] = useState(0);
  const gather = useSend(async () => {
    /** @type {Event[]} */
    const events = [];
    let cursor = /** @type {string | null | undefined} */ (undefined);
    do {
      const page = await request("get", source, { path: /** @type {any} */ (path), query: { ...filter, limit: 500, cursor } });
      events.push(...page.items);
      cursor = page.next_cursor;
      setCount(events.length);
    } while (cursor && events.length < MOST);
    return { events, isCut: Boolean(cursor) };
  });
  const press = async () => {
    const got = await gather.submit();
    if (!got) return;
    const day = new Date().toISOString().slice(0, 10);
    download(`audit-${day}.ndjson`, "application/x-ndjson", got.events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    say(got.isCut ? `The first ${got.events.length} events are exported; narrow the filters for the rest` : `${got.events.length} events exported`);
  };
  return html`<button type="button" disabled=${gather.isSending} title=${`As JSON, one event a line. The same is at ${address(source, { path })}`} onClick=${press}><${Icon} name="download" />${gather.isSending ? `${count} events …` : "Export"}</button>
    <${ProblemNote} problem=${gather.problem} onRetry=${press} />`;
}
