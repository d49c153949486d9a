// Stopping a partner and everything below it at once: what that would hit, why, and the way back.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useLoad, useSend } from "../lib/load.js";
import { me } from "../lib/session.js";
import { exactly, useNow } from "../lib/time.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form } from "../parts/fields.js";
import { Figures } from "../parts/figures.js";
import { Ago } from "../parts/page.js";
import { ProblemNote } from "../parts/problem.js";
import { Skeleton } from "../parts/table.js";

/** @typedef {import("../lib/types").Schemas["Partner"]} Partner */
/** @typedef {import("../lib/types").Schemas["StoppedPartner"]} Answer */

/** @param {{of: Partner, onClose: () => void, onDone: (answer: Answer) => void}} props */
export function StopPartner({ of, onClose, onDone }) {
  const path = { partner: of.id };
  const preview = useLoad((signal) => request("post", "/v1/partners/{partner}/emergency-stop:preview", { path, signal }), [of.id]);
  const [reason, setReason] = useState("");
  const [seen, setSeen] = useState(of.version);
  const stop = useSend((once) => request("post", "/v1/partners/{partner}/emergency-stop", { path, once, version: seen, body: { reason: reason.trim() } }));
  const submit = async () => { const answer = await stop.submit([reason, seen]); if (answer) onDone(answer); };
  const reread = async () => { setSeen((await request("get", "/v1/partners/{partner}", { path })).version); stop.clear(); preview.reload(); };
  const would = preview.data;
  return html`<${Dialog} title=${`Stop ${of.name} in an emergency`} kind="wide" onClose=${onClose}>
    <div class="note bad"><p class="note-title">Everything below it stops at once</p>
      <p>Partners, tenants, people, tokens and keys. For a day it can be undone, and then exactly what works now works again.</p></div>
    ${preview.problem && html`<${ProblemNote} problem=${preview.problem} onRetry=${preview.reload} />`}
    ${would ? html`
      <${Figures} label="What would stop" of=${[[would.partners, "Partners"], [would.tenants, "Tenants"], [would.keys, "Keys"], [would.tokens, "API tokens"], [would.sessions, "Sessions"]]} />
      <p class="muted">Keys last used <${Ago} at=${would.keys_last_used_at} />, tokens <${Ago} at=${would.tokens_last_used_at} />.</p>` : !preview.problem && html`<${Skeleton} rows=${1} />`}
    <${Form} send="Stop everything" danger isSending=${stop.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${stop.problem} onReload=${reread} shown=${["/reason"]} />
      <${Field} label="Reason" value=${reason} onInput=${setReason} maxlength="500" autofocus hint="Goes to the audit, and is shown to everybody above the partner." error=${stop.problem?.at("/reason")} />
    </${Form}>
  </${Dialog}>`;
}

/** On the screen of a partner that is stopped. @param {{of: Partner, onDone: (answer: Answer) => void, onReload: () => void}} props */
export function Stopped({ of, onDone, onReload }) {
  const now = useNow();
  const undo = useSend((once) => request("post", "/v1/partners/{partner}/emergency-stop/undo", { path: { partner: of.id }, once, version: of.version }));
  const press = async () => { const answer = await undo.submit(of.version); if (answer) onDone(answer); };
  const stop = of.emergency_stop;
  if (!stop) return null;
  const isLate = new Date(stop.undo_until).getTime() <= now;
  const isOperator = me.value?.kind === "operator_token";
  const mayUndo = isOperator || (stop.stopped_by === "partner" && stop.partner_id === me.value?.partner_id);
  const hindrance = isLate ? "The day for undoing is over: the operator resumes the partner." : mayUndo ? "" : "Only the level that stopped it, or the operator, can undo that.";
  return html`
    <div class="note bad"><p class="note-title">Stopped in an emergency <${Ago} at=${stop.stopped_at} /></p>
      <p>“${stop.reason}” · by ${stop.stopped_by === "operator" ? "the operator" : html`partner <code>${stop.partner_id ?? "above"}</code>`}</p>
      <p class="note-foot"><span>${hindrance || `It can be undone until ${exactly(stop.undo_until)}.`}</span>
        ${!isLate && html`<button type="button" disabled=${Boolean(hindrance) || undo.isSending} title=${hindrance || undefined} onClick=${press}>Undo the stop</button>`}</p>
    </div>
    <${ProblemNote} problem=${undo.problem} onReload=${() => { undo.clear(); onReload(); }} />`;
}
