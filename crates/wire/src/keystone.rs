//! Keystone's S3 protocol, as far as gateways speak it. Gateways of every version send it: what is not known here is left
//! alone, where our own requests would refuse it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A signature, and the string to sign that it is over.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"credentials": {
    "access": "NQAK8F7X9K2M1PQ0ABCD", "token": "QVdTNC1ITUFDLVNIQTI1Ng==",
    "signature": "67d3b0a4f5a6e7b8c9d0e1f2a3b4c5d667d3b0a4f5a6e7b8c9d0e1f2a3b4c5d6"
}}))]
pub struct VerifyS3Token {
    pub credentials: S3Credentials,
}

#[derive(Deserialize, ToSchema)]
pub struct S3Credentials {
    pub access: String,
    /// The string to sign, in either alphabet of base64.
    pub token: String,
    pub signature: String,
}

/// Who a request is from, and what that may do in its account. Nothing in it is a credential.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"token": {
    "methods": ["ec2credential"], "issued_at": "2026-11-20T15:04:05.000000Z", "expires_at": "2026-11-20T15:04:35.000000Z",
    "roles": [{"id": "member", "name": "member"}],
    "user": {"id": "key_01jd0000000000000000000000", "name": "NQAK8F7X9K2M1PQ0ABCD",
        "domain": {"id": "default", "name": "Default"}},
    "project": {"id": "ten_01jd0000000000000000000000", "name": "ten_01jd0000000000000000000000",
        "domain": {"id": "default", "name": "Default"}}
}}))]
pub struct VerifiedS3Token {
    pub token: KeystoneToken,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneToken {
    pub methods: Vec<String>,
    pub issued_at: String,
    /// For so long the gateway may go by this answer.
    pub expires_at: String,
    /// None: the signature is right, and the key may not do anything here.
    pub roles: Vec<Named>,
    pub user: KeystoneUser,
    pub project: KeystoneProject,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalog: Vec<KeystoneService>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// The key.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneUser {
    pub id: String,
    pub name: String,
    pub domain: Named,
}

/// The account.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneProject {
    pub id: String,
    pub name: String,
    pub domain: Named,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneService {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub endpoints: Vec<KeystoneEndpoint>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneEndpoint {
    pub id: String,
    pub interface: String,
    pub region: String,
    pub region_id: String,
    pub url: String,
}

/// The gateway's id and token, as the name and password of a service user.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"auth": {"identity": {"methods": ["password"], "password": {"user": {
    "name": "gtw_01jd0000000000000000000000", "domain": {"name": "Default"}, "password": "krg_..."
}}}}}))]
pub struct LogInToKeystone {
    pub auth: KeystoneAuth,
}

#[derive(Deserialize, ToSchema)]
pub struct KeystoneAuth {
    pub identity: KeystoneIdentity,
}

#[derive(Deserialize, ToSchema)]
pub struct KeystoneIdentity {
    pub methods: Vec<String>,
    #[serde(default)]
    pub password: Option<KeystonePassword>,
}

#[derive(Deserialize, ToSchema)]
pub struct KeystonePassword {
    pub user: KeystoneUserPassword,
}

/// By name or by id: either is the gateway's id.
#[derive(Deserialize, ToSchema)]
pub struct KeystoneUserPassword {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub id: Option<String>,
    /// Not looked at: there is one domain.
    #[serde(default)]
    pub domain: Option<KeystoneDomain>,
    pub password: String,
}

#[derive(Deserialize, ToSchema)]
pub struct KeystoneDomain {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub id: Option<String>,
}

/// A pair, for a gateway that verifies by itself for a while.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"credential": {
    "user_id": "key_01jd0000000000000000000000", "tenant_id": "ten_01jd0000000000000000000000",
    "access": "NQAK8F7X9K2M1PQ0ABCD", "secret": "...", "trust_id": null, "links": {"self": "http://keys.example.org/v3/users"}
}}))]
pub struct IssuedEc2Credential {
    pub credential: Ec2Credential,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct Ec2Credential {
    pub user_id: String,
    pub tenant_id: String,
    pub access: String,
    pub secret: String,
    pub trust_id: Option<String>,
    pub links: KeystoneLinks,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneLinks {
    #[serde(rename = "self")]
    pub own: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"version": {
    "id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
    "links": [{"rel": "self", "href": "http://keys.example.org/v3/"}],
    "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]
}}))]
pub struct KeystoneVersionAnswer {
    pub version: KeystoneVersion,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneVersion {
    pub id: String,
    pub status: String,
    pub updated: String,
    pub links: Vec<KeystoneLink>,
    #[serde(rename = "media-types")]
    pub media_types: Vec<KeystoneMediaType>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneLink {
    pub rel: String,
    pub href: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeystoneMediaType {
    pub base: String,
    #[serde(rename = "type")]
    pub kind: String,
}
