// After a restore: what is held back is seen on the key itself, and an operator decides about it.
import { Api, OPERATOR, assert, journey, told } from "./lib.mjs";

await journey("quarantine", async ({ someone }) => {
  const api = new Api();
  await api.region("waw3-1", "Warsaw 3", "multi");
  await api.region("fra1", "Frankfurt", "pair");
  const acme = await api.tenant("Acme", ["waw3-1", "fra1"]);
  const make = async (body) => (await api.post(acme.path("/keys"), body)).key;
  const [revoked, changed, untouched] = [await make({ region: "waw3-1", label: "Revoked" }), await make({ region: "waw3-1", label: "Changed" }), await make({ region: "waw3-1", label: "Untouched" })];
  const single = await make({ region: "fra1" });

  const olga = await someone();
  await olga.signInWithToken(OPERATOR);
  await olga.menu("Quarantine");
  await olga.sees("The database was never restored from a backup.");
  await olga.sees("Nothing is held back.");
  await olga.axe("no quarantine");

  // A backup; then three things are stopped, and the backup is put back.
  await told("BACKUP");
  await api.post(acme.path(`/keys/${revoked.id}/revoke`));
  await api.post(acme.path(`/keys/${changed.id}/disable`));
  await api.post(acme.path(`/keys/${single.id}/disable`));
  await told("RESTORE");

  // Its owner sees why it does not work: in the list, on its own screen, on the card of a region with one key.
  const ada = await someone();
  await ada.signIn(acme.admin.email);
  await ada.row("Revoked").getByText("held back").waitFor();
  await ada.row("Changed").getByText("held back").waitFor();
  assert.equal(await ada.row("Untouched").getByText("held back").count(), 0);
  await ada.card("Frankfurt").getByText("held back").waitFor();
  await ada.axe("keys that are held back");
  await ada.follow("Revoked");
  await ada.sees(/dead until the operator decides/);
  await ada.axe("a key that is held back");
  assert.equal(await ada.page.locator("#menu").getByRole("link", { name: "Quarantine" }).count(), 0);

  await olga.go("/console/quarantine");
  await olga.sees(/^The database was restored/);
  await olga.row(revoked.access_key_id).getByText("undecided").waitFor();
  assert.equal(await olga.row(untouched.access_key_id).count(), 0);
  await olga.axe("what is held back");
  await olga.press(`Release ${changed.access_key_id}`);
  await olga.press("Are you sure?");
  await olga.row(changed.access_key_id).getByText("counts again").waitFor();
  await olga.press(`Leave dead: ${single.access_key_id}`);
  await olga.press("Are you sure?");
  await olga.row(single.access_key_id).getByText("stays dead").waitFor();
  await olga.press("Leave all dead");
  await olga.press("Are you sure?");
  await olga.row(revoked.access_key_id).getByText("stays dead").waitFor();
  assert.equal((await api.get("/v1/quarantine")).held_back, 0);
  // A decision can be changed.
  await olga.press(`Release ${single.access_key_id}`);
  await olga.press("Are you sure?");
  await olga.row(single.access_key_id).getByText("counts again").waitFor();
  await olga.axe("what is decided");
  await ada.go("/console/keys");
  await ada.row("Revoked").getByText("held back").waitFor();
  assert.equal(await ada.row("Changed").getByText("held back").count(), 0);

  // Another restore, of which no journal tells: nothing is verified until that is lifted.
  await told("RESTORE WITHOUT A JOURNAL");
  await olga.go("/console/quarantine");
  await olga.sees("Nothing is verified");
  await olga.axe("a quarantine");
  await olga.press("Lift the quarantine");
  await olga.press("Are you sure?");
  await olga.page.locator(".note.bad").waitFor({ state: "detached" });
  assert.equal((await api.get("/v1/quarantine")).quarantined, false);

  // Whether gateways may be given secrets is for those to say who may switch a region.
  await olga.go(`/console/tenants/${acme.id}/regions`);
  const secrets = olga.page.getByLabel("Secrets to gateways in Warsaw 3");
  await secrets.selectOption("forbidden");
  await olga.sees("Secrets to gateways in Warsaw 3: forbidden");
  assert.equal((await api.get(acme.path("/regions"))).items.find((one) => one.region === "waw3-1").gateway_secrets, "forbidden");
  await olga.axe("regions of a tenant");
});
