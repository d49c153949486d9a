// One key: what it is, who uses it, and what can be done to it.
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useLoad, useSend } from "../lib/load.js";
import { can, me } from "../lib/session.js";
import { placeOf, useOffers } from "../lib/tenant.js";
import { Confirm } from "../parts/confirm.js";
import { Ago, Expiry, Facts, Head } from "../parts/page.js";
import { Bars } from "../parts/figures.js";
import { ProblemNote, ProblemPage } from "../parts/problem.js";
import { ReceiptNote } from "../parts/receipt.js";
import { revealClaim } from "../parts/reveal.js";
import { Skeleton } from "../parts/table.js";
import { say } from "../parts/toasts.js";
import { ChangeKey, ResetKey, RotateKey, nameOf } from "./key-actions.js";
import { KeyStatus } from "./keys.js";
import { Pairs } from "./region-card.js";

/** @typedef {import("../lib/types").Schemas["Key"]} Key */
/** @typedef {import("../lib/types").Schemas["Receipt"]} Receipt */

/** @param {{tenant: string, id: string}} props */
export function KeyScreen({ tenant, id }) {
  const path = { tenant, key: id };
  const found = useLoad((signal) => request("get", "/v1/tenants/{tenant}/keys/{key}", { path, signal }), [tenant, id]);
  const usage = useLoad((signal) => request("get", "/v1/tenants/{tenant}/keys/{key}/usage", { path, signal }), [tenant, id, found.data?.version]);
  const offers = useOffers(tenant);
  const [open, setOpen] = useState("");
  const [receipt, setReceipt] = useState(/** @type {{what: string, receipt: Receipt, isGone?: boolean} | null} */ (null));
  const key = found.data;
  if (!key) return found.problem ? html`<${ProblemPage} problem=${found.problem} onRetry=${found.reload} />` : html`<${Head} title="Key" /><${Skeleton} />`;
  const offer = offers.data?.find((one) => one.region === key.region);
  const base = placeOf(tenant);
  const up = /** @type {[string, string]} */ (["Keys", `${base}/keys`]);
  if (receipt?.isGone) return html`
    <${Head} title=${nameOf(key)} up=${up} lead="This key is gone." />
    <${ReceiptNote} receipt=${receipt.receipt} what=${receipt.what} /><p><a class="button" href=${up[1]}>Back to the keys</a></p>`;
  const done = () => { setOpen(""); found.reload(); };
  return html`
    <${Head} title=${nameOf(key)} up=${up} lead=${html`<${KeyStatus} of=${key} />`}>
      ${offer && can("keys:write") && html`<${Actions} path=${path} of=${key} model=${offer.model} onOpen=${setOpen} onChange=${found.set} onReceipt=${setReceipt} onReload=${done} />`}
    </${Head}>
    ${receipt && html`<${ReceiptNote} key=${receipt.receipt.sequence} receipt=${receipt.receipt} what=${receipt.what} of=${path} />`}
    <div class="columns">
      <section class="panel"><h2>Pairs</h2><${Pairs} of=${key} />
        <h3>Use</h3>
        ${usage.problem && html`<${ProblemNote} problem=${usage.problem} onRetry=${usage.reload} />`}
        ${usage.data && (usage.data.last_used_at ? html`<ul class="uses">${usage.data.pairs.map((pair) => html`<li key=${pair.access_key_id}><code>${pair.access_key_id}</code> <${Ago} at=${pair.last_used_at} />
          ${pair.last_used_at && html`<span class="muted"> ${[pair.gateway && `through ${pair.gateway}`, pair.address && `from ${pair.address}`, pair.agent && `by ${pair.agent}`].filter(Boolean).join(", ")}</span>`}</li>`)}</ul>` : html`<p class="muted">Nobody has been seen using it.</p>`)}
        ${usage.data && usage.data.days.length > 0 && html`<${Bars} days=${usage.data.days} />`}
      </section>
      <section class="panel"><h2>What it opens</h2>
        <${Facts} facts=${[
          ["Region", offer ? `${offer.name} (${key.region})` : key.region],
          ["Endpoint", offer && html`<code>${offer.s3_endpoint}</code>`],
          ["Buckets", key.buckets.access === "all" ? "All Buckets" : html`<span class="names">${(key.buckets.names ?? []).map((name) => html`<code key=${name}>${name}</code>`)}</span>`],
          ["Prefixes", key.prefixes.length ? html`<span class="names">${key.prefixes.map((name) => html`<code key=${name}>${name}</code>`)}</span>` : "All objects"],
          ["Permissions", key.permissions.join(", ")],
          ["From", key.allowed_addresses.length ? key.allowed_addresses.join(", ") : "Anywhere"],
          ["Expires", html`<${Expiry} at=${key.expires_at} />`],
          ["Rotate by", key.rotate_by ? html`<${Ago} at=${key.rotate_by} />` : undefined],
          ["Description", key.description ?? undefined],
          ["Held back", key.held_back ? "The database was restored, and this was changed after its backup: dead until the operator decides" : undefined],
          ["Created", html`<${Ago} at=${key.created_at} /> by <code>${key.created_by.id}</code>`],
        ]} />
      </section>
    </div>
    ${offer && open === "reset" && html`<${ResetKey} tenant=${tenant} of=${key} onClose=${() => setOpen("")} onDone=${done} />`}
    ${offer && open === "rotate" && html`<${RotateKey} tenant=${tenant} of=${key} model=${offer.model} onClose=${() => setOpen("")} onDone=${done} />`}
    ${offer && open === "change" && html`<${ChangeKey} tenant=${tenant} of=${key} model=${offer.model} onClose=${() => setOpen("")} onDone=${done} />`}`;
}

