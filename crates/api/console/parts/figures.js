// Numbers that are worth a look, and a picture of many.
import { html } from "../vendor/preact.js";
import { DAY, onDay } from "../lib/time.js";

const number = new Intl.NumberFormat("en");

/** @param {{label: string, of: [number, string, boolean?][]}} props A number, what it counts, and whether any of it is worth a look. */
export const Figures = ({ label, of }) => html`
  <dl class="figures" aria-label=${label}>${of.map(([count, what, isWorry]) => html`
    <div key=${what} class=${isWorry && count > 0 ? "warn" : ""}><dt>${what}</dt><dd>${number.format(count)}</dd></div>`)}</dl>`;

/** How keys stand, as reports count them; in brief, without what there is none of. @param {{of: import("../lib/types").Schemas["KeyCounts"], isBrief?: boolean}} props */
export const KeyCounts = ({ of, isBrief = false }) => html`<${Figures} label="How the keys stand" of=${[
  [of.keys, "Keys"], [of.active, "Active"], [of.past_rotation_age, "Past rotation age", true], [of.unused_45_days, "Unused for 45 days", true],
  [of.unused_90_days, "Unused for 90 days", true], [of.all_buckets, "Open all buckets"], [of.without_expiry, "Never expire"],
].filter(([count]) => count || !isBrief)} />`;

const DAYS = 92;
const HEIGHT = 40;

/** Uses on each of the last 92 days, today at the end. @param {{days: {day: string, uses: number}[]}} props */
export function Bars({ days }) {
  const today = Math.floor(Date.now() / DAY);
  const bars = days.map(({ day, uses }) => ({ day, uses, at: DAYS - 1 - today + Math.floor(Date.parse(day) / DAY) })).filter(({ at }) => at >= 0 && at < DAYS);
  const most = Math.max(1, ...bars.map(({ uses }) => uses));
  const total = bars.reduce((sum, { uses }) => sum + uses, 0);
  const said = `${number.format(total)} use${total === 1 ? "" : "s"} on ${bars.length} of the last ${DAYS} days, at most ${number.format(most)} on one`;
  return html`
    <figure class="bars">
      <figcaption>${said}</figcaption>
      <svg viewBox=${`0 0 ${DAYS * 4} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${said}>
        ${bars.map(({ day, uses, at }) => { const height = Math.max(2, (uses / most) * HEIGHT); return html`<rect key=${day} x=${at * 4} y=${HEIGHT - height} width="3" height=${height}><title>${onDay(day)}: ${number.format(uses)}</title></rect>`; })}
      </svg>
      <p class="ends" aria-hidden="true"><span>${onDay((today - DAYS + 1) * DAY)}</span><span>today</span></p>
    </figure>`;
}
