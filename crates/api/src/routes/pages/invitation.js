"use strict";
// The link's secret stands behind the #, so no server has seen it before the form is sent.
const invitation = location.hash.slice(1);
const element = (id) => document.getElementById(id);
history.replaceState(null, "", location.pathname);

element("join").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/v1/invitations", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ invitation, password: element("password").value }),
  });
  element("password").value = "";
  element("problem").hidden = answer.ok;
  if (answer.ok) {
    element("join").hidden = true;
    element("done").hidden = false;
  } else {
    const body = await answer.json();
    const reasons = (body.errors ?? []).map((error) => error.detail).join(" ");
    element("problem").textContent = `${body.title}. ${reasons || body.detail}`;
  }
});
