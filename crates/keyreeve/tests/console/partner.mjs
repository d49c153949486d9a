// A partner: signed in with its token, its tokens with expiry shown once, its tenants; and a product of its operator's own.
import { Api, assert, inDays, journey } from "./lib.mjs";

await journey("partner", async ({ someone }) => {
  const api = new Api();
  await api.region("waw3-1", "Warsaw 3", "multi");
  const partner = await api.post("/v1/partners", { name: "Nordic Cloud" });
  const { token } = await api.post(`/v1/partners/${partner.id}/tokens`, { description: "Portal", expires_at: inDays(200) });
  const other = await api.post("/v1/partners", { name: "Elsewhere" });
  const stranger = await api.post("/v1/tenants", { name: "Not theirs", partner_id: other.id });

  const pam = await someone();
  await pam.signInWithToken(token);
  await pam.heading("Tenants");
  await pam.isNowhere(token);
  await pam.isForgotten(token);
  await pam.seesNot("Not theirs");
  await pam.go(`/console/tenants/${stranger.id}`);
  await pam.heading("There is nothing here");
  await pam.axe("nothing here");

  // Tokens: a day and a time, scopes, shown once, the trash bin.
  await pam.menu("API tokens");
  await pam.press("Create token");
  await pam.fill("Description", "Billing run");
  const moment = new Date(Date.now() + 9 * 86_400_000).toISOString().slice(0, 10);
  await pam.fill("Expires", `${moment}T17:30`);
  for (const scope of ["Change tenants and their regions", "Change people", "Make, change and stop keys"]) await pam.top.getByRole("checkbox", { name: scope }).uncheck();
  await pam.axe("a new token");
  await pam.press("Create token");
  const made = await pam.readSecret();
  assert.match(made, /^krp_\w{36}$/);
  await pam.press("Copy the api token");
  assert.equal(await pam.clipboard(), made);
  await pam.sees("17:30:00");
  await pam.hideSecret();
  await pam.isNowhere(made);
  await pam.isForgotten(made);
  const row = pam.row("Billing run");
  await row.locator(".badge.warn").waitFor();
  const billing = new Api(made);
  assert.equal((await billing.send("GET", "/v1/tenants")).status, 200);
  assert.equal((await billing.send("POST", "/v1/tenants", { name: "No" })).status, 403);
  await pam.axe("tokens");

  // An expiry after the maker's own is refused beside its field; nothing typed is lost.
  await pam.press("Create token");
  await pam.fill("Description", "Forever");
  await pam.fill("Expires", new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 16));
  await pam.press("Create token");
  await pam.page.locator("dialog .error, dialog [role=alert]").filter({ hasText: /./ }).first().waitFor();
  assert.equal(await pam.field("Description").inputValue(), "Forever");
  await pam.press("Cancel");

  await pam.press("Delete Billing run");
  await pam.press("Are you sure?");
  await row.waitFor({ state: "detached" });
  assert.equal((await billing.send("GET", "/v1/tenants")).status, 401);

  // A token that is rotated keeps its place and gets a new text.
  await pam.press("Create token");
  await pam.fill("Description", "Provisioning");
  await pam.press("Create token");
  const old = await pam.readSecret();
  await pam.hideSecret();
  await pam.press("Rotate Provisioning");
  await pam.field("The old text stops").selectOption({ label: "Now" });
  await pam.press("Rotate token");
  const fresh = await pam.readSecret();
  await pam.hideSecret();
  assert.equal((await new Api(old).send("GET", "/v1/me")).status, 401);
  assert.equal((await new Api(fresh).send("GET", "/v1/me")).status, 200);

  // A customer, provisioned and suspended, with the receipt.
  await pam.menu("Tenants");
  await pam.press("Create tenant");
  await pam.fill("Name", "Initech");
  await pam.fill("Reference", "C-4711");
  await pam.top.getByRole("checkbox", { name: "Invite its first admin" }).uncheck();
  await pam.press("Create tenant");
  await pam.follow("Initech");
  await pam.heading("Initech");
  await pam.axe("a tenant");
  await pam.press("Suspend");
  await pam.press("Are you sure?");
  await pam.sees("The tenant is suspended");
  await pam.press("Resume");
  await pam.sees("The tenant is back");
  await pam.press("Change");
  await pam.fill("Name", "Initech International");
  await pam.press("Save");
  await pam.heading("Initech International");
  await pam.press("Delete");
  await pam.press("Are you sure?");
  await pam.sees("This tenant is being deleted");
  await pam.press("Restore");
  await pam.sees("The tenant is restored");

  // A reseller below.
  await pam.menu("Partners");
  await pam.press("Create partner");
  await pam.fill("Name", "Reseller");
  await pam.press("Create partner");
  await pam.follow("Reseller");
  await pam.heading("Reseller");
  await pam.press("Suspend");
  await pam.press("Are you sure?");
  await pam.sees("everything below it is suspended");
  await pam.axe("a suspended partner");

  // What is the operator's to change, a partner only sees.
  for (const name of ["Regions", "Key models"]) {
    await pam.menu(name);
    await pam.page.locator("tbody tr, article").first().waitFor();
    await pam.axe(name);
    assert.equal(await pam.page.locator("main").getByRole("button").count(), 0, name);
  }

  // Whoever is signed in with a token that dies is out at the next click.
  await api.post(`/v1/partners/${partner.id}/suspend`);
  await pam.page.locator("#menu").getByRole("link", { name: "Tenants" }).click();
  await pam.page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await api.post(`/v1/partners/${partner.id}/resume`);

  // The fifth product: a model of the operator's own, with optional labels and days to live.
  const olga = await someone();
  await olga.signInWithToken(process.env.CONSOLE_OPERATOR);
  await olga.menu("Key models");
  await olga.press("Make one like it", olga.card("multi"));
  await olga.fill("Name", "daily");
  await olga.fill("Title", "Keys for a day");
  await olga.field("Label").selectOption("optional");
  await olga.field("Delete").selectOption("after_revoke");
  await olga.fill("Longest life, in seconds", "86400");
  await olga.axe("a new model");
  await olga.press("Save");
  await olga.card("daily").getByText("up to 1 day").waitFor();
  await olga.menu("Regions");
  await olga.press("Change Warsaw 3");
  await olga.field("Key model").selectOption("daily");
  await olga.press("Save");
  await olga.row("Warsaw 3").getByText("daily").waitFor();
  await olga.menu("Tenants");
  await olga.follow("Initech International");
  await olga.page.getByRole("navigation", { name: "Tenant" }).getByRole("link", { name: "Regions" }).click();
  await olga.press("Make Warsaw 3 available");
  await olga.row("Warsaw 3").getByText("NOT CONFIGURED").waitFor();
  await olga.page.getByRole("navigation", { name: "Tenant" }).getByRole("link", { name: "Keys" }).click();
  await olga.press("Create key");
  assert.deepEqual((await olga.field("Expires").locator("option").allTextContents()).includes("Never"), false);
  await olga.press("Create key");
  await olga.hideSecret();
  await olga.page.locator("tbody tr a").first().click();
  await olga.page.getByRole("button", { name: "Delete", exact: true }).waitFor();
  assert.ok(await olga.page.getByRole("button", { name: "Delete", exact: true }).isDisabled(), "revoke first");
  await olga.press("Revoke");
  await olga.press("Are you sure?");
  await olga.sees("The key is revoked");
  await olga.press("Delete");
  await olga.press("Are you sure?");
  await olga.sees("This key is gone");
  await olga.menu("Operator tokens");
  await olga.axe("operator tokens");
});
