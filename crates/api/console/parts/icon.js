// A handful of line icons, drawn on a grid of 16.
import { html } from "../vendor/preact.js";

const PATHS = {
  copy: "M5.5 5.5V3.2c0-.7.5-1.2 1.2-1.2h6.1c.7 0 1.2.5 1.2 1.2v6.1c0 .7-.5 1.2-1.2 1.2h-2.3M3.2 5.5h6.1c.7 0 1.2.5 1.2 1.2v6.1c0 .7-.5 1.2-1.2 1.2H3.2c-.7 0-1.2-.5-1.2-1.2V6.7c0-.7.5-1.2 1.2-1.2z",
  check: "M2.5 8.5l3.5 3.5 7.5-8",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 100-4 2 2 0 000 4z",
  "eye-off": "M2 2l12 12M6.4 3.7C6.9 3.6 7.4 3.5 8 3.5c4 0 6.500 4.500 6.500 4.500s-.8 1.400-2.200 2.700M4.300 4.800C2.500 6 1.500 8 1.500 8S4 12.500 8 12.500c1 0 1.900-.3 2.700-.7",
  plus: "M8 3v10M3 8h10",
  trash: "M2.500 4.500h11M6 4.500V2.500h4v2M4 4.500l.6 9h6.800l.6-9M6.700 7v4M9.300 7v4",
  close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  menu: "M2.500 4.500h11M2.500 8h11M2.500 11.500h11",
  download: "M8 2.500v7.500M5 7.200l3 3 3-3M2.500 13h11",
  key: "M6 11a3 3 0 110-6 3 3 0 010 6zM9 8h5.500M12.500 8v2.500",
  out: "M6 2.500H3v11h3M10.500 5l3 3-3 3M13.500 8H6.500",
  warning: "M8 2.200l6.300 11.300H1.700L8 2.200zM8 6.500v3.200M8 11.600v.1",
};

/** @param {{name: keyof typeof PATHS}} props */
export const Icon = ({ name }) => html`<svg class="i" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
