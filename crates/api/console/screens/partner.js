// One partner: its state, its guardrails, how the keys below it stand, and what can be done to the whole of it.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useLoad, useSend } from "../lib/load.js";
import { go } from "../lib/router.js";
import { can, me } from "../lib/session.js";
import { Confirm } from "../parts/confirm.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form } from "../parts/fields.js";
import { Ago, Facts, Head, Status } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { ReceiptNote } from "../parts/receipt.js";
import { Skeleton } from "../parts/table.js";
import { say } from "../parts/toasts.js";
import { StopPartner, Stopped } from "./emergency-stop.js";
import { GuardrailPanel } from "./guardrails.js";
import { PartnerPosture } from "./posture.js";

/** @typedef {import("../lib/types").Schemas["Partner"]} Partner */
/** @typedef {import("../lib/types").Schemas["StoppedPartner"]} Answer */

/** @param {{partner: string}} props */
export function PartnerScreen({ partner: id }) {
  const found = useLoad((signal) => request("get", "/v1/partners/{partner}", { path: { partner: id }, signal }), [id]);
  const [receipt, setReceipt] = useState(/** @type {{what: string, receipt: any} | null} */ (null));
  if (!found.data) return found.problem ? html`<${ProblemPage} problem=${found.problem} onRetry=${found.reload} />` : html`<${Head} title="Partner" /><${Skeleton} />`;
  const partner = found.data;
  const done = (/** @type {string} */ what) => (/** @type {Answer} */ answer) => { setReceipt({ what, receipt: answer.receipt }); found.set(answer.partner); };
  return html`
    <${Head} title=${partner.name} lead=${html`<${Status} is=${partner.status} />`}>
      ${can("partners:write") && html`<${Actions} of=${partner} onDone=${done} onSet=${found.set} onReload=${found.reload} />`}
    </${Head}>
    ${receipt && html`<${ReceiptNote} key=${receipt.receipt.sequence} receipt=${receipt.receipt} what=${receipt.what} />`}
    ${partner.status === "stopped" && html`<${Stopped} of=${partner} onDone=${done("The stop is undone: what worked before works again")} onReload=${found.reload} />`}
    <${Facts} facts=${[["Id", html`<code>${partner.id}</code>`], ["Below", partner.parent_id ? html`<a href=${`/console/partners/${partner.parent_id}`}><code>${partner.parent_id}</code></a>` : "Nobody"], ["Created", html`<${Ago} at=${partner.created_at} />`], ["Suspended", partner.suspended_at ? html`<${Ago} at=${partner.suspended_at} />` : undefined]]} />
    <${GuardrailPanel} of=${partner} onChange=${found.set} />
    ${can("usage") && html`<${PartnerPosture} partner=${id} />`}`;
}

/** @param {{of: Partner, onDone: (what: string) => (answer: Answer) => void, onSet: (partner: Partner) => void, onReload: () => void}} props */
function Actions({ of, onDone, onSet, onReload }) {
  const path = { partner: of.id };
  const [open, setOpen] = useState("");
  const close = () => setOpen("");
  const suspend = useSend((once) => request("post", "/v1/partners/{partner}/suspend", { path, once, version: of.version }).then(onDone("The partner and everything below it is suspended")));
  const resume = useSend((once) => request("post", "/v1/partners/{partner}/resume", { path, once, version: of.version }).then(onDone("The partner is back, with everything below it")));
  const remove = useSend(() => request("delete", "/v1/partners/{partner}", { path, version: of.version }).then(() => true));
  const erase = async () => { if (await remove.submit()) { say("The partner is gone"); go("/console/partners"); } };
  // Nobody stops themselves: that is for whoever stands above.
  const isAbove = of.id !== me.value?.partner_id;
  const isLate = of.emergency_stop && new Date(of.emergency_stop.undo_until).getTime() <= Date.now();
  const mayResume = of.status === "suspended" || (of.status === "stopped" && me.value?.kind === "operator_token" && isLate);
  return html`
    <div class="row wrap">
      <button type="button" onClick=${() => setOpen("rename")}>Change</button>
      ${isAbove && of.status === "active" && html`<${Confirm} isBusy=${suspend.isSending} title="Stops everything below it at once; resuming brings back exactly what was" onConfirm=${() => suspend.submit(of.version)}>Suspend</${Confirm}>`}
      ${isAbove && mayResume && html`<button type="button" disabled=${resume.isSending} onClick=${() => resume.submit(of.version)}>Resume</button>`}
      ${isAbove && of.status !== "stopped" && html`<button type="button" class="danger-quiet" onClick=${() => setOpen("stop")}>Emergency stop</button>`}
      ${isAbove && html`<${Confirm} isBusy=${remove.isSending} onConfirm=${erase}>Delete</${Confirm}>`}
    </div>
    <${ProblemNote} problem=${suspend.problem ?? resume.problem ?? remove.problem} onReload=${() => { suspend.clear(); resume.clear(); remove.clear(); onReload(); }} />
    ${open === "rename" && html`<${ChangePartner} of=${of} onClose=${close} onDone=${(now) => { close(); onSet(now); }} />`}
    ${open === "stop" && html`<${StopPartner} of=${of} onClose=${close} onDone=${(answer) => { close(); onDone("The partner and everything below it is stopped")(answer); }} />`}`;
}

/** @param {{of: Partner, onClose: () => void, onDone: (now: Partner) => void}} props */
function ChangePartner({ of, onClose, onDone }) {
  const [name, setName] = useState(of.name);
  const [seen, setSeen] = useState(of.version);
  const path = { partner: of.id };
  const change = useSend(() => request("patch", "/v1/partners/{partner}", { path, version: seen, body: { name: name.trim() } }));
  const reread = async () => { setSeen((await request("get", "/v1/partners/{partner}", { path })).version); change.clear(); };
  return html`<${Dialog} title="Change partner" onClose=${onClose}>
    <${Form} send="Save" isSending=${change.isSending} onSubmit=${async () => { const now = await change.submit(); if (now) onDone(now); }} onCancel=${onClose}>
      <${ProblemNote} problem=${change.problem} onReload=${reread} shown=${["/name"]} />
      <${Field} label="Name" value=${name} onInput=${setName} maxlength="200" autofocus error=${change.problem?.at("/name")} />
    </${Form}>
  </${Dialog}>`;
}
