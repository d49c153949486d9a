// Gateways: registered, given tokens, looked at while they follow the changes; what they report of a key's use, and what
// they have not confirmed yet.
import { Api, assert, inDays, journey, until } from "./lib.mjs";

await journey("gateways", async ({ someone }) => {
  const api = new Api();
  await api.region("waw3-1", "Warsaw 3", "multi");
  await api.region("fra1", "Frankfurt", "multi");
  const acme = await api.tenant("Acme", ["waw3-1"]);
  const { key } = await api.post(acme.path("/keys"), { region: "waw3-1", label: "Production API" });

  const olga = await someone();
  await olga.signInWithToken(process.env.CONSOLE_OPERATOR);
  await olga.menu("Gateways");
  await olga.sees("No gateways yet");
  await olga.press("Register gateway");
  await olga.fill("Name", "waw3-edge");
  await olga.press("Register gateway");
  await olga.page.locator("dialog .error").filter({ hasText: /./ }).first().waitFor();
  assert.equal(await olga.field("Name").inputValue(), "waw3-edge");
  await olga.top.getByRole("checkbox", { name: "Warsaw 3" }).check();
  await olga.axe("a new gateway");
  await olga.press("Register gateway");
  await olga.heading("waw3-edge");
  await olga.sees("None has called for changes");
  await olga.axe("a gateway");

  // Its token: shown once, good for what gateways call, rotated, deleted.
  const within = olga.page.getByRole("navigation", { name: "Gateway" });
  await within.getByRole("link", { name: "API tokens" }).click();
  await olga.press("Create token");
  await olga.fill("Description", "edge");
  await olga.press("Create token");
  const token = await olga.readSecret();
  assert.match(token, /^krg_\w{36}$/);
  await olga.hideSecret();
  await olga.isNowhere(token);
  await olga.isForgotten(token);
  await olga.row("edge").waitFor();
  await olga.axe("a gateway's tokens");
  await olga.press("Rotate edge");
  await olga.field("The old text stops").selectOption({ label: "Now" });
  await olga.press("Rotate token");
  const fresh = await olga.readSecret();
  await olga.hideSecret();
  assert.equal((await new Api(token).send("GET", "/v1/gateway/changes")).status, 401);

  // A process follows the changes: its lease and how far it is are seen without a reload.
  const edge = new Api(fresh);
  const follow = (after) => edge.get(`/v1/gateway/changes?instance=edge-1${after === undefined ? "" : `&after=${after}`}`);
  await within.getByRole("link", { name: "Overview" }).click();
  // It asks again and again, as gateways do, and confirms what it has applied and no more.
  let applied = (await follow()).sequence;
  const confirm = async (sequence) => { applied = sequence; await follow(applied); };
  setInterval(() => follow(applied).catch(() => undefined), 5000).unref();
  await confirm(applied);
  await olga.row("edge-1").getByText(String(applied), { exact: true }).waitFor();
  await olga.row("edge-1").getByText(/left$/).waitFor();
  await olga.axe("a process of a gateway");
  await olga.menu("Gateways");
  await olga.row("waw3-edge").getByText("waw3-1").waitFor();
  await olga.row("waw3-edge").getByText(/left$/).waitFor();
  await olga.axe("gateways");

  // What it reports of a key is there: when, from where, and a picture of the days.
  await edge.post("/v1/gateway/usage", { items: [{ access_key_id: key.access_key_id, last_used_at: new Date().toISOString(), count: 12, source_ip: "203.0.113.9", user_agent: "aws-cli/2.17" }] });
  await until("the use to be written down", async () => (await api.get(acme.path(`/keys/${key.id}/usage`))).days.length > 0);
  const ada = await someone();
  await ada.signIn(acme.admin.email);
  await ada.follow("Production API");
  await ada.sees(/from 203\.0\.113\.9, by aws-cli\/2\.17/);
  await ada.page.getByRole("img", { name: /^12 uses on 1 of the last 92 days/ }).waitFor();
  await ada.axe("the use of a key");

  // Revoking waits for the gateway, says for whom and until when, and notices that it has confirmed.
  await confirm((await follow(applied)).sequence);
  await ada.press("Revoke");
  await ada.press("Are you sure?");
  const receipt = ada.page.locator(".receipt");
  await ada.sees("The key is revoked", receipt);
  await ada.sees(/Waiting for .*waw3-edge.*\. Whatever they do, it ends/, receipt);
  await ada.axe("a pending receipt");
  await confirm((await follow(applied)).sequence);
  await ada.page.locator(".receipt.good").waitFor();
  await ada.sees(/Confirmed by \d+ of \d+: nobody honours what was before/, receipt);

  // Changing and deleting.
  await olga.follow("waw3-edge");
  await olga.press("Change");
  await olga.top.getByRole("checkbox", { name: "Frankfurt" }).check();
  await olga.top.getByRole("checkbox", { name: "Be given secrets" }).check();
  await olga.press("Save");
  await olga.sees(/^(waw3-1, fra1|fra1, waw3-1)$/);
  await olga.sees("secrets", olga.page.locator(".lead"));
  await olga.press("Delete");
  await olga.press("Are you sure?");
  await olga.heading("Gateways");
  await olga.sees("No gateways yet");
  assert.equal((await edge.send("GET", "/v1/gateway/changes")).status, 401);

  // Nobody else has this screen.
  const { token: portal } = await api.post("/v1/operator/tokens", { description: "Reader", expires_at: inDays(1), scopes: ["tenants:read"] });
  const ray = await someone();
  await ray.signInWithToken(portal);
  assert.equal(await ray.page.locator("#menu").getByRole("link", { name: "Gateways" }).count(), 0);
  await ray.go("/console/gateways");
  await ray.heading("This is not yours to see");
});
