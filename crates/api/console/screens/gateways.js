// What serves S3 and asks here who its requests are from: what each may, and how far it has followed the changes.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useAgain, useList, useLoad, useSend } from "../lib/load.js";
import { go } from "../lib/router.js";
import { lasting } from "../lib/time.js";
import { Confirm } from "../parts/confirm.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form, Several } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Ago, Badge, Facts, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { Skeleton, Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["Gateway"]} Gateway */
/** @typedef {import("../lib/types").Schemas["GatewayLease"]} Lease */

const CAPABILITIES = /** @type {[string, string][]} */ ([
  ["verify", "Have signatures verified"], ["signing_keys", "Be given signing keys, and verify by itself"], ["secrets", "Be given secrets"],
  ["changes", "Follow what changes"], ["usage", "Report what it verified by itself"], ["keystone", "Speak Keystone's S3 protocol"],
]);
/** What those need that verify by themselves and can prove what they forgot. */
const USUAL = ["verify", "signing_keys", "changes", "usage"];
const OFTEN = 5000;

export function Gateways() {
  const list = useList("/v1/gateways", { query: { limit: 500 } });
  const [isAdding, setAdding] = useState(false);
  useAgain(list, OFTEN);
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  return html`
    <${Head} title="Gateways" lead="What serves S3 and asks here who its requests are from. What holds a lease answers from memory until the lease ends.">
      <button type="button" class="primary" data-key="n" onClick=${() => setAdding(true)}><${Icon} name="plus" />Register gateway</button>
    </${Head}>
    <${Table} caption="Gateways" list=${list} id=${(gateway) => gateway.id} empty=${html`<p class="empty-title">No gateways yet</p><p>Register one, then make a token for its processes.</p>`} columns=${[
      { head: "Name", kind: "main", cell: (gateway) => html`<a href=${`/console/gateways/${gateway.id}`}>${gateway.name}</a>` },
      { head: "Regions", cell: (gateway) => gateway.regions.join(", ") },
      { head: "May", cell: (gateway) => html`<${May} of=${gateway} />` },
      { head: "Processes", cell: (gateway) => gateway.processes.length },
      { head: "Lease", cell: (gateway) => html`<${LeaseBadge} of=${gateway.lease} />` },
      { head: "Applied", cell: (gateway) => gateway.lease ? gateway.lease.applied_sequence : html`<span class="muted">none</span>` },
      { head: "Behind", cell: (gateway) => html`<${Lag} of=${gateway.lease} />` },
    ]} />
    ${isAdding && html`<${EditGateway} onClose=${() => setAdding(false)} onDone=${(gateway) => { setAdding(false); say(`${gateway.name} is registered`); go(`/console/gateways/${gateway.id}`); }} />`}`;
}

/** @param {{of: Gateway}} props */
const May = ({ of }) => html`<span class="names">${of.capabilities.map((name) => html`<code key=${name} title=${CAPABILITIES.find(([one]) => one === name)?.[1]}>${name}</code>`)}</span>`;

/** @param {{of: Lease | null | undefined}} props */
const LeaseBadge = ({ of }) => of ? html`<${Badge} kind=${of.seconds_left > 0 ? "good" : "off"}>${of.seconds_left > 0 ? `${lasting(of.seconds_left)} left` : "ended"}</${Badge}>` : html`<span class="muted">none</span>`;

/** @param {{of: Lease | null | undefined}} props */
const Lag = ({ of }) => of ? html`<${Badge} kind=${of.lag > 0 ? "warn" : "good"}>${of.lag > 0 ? `${of.lag} change${of.lag === 1 ? "" : "s"}` : "up to date"}</${Badge}>` : html`<span class="muted">unknown</span>`;

