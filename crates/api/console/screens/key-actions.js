// What can be done to a key: reset, rotate, change.
import { html, useMemo, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useLoad, useSend } from "../lib/load.js";
import { exactly, lasting } from "../lib/time.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form, Select, Several } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Ago } from "../parts/page.js";
import { ProblemNote } from "../parts/problem.js";
import { ReceiptNote } from "../parts/receipt.js";
import { revealKey } from "../parts/reveal.js";
import { BucketPicker } from "./bucket-picker.js";
import { ExpiryChoice, PERMISSIONS, sendable } from "./key-create.js";

/** @typedef {import("../lib/types").Schemas["Key"]} Key */
/** @typedef {import("../lib/tenant.js").KeyModel} KeyModel */
/** @typedef {{tenant: string, of: Key, onClose: () => void, onDone: () => void}} Props */

export const nameOf = (/** @type {Key} */ key) => key.label ?? key.description ?? key.access_key_id;

/** @param {Props} props */
export function ResetKey({ tenant, of, onClose, onDone }) {
  const path = { tenant, key: of.id };
  const reset = useSend((once) => request("post", "/v1/tenants/{tenant}/keys/{key}/reset", { path, once, version: of.version }));
  const submit = async () => {
    const answer = await reset.submit(of.version);
    if (!answer) return;
    onDone();
    const below = answer.receipt && html`<${ReceiptNote} receipt=${answer.receipt} what="The old pair has stopped working" of=${path} />`;
    revealKey(answer, { title: `New pair of “${nameOf(of)}”`, below });
  };
  return html`
    <${Dialog} title=${`Reset “${nameOf(of)}”`} onClose=${onClose}>
      <div class="note bad"><p class="note-title"><${Icon} name="warning" /> Existing keys stop working immediately</p>
        <p>The pair <code>${of.access_key_id}</code>${of.pairs.length > 1 && ", and the older one that is still retiring,"} will be refused from the moment you press the button. You get a new access key ID and a new secret.</p></div>
      <${LastUse} path=${path} />
      <${ProblemNote} problem=${reset.problem} onReload=${onDone} />
      <${Form} send="Reset key" danger isSending=${reset.isSending} onSubmit=${submit} onCancel=${onClose} />
    </${Dialog}>`;
}

const QUIET = 15 * 60;

/** @param {Props & {model: KeyModel}} props */
export function RotateKey({ tenant, of, model, onClose, onDone }) {
  const most = model.rotate_max_grace_seconds ?? 0;
  const spans = [3600, 86400, 7 * 86400].filter((span) => span <= most);
  const [grace, setGrace] = useState(spans.includes(86400) ? "86400" : `${spans.at(-1) ?? "1"}`);
  const path = { tenant, key: of.id };
  const body = grace === "quiet" ? { retire_when_quiet_for_seconds: Math.min(QUIET, most), at_most_seconds: most } : { grace_seconds: Number(grace) };
  const rotate = useSend((once) => request("post", "/v1/tenants/{tenant}/keys/{key}/rotate", { path, once, version: of.version, body }));
  const submit = async () => {
    const answer = await rotate.submit(body);
    if (!answer) return;
    onDone();
    const old = answer.key.pairs.find((pair) => pair.state === "retiring");
    const remark = old?.until ? `The old pair ${old.access_key_id} goes on working until ${exactly(old.until)} at the latest.` : "";
    // A pair that was still retiring is the only one that a rotation ends at once.
    const below = of.pairs.length > 1 && answer.receipt && html`<${ReceiptNote} receipt=${answer.receipt} what="The oldest pair has stopped working" of=${path} />`;
    revealKey(answer, { title: `New pair of “${nameOf(of)}”`, remark, below });
  };
  const options = /** @type {[string, string][]} */ ([
    ["1", "Now"], ...spans.map((span) => [`${span}`, `After ${lasting(span)}`]), ...(most >= 60 ? [["quiet", "When it is quiet"]] : []),
  ]);
  const hint = grace === "quiet"
    ? `When nobody has used it for ${lasting(Math.min(QUIET, most))}, and after ${lasting(most)} in any case.`
    : grace === "1" ? "Whatever still uses the old pair is refused at once." : "Until then both pairs work: change your applications one by one.";
  return html`
    <${Dialog} title=${`Rotate “${nameOf(of)}”`} onClose=${onClose}>
      <p>You get a new pair now. The old one, <code>${of.access_key_id}</code>, stops working when you say.</p>
      ${of.pairs.length > 1 && html`<div class="note warn"><p>An older pair is still retiring. It stops working now.</p></div>`}
      <${LastUse} path=${path} />
      <${ProblemNote} problem=${rotate.problem} onReload=${onDone} />
      <${Form} send="Rotate key" isSending=${rotate.isSending} onSubmit=${submit} onCancel=${onClose}>
        <${Select} label="The old pair stops" value=${grace} onInput=${setGrace} options=${options} hint=${hint} />
      </${Form}>
    </${Dialog}>`;
}