/** @param {{path: {tenant: string, key: string}, of: Key, model: import("../lib/tenant.js").KeyModel, onOpen: (what: string) => void, onChange: (key: Key) => void, onReceipt: (of: any) => void, onReload: () => void}} props */
function Actions({ path, of, model, onOpen, onChange, onReceipt, onReload }) {
  const act = useSend(async (once, { verb, what }) => {
    const options = { path, once, version: of.version };
    const answer = verb === "delete" ? await request("delete", "/v1/tenants/{tenant}/keys/{key}", { path, version: of.version })
      : await request("post", /** @type {"/v1/tenants/{tenant}/keys/{key}/revoke"} */ (`/v1/tenants/{tenant}/keys/{key}/${verb}`), options);
    onReceipt({ what, receipt: answer.receipt, isGone: verb === "delete" });
    onChange(answer.key);
    say(what);
  });
  const run = (verb, what) => () => act.submit({ verb, what, version: of.version });
  const isLive = of.status === "active" || of.status === "disabled";
  const revokeFirst = model.delete === "after_revoke" && of.status !== "revoked";
  const mayClaim = (me.value?.kind !== "user" || me.value.role === "admin");
  return html`
    <div class="row wrap">
      ${isLive && html`<button type="button" onClick=${() => onOpen("change")}>Change</button>`}
      ${isLive && model.rotate_max_grace_seconds && html`<button type="button" onClick=${() => onOpen("rotate")}>Rotate</button>`}
      ${isLive && model.reset && html`<button type="button" onClick=${() => onOpen("reset")}>Reset</button>`}
      ${of.status === "active" && html`<button type="button" disabled=${act.isSending} onClick=${run("disable", "The key is disabled")}>Disable</button>`}
      ${of.status === "disabled" && html`<button type="button" disabled=${act.isSending} onClick=${run("enable", "The key works again")}>Enable</button>`}
      ${isLive && model.revoke !== "off" && html`<${Confirm} isBusy=${act.isSending} onConfirm=${run("revoke", "The key is revoked")}>Revoke</${Confirm}>`}
      ${model.delete !== "forbidden" && html`<${Confirm} isBusy=${act.isSending} isOff=${revokeFirst} title=${revokeFirst ? "Keys of this model are revoked before they are deleted" : undefined} onConfirm=${run("delete", "The key is deleted")}>Delete</${Confirm}>`}
      ${mayClaim && isLive && html`<${ClaimLink} path=${path} of=${of} />`}
    </div>
    <${ProblemNote} problem=${act.problem} onReload=${() => { act.clear(); onReload(); }} />`;
}

const CLAIMABLE = 10 * 60_000;

/** For handing on a secret without seeing it, as long as the server still has it. @param {{path: {tenant: string, key: string}, of: Key}} props */
function ClaimLink({ path, of }) {
  const since = of.pairs.find((pair) => pair.state === "current")?.since;
  const make = useSend((once) => request("post", "/v1/tenants/{tenant}/keys/{key}/claims", { path, once, body: { expires_in_seconds: null } }));
  if (!since || Date.now() - new Date(since).getTime() > CLAIMABLE) return null;
  const press = async () => {
    const link = await make.submit();
    if (link) revealClaim(link, { title: `Claim link of “${nameOf(of)}”` });
  };
  return html`<button type="button" disabled=${make.isSending} title="A link with which somebody else, and only they, can see the secret" onClick=${press}>Claim link</button>
    <${ProblemNote} problem=${make.problem} />`;
}

