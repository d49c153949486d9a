// From the link on a fresh server's terminal to the first customer's admin at work, all by clicking.
import { Api, assert, journey } from "./lib.mjs";

await journey("setup", async ({ someone }) => {
  const operator = await someone();
  await operator.go(new URL(process.env.CONSOLE_SETUP_LINK).pathname + new URL(process.env.CONSOLE_SETUP_LINK).hash);
  await operator.heading("Set up Keyreeve");
  assert.equal(new URL(operator.page.url()).hash, "", "what the link carries does not stay in the address");
  await operator.axe("set-up");
  await operator.press("Make the operator token");
  const token = await operator.readSecret();
  assert.match(token, /^kro_\w{36}$/);
  await operator.press("Copy the operator token");
  assert.equal(await operator.clipboard(), token);
  await operator.axe("the operator token");
  await operator.hideSecret();
  await operator.isNowhere(token);
  await operator.press("Go to the console");
  await operator.heading("Tenants");
  await operator.isForgotten(token);

  // The link is dead, and says so.
  const late = await someone();
  await late.go(new URL(process.env.CONSOLE_SETUP_LINK).pathname + new URL(process.env.CONSOLE_SETUP_LINK).hash);
  await late.press("Make the operator token");
  await late.sees("Dead link");
  await late.axe("a dead link");

  await operator.menu("Regions");
  await operator.sees("No regions yet");
  await operator.press("Create region");
  await operator.fill("Code", "waw3-1");
  await operator.fill("Name", "Warsaw 3");
  await operator.fill("S3 endpoint", "not an address");
  await operator.fill("S3 endpoint", "https://s3.waw3-1.example.org");
  await operator.field("Key model").selectOption("multi");
  await operator.press("Create region", operator.page.locator("dialog"));
  await operator.row("Warsaw 3").waitFor();

  await operator.menu("Tenants");
  await operator.press("Create tenant");
  await operator.fill("Name", "Acme");
  await operator.fill("E-mail address", "ada@acme.example.org");
  await operator.fill("Name of the admin", "Ada Lovelace");
  await operator.press("Create tenant", operator.page.locator("dialog"));
  const link = await operator.page.locator("[data-secret]").textContent();
  assert.match(link, /\/invitation#kri_/);
  await operator.hideSecret();
  await operator.isNowhere(link);
  await operator.row("Acme").waitFor();

  const admin = await someone();
  await admin.go("/invitation" + new URL(link).hash);
  await admin.heading("You are invited");
  await admin.axe("an invitation");
  await admin.fill("Choose a password", "aaaaaaaaaaaa");
  await admin.press("Join");
  await admin.page.locator(".error, [role=alert]").filter({ hasText: /./ }).first().waitFor();
  await admin.fill("Choose a password", "correct horse battery staple");
  await admin.press("Join");
  await admin.heading("Keys");
  await admin.card("Warsaw 3").getByText("UNAVAILABLE").waitFor();
  await admin.press("Make available");
  await admin.sees("No keys yet");
  await admin.sees("curl");
  await admin.press("Sign out");
  await admin.heading("Sign in");
  const cookies = await admin.context.cookies();
  assert.deepEqual(cookies, [], "signing out takes the cookies away");
  await admin.go("/console/keys");
  await admin.heading("Sign in");

  const { items } = await new Api(token).get("/v1/audit?action=session.started");
  assert.deepEqual(items.map((event) => event.actor.kind).sort(), ["token"], "an operator's sign-in is in the audit");
});
