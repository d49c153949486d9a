// A handful of line icons, drawn on a grid of 16.
import { html } from "../vendor/preact.js";

const PATHS = {
  copy: "M5.5 5.5V3.2c0-.7.5-1.2 1.2-1.2h6.1c.7 0 1.2.5 1.2 1.2v6.1c0 .7-.5 1.2-1.2 1.2h-2.3M3.2 5.5h6.1c.7 0 1.2.5 1.2 1.2v6.1c0 .7-.5 1.2-1.2 1.2H3.2c-.7 0-1.2-.5-1.2-1.2V6.7c0-.7.5-1.2 1.2-1.2z",
  check: "M2.5 8.5l3.5 3.5 7.5-8",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 100-4 2 2 0 000 4z",
  "eye-off": "M2 2l12 12M6.4 3.7C6.9 3.6 7.4 3.5 8 3.5c4 0 6.5 4.5 6.5 4.5s-.8 1.4-2.2 2.7M4.3 4.8C2.5 6 1.5 8 1.5 8S4 12.5 8 12.5c1 0 1.9-.3 2.7-.7",
  plus: "M8 3v10M3 8h10",
  trash: "M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.6 9h6.8l.6-9M6.7 7v4M9.3 7v4",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  download: "M8 2.5v7.5M5 7.2l3 3 3-3M2.5 13h11",
  key: "M6 11a3 3 0 110-6 3 3 0 010 6zM9 8h5.5M12.5 8v2.5",
  out: "M6 2.5H3v11h3M10.5 5l3 3-3 3M13.5 8H6.5",
  warning: "M8 2.2l6.3 11.3H1.7L8 2.2zM8 6.5v3.2M8 11.6v.1",
};

/** @param {{name: keyof typeof PATHS}} props */
export const Icon = ({ name }) => html`<svg class="i" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
