// A button that asks back before it does what cannot be undone.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

/** @param {{children?: any, onConfirm: () => void, isBusy?: boolean, title?: string, isOff?: boolean, kind?: string, label?: string}} props */
export function Confirm({ children, onConfirm, isBusy = false, title, isOff = false, kind = "", label }) {
  const [isAsking, setAsking] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const press = (event) => {
    clearTimeout(timer.current);
    if (!isAsking) {
      setAsking(true);
      timer.current = setTimeout(() => setAsking(false), 8000);
    } else if (event.detail < 2) {
      // The second half of a double click is no answer.
      setAsking(false);
      onConfirm();
    }
  };
  return html`<button type="button" class=${`${kind} ${isAsking ? "danger asking" : "danger-quiet"}`} aria-live="polite" aria-busy=${isBusy} disabled=${isBusy || isOff}
    title=${title} aria-label=${!isAsking ? label : undefined} onClick=${press} onBlur=${() => setAsking(false)}
    onKeyDown=${(event) => { if (event.key === "Escape" && isAsking) { event.preventDefault(); event.stopPropagation(); setAsking(false); } }}>
    ${isAsking ? "Are you sure?" : children}</button>`;
}
