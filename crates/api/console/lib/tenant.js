// What the screens of a tenant have in common: whose they are, and which kinds of keys it has where.
import { request } from "./api.js";
import { useLoad } from "./load.js";
import { me } from "./session.js";

/** @typedef {import("./types").Schemas["KeyModel"]} KeyModel */
/** @typedef {import("./types").Schemas["TenantRegion"] & {model: KeyModel}} Offer */

/** Where the screens of this tenant are. @param {string} tenant */
export const placeOf = (tenant) => me.value?.tenant_id === tenant ? "/console" : `/console/tenants/${tenant}`;

/** The tenant's regions, each with what its key model says. @param {string} tenant */
export function useOffers(tenant) {
  return useLoad(async (signal) => {
    const [regions, models] = await Promise.all([
      request("get", "/v1/tenants/{tenant}/regions", { path: { tenant }, query: { limit: 500 }, signal }),
      request("get", "/v1/key-models", { query: { limit: 500 }, signal }),
    ]);
    const named = new Map(models.items.map((model) => [model.name, model]));
    return /** @type {Offer[]} */ (regions.items.map((region) => ({ ...region, model: named.get(region.key_model) })).filter((offer) => offer.model));
  }, [tenant]);
}

/** Whether a region shows its one key as a card. @param {Offer} offer */
export const hasOneKey = (offer) => offer.model.max_keys === 1 && offer.model.instances === "one";
