// What a tenant has where: services switched on and off, and for those who run it, the key model.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { can, isPerson, me } from "../lib/session.js";
import { Confirm } from "../parts/confirm.js";
import { Badge, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { revealKey } from "../parts/reveal.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["TenantRegion"]} TenantRegion */

const KINDS = /** @type {Record<string, "good" | "off">} */ ({ ACTIVE: "good" });

/** @param {{tenant: string}} props */
export function TenantRegions({ tenant }) {
  const list = useList("/v1/tenants/{tenant}/regions", { path: { tenant }, query: { limit: 500 } });
  const models = useList("/v1/key-models", { query: { limit: 500 } });
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  const mayModel = can("regions") && !isPerson.value && me.value?.kind !== "tenant_token";
  return html`
    <${Head} title="Regions" lead="Where the storage is. Keys of a region that is switched off are refused." />
    <${Table} caption="Regions" list=${list} id=${(row) => row.region} empty="No region is offered yet." columns=${[
      { head: "Region", kind: "main", cell: (row) => html`${row.name} <code class="muted">${row.region}</code>` },
      { head: "Endpoint", cell: (row) => html`<code>${row.s3_endpoint}</code>` },
      { head: "Key model", cell: (row) => mayModel ? html`<${ModelPicker} tenant=${tenant} of=${row} models=${models.items ?? []} onDone=${list.reload} />` : row.key_model },
      { head: "Keys", cell: (row) => row.key_count },
      { head: "Status", cell: (row) => html`<${Badge} kind=${KINDS[row.status] ?? "off"}>${row.status}</${Badge}>` },
      { head: "", kind: "end", cell: (row) => can("regions") && html`<${Switch} tenant=${tenant} of=${row} onDone=${list.reload} />` },
    ]} />`;
}

/** @param {{tenant: string, of: TenantRegion, onDone: () => void}} props */
function Switch({ tenant, of, onDone }) {
  const isOn = of.service === "available";
  const change = useSend(() => request("put", "/v1/tenants/{tenant}/regions/{region}", { path: { tenant, region: of.region }, version: of.version, body: { service: isOn ? "unavailable" : "available" } }));
  const press = async () => {
    const answer = await change.submit();
    if (!answer) return;
    if (answer.initial_key) revealKey(answer.initial_key, { title: `The first key in ${of.name}` });
    else say(`${of.name} is ${isOn ? "switched off" : "available"}`);
    onDone();
  };
  return html`${isOn ? html`<${Confirm} kind="small" label=${`Switch off ${of.name}`} isBusy=${change.isSending} onConfirm=${press}>Switch off</${Confirm}>`
    : html`<button type="button" class="small" aria-label=${`Make ${of.name} available`} disabled=${change.isSending} onClick=${press}>Make available</button>`}
    <${ProblemNote} problem=${change.problem} onReload=${onDone} />`;
}

/** @param {{tenant: string, of: TenantRegion, models: import("../lib/tenant.js").KeyModel[], onDone: () => void}} props */
function ModelPicker({ tenant, of, models, onDone }) {
  const [wanted] = useState({ model: of.key_model });
  const change = useSend(() => request("put", "/v1/tenants/{tenant}/regions/{region}", { path: { tenant, region: of.region }, version: of.version, body: { service: of.service, key_model: wanted.model } }));
  const pick = async (event) => {
    wanted.model = event.currentTarget.value;
    if (await change.submit()) { say(`New keys in ${of.name} are of the model ${wanted.model}`); onDone(); } else event.target.value = of.key_model;
  };
  return html`<select class="inline" aria-label=${`Key model in ${of.name}`} disabled=${change.isSending} onChange=${pick}>${models.map((model) => html`<option key=${model.name} value=${model.name} selected=${model.name === of.key_model}>${model.name}</option>`)}</select>
    <${ProblemNote} problem=${change.problem} onReload=${onDone} />`;
}
