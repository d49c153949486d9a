// Many keys: labels, buckets, filters, rotation with overlap, revoking with its receipt, deleting; by keyboard too.
import { Api, assert, inDays, journey } from "./lib.mjs";

await journey("multi", async ({ someone }) => {
  const api = new Api();
  await api.region("waw3-1", "Warsaw 3", "multi");
  const acme = await api.tenant("Acme", ["waw3-1"]);
  const ada = await someone();
  // A member+ has keys, and nothing of other people.
  await ada.signIn(acme.plus.email);
  await ada.heading("Keys");
  for (const name of ["Members", "API tokens", "Audit"]) assert.equal(await ada.page.locator("#menu").getByRole("link", { name }).count(), 0, name);
  await ada.sees("No keys yet");
  await ada.axe("no keys");

  // By keyboard alone: n opens the form, the label has the focus, Enter sends.
  await ada.page.keyboard.press("n");
  await ada.page.getByRole("dialog", { name: "Create key" }).waitFor();
  await ada.page.keyboard.type("Production API");
  await ada.page.keyboard.press("Enter");
  const secret = await ada.readSecret();
  await ada.hideSecret();
  await ada.isNowhere(secret);
  await ada.isForgotten(secret);
  await ada.row("Production API").getByText("All Buckets").waitFor();

  // Specific buckets: without one it is refused beside the field, and nothing typed is lost.
  await ada.press("Create key");
  await ada.fill("Label", "Media importer");
  await ada.top.getByRole("radio", { name: "Specific buckets" }).check();
  await ada.press("Create key");
  await ada.page.locator(".error").filter({ hasText: /./ }).first().waitFor();
  assert.equal(await ada.field("Label").inputValue(), "Media importer");
  await ada.axe("a form with an error");
  await ada.page.locator("dialog").getByRole("textbox", { name: "Buckets" }).fill("media, backups");
  await ada.press("Add");
  await ada.top.getByRole("checkbox", { name: "Delete" }).uncheck();
  await ada.field("Expires").selectOption({ label: "7 days" });
  await ada.press("Create key");
  await ada.readSecret();
  await ada.page.getByRole("radio", { name: "AWS CLI" }).check();
  await ada.sees("[media-importer]", ada.page.locator("pre"));
  await ada.hideSecret();
  const made = ada.row("Media importer");
  await made.getByText("backups, media").waitFor();
  await made.locator(".badge.warn").getByText("in 7 days").waitFor();

  // Registered buckets are picked.
  await ada.menu("Buckets");
  for (const bucket of ["invoices", "thumbnails"]) {
    await ada.fill("Name of the bucket", bucket);
    await ada.press("Register");
    await ada.row(bucket).waitFor();
  }
  await ada.fill("Name of the bucket", "NOT A BUCKET");
  await ada.press("Register");
  await ada.page.locator(".error").filter({ hasText: /./ }).waitFor();
  assert.equal(await ada.field("Name of the bucket").inputValue(), "NOT A BUCKET");
  await ada.menu("Keys");
  await ada.press("Create key");
  await ada.fill("Label", "Invoicing");
  await ada.top.getByRole("radio", { name: "Specific buckets" }).check();
  await ada.top.getByRole("checkbox", { name: "invoices" }).check();
  await ada.press("Create key");
  await ada.hideSecret();
  await ada.row("Invoicing").getByText("invoices").waitFor();

  // Filters stand in the address.
  await ada.page.keyboard.press("/");
  await ada.page.keyboard.type("Invoicing");
  await ada.page.keyboard.press("Enter");
  await ada.row("Production API").waitFor({ state: "detached" });
  assert.match(ada.page.url(), /label=Invoicing/);
  await ada.page.getByLabel("Status").selectOption("revoked");
  await ada.sees("No key fits these filters");
  await ada.press("Show all keys");
  await ada.row("Production API").waitFor();

  // Change, disable, enable.
  await ada.follow("Production API");
  await ada.heading("Production API");
  await ada.press("Change");
  await ada.fill("Label", "Production API v2");
  await ada.press("Save");
  await ada.heading("Production API v2");
  await ada.press("Disable");
  await ada.sees("The key is disabled");
  await ada.press("Enable");
  await ada.sees("The key works again");

  // Rotation: both pairs, a countdown, and who still uses the old one.
  await ada.press("Rotate");
  await ada.sees("Nobody has been seen using it");
  assert.deepEqual(await ada.field("The old pair stops").locator("option").allTextContents(), ["Now", "After 1 hour", "After 1 day", "After 7 days", "When it is quiet"]);
  await ada.field("The old pair stops").selectOption({ label: "When it is quiet" });
  await ada.sees("When nobody has used it for 15 minutes");
  await ada.field("The old pair stops").selectOption({ label: "After 1 hour" });
  await ada.axe("rotate");
  await ada.press("Rotate key");
  const rotated = await ada.readSecret();
  await ada.sees(/goes on working until/);
  await ada.hideSecret();
  await ada.isNowhere(rotated);
  await ada.sees("rotating");
  const clock = ada.page.locator(".clock");
  const before = await clock.textContent();
  assert.match(before, /^00:59:\d\d$|^01:00:00$/);
  await ada.page.waitForFunction((text) => document.querySelector(".clock")?.textContent !== text, before);
  assert.equal(await ada.page.locator(".pairs li").count(), 2);
  await ada.axe("rotating");

  // Whoever rotates again ends the oldest pair at once.
  await ada.press("Rotate");
  await ada.sees("An older pair is still retiring. It stops working now.");
  await ada.press("Rotate key");
  await ada.sees("The oldest pair has stopped working");
  await ada.sees(/Confirmed by \d+ of \d+/);
  await ada.hideSecret();
  assert.equal(await ada.page.locator(".pairs li").count(), 2);

  // Revoke asks back, forgets the question when it is left alone, and shows its receipt.
  await ada.press("Revoke");
  await ada.page.getByRole("button", { name: "Are you sure?" }).waitFor();
  await ada.page.keyboard.press("Escape");
  await ada.press("Revoke");
  await ada.axe("are you sure");
  await ada.press("Are you sure?");
  await ada.sees("The key is revoked", ada.page.locator(".receipt"));
  await ada.page.locator(".receipt.good").waitFor();
  await ada.sees(/Confirmed by \d+ of \d+/, ada.page.locator(".receipt"));
  await ada.axe("revoked");
  const { items } = await api.get(acme.path("/keys?status=revoked"));
  assert.equal(items.length, 1);

  // It stays as history, until it is deleted.
  await ada.follow("Keys");
  await ada.row("Production API v2").getByText("revoked").waitFor();
  await ada.follow("Production API v2");
  await ada.press("Delete");
  await ada.press("Are you sure?");
  await ada.sees("This key is gone");
  assert.equal((await api.get(acme.path("/keys?status=revoked"))).items.length, 0);

  // A second page comes when it is asked for.
  for (let at = 0; at < 55; at++) await api.post(acme.path("/keys"), { region: "waw3-1", label: `Worker ${at}`, expires_at: at ? undefined : inDays(1) });
  await ada.go("/console/keys");
  await ada.sees("50 shown");
  await ada.press("Show more");
  await ada.row("Worker 54").waitFor();
  assert.equal(await ada.page.locator("tbody tr").count(), 57);

  // What can be done by keyboard is listed; g and a letter go there.
  await ada.page.keyboard.press("?");
  await ada.page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await ada.axe("the list of keys to press");
  await ada.page.keyboard.press("Escape");
  await ada.page.keyboard.press("g");
  await ada.page.keyboard.press("b");
  await ada.heading("Buckets");

  // Swagger UI is one click away and signed in: it reads, and it changes.
  await ada.page.getByRole("link", { name: "API", exact: true }).click();
  const me = await tried(ada, "read_me", {});
  assert.equal(me.id, acme.plus.id);
  const bucket = await tried(ada, "register_bucket", { tenant: acme.id, bucket: "made-in-swagger" });
  assert.equal(bucket.name, "made-in-swagger");
});

/** Opens an operation in Swagger UI, fills in its path, and sends it. */
async function tried(one, operation, path) {
  const block = one.page.locator(`.opblock[id$="-${operation}"]`);
  await block.locator(".opblock-summary-control").click();
  await block.getByRole("button", { name: "Try it out" }).click();
  for (const [name, value] of Object.entries(path)) await block.locator(`tr[data-param-name="${name}"] input`).fill(value);
  const [answer] = await Promise.all([
    one.page.waitForResponse((answer) => answer.url().includes("/v1/")),
    block.getByRole("button", { name: "Execute" }).click(),
  ]);
  assert.ok(answer.ok(), `${operation}: ${answer.status()} ${await answer.text()}`);
  return answer.json();
}
