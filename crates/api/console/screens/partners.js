// Distributors and resellers.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { can, me } from "../lib/session.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form, Select } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Ago, Head, Status } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["Partner"]} Partner */

export function Partners() {
  const list = useList("/v1/partners");
  const [isAdding, setAdding] = useState(false);
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  const named = new Map(list.items?.map((partner) => [partner.id, partner.name]));
  return html`
    <${Head} title="Partners" lead="Those who sell this storage on. Each sees what stands below it, and nothing else.">
      ${can("partners:write") && html`<button type="button" class="primary" data-key="n" onClick=${() => setAdding(true)}><${Icon} name="plus" />Create partner</button>`}
    </${Head}>
    <${Table} caption="Partners" list=${list} id=${(partner) => partner.id} rowClass=${(partner) => partner.status === "active" ? "" : "faint"} empty=${html`<p class="empty-title">No partners yet</p><p>A partner has tenants of its own, and may have partners below it.</p>`} columns=${[
      { head: "Name", kind: "main", cell: (partner) => html`<a href=${`/console/partners/${partner.id}`}>${partner.name}</a>` },
      { head: "Below", cell: (partner) => partner.parent_id ? named.get(partner.parent_id) ?? html`<code class="short">${partner.parent_id}</code>` : html`<span class="muted">nobody</span>` },
      { head: "Status", cell: (partner) => html`<${Status} is=${partner.status} />` },
      { head: "Created", cell: (partner) => html`<${Ago} at=${partner.created_at} />` },
    ]} />
    ${isAdding && html`<${CreatePartner} all=${list.items ?? []} onClose=${() => setAdding(false)} onDone=${() => { setAdding(false); list.reload(); }} />`}`;
}

/** @param {{all: Partner[], onClose: () => void, onDone: () => void}} props */
function CreatePartner({ all, onClose, onDone }) {
  const [name, setName] = useState("");
  const [parent, setParent] = useState(me.value?.partner_id ?? "");
  const body = { name: name.trim(), parent_id: parent || undefined };
  const add = useSend((once) => request("post", "/v1/partners", { once, body }));
  const submit = async () => { if (await add.submit(body)) { say(`${body.name} is a partner`); onDone(); } };
  const top = /** @type {[string, string][]} */ (me.value?.kind === "operator_token" ? [["", "Nobody: directly below the operator"]] : []);
  return html`<${Dialog} title="Create partner" onClose=${onClose}>
    <${Form} send="Create partner" isSending=${add.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${add.problem} shown=${["/name", "/parent_id"]} />
      <${Field} label="Name" value=${name} onInput=${setName} maxlength="200" autofocus error=${add.problem?.at("/name")} />
      <${Select} label="Below" value=${parent} onInput=${setParent} options=${[...top, ...all.map((one) => /** @type {[string, string]} */ ([one.id, one.name]))]} error=${add.problem?.at("/parent_id")} />
    </${Form}>
  </${Dialog}>`;
}
