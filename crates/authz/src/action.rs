//! Every operation that needs a caller, by name. Names are those of the REST API (`operationId`, in snake case).

use crate::object::{Object, OneGateway, Oneself, Partnership, Plane, Platform, Tenancy};

/// An operation as a type, so that a [`Permit`](crate::Permit) for one cannot serve another.
pub trait Action: sealed::Sealed + Send + Sync + 'static {
    const OPERATION: Operation;
    type Object: Object + Clone + Send;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! operations {
    ($($object:ident { $($name:ident = $text:literal,)* })*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation { $($($name,)*)* }

        impl Operation {
            pub const ALL: &[Self] = &[$($(Self::$name,)*)*];

            pub const fn as_str(self) -> &'static str {
                match self { $($(Self::$name => $text,)*)* }
            }
        }

        $($(
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl sealed::Sealed for $name {}
            impl Action for $name {
                const OPERATION: Operation = Operation::$name;
                type Object = $object;
            }
        )*)*
    };
}

operations! {
    Oneself {
        ReadMe = "read_me",
        ChangePassword = "change_password",
        EndSession = "end_session",
    }
    Platform {
        ListRegions = "list_regions",
        ReadRegion = "read_region",
        CreateRegion = "create_region",
        ChangeRegion = "change_region",
        DeleteRegion = "delete_region",
        ListKeyModels = "list_key_models",
        ReadKeyModel = "read_key_model",
        CreateKeyModel = "create_key_model",
        ChangeKeyModel = "change_key_model",
        DeleteKeyModel = "delete_key_model",
        ListOperatorTokens = "list_operator_tokens",
        CreateOperatorToken = "create_operator_token",
        RotateOperatorToken = "rotate_operator_token",
        DeleteOperatorToken = "delete_operator_token",
        ListPartners = "list_partners",
        CreatePartner = "create_partner",
        ListTenants = "list_tenants",
        CreateTenant = "create_tenant",
        ReadAudit = "read_audit",
        ListAuditCheckpoints = "list_audit_checkpoints",
        ListGateways = "list_gateways",
        CreateGateway = "create_gateway",
        ReadQuarantine = "read_quarantine",
        LiftQuarantine = "lift_quarantine",
        ListHeldBack = "list_held_back",
        DecideHeldBack = "decide_held_back",
    }
    OneGateway {
        ReadGateway = "read_gateway",
        ChangeGateway = "change_gateway",
        DeleteGateway = "delete_gateway",
        ListGatewayTokens = "list_gateway_tokens",
        CreateGatewayToken = "create_gateway_token",
        RotateGatewayToken = "rotate_gateway_token",
        DeleteGatewayToken = "delete_gateway_token",
    }
    Plane {
        VerifyRequest = "verify_request",
        VerifyRequests = "verify_requests",
        AuthorizeRequest = "authorize_request",
        IssueSigningKeys = "issue_signing_keys",
        IssueSecret = "issue_secret",
        VerifyS3Token = "verify_s3_token",
        IssueEc2Credential = "issue_ec2_credential",
        FollowChanges = "follow_changes",
        ReportUsage = "report_usage",
    }
    Partnership {
        ReadPartner = "read_partner",
        ChangePartner = "change_partner",
        DeletePartner = "delete_partner",
        SuspendPartner = "suspend_partner",
        ResumePartner = "resume_partner",
        DryRunGuardrails = "dry_run_guardrails",
        PreviewEmergencyStop = "preview_emergency_stop",
        EmergencyStopPartner = "emergency_stop_partner",
        UndoEmergencyStop = "undo_emergency_stop",
        ListPartnerTokens = "list_partner_tokens",
        CreatePartnerToken = "create_partner_token",
        RotatePartnerToken = "rotate_partner_token",
        DeletePartnerToken = "delete_partner_token",
        ReadPartnerAudit = "read_partner_audit",
        ReadPartnerPosture = "read_partner_posture",
    }
    Tenancy {
        ReadTenant = "read_tenant",
        ChangeTenant = "change_tenant",
        DeleteTenant = "delete_tenant",
        RestoreTenant = "restore_tenant",
        SuspendTenant = "suspend_tenant",
        ResumeTenant = "resume_tenant",
        ListUsers = "list_users",
        ReadUser = "read_user",
        CreateUser = "create_user",
        InviteUser = "invite_user",
        ChangeUser = "change_user",
        DeleteUser = "delete_user",
        ListTenantRegions = "list_tenant_regions",
        ReadTenantRegion = "read_tenant_region",
        ChangeTenantRegion = "change_tenant_region",
        ListTenantTokens = "list_tenant_tokens",
        CreateTenantToken = "create_tenant_token",
        RotateTenantToken = "rotate_tenant_token",
        DeleteTenantToken = "delete_tenant_token",
        ReadTenantAudit = "read_tenant_audit",
        ListInstances = "list_instances",
        ReadInstance = "read_instance",
        CreateInstance = "create_instance",
        ChangeInstance = "change_instance",
        DeleteInstance = "delete_instance",
        ListBuckets = "list_buckets",
        ReadBucket = "read_bucket",
        RegisterBucket = "register_bucket",
        UnregisterBucket = "unregister_bucket",
        ListKeys = "list_keys",
        ReadKey = "read_key",
        CreateKey = "create_key",
        ChangeKey = "change_key",
        DeleteKey = "delete_key",
        ResetKey = "reset_key",
        RotateKey = "rotate_key",
        RevokeKey = "revoke_key",
        DisableKey = "disable_key",
        EnableKey = "enable_key",
        ReadKeyPropagation = "read_key_propagation",
        CreateClaim = "create_claim",
        ExplainKey = "explain_key",
        ImportKeys = "import_keys",
        ReadKeyUsage = "read_key_usage",
        ReadTenantPosture = "read_tenant_posture",
    }
}