/** @param {{gateway: string}} props */
export function GatewayScreen({ gateway: id }) {
  const path = { gateway: id };
  const found = useLoad((signal) => request("get", "/v1/gateways/{gateway}", { path, signal }), [id]);
  const [isChanging, setChanging] = useState(false);
  const remove = useSend(() => request("delete", "/v1/gateways/{gateway}", { path, version: found.data?.version }).then(() => true));
  useAgain(found, OFTEN);
  const gateway = found.data;
  if (!gateway) return found.problem ? html`<${ProblemPage} problem=${found.problem} onRetry=${found.reload} />` : html`<${Head} title="Gateway" /><${Skeleton} />`;
  const erase = async () => { if (await remove.submit()) { say(`${gateway.name} is gone`); go("/console/gateways"); } };
  return html`
    <${Head} title=${gateway.name} lead=${html`<${May} of=${gateway} />`}>
      <button type="button" onClick=${() => setChanging(true)}>Change</button>
      <${Confirm} isBusy=${remove.isSending} title="Its tokens are refused at once; what it remembers it may use until its lease ends" onConfirm=${erase}>Delete</${Confirm}>
    </${Head}>
    <${ProblemNote} problem=${remove.problem} onReload=${() => { remove.clear(); found.reload(); }} />
    ${found.problem && html`<${ProblemNote} problem=${found.problem} onRetry=${found.reload} />`}
    <${Facts} facts=${[
      ["Id", html`<code>${gateway.id}</code>`], ["Regions", gateway.regions.join(", ")], ["Lease", html`<${LeaseBadge} of=${gateway.lease} />`],
      ["Applied", gateway.lease ? html`up to change ${gateway.lease.applied_sequence}` : undefined], ["Behind", html`<${Lag} of=${gateway.lease} />`], ["Registered", html`<${Ago} at=${gateway.created_at} />`],
    ]} />
    <h2>Processes</h2>
    <${Table} caption="Processes" list=${{ items: gateway.processes, isLoading: false, next: null, reload: found.reload }} id=${(process) => process.instance} empty=${html`<p class="empty-title">None has called for changes</p><p>A process that follows the changes appears here with its lease. One that only has signatures verified needs none.</p>`} columns=${[
      { head: "Process", kind: "main", cell: (process) => process.instance || html`<span class="muted">unnamed</span>` },
      { head: "Lease", cell: (process) => html`<${LeaseBadge} of=${process} />` },
      { head: "Applied", cell: (process) => process.applied_sequence },
      { head: "Behind", cell: (process) => html`<${Lag} of=${process} />` },
    ]} />
    ${isChanging && html`<${EditGateway} of=${gateway} onClose=${() => setChanging(false)} onDone=${() => { setChanging(false); say("Saved"); found.reload(); }} />`}`;
}

/** @param {{of?: Gateway, onClose: () => void, onDone: (gateway: Gateway) => void}} props */
function EditGateway({ of, onClose, onDone }) {
  const known = useList("/v1/regions", { query: { limit: 500 } });
  const [name, setName] = useState(of?.name ?? "");
  const [regions, setRegions] = useState(of?.regions ?? []);
  const [capabilities, setCapabilities] = useState(/** @type {string[]} */ (of?.capabilities ?? USUAL));
  const [seen, setSeen] = useState(of?.version);
  const body = /** @type {any} */ ({ name: name.trim(), regions, capabilities });
  const save = useSend((once) => of
    ? request("patch", "/v1/gateways/{gateway}", { path: { gateway: of.id }, version: seen, body })
    : request("post", "/v1/gateways", { once, body }));
  const submit = async () => { const saved = await save.submit(body); if (saved) onDone(saved); };
  const reread = async () => { if (of) setSeen((await request("get", "/v1/gateways/{gateway}", { path: { gateway: of.id } })).version); save.clear(); };
  const { problem } = save;
  return html`<${Dialog} title=${of ? `Change ${of.name}` : "Register gateway"} onClose=${onClose}>
    <${Form} send=${of ? "Save" : "Register gateway"} isSending=${save.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${problem} onReload=${reread} shown=${["/name", "/regions", "/capabilities"]} />
      <${Field} label="Name" value=${name} onInput=${setName} maxlength="200" autofocus error=${problem?.at("/name")} />
      <${Several} label="Regions" hint="Of keys anywhere else it learns nothing." value=${regions} onInput=${setRegions} options=${(known.items ?? []).map((region) => [region.code, `${region.name} (${region.code})`])} error=${problem?.at("/regions")} />
      <${Several} label="It may" value=${capabilities} onInput=${setCapabilities} options=${CAPABILITIES} error=${problem?.at("/capabilities")} />
    </${Form}>
  </${Dialog}>`;
}
