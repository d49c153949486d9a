// What a partner's customers must keep to: its own guardrails, those of all above, and who would break new ones.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useList, useSend } from "../lib/load.js";
import { can, me } from "../lib/session.js";
import { lasting } from "../lib/time.js";
import { Dialog } from "../parts/dialog.js";
import { Check, Field, Form, Several } from "../parts/fields.js";
import { ProblemNote } from "../parts/problem.js";
import { say } from "../parts/toasts.js";

/** @typedef {import("../lib/types").Schemas["Partner"]} Partner */
/** @typedef {import("../lib/types").Schemas["Guardrails"]} Rails */
/** @typedef {import("../lib/types").Schemas["GuardrailsDryRun"]} DryRun */

const yes = (/** @type {boolean | undefined} */ is) => is ? "yes" : "";
const names = (/** @type {string[] | null | undefined} */ list) => list?.join(", ") ?? "";
/** How each is called, and what it says. */
const RULES = /** @type {[keyof Rails, string, (of: Rails) => string][]} */ ([
  ["max_ttl_seconds", "Keys live at most", (of) => of.max_ttl_seconds ? lasting(of.max_ttl_seconds) : ""],
  ["require_expiry", "Keys have an expiry", (of) => yes(of.require_expiry)],
  ["require_bucket_scope", "Keys name their buckets", (of) => yes(of.require_bucket_scope)],
  ["allowed_regions", "Regions", (of) => names(of.allowed_regions)],
  ["allowed_key_models", "Key models", (of) => names(of.allowed_key_models)],
  ["max_keys_per_tenant", "Keys of one tenant", (of) => of.max_keys_per_tenant ? `at most ${of.max_keys_per_tenant}` : ""],
  ["partners_may_not_see_secrets", "Partners get links instead of secrets", (of) => yes(of.partners_may_not_see_secrets)],
]);
const titleOf = (/** @type {string} */ name) => RULES.find(([rule]) => rule === name)?.[1] ?? name;

/** @param {{of: Partner, onChange: (now: Partner) => void}} props */
export function GuardrailPanel({ of, onChange }) {
  const [isChanging, setChanging] = useState(false);
  const mayChange = can("partners:write") && of.id !== me.value?.partner_id;
  const none = html`<span class="muted">not set</span>`;
  return html`
    <section class="panel">
      <div class="head"><h2>Guardrails</h2>${mayChange && html`<div class="head-actions"><button type="button" class="small" onClick=${() => setChanging(true)}>Change guardrails</button></div>`}</div>
      <p class="muted">What the customers of this partner, and of those below it, must keep to. The strictest on the way down counts.${!mayChange && can("partners:write") && " Whoever stands above lays them on you."}</p>
      <table class="matrix rails"><caption class="unseen">Guardrails</caption>
        <thead><tr><th scope="col">Guardrail</th><th scope="col">Laid here</th><th scope="col">In force</th></tr></thead>
        <tbody>${RULES.map(([rule, title, said]) => html`<tr key=${rule}><th scope="row">${title}</th><td>${said(of.guardrails) || none}</td><td>${said(of.effective_guardrails) || none}</td></tr>`)}</tbody>
      </table>
      ${isChanging && html`<${ChangeGuardrails} of=${of} onClose=${() => setChanging(false)} onDone=${(now) => { setChanging(false); say("The guardrails are in force"); onChange(now); }} />`}
    </section>`;
}

const DAY = 86_400;

