// Places with S3 gateways of their own. Operators change them; everybody sees them.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { can } from "../lib/session.js";
import { Confirm } from "../parts/confirm.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form, Select } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Ago, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["Region"]} Region */

export function Regions() {
  const list = useList("/v1/regions");
  const [editing, setEditing] = useState(/** @type {Region | "new" | null} */ (null));
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  const done = () => { setEditing(null); list.reload(); };
  return html`
    <${Head} title="Regions" lead="Places with S3 gateways of their own, and which kind of keys is sold there.">
      ${can("platform") && html`<button type="button" class="primary" data-key="n" onClick=${() => setEditing("new")}><${Icon} name="plus" />Create region</button>`}
    </${Head}>
    <${Table} caption="Regions" list=${list} id=${(region) => region.code} empty=${html`<p class="empty-title">No regions yet</p><p>The first one makes it possible to sell keys.</p>`} columns=${[
      { head: "Name", kind: "main", cell: (region) => region.name },
      { head: "Code", cell: (region) => html`<code>${region.code}</code>` },
      { head: "Endpoint", cell: (region) => html`<code>${region.s3_endpoint}</code>` },
      { head: "Key model", cell: (region) => html`<a href="/console/key-models">${region.key_model}</a>` },
      { head: "Created", cell: (region) => html`<${Ago} at=${region.created_at} />` },
      { head: "", kind: "end", cell: (region) => can("platform") && html`<${Actions} of=${region} onEdit=${() => setEditing(region)} onDone=${list.reload} />` },
    ]} />
    ${editing && html`<${EditRegion} of=${editing === "new" ? null : editing} onClose=${() => setEditing(null)} onDone=${done} />`}`;
}

/** @param {{of: Region, onEdit: () => void, onDone: () => void}} props */
function Actions({ of, onEdit, onDone }) {
  const remove = useSend(() => request("delete", "/v1/regions/{region}", { path: { region: of.code }, version: of.version }).then(() => true));
  return html`<span class="row end"><button type="button" class="small" aria-label=${`Change ${of.name}`} onClick=${onEdit}>Change</button>
    <${Confirm} kind="small" label=${`Delete ${of.name}`} isBusy=${remove.isSending} onConfirm=${async () => { if (await remove.submit()) { say(`${of.name} is gone`); onDone(); } }}>Delete</${Confirm}></span>
    <${ProblemNote} problem=${remove.problem} onReload=${onDone} />`;
}

/** @param {{of: Region | null, onClose: () => void, onDone: () => void}} props */
function EditRegion({ of, onClose, onDone }) {
  const models = useList("/v1/key-models", { query: { limit: 500 } });
  const [code, setCode] = useState(of?.code ?? "");
  const [name, setName] = useState(of?.name ?? "");
  const [endpoint, setEndpoint] = useState(of?.s3_endpoint ?? "https://");
  const [model, setModel] = useState(of?.key_model ?? "multi");
  const body = { name: name.trim(), s3_endpoint: endpoint.trim(), key_model: model };
  const save = useSend((once) => of
    ? request("patch", "/v1/regions/{region}", { path: { region: of.code }, version: of.version, body })
    : request("post", "/v1/regions", { once, body: { ...body, code: code.trim() } }));
  const submit = async () => { if (await save.submit({ ...body, code })) { say(of ? "Saved" : `${body.name} is a region`); onDone(); } };
  const { problem } = save;
  return html`<${Dialog} title=${of ? `Change ${of.name}` : "Create region"} onClose=${onClose}>
    <${Form} send=${of ? "Save" : "Create region"} isSending=${save.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${problem} onReload=${onDone} shown=${["/code", "/name", "/s3_endpoint", "/key_model"]} />
      ${!of && html`<${Field} label="Code" value=${code} onInput=${setCode} maxlength="32" autofocus placeholder="waw3-1" hint="In addresses and in signatures: lower-case letters, digits and single hyphens. It never changes." error=${problem?.at("/code")} />`}
      <${Field} label="Name" value=${name} onInput=${setName} maxlength="200" placeholder="Warsaw 3" error=${problem?.at("/name")} />
      <${Field} label="S3 endpoint" type="url" value=${endpoint} onInput=${setEndpoint} error=${problem?.at("/s3_endpoint")} />
      <${Select} label="Key model" value=${model} onInput=${setModel} options=${(models.items ?? []).map((one) => [one.name, `${one.name}: ${one.title}`])} hint=${of ? "Counts for keys made from now on; keys that are there keep working." : ""} error=${problem?.at("/key_model")} />
    </${Form}>
  </${Dialog}>`;
}
