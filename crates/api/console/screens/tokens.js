// API tokens of a tenant, a partner or the operators: the same screen, since they are the same thing.
import { html, useMemo, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { can, me } from "../lib/session.js";
import { DAY, exactly, toLocal } from "../lib/time.js";
import { Confirm } from "../parts/confirm.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form, Select, Several } from "../parts/fields.js";
import { Icon } from "../parts/icon.js";
import { Ago, Expiry, Head } from "../parts/page.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { reveal } from "../parts/reveal.js";
import { Table } from "../parts/table.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["ApiToken"]} Token */
/** @typedef {"/v1/tenants/{tenant}/tokens" | "/v1/partners/{partner}/tokens" | "/v1/gateways/{gateway}/tokens" | "/v1/operator/tokens"} Place */

const WORDS = {
  "/v1/tenants/{tenant}/tokens": "For programs that act for this organisation.",
  "/v1/partners/{partner}/tokens": "For portals and programs that act for this partner, and for everybody below it.",
  "/v1/gateways/{gateway}/tokens": "For the processes of this gateway. They open what gateways call, and nothing else.",
  "/v1/operator/tokens": "For those who run this storage. Whoever has one can do what its scopes say, everywhere.",
};
const OF_GATEWAYS = "/v1/gateways/{gateway}/tokens";
const SCOPES = /** @type {[string, string][]} */ ([
  ["tenants:read", "Read tenants, partners and people"], ["tenants:write", "Change tenants and their regions"], ["users:write", "Change people"],
  ["keys:read", "Read keys"], ["keys:write", "Make, change and stop keys"], ["partners:write", "Change partners"],
  ["tokens:write", "Make and delete tokens"], ["audit:read", "Read the audit"], ["usage:read", "Read usage"], ["platform:write", "Regions, key models, gateways"],
]);

/** What a token of this place can have at most, and whoever makes it may give. @param {Place} place */
function givable(place) {
  if (place === OF_GATEWAYS) return /** @type {[string, string][]} */ ([["gateway:use", "Call as this gateway"]]);
  const level = SCOPES.filter(([scope]) => place === "/v1/operator/tokens" || (scope !== "platform:write" && (place !== "/v1/tenants/{tenant}/tokens" || scope !== "partners:write")));
  const own = me.value?.scopes;
  return own ? level.filter(([scope]) => own.includes(/** @type {any} */ (scope))) : level;
}

/** @param {Place} place */
const mayChange = (place) => can(place === OF_GATEWAYS ? "platform" : "tokens");

/** @param {{place: Place, path?: object, title?: string}} props */
export function Tokens({ place, path = {}, title = "API tokens" }) {
  const list = useList(place, { path });
  const [isAdding, setAdding] = useState(false);
  const [rotating, setRotating] = useState(/** @type {Token | null} */ (null));
  if (list.problem && !list.items) return html`<${ProblemPage} problem=${list.problem} onRetry=${list.reload} />`;
  const add = html`<button type="button" class="primary" data-key="n" onClick=${() => setAdding(true)}><${Icon} name="plus" />Create token</button>`;
  return html`
    <${Head} title=${title} lead=${WORDS[place]}>${mayChange(place) && add}</${Head}>
    <${Table} caption=${title} list=${list} id=${(token) => token.id} empty=${html`<p class="empty-title">No tokens yet</p><p>A token is shown once, when it is made, and stops at its expiry.</p>`}
      rowClass=${(token) => new Date(token.expires_at).getTime() < Date.now() ? "faint" : ""} columns=${[
        { head: "Description", kind: "main", cell: (token) => html`${token.description}${token.id === me.value?.id && html` <span class="muted">(yours)</span>`}` },
        { head: "Scopes", cell: (token) => html`<span title=${token.scopes.join("\n")}>${token.scopes.length === givable(place).length ? "All" : token.scopes.length < 3 ? token.scopes.join(", ") : `${token.scopes.length} scopes`}</span>` },
        { head: "Expires", cell: (token) => html`<${Expiry} at=${token.expires_at} />` },
        { head: "Last used", cell: (token) => html`<${Ago} at=${token.last_used_at} />${token.last_used_from && html` <span class="muted">from ${token.last_used_from}</span>`}` },
        { head: "Created", cell: (token) => html`<${Ago} at=${token.created_at} />` },
        { head: "", kind: "end", cell: (token) => html`<${Actions} place=${place} path=${path} of=${token} onRotate=${() => setRotating(token)} onChange=${list.reload} />` },
      ]} />
    ${isAdding && html`<${CreateToken} place=${place} path=${path} onClose=${() => setAdding(false)} onDone=${() => { setAdding(false); list.reload(); }} />`}
    ${rotating && html`<${RotateToken} place=${place} path=${path} of=${rotating} onClose=${() => setRotating(null)} onDone=${() => { setRotating(null); list.reload(); }} />`}`;
}

/** @param {{place: Place, path: object, of: Token, onRotate: () => void, onChange: () => void}} props */
function Actions({ place, path, of, onRotate, onChange }) {
  const named = /** @type {any} */ ({ ...path, token: of.id });
  const remove = useSend(() => request("delete", /** @type {"/v1/operator/tokens/{token}"} */ (`${place}/{token}`), { path: named, version: of.version }).then(() => true));
  if (!mayChange(place)) return null;
  const isOwn = of.id === me.value?.id;
  return html`<span class="row end">
    <button type="button" class="small" aria-label=${`Rotate ${of.description}`} onClick=${onRotate}>Rotate</button>
    <${Confirm} kind="small" label=${`Delete ${of.description}`} title=${isOwn ? "This is the token you are signed in with" : undefined} isBusy=${remove.isSending} onConfirm=${async () => { if (await remove.submit()) { say("The token is deleted"); onChange(); } }}><${Icon} name="trash" /><span class="unseen">Delete</span></${Confirm}></span>
    <${ProblemNote} problem=${remove.problem} onReload=${onChange} />`;
}

/** @param {import("../lib/types").Schemas["CreatedToken"]} made @param {string} title */
function show(made, title) {
  const { token, description, expires_at } = made;
  reveal({ title, name: "API token", warning: "This is the only time the token is shown. Store it now: nobody can show it again.",
    remark: `“${description}” works until ${exactly(expires_at)}. Send it as “Authorization: Bearer …”.` }, token);
}

/** @param {{place: Place, path: object, onClose: () => void, onDone: () => void}} props */
function CreateToken({ place, path, onClose, onDone }) {
  const offered = givable(place);
  const [description, setDescription] = useState("");
  const longest = me.value?.kind === "user" ? Date.now() + 366 * DAY : Math.min(Date.now() + 366 * DAY, new Date(me.value?.expires_at ?? 0).getTime());
  const [moment, setMoment] = useState(toLocal(Math.min(Date.now() + 90 * DAY, longest - 60_000)));
  const [scopes, setScopes] = useState(offered.map(([scope]) => scope));
  const [from, setFrom] = useState("");
  const body = /** @type {any} */ ({
    description: description.trim(), expires_at: moment ? new Date(moment).toISOString() : undefined, scopes,
    allowed_addresses: from.split(/[\s,]+/).filter(Boolean),
  });
  const add = useSend((once) => request("post", place, { path: /** @type {any} */ (path), once, body }));
  const submit = async () => {
    const made = await add.submit(body);
    if (!made) return;
    onDone();
    show(made, "Your new token");
  };
  const { problem } = add;
  return html`<${Dialog} title="Create token" onClose=${onClose}>
    <${Form} send="Create token" isSending=${add.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${problem} shown=${["/description", "/expires_at", "/scopes", "/allowed_addresses"]} />
      <${Field} label="Description" value=${description} onInput=${setDescription} maxlength="200" autofocus hint="What will use it?" error=${problem?.at("/description")} />
      <${Field} label="Expires" type="datetime-local" value=${moment} onInput=${setMoment} min=${toLocal(Date.now())} error=${problem?.at("/expires_at")}
        hint=${`Day and time, in your own time zone. ${me.value?.kind === "user" ? "At most 366 days ahead." : `Not after ${exactly(longest)}.`}`} />
      ${offered.length > 1 && html`<${Several} label="Scopes" value=${scopes} onInput=${setScopes} options=${offered} error=${problem?.at("/scopes")} />`}
      <${Field} label="Only from" value=${from} onInput=${setFrom} isOptional placeholder="203.0.113.0/24" hint="Networks, separated by commas. From anywhere, if there is none." error=${problem?.at("/allowed_addresses")} />
    </${Form}>
  </${Dialog}>`;
}

/** @param {{place: Place, path: object, of: Token, onClose: () => void, onDone: () => void}} props */
function RotateToken({ place, path, of, onClose, onDone }) {
  const [grace, setGrace] = useState("3600");
  const named = useMemo(() => /** @type {any} */ ({ ...path, token: of.id }), [of.id]);
  const rotate = useSend((once) => request("post", /** @type {"/v1/operator/tokens/{token}/rotate"} */ (`${place}/{token}/rotate`), { path: named, once, version: of.version, body: { grace_seconds: Number(grace) } }));
  const submit = async () => {
    const made = await rotate.submit(grace);
    if (!made) return;
    onDone();
    show(made, `New text of “${of.description}”`);
  };
  return html`<${Dialog} title=${`Rotate “${of.description}”`} onClose=${onClose}>
    <p>You get a new text with the same scopes. The old one stops working when you say.</p>
    <${ProblemNote} problem=${rotate.problem} onReload=${onDone} />
    <${Form} send="Rotate token" isSending=${rotate.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${Select} label="The old text stops" value=${grace} onInput=${setGrace} options=${[["0", "Now"], ["3600", "After 1 hour"], ["86400", "After 1 day"], ["604800", "After 7 days"]]} />
    </${Form}>
  </${Dialog}>`;
}
