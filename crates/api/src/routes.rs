//! Every URL there is, grouped by what it is about.

mod api_tokens;
mod audit;
mod buckets;
mod checkpoints;
mod claims;
mod config;
mod console;
mod emergency_stop;
mod gateway_plane;
mod gateways;
mod guardrails;
mod health;
mod instances;
mod key_models;
mod keys;
mod keystone;
mod me;
mod pages;
mod partners;
mod posture;
mod quarantine;
mod regions;
mod sessions;
mod tenant_regions;
mod tenants;
mod users;

use actix_web::web;

use config::Config;
pub(crate) use console::{Assets, SESSION_PATHS, console};
pub(crate) use gateway_plane::AUTHORIZE;
pub(crate) use pages::{PAGES, pages};

/// The operations of the REST API. The OpenAPI document is made from the same list.
pub(crate) fn operations(config: &mut impl Config) {
    config
        // Anybody
        .service(sessions::log_in)
        .service(sessions::refresh_session)
        .service(sessions::accept_invitation)
        .service(sessions::open_setup_link)
        .service(claims::open_claim)
        // Oneself
        .service(sessions::end_session)
        .service(me::read_me)
        .service(me::change_password);
    storage(config);
    config
        // Operators
        .service(quarantine::read_quarantine)
        .service(quarantine::lift_quarantine)
        .service(quarantine::list_held_back)
        .service(quarantine::decide_held_back)
        .service(api_tokens::list_operator_tokens)
        .service(api_tokens::create_operator_token)
        .service(api_tokens::rotate_operator_token)
        .service(api_tokens::delete_operator_token);
    gateways(config);
    asked_by_gateways(config);
    partners(config);
    tenants(config);
    config
        // Audit
        .service(audit::read_audit)
        .service(checkpoints::list_audit_checkpoints)
        // Health
        .service(health::read_liveness)
        .service(health::read_readiness);
}

fn storage(config: &mut impl Config) {
    config.group("/v1/regions", |config| {
        config
            .service(regions::list_regions)
            .service(regions::create_region)
            .service(regions::read_region)
            .service(regions::change_region)
            .service(regions::delete_region);
    });
    config.group("/v1/key-models", |config| {
        config
            .service(key_models::list_key_models)
            .service(key_models::create_key_model)
            .service(key_models::read_key_model)
            .service(key_models::change_key_model)
            .service(key_models::delete_key_model);
    });
}

/// Gateways, as operators look after them.
fn gateways(config: &mut impl Config) {
    config.group("/v1/gateways", |config| {
        config
            .service(gateways::list_gateways)
            .service(gateways::create_gateway)
            .service(gateways::read_gateway)
            .service(gateways::change_gateway)
            .service(gateways::delete_gateway)
            .service(api_tokens::list_gateway_tokens)
            .service(api_tokens::create_gateway_token)
            .service(api_tokens::rotate_gateway_token)
            .service(api_tokens::delete_gateway_token);
    });
}

fn asked_by_gateways(config: &mut impl Config) {
    config
        // Gateways, as they ask
        .service(gateway_plane::verify_request)
        .service(gateway_plane::verify_requests)
        .service(gateway_plane::authorize_request)
        .service(gateway_plane::issue_signing_keys)
        .service(gateway_plane::issue_secret)
        .service(gateway_plane::follow_changes)
        .service(gateway_plane::report_usage)
        // The same in Keystone's words
        .service(keystone::read_keystone_version)
        .service(keystone::log_in_to_keystone)
        .service(keystone::verify_s3_token)
        .service(keystone::issue_ec2_credential);
}

fn partners(config: &mut impl Config) {
    config.group("/v1/partners", |config| {
        config
            .service(partners::list_partners)
            .service(partners::create_partner)
            .service(partners::read_partner)
            .service(partners::change_partner)
            .service(partners::delete_partner)
            .service(partners::suspend_partner)
            .service(partners::resume_partner)
            .service(guardrails::dry_run_guardrails)
            .service(emergency_stop::preview_emergency_stop)
            .service(emergency_stop::emergency_stop_partner)
            .service(emergency_stop::undo_emergency_stop)
            .service(api_tokens::list_partner_tokens)
            .service(api_tokens::create_partner_token)
            .service(api_tokens::rotate_partner_token)
            .service(api_tokens::delete_partner_token)
            .service(posture::read_partner_posture)
            .service(audit::read_partner_audit);
    });
}

/// Tenants and what they have. What is more narrow comes first.
fn tenants(config: &mut impl Config) {
    config.group("/v1/tenants/{}/keys", |config| {
        config
            .service(keys::list_keys)
            .service(keys::create_key)
            .service(keys::read_key)
            .service(keys::change_key)
            .service(keys::delete_key)
            .service(keys::reset_key)
            .service(keys::rotate_key)
            .service(keys::revoke_key)
            .service(keys::disable_key)
            .service(keys::enable_key)
            .service(keys::read_key_propagation)
            .service(keys::read_key_usage)
            .service(keys::explain_key)
            .service(keys::import_keys)
            .service(claims::create_claim);
    });
    config.group("/v1/tenants/{}/users", |config| {
        config
            .service(users::list_users)
            .service(users::create_user)
            .service(users::read_user)
            .service(users::change_user)
            .service(users::delete_user)
            .service(users::invite_user);
    });
    config.group("/v1/tenants/{}/regions", |config| {
        config
            .service(tenant_regions::list_tenant_regions)
            .service(tenant_regions::read_tenant_region)
            .service(tenant_regions::change_tenant_region);
    });
    config.group("/v1/tenants/{}/tokens", |config| {
        config
            .service(api_tokens::list_tenant_tokens)
            .service(api_tokens::create_tenant_token)
            .service(api_tokens::rotate_tenant_token)
            .service(api_tokens::delete_tenant_token);
    });
    config.group("/v1/tenants/{}/instances", |config| {
        config
            .service(instances::list_instances)
            .service(instances::create_instance)
            .service(instances::read_instance)
            .service(instances::change_instance)
            .service(instances::delete_instance);
    });
    config.group("/v1/tenants/{}/buckets", |config| {
        config
            .service(buckets::list_buckets)
            .service(buckets::read_bucket)
            .service(buckets::register_bucket)
            .service(buckets::unregister_bucket);
    });
    config.group("/v1/tenants", |config| {
        config
            .service(tenants::list_tenants)
            .service(tenants::create_tenant)
            .service(tenants::read_tenant)
            .service(tenants::change_tenant)
            .service(tenants::delete_tenant)
            .service(tenants::restore_tenant)
            .service(tenants::suspend_tenant)
            .service(tenants::resume_tenant)
            .service(posture::read_tenant_posture)
            .service(audit::read_tenant_audit);
    });
}

/// The same for actix. What gateways ask is apart from the rest: it comes first, since routes are tried one after the other.
pub(crate) fn of_gateways(config: &mut web::ServiceConfig) {
    asked_by_gateways(config);
    // What no document could hold: proxies ask with whatever method and path their clients send.
    let paths = [AUTHORIZE.to_owned(), format!("{AUTHORIZE}/{{target:.*}}")];
    config.service(web::resource(paths).route(web::route().to(gateway_plane::authorize_forwarded)));
}

/// All there is, since the document wants one list; what gateways ask has been taken before it comes here.
pub(crate) fn of_people(config: &mut web::ServiceConfig) {
    operations(config);
}
