// Real data for looking at: three regions, forty keys, long labels, expiry of every colour, people, partners, tokens.
import { Api, inDays } from "./lib.mjs";

export async function furnish(api) {
  await api.region("waw3-1", "Warsaw 3", "multi");
  await api.region("fra1", "Frankfurt", "pair");
  await api.region("sto2", "Stockholm", "instance");
  await api.region("par1", "Paris", "pair");
  const partner = await api.post("/v1/partners", { name: "Nordic Cloud Distribution" });
  await api.post("/v1/partners", { name: "Reseller Öresund", parent_id: partner.id });
  const stopped = await api.post("/v1/partners", { name: "Stopped Storage", guardrails: { allowed_regions: ["fra1", "par1"] } });
  await api.post(`/v1/partners/${stopped.id}/emergency-stop`, { reason: "The portal's token was published" });
  await api.patch(`/v1/partners/${partner.id}`, { guardrails: { max_ttl_seconds: 7_776_000, max_keys_per_tenant: 50, allowed_regions: ["waw3-1", "fra1", "sto2"], partners_may_not_see_secrets: true } });
  const partnerToken = await api.post(`/v1/partners/${partner.id}/tokens`, { description: "Portal", expires_at: inDays(200) });
  await api.post(`/v1/partners/${partner.id}/tokens`, { description: "Billing run, read only", expires_at: inDays(9), scopes: ["tenants:read"] });
  const acme = await api.tenant("Acme", ["waw3-1", "fra1", "sto2", "par1"]);
  const empty = await api.tenant("Fresh Start", ["waw3-1"]);
  for (const name of ["Initech", "Umbrella Logistics Sp. z o.o.", "Hooli", "A customer whose name is so long that no table in the world would have a column for it, and still it is theirs"]) {
    await api.post("/v1/tenants", { name, partner_id: partner.id, external_ref: `C-${4700 + name.length}` });
  }
  for (const bucket of ["media", "backups", "logs", "invoices", "thumbnails", "raw-footage", "archive-2024", "archive-2025", "archive-2026"]) await api.put(acme.path(`/buckets/${bucket}`), undefined);
  const labels = ["Production API", "Nightly backups", "Grafana", "Marketing site", "Terraform", "A label that goes on and on, because somebody wrote down who asked for it, when, why, and what to do when it is found in a log"];
  const keys = [];
  for (let at = 0; at < 40; at++) {
    const label = at < labels.length ? labels[at] : `Worker ${String(at).padStart(2, "0")}`;
    const buckets = at % 3 === 0 ? { access: "specific", names: ["media", "backups", "logs", "invoices"].slice(0, 1 + (at % 4)) } : { access: "all" };
    const expires_at = at % 7 === 1 ? inDays(6) : at % 7 === 2 ? inDays(120) : undefined;
    keys.push((await api.post(acme.path("/keys"), { region: "waw3-1", label, buckets, expires_at })).key);
  }
  await api.post(acme.path(`/keys/${keys[1].id}/rotate`), { grace_seconds: 86_400 });
  await api.post(acme.path(`/keys/${keys[2].id}/revoke`));
  await api.post(acme.path(`/keys/${keys[4].id}/disable`));
  const { key: single } = await api.post(acme.path("/keys"), { region: "fra1" });
  await api.post(acme.path("/instances"), { region: "sto2", name: "Backups", description: "Nightly backups of all sites" });
  await api.post(acme.path("/tokens"), { description: "CI pipeline", expires_at: inDays(30) });
  await api.post(acme.path("/tokens"), { description: "Inventory script", expires_at: inDays(5), scopes: ["keys:read"] });
  await api.post(acme.path("/users"), { email: "katherine@acme.example.org", name: "Katherine Johnson", role: "member+" });
  const gateway = await api.post("/v1/gateways", { name: "waw3-edge", regions: ["waw3-1", "fra1"], capabilities: ["verify", "signing_keys", "changes", "usage"] });
  await api.post("/v1/gateways", { name: "sto2-keystone", regions: ["sto2"], capabilities: ["verify", "keystone"] });
  const edge = new Api((await api.post(`/v1/gateways/${gateway.id}/tokens`, { description: "edge", expires_at: inDays(300) })).token);
  // Two processes hold leases; one of them has not confirmed all.
  const follow = async () => {
    const { sequence } = await edge.get("/v1/gateway/changes?instance=edge-1");
    for (const [instance, after] of [["edge-1", sequence], ["edge-2", sequence - 1]]) await edge.get(`/v1/gateway/changes?instance=${instance}&after=${after}`);
  };
  const used = (at, days, count) => ({ access_key_id: keys[at].access_key_id, last_used_at: inDays(-days), count, source_ip: "203.0.113.9", user_agent: "aws-cli/2.17" });
  await edge.post("/v1/gateway/usage", { items: [used(0, 0, 1024), used(3, 0, 3), used(5, 0, 900)] });
  return { follow, acme, empty, partner, stopped, gateway, single, partnerToken: partnerToken.token, keys };
}
