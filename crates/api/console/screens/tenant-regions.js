// What a tenant has where: services switched on and off, and for those who run it, the key model.
import { html } from "../vendor/preact.js";
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
      { head: "Key model", cell: (row) => mayModel ? html`<${Picker} tenant=${tenant} of=${row} what="key_model" label="Key model" options=${(models.items ?? []).map((model) => model.name)} onDone=${list.reload} />` : row.key_model },
      { head: "Secrets to gateways", cell: (row) => can("regions") ? html`<${Picker} tenant=${tenant} of=${row} what="gateway_secrets" label="Secrets to gateways" options=${["allowed", "forbidden"]} onDone=${list.reload} />` : row.gateway_secrets },
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

/** @param {{tenant: string, of: TenantRegion, what: "key_model" | "gateway_secrets", label: string, options: string[], onDone: () => void}} props */
function Picker({ tenant, of, what, label, options, onDone }) {
  const change = useSend((_, value) => request("put", "/v1/tenants/{tenant}/regions/{region}", { path: { tenant, region: of.region }, version: of.version, body: { service: of.service, [what]: value } }));
  const pick = async ({ currentTarget }) => {
    const { value } = currentTarget;
    if (await change.submit(value)) { say(`${label} in ${of.name}: ${value}`); onDone(); } else currentTarget.value = of[what];
  };
  return html`<select class="inline" aria-label=${`${label} in ${of.name}`} disabled=${change.isSending} onChange=${pick}>${options.map((option) => html`<option key=${option} value=${option} selected=${option === of[what]}>${option}</option>`)}</select>
    <${ProblemNote} problem=${change.problem} onReload=${onDone} />`;
}
