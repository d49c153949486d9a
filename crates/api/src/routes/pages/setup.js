"use strict";
// The link's secret stands behind the #, so no server has seen it before the button is pressed.
const link = location.hash.slice(1);
const element = (id) => document.getElementById(id);
history.replaceState(null, "", location.pathname);

element("make").addEventListener("click", async () => {
  element("make").disabled = true;
  const answer = await fetch("/v1/setup", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ link }),
  });
  const body = await answer.json();
  if (answer.ok) {
    element("token").textContent = body.token;
    element("make").hidden = true;
    element("made").hidden = false;
  } else {
    element("problem").textContent = `${body.title}. ${body.detail}`;
    element("problem").hidden = false;
  }
});
element("copy").addEventListener("click", () => navigator.clipboard.writeText(element("token").textContent));
