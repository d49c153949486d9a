// One pair per region: NOT CONFIGURED, created, shown once, reset. It is never deleted.
import { Api, assert, journey } from "./lib.mjs";

await journey("pair", async ({ someone }) => {
  const api = new Api();
  await api.region("fra1", "Frankfurt", "pair");
  await api.region("par1", "Paris", "pair");
  const acme = await api.tenant("Acme", ["fra1", "par1"]);

  const ada = await someone();
  await ada.signIn(acme.admin.email);
  await ada.heading("Keys");
  await ada.card("Frankfurt").getByText("NOT CONFIGURED").waitFor();
  assert.equal(await ada.card("Frankfurt").evaluate((card) => getComputedStyle(card).borderStyle), "dashed");
  await ada.axe("not configured");
  await ada.press("Create key", ada.card("Frankfurt"));
  await ada.sees("It can be reset later, and never goes away");
  await ada.press("Create key");

  // Shown once; whoever has not stored it does not get rid of it by accident.
  const dialog = ada.page.getByRole("dialog", { name: "Key for Frankfurt" });
  await dialog.waitFor();
  await ada.sees("Save it now");
  for (let times = 0; times < 3; times++) await ada.page.keyboard.press("Escape");
  assert.ok(await dialog.isVisible(), "Escape does nothing yet");
  assert.ok(await dialog.getByRole("button", { name: "Hide secret" }).isDisabled());
  const secret = await ada.readSecret();
  assert.match(secret, /^[A-Za-z0-9+/]{40}$/);
  await ada.axe("a secret");
  const id = await dialog.locator(".secret code").first().textContent();
  assert.match(id, /^KR[A-Z0-9]{18}$/);

  await ada.press("Copy the secret access key");
  assert.equal(await ada.clipboard(), secret);
  await dialog.getByRole("status").getByText("Secret access key copied").waitFor();
  await ada.press("Copy the access key ID");
  assert.equal(await ada.clipboard(), id);

  const wanted = {
    Environment: ["keyreeve.env", [`export AWS_ACCESS_KEY_ID='${id}'`, `export AWS_SECRET_ACCESS_KEY='${secret}'`, "AWS_DEFAULT_REGION='fra1'", "AWS_ENDPOINT_URL_S3='https://s3.fra1.example.org'"]],
    "AWS CLI": ["credentials", [`aws_access_key_id = ${id}`, `aws_secret_access_key = ${secret}`, "region = fra1", "endpoint_url = https://s3.fra1.example.org"]],
    rclone: ["rclone.conf", ["type = s3", `access_key_id = ${id}`, `secret_access_key = ${secret}`, "endpoint = https://s3.fra1.example.org"]],
    s3cmd: ["s3cfg", [`access_key = ${id}`, `secret_key = ${secret}`, "host_base = s3.fra1.example.org", "use_https = True"]],
    CSV: ["key.csv", ["Label,Access key ID,Secret access key,Endpoint,Region", `,${id},${secret},https://s3.fra1.example.org,fra1`]],
  };
  for (const [title, [name, lines]] of Object.entries(wanted)) {
    await ada.page.getByRole("radio", { name: title }).check();
    const file = await ada.downloaded(`Download ${name}`);
    assert.equal(file.name, name);
    for (const line of lines) assert.ok(file.text.includes(line), `${name} lacks ${line}:\n${file.text}`);
  }
  await ada.page.getByRole("radio", { name: "Environment" }).check();
  await ada.press("Copy as Environment");
  assert.ok((await ada.clipboard()).includes(secret));

  // That memory is searched well is shown by finding it while it is there.
  assert.equal(await ada.isInMemory(secret), true, "the search finds a secret that is shown");
  await ada.hideSecret();
  await ada.isNowhere(secret);
  await ada.isForgotten(secret);
  await ada.page.goBack();
  await ada.page.goForward();
  await ada.isNowhere(secret);

  // The card is active now, and a second key is refused with a way on.
  await ada.go("/console/keys");
  await ada.card("Frankfurt").getByText(id).waitFor();
  await ada.card("Frankfurt").getByText("active").waitFor();
  assert.equal((await api.send("POST", acme.path("/keys"), { region: "fra1" })).status, 409);

  // Somebody else was faster: 409, and the card shows what there is.
  await ada.press("Create key", ada.card("Paris"));
  await api.post(acme.path("/keys"), { region: "par1" });
  await ada.press("Create key");
  await ada.sees("Too many keys");
  await ada.axe("too many keys");
  await ada.press("Cancel");

  // Reset: the warning, a new pair, and the old one's receipt.
  await ada.press("Reset", ada.card("Frankfurt"));
  await ada.sees("Existing keys stop working immediately");
  await ada.sees("Nobody has been seen using it");
  await ada.axe("reset");
  await ada.press("Reset key");
  const next = await ada.readSecret();
  assert.notEqual(next, secret);
  await ada.sees("The old pair has stopped working");
  await ada.sees(/Confirmed by \d+ of \d+/);
  await ada.hideSecret();
  await ada.isNowhere(next);
  await ada.card("Frankfurt").getByText(id).waitFor({ state: "detached" });

  // This model has no way to delete or revoke, so nothing offers it.
  await ada.card("Frankfurt").getByRole("link", { name: "Details" }).click();
  await ada.heading();
  await ada.page.getByRole("button", { name: "Reset" }).waitFor();
  for (const name of ["Delete", "Revoke", "Rotate"]) assert.equal(await ada.page.getByRole("button", { name }).count(), 0, name);

  // A region that is switched off says so.
  await ada.menu("Regions");
  const off = ada.row("Frankfurt").getByRole("button");
  await off.click();
  await off.filter({ hasText: "Are you sure?" }).click();
  await ada.row("Frankfurt").getByText("UNAVAILABLE").waitFor();
  await ada.menu("Keys");
  await ada.card("Frankfurt").getByText("UNAVAILABLE").waitFor();
});
