// Members and their roles, the account of somebody who has no keys, and the audit with filters and export.
import { Api, PASSWORD, assert, journey } from "./lib.mjs";

await journey("members", async ({ someone }) => {
  const api = new Api();
  await api.region("waw3-1", "Warsaw 3", "multi");
  const acme = await api.tenant("Acme", ["waw3-1"]);
  const ada = await someone();
  await ada.signIn(acme.admin.email);
  await ada.menu("Members");
  await ada.sees("What each role may");
  await ada.axe("members");
  const own = ada.row("Ada Lovelace").getByRole("combobox");
  assert.ok(await own.isDisabled());
  await ada.row("Ada Lovelace").getByText("Nobody changes their own role").waitFor();

  // Invite, refuse a second one with the same address, beside its field.
  await ada.press("Invite");
  await ada.fill("Name", "Katherine Johnson");
  await ada.fill("E-mail address", "katherine@acme.example.org");
  await ada.axe("an invitation to make");
  await ada.press("Make the invitation");
  const link = await ada.page.locator("[data-secret]").textContent();
  assert.match(link, /\/invitation#kri_/);
  await ada.hideSecret();
  await ada.isNowhere(link);
  await ada.row("Katherine Johnson").getByText("invited").waitFor();
  await ada.press("Invite");
  await ada.fill("Name", "Katherine again");
  await ada.fill("E-mail address", "katherine@acme.example.org");
  await ada.press("Make the invitation");
  await ada.page.locator(".error").filter({ hasText: "has this e-mail address" }).waitFor();
  assert.equal(await ada.field("Name").inputValue(), "Katherine again");
  await ada.press("Cancel");

  // A role counts at once: Grace loses her keys between two clicks.
  const grace = await someone();
  await grace.signIn(acme.plus.email);
  await grace.heading("Keys");
  await ada.row("Grace Hopper").getByRole("combobox").selectOption("member");
  await ada.sees("Grace Hopper is now member");
  await grace.page.locator("#menu").getByRole("link", { name: "Buckets" }).click();
  await grace.heading("This is not yours to see");
  await grace.axe("not yours to see");

  await ada.press("Suspend Grace Hopper");
  await ada.row("Grace Hopper").getByText("suspended").waitFor();
  await ada.press("Resume Grace Hopper");
  await ada.row("Grace Hopper").getByText("active").waitFor();
  await ada.press("Remove Katherine Johnson");
  await ada.press("Are you sure?");
  await ada.row("Katherine Johnson").waitFor({ state: "detached" });

  // A member has no Keys item, and a deep link gets a friendly 403.
  const alan = await someone();
  await alan.signIn(acme.member.email);
  await alan.heading("Your account");
  assert.deepEqual(await alan.page.locator("#menu nav a").allTextContents(), ["Account"]);
  await alan.row("Warsaw 3").waitFor();
  await alan.axe("a member's account");
  await alan.go("/console/keys");
  await alan.heading("This is not yours to see");
  await alan.sees("403 forbidden");
  await alan.page.getByRole("link", { name: "Go to the start" }).click();
  await alan.heading("Your account");
  await alan.fill("Current password", PASSWORD);
  await alan.fill("New password", "a new and longer password");
  await alan.press("Change password");
  await alan.sees("Your password has changed");

  // Tenant tokens are an admin's.
  await ada.menu("API tokens");
  await ada.press("Create token");
  await ada.fill("Description", "CI pipeline");
  await ada.press("Create token");
  assert.match(await ada.readSecret(), /^krt_/);
  await ada.hideSecret();
  await ada.row("CI pipeline").waitFor();

  // Audit: filters in the address, the whole event, export of what the filters let through.
  await ada.menu("Audit");
  await ada.axe("audit");
  await ada.page.getByLabel("Action").selectOption("user.changed");
  await ada.row("session.started").first().waitFor({ state: "detached" });
  await ada.row("user.changed").first().waitFor();
  const count = await ada.page.locator("tbody tr").count();
  assert.ok(count >= 3);
  const file = await ada.downloaded("Export");
  assert.match(file.name, /^audit-\d{4}-\d\d-\d\d\.ndjson$/);
  const events = file.text.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(events.length, count);
  assert.ok(events.every((event) => event.action === "user.changed" && event.hash));
  await ada.page.getByRole("button", { name: "user.changed" }).first().click();
  const drawer = ada.page.getByRole("dialog", { name: "user.changed" });
  await drawer.getByText(events[0].hash).waitFor();
  await ada.axe("an event");
  await ada.press("All about the same");
  assert.match(ada.page.url(), /target=usr_/);
  await ada.page.reload();
  await ada.page.locator("tbody tr").first().waitFor();
  assert.match(ada.page.url(), /action=user\.changed/);
  await ada.press("Clear");
  await ada.row("token.created").waitFor();
  await ada.page.getByLabel("Who (id)").fill("no such\u0000id");
  await ada.page.getByLabel("Who (id)").press("Enter");
  await ada.page.getByLabel("Who (id)").fill("");
});
