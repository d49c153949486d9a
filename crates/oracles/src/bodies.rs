//! Bodies of JSON: what is taken is an object without anything unknown or twice, and says the same in another order.

use serde::de::DeserializeOwned;
use serde_json::Value;
use wire::AuditEvent;

/// Each request's body in turn: what one of them takes, it takes again in another spelling, and not with a field too many.
pub(crate) fn body(data: &[u8]) {
    macro_rules! each {
        ($($body:ident)*) => {$( taken::<wire::$body>(data); )*};
    }
    each!(AcceptInvitation ChangeGateway ChangeInstance ChangeKey ChangeKeyModel ChangePartner ChangePassword ChangeRegion
        ChangeTenant ChangeTenantRegion ChangeUser CreateClaim CreateGateway CreateInstance CreateKey CreateKeyModel CreatePartner
        CreateRegion CreateTenant CreateToken CreateUser DecideHeldBack DryRunGuardrails ExplainKey ImportKeys IssueSigningKeys
        LogIn LogInToKeystone OpenSetupLink Refresh ReportUsage RotateKey RotateToken StopPartner VerifyBatch VerifyRequest
        VerifyS3Token);
}

fn taken<T: DeserializeOwned>(data: &[u8]) {
    // What is no text, or a list, is refused before anybody looks for fields in it.
    let Ok(text) = std::str::from_utf8(data) else { return };
    if text.trim_ascii_start().starts_with('[') {
        return;
    }
    if serde_json::from_str::<T>(text).is_err() {
        return;
    }
    let value: Value = serde_json::from_str(text).expect("what is taken is JSON");
    let Value::Object(fields) = &value else { panic!("taken without being an object: {value}") };
    let again = value.to_string();
    assert!(serde_json::from_str::<T>(&again).is_ok(), "taken, and not in another spelling: {again}");
    let pretty = format!("{value:#}");
    assert!(serde_json::from_str::<T>(&pretty).is_ok(), "taken, and not in another spelling: {pretty}");
    if let Some((name, field)) = fields.iter().next() {
        let twice = format!("{{{}:{field},{}", Value::from(name.as_str()), &again[1..]);
        assert!(serde_json::from_str::<T>(&twice).is_err(), "taken with a field twice: {twice}");
    }
}

/// A line of an export: what is read is written again as itself, which the verifier relies upon.
pub(crate) fn audit_event(data: &[u8]) {
    let Ok(event) = serde_json::from_slice::<AuditEvent>(data) else { return };
    let once = serde_json::to_string(&event).expect("an event is JSON");
    let again: AuditEvent = serde_json::from_str(&once).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).expect("an event is JSON"), once);
}
