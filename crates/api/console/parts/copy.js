// Copying, and saying so.
import { html, useState } from "../vendor/preact.js";
import { say } from "./toasts.js";
import { Icon } from "./icon.js";

/** @param {{text: string | (() => string), label: string, said?: string, quiet?: boolean, children?: any}} props */
export function Copy({ text, label, said = "Copied", quiet = false, children }) {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
      setDone(true);
      setTimeout(() => setDone(false), 1500);
      say(said);
    } catch {
      say("The browser did not allow copying. Select the text and copy it by hand.");
    }
  };
  return html`<button type="button" class=${quiet ? "icon quiet" : children ? "small" : "icon"} onClick=${copy} title=${label}
    aria-label=${children ? undefined : label}><${Icon} name=${isDone ? "check" : "copy"} />${children}</button>`;
}
