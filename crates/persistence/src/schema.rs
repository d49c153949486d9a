//! Both databases as diesel sees them, kept by hand. `tests/it/parity.rs` holds it against the migrations.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    master_keys (id) {
        id -> Text,
        seals -> Bool,
        canary -> Nullable<Binary>,
        created_at -> BigInt,
        alone_since -> Nullable<BigInt>,
    }
}

table! {
    service_keys (name) {
        name -> Text,
        sealed_by -> Text,
        sealed -> Binary,
        created_at -> BigInt,
    }
}

table! {
    key_models (name) {
        name -> Text,
        title -> Text,
        built_in -> Bool,
        many_instances -> Bool,
        max_keys -> Nullable<BigInt>,
        initial_key -> Bool,
        label_required -> Bool,
        description_required -> Bool,
        bucket_scopes -> Bool,
        on_revoke -> Text,
        on_delete -> Text,
        reset -> Bool,
        rotate_max_grace_seconds -> Nullable<BigInt>,
        max_ttl_seconds -> Nullable<BigInt>,
        rotate_after_days -> Nullable<BigInt>,
        id_prefix -> Text,
        id_length -> BigInt,
        secret_length -> BigInt,
        created_at -> BigInt,
        version -> BigInt,
    }
}

table! {
    regions (code) {
        code -> Text,
        name -> Text,
        s3_endpoint -> Text,
        key_model -> Text,
        created_at -> BigInt,
        version -> BigInt,
    }
}

table! {
    partners (id) {
        id -> Text,
        path -> Text,
        parent_id -> Nullable<Text>,
        name -> Text,
        created_at -> BigInt,
        suspended_at -> Nullable<BigInt>,
        version -> BigInt,
        max_ttl_seconds -> Nullable<BigInt>,
        require_expiry -> Bool,
        require_bucket_scope -> Bool,
        allowed_regions -> Nullable<Text>,
        allowed_key_models -> Nullable<Text>,
        max_keys_per_tenant -> Nullable<BigInt>,
        partners_may_not_see_secrets -> Bool,
        stopped_at -> Nullable<BigInt>,
        stopped_by -> Nullable<Text>,
        stop_reason -> Nullable<Text>,
    }
}

