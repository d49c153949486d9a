// Proof of how far a change has come, followed until it is everywhere.
import { html, useEffect, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { exactly, fromNow, useNow } from "../lib/time.js";
import { Icon } from "./icon.js";

/** @typedef {import("../lib/types").Schemas["Receipt"]} Receipt */

/**
 * Of a key that is still there it is asked for anew while somebody has not confirmed it.
 * @param {{receipt: Receipt, what: string, of?: {tenant: string, key: string}}} props
 */
export function ReceiptNote({ receipt: first, what, of }) {
  const [receipt, setReceipt] = useState(first);
  const now = useNow(1000);
  // Where nobody can be asked any more, the moment itself says so: the last lease has run out.
  const isOver = new Date(receipt.effective_at).getTime() <= now;
  const isPending = receipt.state === "pending" && (Boolean(of) || !isOver);
  useEffect(() => {
    if (!isPending || !of) return;
    // Each question a while after the last answer, whatever that was.
    const timer = setTimeout(() => {
      request("get", "/v1/tenants/{tenant}/keys/{key}/propagation", { path: of }).then(setReceipt, () => setReceipt({ ...receipt }));
    }, 1000);
    return () => clearTimeout(timer);
  }, [receipt]);
  const all = receipt.confirmed_by + receipt.waiting_for.length;
  return html`
    <div class=${`note receipt ${isPending ? "waiting" : "good"}`} role="status">
      <p class="note-title"><${Icon} name=${isPending ? "key" : "check"} /> ${what}</p>
      <p>Confirmed by ${receipt.confirmed_by} of ${all}${isPending ? "" : ": nobody honours what was before"}${!isPending && receipt.waiting_for.length > 0 ? ", since every lease has ended" : ""}.</p>
      <meter min="0" max=${Math.max(all, 1)} value=${receipt.confirmed_by} aria-label="Confirmations"></meter>
      ${isPending && html`<p>Waiting for ${receipt.waiting_for.join(", ")}. ${isOver ? "Their leases have ended." : html`Whatever they do, it ends <time title=${exactly(receipt.effective_at)}>${fromNow(receipt.effective_at, now)}</time>, with their leases.`}</p>`}
      <p class="muted">Change ${receipt.sequence} · in force from <time datetime=${receipt.effective_at}>${exactly(receipt.effective_at)}</time></p>
    </div>`;
}
