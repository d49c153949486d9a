// Storage instances: the first key comes with one, each key is described, deleting takes two steps.
import { Api, assert, journey } from "./lib.mjs";

await journey("instance", async ({ someone }) => {
  const api = new Api();
  await api.region("sto2", "Stockholm", "instance");
  const acme = await api.tenant("Acme");
  const ada = await someone();
  await ada.signIn(acme.admin.email);

  // Making the region available makes its first instance, and that its first key.
  await ada.press("Make available", ada.card("Stockholm"));
  const first = await ada.readSecret();
  await ada.hideSecret();
  await ada.isNowhere(first);

  await ada.menu("Storage instances");
  await ada.axe("storage instances");
  await ada.press("Create instance");
  await ada.fill("Name", "Backups");
  await ada.fill("Description", "Nightly backups");
  await ada.axe("a new instance");
  await ada.press("Create instance");
  await ada.sees("First key of “Backups”");
  const secret = await ada.readSecret();
  await ada.hideSecret();
  await ada.isNowhere(secret);
  await ada.isForgotten(secret);
  await ada.follow("Backups");
  await ada.heading("Backups");
  await ada.page.locator("tbody tr").first().waitFor();
  assert.equal(await ada.page.locator("tbody tr").count(), 1);

  // A second key: its description is required, as the model wants it.
  await ada.press("Create key");
  assert.equal(await ada.field("Description").getAttribute("required"), "");
  await ada.fill("Description", "Restore tests");
  await ada.press("Create key");
  await ada.hideSecret();
  await ada.row("Restore tests").waitFor();
  await ada.axe("an instance");

  // There is no revoke here: deleting is what stops a key.
  await ada.follow("Restore tests");
  await ada.heading("Restore tests");
  for (const name of ["Revoke", "Reset", "Rotate"]) assert.equal(await ada.page.getByRole("button", { name }).count(), 0, name);
  await ada.press("Delete");
  await ada.press("Are you sure?");
  await ada.sees("This key is gone");
  await ada.sees(/Confirmed by \d+ of \d+/);

  await ada.menu("Storage instances");
  await ada.follow("Backups");
  await ada.press("Delete instance");
  await ada.press("Are you sure?");
  await ada.sees("gone, with all its keys");
  await ada.menu("Storage instances");
  await ada.page.locator("tbody tr").first().waitFor();
  await ada.row("Backups").waitFor({ state: "detached" });

  // A claim link: somebody else gets the secret, once.
  await ada.menu("Keys");
  await ada.press("Create key");
  await ada.fill("Description", "For the auditors");
  await ada.press("Create key");
  await ada.hideSecret();
  await ada.follow("For the auditors");
  await ada.press("Claim link");
  const link = await ada.page.locator("[data-secret]").textContent();
  await ada.hideSecret();
  const other = await someone();
  await other.go(`/claim${new URL(link).hash}`);
  await other.heading("A key for you");
  await other.axe("a claim link");
  await other.press("Show the key");
  const claimed = await other.readSecret();
  await other.hideSecret();
  await other.isNowhere(claimed);
  const late = await someone();
  await late.go(`/claim${new URL(link).hash}`);
  await late.press("Show the key");
  await late.sees("Dead link");
});
