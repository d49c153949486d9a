use actix_web::{HttpRequest, post};
use authz::action::VerifyS3Token;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use service::gateway_plane::{Asked, Denial, Evidence, FormSaid, RequestContext, Verdict};

use super::{Plain, asking, patiently};
use crate::http::{Json, Reply};
use crate::present;
use crate::problem::{Kind, Problem};

/// Verify an S3 token
///
/// What Keystone calls so: a string to sign and its signature. 404 where the key does not count, 401 where the signature is wrong
/// or too old, 200 without roles where the key has limits that the gateway could not keep.
#[utoipa::path(
    tag = "keystone", request_body = wire::VerifyS3Token,
    responses(
        (status = 200, description = "The key counts, and the signature is its own", body = wire::VerifiedS3Token),
        (status = 404, description = "There is no such key, or it does not count any more"),
    )
)]
#[post("/v3/s3tokens")]
pub(crate) async fn verify_s3_token(request: HttpRequest, body: Json<wire::VerifyS3Token>) -> Result<Plain, Problem> {
    let asking = asking::<VerifyS3Token>(&request).await?;
    let wire::S3Credentials { access, token, signature } = body.read()?.credentials;
    let text = string_to_sign(&token)?;
    let evidence = Evidence::StringToSign { text: &text, signature: &signature, form: OLDEST };
    let described = RequestContext::default().described();
    let asked = Asked { access_key_id: &access, evidence, has_session_token: false, described, agent: None };
    let asked = [(asked, false)];
    match patiently(async || asking.judge(&asked).await).await?.pop() {
        Some(Verdict::Allow(allowed)) => {
            let told = asking.service().of_keystone(allowed, asking.now());
            Ok(Plain(Reply::ok(&present::verified_s3_token(&told))))
        }
        Some(Verdict::Deny(Denial::Dead(_))) => Err(Problem::new(Kind::NotFound)),
        Some(Verdict::Deny(denial)) => Err(Problem::saying(Kind::SignatureRefused, refused(&denial))),
        None => Err(Problem::new(Kind::Internal)),
    }
}

/// Whether it came in a header or in a URL, and for how long the URL was to be good, the gateway keeps for itself: it has
/// to be taken for a URL of the longest life there is.
const OLDEST: FormSaid = FormSaid::Presigned { seconds: Some(7 * 24 * 60 * 60) };

/// Some gateways use the alphabet that is safe in URLs.
fn string_to_sign(token: &str) -> Result<String, Problem> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let bytes = LENIENT.decode(token.replace('-', "+").replace('_', "/")).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Problem::invalid("/credentials/token", "Must be base64 of UTF-8 text."))
}

fn refused(denial: &Denial) -> String {
    format!("{} ({})", Kind::SignatureRefused.advice(), denial.reason())
}
