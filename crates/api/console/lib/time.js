// Moments and durations in words.
import { useEffect, useState } from "../vendor/preact.js";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** @param {string | number} moment */
export const exactly = (moment) => absolute.format(new Date(moment));
/** @param {string | number} moment */
export const onDay = (moment) => date.format(new Date(moment));

/** "3 minutes ago", "in 2 days". @param {string | number} moment @param {number} [now] */
export function fromNow(moment, now = Date.now()) {
  const gap = new Date(moment).getTime() - now;
  const size = Math.abs(gap);
  if (size < 45_000) return gap > 0 ? "in less than a minute" : "just now";
  if (size < 45 * MINUTE) return relative.format(Math.round(gap / MINUTE), "minute");
  if (size < 22 * HOUR) return relative.format(Math.round(gap / HOUR), "hour");
  if (size < 45 * DAY) return relative.format(Math.round(gap / DAY), "day");
  if (size < 330 * DAY) return relative.format(Math.round(gap / (30.4 * DAY)), "month");
  return relative.format(Math.round(gap / (365 * DAY)), "year");
}

/** "23:59:58" or "2 days 03:10:00". @param {number} milliseconds */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const [days, rest] = [Math.floor(seconds / 86400), seconds % 86400];
  const clock = [rest / 3600, (rest % 3600) / 60, rest % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  return days ? `${days} ${days === 1 ? "day" : "days"} ${clock}` : clock;
}

/** "30 days", "1 hour". @param {number} seconds */
export function lasting(seconds) {
  for (const [size, name] of /** @type {[number, string][]} */ ([[86400, "day"], [3600, "hour"], [60, "minute"]])) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${name}${seconds === size ? "" : "s"}`;
  }
  return `${seconds} second${seconds === 1 ? "" : "s"}`;
}

/** The time, every so often. @param {number} every */
export function useNow(every = 30_000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** For `<input type="datetime-local">`, in the reader's own time. @param {number} moment */
export function toLocal(moment) {
  const shifted = new Date(moment - new Date(moment).getTimezoneOffset() * MINUTE);
  return shifted.toISOString().slice(0, 16);
}
