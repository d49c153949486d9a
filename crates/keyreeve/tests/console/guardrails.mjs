// What holds for everybody below a partner: guardrails, tried before they are laid; links instead of secrets; posture; and
// the emergency stop with its preview and its undo.
import { Api, assert, inDays, journey } from "./lib.mjs";

await journey("guardrails", async ({ someone }) => {
  const api = new Api();
  await api.region("waw3-1", "Warsaw 3", "multi");
  await api.region("fra1", "Frankfurt", "multi");
  const partner = await api.post("/v1/partners", { name: "Nordic Cloud" });
  const { token } = await api.post(`/v1/partners/${partner.id}/tokens`, { description: "Portal", expires_at: inDays(200) });
  const initech = await api.post("/v1/tenants", { name: "Initech", partner_id: partner.id });
  await api.put(`/v1/tenants/${initech.id}/regions/waw3-1`, { service: "available" });
  const { key } = await api.post(`/v1/tenants/${initech.id}/keys`, { region: "waw3-1", label: "Without an end" });

  // How the keys below stand.
  const olga = await someone();
  await olga.signInWithToken(process.env.CONSOLE_OPERATOR);
  await olga.menu("Partners");
  await olga.follow("Nordic Cloud");
  await olga.heading("Nordic Cloud");
  await olga.page.locator(".figures").getByText("Never expire").waitFor();
  await olga.row("Initech").waitFor();
  await olga.axe("a partner");

  // Guardrails are tried first: who would break them?
  await olga.press("Change guardrails");
  await olga.fill("Keys live at most, in days", "90");
  await olga.top.getByRole("checkbox", { name: "Keys must have an expiry" }).check();
  await olga.top.getByRole("checkbox", { name: "Partners get claim links instead of secrets" }).check();
  await olga.top.getByRole("checkbox", { name: "Only some regions" }).check();
  await olga.top.getByRole("checkbox", { name: "Warsaw 3 (waw3-1)" }).check();
  await olga.press("Who would break them?");
  await olga.sees("These are there and would not be allowed any more");
  await olga.sees("Keys have an expiry: 1 key of 1 tenant");
  await olga.page.locator("dialog").getByRole("link", { name: key.id }).first().waitFor();
  await olga.axe("guardrails that would be broken");
  assert.equal((await api.get(`/v1/partners/${partner.id}`)).guardrails.require_expiry, false, "trying changes nothing");
  await olga.press("Save");
  await olga.row("Keys live at most").getByText("90 days").first().waitFor();
  assert.equal((await api.get(`/v1/partners/${partner.id}`)).effective_guardrails.require_expiry, true);

  // Below them nothing may be looser: refused beside its field, and what was typed stays.
  const reseller = await api.post("/v1/partners", { name: "Reseller", parent_id: partner.id });
  const pam = await someone();
  await pam.signInWithToken(token);
  await pam.menu("Partners");
  await pam.follow("Reseller");
  await pam.heading("Reseller");
  await pam.row("Keys live at most").getByText("90 days").waitFor();
  await pam.press("Change guardrails");
  await pam.fill("Keys live at most, in days", "365");
  await pam.press("Save");
  await pam.page.locator("dialog .error").filter({ hasText: /./ }).first().waitFor();
  assert.equal(await pam.field("Keys live at most, in days").inputValue(), "365");
  await pam.axe("guardrails that are too loose");
  await pam.press("Cancel");
  // Its own are laid on it from above.
  await pam.menu("Partners");
  await pam.follow("Nordic Cloud");
  await pam.sees("Whoever stands above lays them on you");
  assert.equal(await pam.page.getByRole("button", { name: "Change guardrails" }).count(), 0);
  for (const name of ["Suspend", "Emergency stop", "Delete"]) assert.equal(await pam.page.locator("main").getByRole("button", { name }).count(), 0, name);

  // A partner that makes a key gets a link, and its customer the secret.
  await pam.menu("Tenants");
  await pam.follow("Initech");
  await pam.page.getByRole("navigation", { name: "Tenant" }).getByRole("link", { name: "Keys" }).click();
  await pam.press("Create key");
  await pam.fill("Label", "For Initech");
  await pam.field("Expires").selectOption({ label: "30 days" });
  await pam.press("Create key");
  await pam.sees("Partners do not see secrets here");
  const link = await pam.page.locator("[data-secret]").textContent();
  assert.match(link, /\/claim#krc_/);
  await pam.press("Copy the claim link");
  assert.equal(await pam.clipboard(), link);
  await pam.axe("a link instead of a secret");
  await pam.hideSecret();
  await pam.isNowhere(link);
  const bill = await someone();
  await bill.go(`/claim${new URL(link).hash}`);
  await bill.press("Show the key");
  assert.match(await bill.readSecret(), /^[A-Za-z0-9+/]{40}$/);
  await bill.hideSecret();

  // The emergency stop: what it would hit, why, and back again.
  await olga.press("Emergency stop");
  const dialog = olga.page.getByRole("dialog", { name: "Stop Nordic Cloud in an emergency" });
  await dialog.locator(".figures").waitFor();
  const stops = await dialog.locator(".figures > div").allTextContents();
  assert.ok(stops.includes("Partners2") && stops.includes("Tenants1") && stops.includes("Keys2"), stops.join());
  await olga.axe("an emergency stop");
  await olga.fill("Reason", "The portal's token was published");
  await olga.press("Stop everything");
  await olga.sees("The partner and everything below it is stopped");
  await olga.sees("“The portal's token was published”");
  await olga.axe("a stopped partner");
  assert.equal((await new Api(token).send("GET", "/v1/me")).status, 401);
  await olga.press("Undo the stop");
  await olga.sees("The stop is undone");
  assert.equal((await new Api(token).send("GET", "/v1/me")).status, 200);

  // One level down a partner stops its reseller; who may not undo it sees why.
  await api.post(`/v1/partners/${reseller.id}/emergency-stop`, { reason: "From above" });
  await pam.menu("Partners");
  await pam.follow("Reseller");
  await pam.sees("Only the level that stopped it, or the operator, can undo that.");
  assert.ok(await pam.page.getByRole("button", { name: "Undo the stop" }).isDisabled());
  await api.post(`/v1/partners/${reseller.id}/emergency-stop/undo`);
});