table! {
    tenants (id) {
        id -> Text,
        name -> Text,
        partner_id -> Nullable<Text>,
        partner_path -> Nullable<Text>,
        external_ref -> Nullable<Text>,
        created_at -> BigInt,
        suspended_at -> Nullable<BigInt>,
        delete_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

table! {
    tenant_keys (tenant_id, version) {
        tenant_id -> Text,
        version -> BigInt,
        sealed_by -> Text,
        sealed -> Binary,
        created_at -> BigInt,
    }
}

table! {
    tenant_regions (tenant_id, region) {
        tenant_id -> Text,
        region -> Text,
        available -> Bool,
        key_model -> Nullable<Text>,
        version -> BigInt,
        gateway_secrets -> Bool,
    }
}

table! {
    users (id) {
        id -> Text,
        tenant_id -> Text,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        created_at -> BigInt,
        joined_at -> Nullable<BigInt>,
        suspended_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

table! {
    invitations (id) {
        id -> Text,
        tenant_id -> Text,
        user_id -> Text,
        hash -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

table! {
    sessions (id) {
        id -> Text,
        tenant_id -> Text,
        user_id -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

table! {
    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Text,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

table! {
    api_tokens (id) {
        id -> Text,
        partner_path -> Nullable<Text>,
        tenant_id -> Nullable<Text>,
        hash -> Binary,
        description -> Text,
        scopes -> Text,
        networks -> Text,
        expires_at -> BigInt,
        created_at -> BigInt,
        created_by_kind -> Text,
        created_by_id -> Text,
        vouched_by -> Nullable<Text>,
        last_used_at -> Nullable<BigInt>,
        last_used_from -> Nullable<Text>,
        version -> BigInt,
        gateway_id -> Nullable<Text>,
    }
}

table! {
    login_failures (account) {
        account -> Binary,
        failures -> BigInt,
        last_failed_at -> BigInt,
    }
}

table! {
    setup_links (hash) {
        hash -> Binary,
        expires_at -> BigInt,
    }
}

table! {
    idempotent_requests (caller, key_hash) {
        caller -> Text,
        key_hash -> Binary,
        fingerprint -> Binary,
        object_id -> Text,
        object_version -> BigInt,
        sealed_by -> Nullable<Text>,
        sealed -> Nullable<Binary>,
        at -> BigInt,
    }
}

table! {
    audit_chains (name) {
        name -> Text,
        sequence -> BigInt,
        hash -> Binary,
        signed -> Binary,
    }
}

table! {
    audit_events (id) {
        id -> Text,
        chain -> Text,
        sequence -> BigInt,
        at -> BigInt,
        actor_kind -> Text,
        actor_id -> Text,
        action -> Text,
        target_kind -> Text,
        target_id -> Text,
        tenant_id -> Nullable<Text>,
        partner_path -> Nullable<Text>,
        request_id -> Text,
        address -> Nullable<Text>,
        details -> Text,
        hash -> Binary,
    }
}

table! {
    audit_checkpoints (number) {
        number -> BigInt,
        at -> BigInt,
        key -> Binary,
        previous -> Binary,
        signature -> Binary,
    }
}

table! {
    audit_checkpoint_heads (checkpoint, chain) {
        checkpoint -> BigInt,
        chain -> Text,
        sequence -> BigInt,
        hash -> Binary,
    }
}

// PostgreSQL has a column `xid` more, filled by its default and read in dialect.rs only.
table! {
    changes (sequence) {
        sequence -> BigInt,
        kind -> Text,
        subject -> Text,
        region -> Nullable<Text>,
        at -> BigInt,
    }
}

table! {
    freezes (id) {
        id -> BigInt,
        since -> BigInt,
        by_import -> Bool,
    }
}

table! {
    clock (id) {
        id -> BigInt,
        reached_at -> BigInt,
        resets -> BigInt,
    }
}

table! {
    gateways (id) {
        id -> Text,
        name -> Text,
        regions -> Text,
        capabilities -> Text,
        created_at -> BigInt,
        version -> BigInt,
    }
}

table! {
    nodes (id) {
        id -> Text,
        name -> Text,
        applied -> BigInt,
        snapshot -> Text,
        leased_until -> BigInt,
        master_keys -> Text,
    }
}

table! {
    gateway_leases (gateway_id, instance) {
        gateway_id -> Text,
        instance -> Text,
        name -> Text,
        applied -> BigInt,
        leased_until -> BigInt,
    }
}

table! {
    instances (id) {
        id -> Text,
        tenant_id -> Text,
        region -> Text,
        name -> Text,
        description -> Nullable<Text>,
        named_by -> Text,
        created_at -> BigInt,
        version -> BigInt,
    }
}

table! {
    buckets (tenant_id, name) {
        tenant_id -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

table! {
    keys (id) {
        id -> Text,
        tenant_id -> Text,
        instance_id -> Text,
        region -> Text,
        label -> Nullable<Text>,
        description -> Nullable<Text>,
        all_buckets -> Bool,
        prefixes -> Text,
        permissions -> Text,
        networks -> Text,
        state -> Text,
        state_since -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        access_key_id -> Text,
        rotated_at -> BigInt,
        created_at -> BigInt,
        created_by_kind -> Text,
        created_by_id -> Text,
        version -> BigInt,
    }
}

table! {
    key_buckets (key_id, name) {
        key_id -> Text,
        tenant_id -> Text,
        name -> Text,
    }
}

table! {
    key_pairs (access_key_id) {
        access_key_id -> Text,
        key_id -> Text,
        tenant_id -> Text,
        version -> BigInt,
        since -> BigInt,
        state -> Text,
        retiring_since -> Nullable<BigInt>,
        retiring_until -> Nullable<BigInt>,
        quiet_for_seconds -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        sealed_by -> Nullable<BigInt>,
        sealed -> Nullable<Binary>,
        made_by -> Text,
    }
}

table! {
    spent_access_key_ids (access_key_id) {
        access_key_id -> Text,
        tenant_id -> Text,
        key_id -> Text,
        spent_at -> BigInt,
    }
}

table! {
    claims (id) {
        id -> Text,
        tenant_id -> Text,
        key_id -> Text,
        access_key_id -> Text,
        hash -> Binary,
        sealed_by -> Nullable<BigInt>,
        sealed -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
        opened_at -> Nullable<BigInt>,
    }
}

table! {
    key_usage (access_key_id) {
        access_key_id -> Text,
        key_id -> Text,
        tenant_id -> Text,
        last_used_at -> BigInt,
        gateway -> Nullable<Text>,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        uses -> BigInt,
    }
}

table! {
    key_usage_days (access_key_id, day) {
        access_key_id -> Text,
        day -> BigInt,
        uses -> BigInt,
    }
}

table! {
    feed (id) {
        id -> BigInt,
        base -> BigInt,
        begins -> BigInt,
        restored_to -> BigInt,
        restored_at -> Nullable<BigInt>,
        quarantined -> Nullable<Text>,
    }
}

table! {
    held_back (subject) {
        subject -> Text,
        kind -> Text,
        region -> Nullable<Text>,
        sequence -> BigInt,
        changed_at -> BigInt,
        decision -> Nullable<Text>,
    }
}

table! {
    compatibility (id) {
        id -> BigInt,
        needs -> Text,
    }
}

allow_tables_to_appear_in_same_query!(audit_chains, freezes);
allow_tables_to_appear_in_same_query!(
    tenants,
    users,
    sessions,
    refresh_tokens,
    invitations,
    api_tokens,
    partners,
    regions,
    tenant_regions,
    instances,
    key_models,
    keys,
    key_buckets,
    key_pairs,
    key_usage,
    key_usage_days,
);