/** @param {{of: Partner, onClose: () => void, onDone: (now: Partner) => void}} props */
function ChangeGuardrails({ of, onClose, onDone }) {
  const regions = useList("/v1/regions", { query: { limit: 500 } });
  const models = useList("/v1/key-models", { query: { limit: 500 } });
  const [rails, setRails] = useState(of.guardrails);
  const [days, setDays] = useState(of.guardrails.max_ttl_seconds ? `${of.guardrails.max_ttl_seconds / DAY}` : "");
  const [seen, setSeen] = useState(of.version);
  const set = (/** @type {Partial<Rails>} */ more) => { setRails({ ...rails, ...more }); tried.clear(); setRun(null); };
  const path = { partner: of.id };
  const wanted = /** @type {any} */ ({ ...rails, max_ttl_seconds: days === "" ? null : Math.round(Number(days) * DAY) });
  const save = useSend(() => request("patch", "/v1/partners/{partner}", { path, version: seen, body: { guardrails: wanted } }));
  const tried = useSend(() => request("post", "/v1/partners/{partner}/guardrails:dry-run", { path, body: { guardrails: wanted } }));
  const [run, setRun] = useState(/** @type {DryRun | null} */ (null));
  const attempt = async () => setRun(await tried.submit(wanted) ?? null);
  const submit = async () => { const now = await save.submit(wanted); if (now) onDone(now); };
  const reread = async () => { setSeen((await request("get", "/v1/partners/{partner}", { path })).version); save.clear(); };
  const problem = save.problem ?? tried.problem;
  const wrong = (/** @type {string} */ rule) => problem?.at(`/guardrails/${rule}`);
  const some = (/** @type {"allowed_regions" | "allowed_key_models"} */ rule, label, options) => html`
    <${Check} label=${label} value=${Boolean(rails[rule])} onInput=${(on) => set({ [rule]: on ? [] : null })} />
    ${rails[rule] && html`<div class="inset"><${Several} label="Those allowed" value=${rails[rule]} onInput=${(list) => set({ [rule]: list })} options=${options} error=${wrong(rule)} /></div>`}`;
  return html`<${Dialog} title=${`Guardrails of ${of.name}`} kind="wide" onClose=${onClose}>
    <${Form} send="Save" isSending=${save.isSending} onSubmit=${submit} onCancel=${onClose}>
      <${ProblemNote} problem=${problem} onReload=${reread} shown=${RULES.map(([rule]) => `/guardrails/${rule}`)} />
      <p>They bind what is made or changed from now on. Keys that are there go on as they are.</p>
      <div class="grid">
        <${Field} label="Keys live at most, in days" type="number" min="0.001" step="any" isOptional value=${days} onInput=${(text) => { setDays(text); set({}); }} hint="Without end if empty" error=${wrong("max_ttl_seconds")} />
        <${Field} label="Keys of one tenant, at most" type="number" min="1" isOptional value=${rails.max_keys_per_tenant ? `${rails.max_keys_per_tenant}` : ""} onInput=${(text) => set({ max_keys_per_tenant: text === "" ? null : Number(text) })} hint="Any number if empty" error=${wrong("max_keys_per_tenant")} />
      </div>
      <div class="choices">
        <${Check} label="Keys must have an expiry" value=${rails.require_expiry ?? false} onInput=${(on) => set({ require_expiry: on })} />
        <${Check} label="Keys must name the buckets they open" value=${rails.require_bucket_scope ?? false} onInput=${(on) => set({ require_bucket_scope: on })} />
        <${Check} label="Partners get claim links instead of secrets" value=${rails.partners_may_not_see_secrets ?? false} onInput=${(on) => set({ partners_may_not_see_secrets: on })} hint="Only whoever the key is for sees its secret." />
        ${some("allowed_regions", "Only some regions", (regions.items ?? []).map((region) => [region.code, `${region.name} (${region.code})`]))}
        ${some("allowed_key_models", "Only some key models", (models.items ?? []).map((model) => [model.name, model.name]))}
      </div>
      <p class="row wrap"><button type="button" disabled=${tried.isSending} onClick=${attempt}>Who would break them?</button></p>
      ${run && html`<${Breaches} of=${run} />`}
    </${Form}>
  </${Dialog}>`;
}

/** @param {{of: DryRun}} props */
function Breaches({ of }) {
  const broken = of.rules.filter((rule) => rule.keys + rule.tenants > 0);
  const keys = of.violators.filter((one) => one.key_id);
  return html`<div class=${`note ${broken.length ? "warn" : "good"}`} role="status">
    <p class="note-title">${broken.length ? "These are there and would not be allowed any more" : "Nothing that is there breaks them"}</p>
    ${broken.length > 0 && html`<ul>${broken.map((rule) => html`<li key=${rule.guardrail}>${titleOf(rule.guardrail)}: ${rule.keys} key${rule.keys === 1 ? "" : "s"} of ${rule.tenants} tenant${rule.tenants === 1 ? "" : "s"}</li>`)}</ul>
      <p class="muted">${keys.slice(0, 5).map((one) => html`<a key=${one.key_id + one.guardrail} href=${`/console/tenants/${one.tenant_id}/keys/${one.key_id}`}><code>${one.key_id}</code></a>${" "}`)}${(keys.length > 5 || of.truncated) && "and more"}</p>`}
  </div>`;
}