/** Who still uses it. @param {{path: {tenant: string, key: string}}} props */
export function LastUse({ path }) {
  const usage = useLoad((signal) => request("get", "/v1/tenants/{tenant}/keys/{key}/usage", { path, signal }), [path.key]);
  if (!usage.data) return html`<p class="muted">${usage.isLoading ? "Looking up when it was last used …" : ""}</p>`;
  const { last_used_at: at, pairs } = usage.data;
  const gateways = new Set(pairs.map((pair) => pair.gateway).filter(Boolean)).size;
  return html`<p class="muted">${at ? html`Last used <${Ago} at=${at} />${gateways > 0 && ` from ${gateways} gateway${gateways === 1 ? "" : "s"}`}.` : "Nobody has been seen using it."}</p>`;
}

/** @param {Props & {model: KeyModel}} props */
export function ChangeKey({ tenant, of, model, onClose, onDone }) {
  const [label, setLabel] = useState(of.label ?? "");
  const [description, setDescription] = useState(of.description ?? "");
  const [access, setAccess] = useState(/** @type {string} */ (of.buckets.access));
  const [names, setNames] = useState(of.buckets.names ?? []);
  const [permissions, setPermissions] = useState(/** @type {string[]} */ (of.permissions));
  const [expiry, setExpiry] = useState("keep");
  const [moment, setMoment] = useState("");
  const [seen, setSeen] = useState(of.version);
  const expiresAt = useMemo(() => (expiry === "keep" ? undefined : sendable(expiry, moment) ?? null), [expiry, moment]);
  const path = { tenant, key: of.id };
  const change = useSend(() => request("patch", "/v1/tenants/{tenant}/keys/{key}", {
    path, version: seen,
    body: /** @type {any} */ ({
      label: label.trim() || null, description: description.trim() || null, permissions, expires_at: expiresAt,
      ...(model.bucket_scopes ? { buckets: access === "specific" ? { access, names } : { access: "all" } } : {}),
    }),
  }));
  const submit = async () => { if (await change.submit()) onDone(); };
  // Somebody was faster: what they said is shown, and sending again is then a decision.
  const [theirs, setTheirs] = useState(/** @type {Key | null} */ (null));
  const reread = async () => {
    const now = await request("get", "/v1/tenants/{tenant}/keys/{key}", { path });
    setTheirs(now);
    setSeen(now.version);
    change.clear();
  };
  const { problem } = change;
  return html`
    <${Dialog} title=${`Change “${nameOf(of)}”`} onClose=${onClose}>
      <${Form} send="Save" isSending=${change.isSending} onSubmit=${submit} onCancel=${onClose}>
        <${ProblemNote} problem=${problem} onReload=${reread} shown=${["/label", "/description", "/buckets", "/permissions", "/expires_at"]} />
        ${theirs && html`<div class="note warn"><p class="note-title">It says now</p><p>Label “${theirs.label ?? "none"}”, description “${theirs.description ?? "none"}”, buckets ${theirs.buckets.access === "all" ? "all" : (theirs.buckets.names ?? []).join(", ")}, permissions ${theirs.permissions.join(", ")}. Saving puts yours in its place.</p></div>`}
        <${Field} label="Label" value=${label} onInput=${setLabel} maxlength="200" isOptional=${model.label !== "required"} error=${problem?.at("/label")} />
        <${Field} label="Description" value=${description} onInput=${setDescription} maxlength="200" isOptional=${model.description !== "required"} error=${problem?.at("/description")} />
        ${model.bucket_scopes && html`<${BucketPicker} tenant=${tenant} access=${access} onAccess=${setAccess} names=${names} onNames=${setNames} error=${problem?.at("/buckets")} />`}
        <${Several} label="Permissions" value=${permissions} onInput=${setPermissions} options=${PERMISSIONS} error=${problem?.at("/permissions")} />
        <${ExpiryKept} of=${of} model=${model} expiry=${expiry} onExpiry=${setExpiry} moment=${moment} onMoment=${setMoment} error=${problem?.at("/expires_at")} />
      </${Form}>
    </${Dialog}>`;
}

/** @param {any} props */
function ExpiryKept({ of, model, expiry, onExpiry, moment, onMoment, error }) {
  if (expiry === "keep") return html`
    <div class="field"><span class="label">Expires</span><div class="row"><span>${of.expires_at ? exactly(of.expires_at) : "Never"}</span>
      <button type="button" class="small" onClick=${() => onExpiry(model.max_ttl_seconds ? `${model.max_ttl_seconds * 1000}` : "never")}>Change</button></div><p class="error">${error}</p></div>`;
  return html`<${ExpiryChoice} model=${model} expiry=${expiry} onExpiry=${onExpiry} moment=${moment} onMoment=${onMoment} error=${error} />`;
}
