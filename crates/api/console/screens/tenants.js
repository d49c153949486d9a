// Customers: all that the reader can see, and one with everything of it.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useLoad, useSend } from "../lib/load.js";
import { place, setQuery } from "../lib/router.js";
import { can, me } from "../lib/session.js";
import { exactly } from "../lib/time.js";
import { Confirm } from "../parts/confirm.js";
import { Dialog } from "../parts/dialog.js";
import { Check, Field, Form, Select } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Ago, Facts, Head, Status } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { ReceiptNote } from "../parts/receipt.js";
import { Skeleton, Table } from "../parts/table.js";
import { showInvitation } from "./members.js";
import { TenantPosture } from "./posture.js";

/** @typedef {import("../lib/types").Schemas["Tenant"]} Tenant */
/** @typedef {import("../lib/types").Schemas["Receipt"]} Receipt */

const STATUSES = /** @type {[string, string][]} */ ([["", "Any status"], ["active", "Active"], ["suspended", "Suspended"], ["deleting", "Being deleted"]]);

/** @param {{partner?: string, title?: string}} props */
export function Tenants({ partner, title = "Tenants" }) {
  const query = place.value.query;
  const filter = { partner_id: partner ?? query.get("partner_id") ?? "", status: query.get("status") ?? "", external_ref: query.get("external_ref") ?? "" };
  const list = useList("/v1/tenants", { query: filter });
  const [isAdding, setAdding] = useState(false);
  if (list.problem && !list.items && list.problem.status !== 422) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  return html`
    <${Head} title=${title} lead="Customers, each with its own people, keys and audit.">
      ${can("tenants:write") && html`<button type="button" class="primary" data-key="n" onClick=${() => setAdding(true)}><${Icon} name="plus" />Create tenant</button>`}
    </${Head}>
    <form class="filters" role="search" aria-label="Filter tenants" onSubmit=${(event) => event.preventDefault()}>
      <input type="search" placeholder="Reference" aria-label="Reference" data-key="/" value=${filter.external_ref} onChange=${(event) => setQuery({ external_ref: event.currentTarget.value.trim() })} />
      <select aria-label="Status" onInput=${(event) => setQuery({ status: event.currentTarget.value })}>${STATUSES.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === filter.status}>${text}</option>`)}</select>
    </form>
    <${Table} caption="Tenants" list=${list} id=${(tenant) => tenant.id} rowClass=${(tenant) => tenant.status === "active" ? "" : "faint"} empty=${filter.status || filter.external_ref ? "No tenant fits these filters." : html`<p class="empty-title">No tenants yet</p><p>A tenant is a customer with people, keys and an audit of its own.</p>`} columns=${[
      { head: "Name", kind: "main", cell: (tenant) => html`<a href=${`/console/tenants/${tenant.id}`}>${tenant.name}</a>` },
      { head: "Reference", cell: (tenant) => tenant.external_ref ?? html`<span class="muted">none</span>` },
      { head: "Partner", cell: (tenant) => tenant.partner_id ? html`<a href=${`/console/partners/${tenant.partner_id}`}><code class="short">${tenant.partner_id}</code></a>` : html`<span class="muted">the operator's own</span>` },
      { head: "Status", cell: (tenant) => html`<${Status} is=${tenant.status} />` },
      { head: "Created", cell: (tenant) => html`<${Ago} at=${tenant.created_at} />` },
    ]} />
    ${isAdding && html`<${CreateTenant} partner=${filter.partner_id || undefined} onClose=${() => setAdding(false)} onDone=${() => { setAdding(false); list.reload(); }} />`}`;
}

/** @param {{partner?: string, onClose: () => void, onDone: () => void}} props */
function CreateTenant({ partner: given, onClose, onDone }) {
  const partners = useList("/v1/partners", { query: { limit: 500 } });
  const [name, setName] = useState("");
  const [reference, setReference] = useState("");
  const [partner, setPartner] = useState(given ?? me.value?.partner_id ?? "");
  const [hasAdmin, setHasAdmin] = useState(true);
  const [adminName, setAdminName] = useState("");
  const [email, setEmail] = useState("");
  const body = {
    name: name.trim(), external_ref: reference.trim() || undefined, partner_id: partner || undefined,
    admin: hasAdmin ? { email: email.trim(), name: adminName.trim() || undefined } : undefined,
  };
  const add = useSend((once) => request("post", "/v1/tenants", { once, body }));
  const submit = async () => {
    const made = await add.submit(body);
    if (!made) return;
    onDone();
    if (made.admin?.invitation) showInvitation(made.admin.name, made.admin.invitation);
  };
  const { problem } = add;
  const isOperator = me.value?.kind === "operator_token";
  const options = /** @type {[string, string][]} */ ([...(isOperator ? [["", "The operator's own"]] : []), ...(partners.items ?? []).map((one) => [one.id, one.name])]);
  return html`<${Dialog} title="Create tenant" onClose=${onClose}>
    <${Form} send="Create tenant" isSending=${add.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${problem} shown=${["/name", "/external_ref", "/partner_id", "/admin"]} />
      <${Field} label="Name" value=${name} onInput=${setName} maxlength="200" autofocus error=${problem?.at("/name")} />
      <${Field} label="Reference" value=${reference} onInput=${setReference} maxlength="200" isOptional hint="Its number in your own systems." error=${problem?.at("/external_ref")} />
      ${options.length > 1 && html`<${Select} label="Whose customer" value=${partner} onInput=${setPartner} options=${options} error=${problem?.at("/partner_id")} />`}
      <${Check} label="Invite its first admin" value=${hasAdmin} onInput=${setHasAdmin} />
      ${hasAdmin && html`<div class="inset">
        <${Field} label="E-mail address" type="email" value=${email} onInput=${setEmail} error=${problem?.at("/admin/email")} />
        <${Field} label="Name of the admin" value=${adminName} onInput=${setAdminName} isOptional error=${problem?.at("/admin/name")} /></div>`}
    </${Form}>
  </${Dialog}>`;
}

/** Its state, and what can be done to the whole of it. @param {{tenant: string}} props */
export function TenantScreen({ tenant: id }) {
  const found = useLoad((signal) => request("get", "/v1/tenants/{tenant}", { path: { tenant: id }, signal }), [id]);
  const [receipt, setReceipt] = useState(/** @type {{what: string, receipt: Receipt} | null} */ (null));
  const [isRenaming, setRenaming] = useState(false);
  if (!found.data) return found.problem ? html`<${ProblemPage} problem=${found.problem} onRetry=${found.reload} />` : html`<${Head} title="Tenant" /><${Skeleton} />`;
  const tenant = found.data;
  return html`
    <${Head} title=${tenant.name} lead=${html`<${Status} is=${tenant.status} />`}>
      ${can("tenants:write") && html`<${Actions} of=${tenant} onRename=${() => setRenaming(true)} onReload=${found.reload} onDone=${(what, answer) => { setReceipt({ what, receipt: answer.receipt }); found.set(answer.tenant); }} />`}
    </${Head}>
    ${receipt && html`<${ReceiptNote} key=${receipt.receipt.sequence} receipt=${receipt.receipt} what=${receipt.what} />`}
    ${tenant.delete_at && html`<div class="note warn"><p class="note-title">This tenant is being deleted</p><p>Until ${exactly(tenant.delete_at)} it can be restored. Then it is gone with all it had.</p></div>`}
    <${Facts} facts=${[["Id", html`<code>${tenant.id}</code>`], ["Reference", tenant.external_ref], ["Partner", tenant.partner_id ? html`<a href=${`/console/partners/${tenant.partner_id}`}><code>${tenant.partner_id}</code></a>` : "The operator's own"], ["Created", html`<${Ago} at=${tenant.created_at} />`], ["Suspended", tenant.suspended_at ? html`<${Ago} at=${tenant.suspended_at} />` : undefined]]} />
    ${can("usage") && html`<h2>Posture</h2><${TenantPosture} tenant=${tenant.id} />`}
    ${isRenaming && html`<${ChangeTenant} of=${tenant} onClose=${() => setRenaming(false)} onDone=${() => { setRenaming(false); found.reload(); }} />`}`;
}

/** @param {{of: Tenant, onRename: () => void, onReload: () => void, onDone: (what: string, answer: any) => void}} props */
function Actions({ of, onRename, onReload, onDone }) {
  const path = { tenant: of.id };
  const [doing] = useState({ verb: "", what: "" });
  const act = useSend(async (once) => {
    const answer = doing.verb === "delete" ? await request("delete", "/v1/tenants/{tenant}", { path, version: of.version })
      : await request("post", /** @type {"/v1/tenants/{tenant}/suspend"} */ (`/v1/tenants/{tenant}/${doing.verb}`), { path, once, version: of.version });
    onDone(doing.what, answer);
  });
  const run = (verb, what) => () => { Object.assign(doing, { verb, what }); act.submit([verb, of.version]); };
  return html`<div class="row wrap">
    ${of.status !== "deleting" && html`<button type="button" onClick=${onRename}>Change</button>`}
    ${of.status === "active" && html`<${Confirm} isBusy=${act.isSending} title="Its people, tokens and keys stop at once; resuming brings back exactly what was" onConfirm=${run("suspend", "The tenant is suspended")}>Suspend</${Confirm}>`}
    ${of.status === "suspended" && html`<button type="button" disabled=${act.isSending} onClick=${run("resume", "The tenant is back")}>Resume</button>`}
    ${of.status === "deleting" ? html`<button type="button" class="primary" disabled=${act.isSending} onClick=${run("restore", "The tenant is restored")}>Restore</button>`
      : html`<${Confirm} isBusy=${act.isSending} title="Everything stops at once; it can be restored for 30 days" onConfirm=${run("delete", "The tenant is deleted")}>Delete</${Confirm}>`}</div>
    <${ProblemNote} problem=${act.problem} onReload=${() => { act.clear(); onReload(); }} />`;
}

/** @param {{of: Tenant, onClose: () => void, onDone: () => void}} props */
function ChangeTenant({ of, onClose, onDone }) {
  const [name, setName] = useState(of.name);
  const [reference, setReference] = useState(of.external_ref ?? "");
  const [seen, setSeen] = useState(of.version);
  const path = { tenant: of.id };
  const change = useSend(() => request("patch", "/v1/tenants/{tenant}", { path, version: seen, body: { name: name.trim(), external_ref: reference.trim() || null } }));
  const reread = async () => { setSeen((await request("get", "/v1/tenants/{tenant}", { path })).version); change.clear(); };
  return html`<${Dialog} title="Change tenant" onClose=${onClose}>
    <${Form} send="Save" isSending=${change.isSending} onSubmit=${async () => { if (await change.submit()) onDone(); }} onCancel=${onClose}>
      <${ProblemNote} problem=${change.problem} onReload=${reread} shown=${["/name", "/external_ref"]} />
      <${Field} label="Name" value=${name} onInput=${setName} maxlength="200" error=${change.problem?.at("/name")} />
      <${Field} label="Reference" value=${reference} onInput=${setReference} maxlength="200" isOptional error=${change.problem?.at("/external_ref")} />
    </${Form}>
  </${Dialog}>`;
}
