//! Every operation of the API that a command calls, by its `operationId`. Those that none calls are listed below, with
//! the reason, and a test compares both with the OpenAPI document.

use crate::call::Call;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) kind: Kind,
    pub(crate) path: &'static str,
}

/// The method, and whether the same request may be sent again when nobody knows if it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    Put,
    Patch,
    Delete,
    /// A POST that carries an `Idempotency-Key`.
    Make,
    /// A POST that changes nothing.
    Ask,
    /// A POST that changes something and carries no key: whoever calls it finds out by other means if it arrived.
    Once,
    /// A POST of somebody who is not logged in yet, and that is never sent twice.
    Enter,
}

macro_rules! operations {
    ($($kind:ident $name:ident $path:literal;)*) => {
        $(pub(crate) fn $name() -> Call {
            Call::of(&Operation { id: stringify!($name), kind: Kind::$kind, path: $path })
        })*

        #[cfg(test)]
        const ALL: &[Operation] = &[$(Operation { id: stringify!($name), kind: Kind::$kind, path: $path }),*];
    };
}

operations! {
    Enter log_in "/v1/sessions";
    Enter refresh_session "/v1/sessions/refresh";
    Delete end_session "/v1/sessions/current";
    Get read_me "/v1/me";
    Put change_password "/v1/me/password";

    Get list_regions "/v1/regions";
    Make create_region "/v1/regions";
    Get read_region "/v1/regions/{region}";
    Patch change_region "/v1/regions/{region}";
    Delete delete_region "/v1/regions/{region}";

    Get list_key_models "/v1/key-models";
    Make create_key_model "/v1/key-models";
    Get read_key_model "/v1/key-models/{name}";
    Delete delete_key_model "/v1/key-models/{name}";
    Patch change_key_model "/v1/key-models/{name}";

    Get list_partners "/v1/partners";
    Make create_partner "/v1/partners";
    Get read_partner "/v1/partners/{partner}";
    Delete delete_partner "/v1/partners/{partner}";
    Patch change_partner "/v1/partners/{partner}";
    Make suspend_partner "/v1/partners/{partner}/suspend";
    Make resume_partner "/v1/partners/{partner}/resume";
    Ask dry_run_guardrails "/v1/partners/{partner}/guardrails:dry-run";
    Ask preview_emergency_stop "/v1/partners/{partner}/emergency-stop:preview";
    Make emergency_stop_partner "/v1/partners/{partner}/emergency-stop";
    Make undo_emergency_stop "/v1/partners/{partner}/emergency-stop/undo";

    Get list_tenants "/v1/tenants";
    Make create_tenant "/v1/tenants";
    Get read_tenant "/v1/tenants/{tenant}";
    Patch change_tenant "/v1/tenants/{tenant}";
    Delete delete_tenant "/v1/tenants/{tenant}";
    Make restore_tenant "/v1/tenants/{tenant}/restore";
    Make suspend_tenant "/v1/tenants/{tenant}/suspend";
    Make resume_tenant "/v1/tenants/{tenant}/resume";

    Get list_tenant_regions "/v1/tenants/{tenant}/regions";
    Get read_tenant_region "/v1/tenants/{tenant}/regions/{region}";
    Put change_tenant_region "/v1/tenants/{tenant}/regions/{region}";

    Get list_users "/v1/tenants/{tenant}/users";
    Make create_user "/v1/tenants/{tenant}/users";
    Get read_user "/v1/tenants/{tenant}/users/{user}";
    Patch change_user "/v1/tenants/{tenant}/users/{user}";
    Delete delete_user "/v1/tenants/{tenant}/users/{user}";
    Make invite_user "/v1/tenants/{tenant}/users/{user}/invite";

    Get list_keys "/v1/tenants/{tenant}/keys";
    Make create_key "/v1/tenants/{tenant}/keys";
    Get read_key "/v1/tenants/{tenant}/keys/{key}";
    Patch change_key "/v1/tenants/{tenant}/keys/{key}";
    Delete delete_key "/v1/tenants/{tenant}/keys/{key}";
    Make reset_key "/v1/tenants/{tenant}/keys/{key}/reset";
    Make rotate_key "/v1/tenants/{tenant}/keys/{key}/rotate";
    Make revoke_key "/v1/tenants/{tenant}/keys/{key}/revoke";
    Make disable_key "/v1/tenants/{tenant}/keys/{key}/disable";
    Make enable_key "/v1/tenants/{tenant}/keys/{key}/enable";
    Get read_key_propagation "/v1/tenants/{tenant}/keys/{key}/propagation";
    Get read_key_usage "/v1/tenants/{tenant}/keys/{key}/usage";
    Ask explain_key "/v1/tenants/{tenant}/keys:explain";
    Make create_claim "/v1/tenants/{tenant}/keys/{key}/claims";
    Once import_keys "/v1/tenants/{tenant}/keys:import";

    Get list_instances "/v1/tenants/{tenant}/instances";
    Make create_instance "/v1/tenants/{tenant}/instances";
    Get read_instance "/v1/tenants/{tenant}/instances/{instance}";
    Delete delete_instance "/v1/tenants/{tenant}/instances/{instance}";
    Patch change_instance "/v1/tenants/{tenant}/instances/{instance}";

    Get list_buckets "/v1/tenants/{tenant}/buckets";
    Get read_bucket "/v1/tenants/{tenant}/buckets/{bucket}";
    Put register_bucket "/v1/tenants/{tenant}/buckets/{bucket}";
    Delete unregister_bucket "/v1/tenants/{tenant}/buckets/{bucket}";

    Get list_operator_tokens "/v1/operator/tokens";
    Make create_operator_token "/v1/operator/tokens";
    Make rotate_operator_token "/v1/operator/tokens/{token}/rotate";
    Delete delete_operator_token "/v1/operator/tokens/{token}";
    Get list_gateway_tokens "/v1/gateways/{gateway}/tokens";
    Make create_gateway_token "/v1/gateways/{gateway}/tokens";
    Make rotate_gateway_token "/v1/gateways/{gateway}/tokens/{token}/rotate";
    Delete delete_gateway_token "/v1/gateways/{gateway}/tokens/{token}";
    Get list_partner_tokens "/v1/partners/{partner}/tokens";
    Make create_partner_token "/v1/partners/{partner}/tokens";
    Make rotate_partner_token "/v1/partners/{partner}/tokens/{token}/rotate";
    Delete delete_partner_token "/v1/partners/{partner}/tokens/{token}";
    Get list_tenant_tokens "/v1/tenants/{tenant}/tokens";
    Make create_tenant_token "/v1/tenants/{tenant}/tokens";
    Make rotate_tenant_token "/v1/tenants/{tenant}/tokens/{token}/rotate";
    Delete delete_tenant_token "/v1/tenants/{tenant}/tokens/{token}";

    Get list_gateways "/v1/gateways";
    Make create_gateway "/v1/gateways";
    Get read_gateway "/v1/gateways/{gateway}";
    Delete delete_gateway "/v1/gateways/{gateway}";
    Patch change_gateway "/v1/gateways/{gateway}";

    Get read_audit "/v1/audit";
    Get list_audit_checkpoints "/v1/audit/checkpoints";
    Get read_partner_audit "/v1/partners/{partner}/audit";
    Get read_tenant_audit "/v1/tenants/{tenant}/audit";

    Get read_quarantine "/v1/quarantine";
    Make lift_quarantine "/v1/quarantine/lift";
    Get list_held_back "/v1/quarantine/held-back";
    Make decide_held_back "/v1/quarantine/held-back/decide";

    Get read_partner_posture "/v1/partners/{partner}/posture";
    Get read_tenant_posture "/v1/tenants/{tenant}/posture";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    /// Operations that no command calls. This list may only shrink.
    const LEFT_OUT: &[(&str, &str)] = &[
        ("accept_invitation", "whoever is invited has a browser, and chooses a password there"),
        ("open_setup_link", "`keyreeve bootstrap` makes the first operator's token on the server's own machine"),
        ("open_claim", "whoever a claim link is for has a browser"),
        ("verify_request", "gateways ask it, and people do not"),
        ("verify_requests", "gateways ask it, and people do not"),
        ("authorize_request", "gateways ask it, and people do not"),
        ("issue_signing_keys", "gateways ask it, and people do not"),
        ("issue_secret", "gateways ask it, and people do not"),
        ("follow_changes", "gateways ask it, and people do not"),
        ("report_usage", "gateways ask it, and people do not"),
        ("read_keystone_version", "gateways ask it, and people do not"),
        ("log_in_to_keystone", "gateways ask it, and people do not"),
        ("verify_s3_token", "gateways ask it, and people do not"),
        ("issue_ec2_credential", "gateways ask it, and people do not"),
        ("read_liveness", "for probes"),
        ("read_readiness", "for probes"),
    ];

    struct Described {
        method: String,
        path: String,
        takes_a_key: bool,
    }

    fn described() -> BTreeMap<String, Described> {
        let document: Value = serde_json::from_str(include_str!("../../../openapi/openapi.json")).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, operation)| {
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let takes_a_key = parameters.iter().any(|p| p["$ref"] == "#/components/parameters/IdempotencyKey");
                let described = Described { method: method.clone(), path: path.clone(), takes_a_key };
                (operation["operationId"].as_str().unwrap().to_owned(), described)
            })
        });
        operations.collect()
    }

    #[test]
    fn every_operation_of_the_api_is_called_or_left_out_for_a_reason() {
        let described = described();
        for id in described.keys() {
            let is_called = ALL.iter().any(|operation| operation.id == id);
            let is_left_out = LEFT_OUT.iter().any(|(left_out, _)| left_out == id);
            assert!(is_called != is_left_out, "{id}: called {is_called}, left out {is_left_out}");
        }
        for (id, reason) in LEFT_OUT {
            assert!(described.contains_key(*id) && !reason.is_empty(), "there is no {id} to leave out");
        }
    }

    #[test]
    fn every_operation_is_as_the_api_describes_it() {
        let described = described();
        for operation in ALL {
            let described = described.get(operation.id).unwrap_or_else(|| panic!("there is no {}", operation.id));
            let method = match operation.kind {
                Kind::Get => "get",
                Kind::Put => "put",
                Kind::Patch => "patch",
                Kind::Delete => "delete",
                Kind::Make | Kind::Ask | Kind::Once | Kind::Enter => "post",
            };
            assert_eq!(described.method, method, "{}", operation.id);
            assert_eq!(described.path, operation.path, "{}", operation.id);
            assert_eq!(described.takes_a_key, operation.kind == Kind::Make, "{}", operation.id);
        }
    }
}
