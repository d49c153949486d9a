// Storage instances: services with keys of their own.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useLoad, useSend } from "../lib/load.js";
import { can } from "../lib/session.js";
import { placeOf, useOffers } from "../lib/tenant.js";
import { Confirm } from "../parts/confirm.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form, Select } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Ago, Facts, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { ReceiptNote } from "../parts/receipt.js";
import { revealKey } from "../parts/reveal.js";
import { Skeleton, Table } from "../parts/table.js";
import { CreateKey } from "./key-create.js";
import { KeyStatus } from "./keys.js";

/** @typedef {import("../lib/types").Schemas["Instance"]} Instance */

/** @param {{tenant: string}} props */
export function Instances({ tenant }) {
  const offers = useOffers(tenant);
  const list = useList("/v1/tenants/{tenant}/instances", { path: { tenant } });
  const [isAdding, setAdding] = useState(false);
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  const open = offers.data?.filter((offer) => offer.model.instances === "many" && offer.service === "available") ?? [];
  const base = placeOf(tenant);
  return html`
    <${Head} title="Storage instances" lead="S3 services in a region, each with keys of its own.">
      ${can("keys:manage") && open.length > 0 && html`<button type="button" class="primary" data-key="n" onClick=${() => setAdding(true)}><${Icon} name="plus" />Create instance</button>`}
    </${Head}>
    <${Table} caption="Storage instances" list=${list} id=${(instance) => instance.id} empty=${html`<p class="empty-title">No storage instances yet</p><p>${open.length ? "The first key comes with the instance." : "Make a region available first."}</p>`} columns=${[
      { head: "Name", kind: "main", cell: (instance) => html`<a href=${`${base}/instances/${instance.id}`}>${instance.name}</a>` },
      { head: "Description", cell: (instance) => instance.description ?? html`<span class="muted">none</span>` },
      { head: "Region", cell: (instance) => instance.region },
      { head: "Account", cell: (instance) => html`<code>${instance.namespace}</code>` },
      { head: "Created", cell: (instance) => html`<${Ago} at=${instance.created_at} />` },
    ]} />
    ${isAdding && html`<${CreateInstance} tenant=${tenant} offers=${open} onClose=${() => setAdding(false)} onDone=${() => { setAdding(false); list.reload(); }} />`}`;
}

/** @param {{tenant: string, offers: import("../lib/tenant.js").Offer[], onClose: () => void, onDone: () => void}} props */
function CreateInstance({ tenant, offers, onClose, onDone }) {
  const [region, setRegion] = useState(offers[0].region);
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const { model } = offers.find((offer) => offer.region === region) ?? offers[0];
  const body = { region, name: name.trim(), description: description.trim() || undefined };
  const add = useSend((once) => request("post", "/v1/tenants/{tenant}/instances", { path: { tenant }, once, body }));
  const submit = async () => {
    const made = await add.submit(body);
    if (!made) return;
    onDone();
    if (made.initial_key) revealKey(made.initial_key, { title: `First key of “${made.instance.name}”` });
  };
  const { problem } = add;
  return html`<${Dialog} title="Create storage instance" onClose=${onClose}>
    <${Form} send="Create instance" isSending=${add.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${problem} shown=${["/name", "/description", "/region"]} />
      ${offers.length > 1 && html`<${Select} label="Region" value=${region} onInput=${setRegion} options=${offers.map((offer) => [offer.region, offer.name])} />`}
      <${Field} label="Name" value=${name} onInput=${setName} maxlength="200" autofocus error=${problem?.at("/name")} />
      <${Field} label="Description" value=${description} onInput=${setDescription} maxlength="200" isOptional=${model.description !== "required"} error=${problem?.at("/description")}
        hint=${model.initial_key ? "Its first key is described by it as well." : ""} />
    </${Form}>
  </${Dialog}>`;
}

/** @param {{tenant: string, id: string}} props */
export function InstanceScreen({ tenant, id }) {
  const path = { tenant, instance: id };
  const found = useLoad((signal) => request("get", "/v1/tenants/{tenant}/instances/{instance}", { path, signal }), [tenant, id]);
  const keys = useList("/v1/tenants/{tenant}/keys", { path: { tenant }, query: { instance: id } });
  const offers = useOffers(tenant);
  const [isCreating, setCreating] = useState(false);
  const [receipt, setReceipt] = useState(/** @type {import("../parts/receipt.js").Receipt | null} */ (null));
  const remove = useSend(() => request("delete", "/v1/tenants/{tenant}/instances/{instance}", { path, version: found.data?.version }));
  const base = placeOf(tenant);
  const up = /** @type {[string, string]} */ (["Storage instances", `${base}/instances`]);
  if (!found.data) return found.problem ? html`<${ProblemPage} problem=${found.problem} onRetry=${found.reload} />` : html`<${Head} title="Storage instance" up=${up} /><${Skeleton} />`;
  const instance = found.data;
  if (receipt) return html`<${Head} title=${instance.name} up=${up} lead="This storage instance is gone, with all its keys." /><${ReceiptNote} receipt=${receipt} what="The instance and its keys are deleted" />`;
  const offer = offers.data?.find((one) => one.region === instance.region);
  return html`
    <${Head} title=${instance.name} up=${up} lead=${instance.description}>
      ${offer?.service === "available" && can("keys:write") && html`<button type="button" class="primary" data-key="n" onClick=${() => setCreating(true)}><${Icon} name="plus" />Create key</button>`}
      ${can("keys:manage") && html`<${Confirm} isBusy=${remove.isSending} title="Its keys stop at once and go with it" onConfirm=${async () => { const answer = await remove.submit(); if (answer) setReceipt(answer.receipt); }}>Delete instance</${Confirm}>`}
    </${Head}>
    <${ProblemNote} problem=${remove.problem} onReload=${found.reload} />
    <${Facts} facts=${[["Region", offer?.name ?? instance.region], ["Endpoint", offer && html`<code>${offer.s3_endpoint}</code>`], ["Account", html`<code>${instance.namespace}</code>`], ["Created", html`<${Ago} at=${instance.created_at} />`]]} />
    <h2>Keys</h2>
    <${Table} caption="Keys" list=${keys} id=${(key) => key.id} empty="No keys in this instance." columns=${[
      { head: "Description", kind: "main", cell: (key) => html`<a href=${`${base}/keys/${key.id}`}>${key.label ?? key.description ?? "unnamed"}</a>` },
      { head: "Access key ID", cell: (key) => html`<code>${key.access_key_id}</code>` },
      { head: "Status", cell: (key) => html`<${KeyStatus} of=${key} />` },
      { head: "Created", cell: (key) => html`<${Ago} at=${key.created_at} />` },
      { head: "Last used", cell: (key) => html`<${Ago} at=${key.last_used_at} />` },
    ]} />
    ${isCreating && offer && html`<${CreateKey} tenant=${tenant} offers=${[offer]} instance=${id} onClose=${() => setCreating(false)} onDone=${() => { setCreating(false); keys.reload(); }} />`}`;
}
