use std::net::IpAddr;

use actix_web::post;
use authz::action::{VerifyRequest, VerifyRequests};
use authz::{Action, Plane};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Invalid;
use domain::gateway::Capability;
use service::gateway_plane::{Allowed, Asked, Evidence, FormSaid, RequestContext, Verdict};
use wire::{SignatureForm, VerifyAnswer, VerifyBatch, VerifyBatchAnswer, VerifyContext, VerifyWant};

use crate::http::asking::Asking;
use crate::http::{Json, Reply, Validation};
use crate::present;
use crate::problem::{Kind, Problem};

/// Verify a request
///
/// The timestamp, region and service are read out of what was signed. A key of a region that is not the gateway's answers
/// exactly as one that nobody has.
#[utoipa::path(
    tag = "gateway plane", request_body = wire::VerifyRequest,
    responses((status = 200, description = "The verdict", body = VerifyAnswer<'static>))
)]
#[post("/v1/gateway/verify")]
pub(crate) async fn verify_request(
    asking: Asking<VerifyRequest>,
    body: Json<wire::VerifyRequest>,
) -> Result<Reply, Problem> {
    let items = [body.read()?];
    let verdicts = judge(&asking, &items, |_| String::new()).await?;
    let answer = answers(&items, &verdicts).pop().ok_or_else(|| Problem::new(Kind::Internal))?;
    Ok(Reply::ok(&answer).not_to_be_stored())
}

/// Verify many requests
///
/// Up to 256, in their order, all judged at one moment and by one state of all keys.
#[utoipa::path(
    tag = "gateway plane", request_body = VerifyBatch,
    responses((status = 200, description = "The verdicts", body = VerifyBatchAnswer<'static>))
)]
#[post("/v1/gateway/verify/batch")]
pub(crate) async fn verify_requests(asking: Asking<VerifyRequests>, body: Json<VerifyBatch>) -> Result<Reply, Problem> {
    let VerifyBatch { items } = body.read()?;
    if !(1..=MOST).contains(&items.len()) {
        return Err(Problem::invalid("/items", format!("Must be 1 to {MOST}.")));
    }
    let verdicts = judge(&asking, &items, |index| format!("/items/{index}")).await?;
    Ok(Reply::ok(&VerifyBatchAnswer { results: answers(&items, &verdicts) }).not_to_be_stored())
}

const MOST: usize = 256;

async fn judge<A: Action<Object = Plane>>(
    asking: &Asking<A>,
    items: &[wire::VerifyRequest],
    at: impl Fn(usize) -> String,
) -> Result<Vec<Verdict>, Problem> {
    let asker = asking.asker()?;
    let mut validation = Validation::default();
    let read: Vec<Read> =
        items.iter().enumerate().filter_map(|(index, item)| Read::of(&mut validation, &at(index), item)).collect();
    let read = validation.finish(Some(read))?;
    let wants_keys = items.iter().any(|item| item.want.contains(&VerifyWant::SigningKey));
    if wants_keys && !asker.gateway.capabilities.contain(Capability::SigningKeys) {
        return Err(Problem::new(Kind::Forbidden));
    }
    let asked: Vec<_> = items
        .iter()
        .zip(&read)
        .map(|(item, read)| (read.asked(item), item.want.contains(&VerifyWant::SigningKey)))
        .collect();
    let verdicts = asking.judge(&asked).await?;
    recorded(asking, verdicts).await
}

fn answers<'a>(items: &[wire::VerifyRequest], verdicts: &'a [Verdict]) -> Vec<VerifyAnswer<'a>> {
    let shown = items.iter().zip(verdicts).map(|(item, verdict)| {
        let shows_principal = item.want.is_empty() || item.want.contains(&VerifyWant::Principal);
        present::verdict(verdict, shows_principal)
    });
    shown.collect()
}

/// No signing key leaves before the audit has it. If it cannot be written, the verdicts stand and the keys stay.
async fn recorded<A: Action<Object = Plane>>(
    asking: &Asking<A>,
    mut verdicts: Vec<Verdict>,
) -> Result<Vec<Verdict>, Problem> {
    let asker = asking.asker()?;
    let is_new = |verdict: &Verdict| match verdict {
        Verdict::Allow(allowed) => !asking.service().has_recorded_issue(asker, allowed),
        Verdict::Deny(_) => false,
    };
    if !verdicts.iter().any(is_new) {
        return Ok(verdicts);
    }
    let recorded = asking
        .run(move |service, context, permit| {
            let asker = permit.asker().ok_or(service::Error::Forbidden)?;
            let issued = verdicts.iter().filter_map(allowed);
            let written = service.record_issued(context, asker, issued);
            Ok((verdicts, written.is_ok()))
        })
        .await?;
    verdicts = recorded.0;
    if !recorded.1 {
        for verdict in &mut verdicts {
            if let Verdict::Allow(allowed) = verdict {
                allowed.signing_key = None;
            }
        }
    }
    Ok(verdicts)
}

fn allowed(verdict: &Verdict) -> Option<&Allowed> {
    match verdict {
        Verdict::Allow(allowed) => Some(allowed),
        Verdict::Deny(_) => None,
    }
}

/// What has to be decoded before it can be judged.
struct Read {
    signed: Signed,
    address: Option<IpAddr>,
}

enum Signed {
    StringToSign(String),
    Canonical(Vec<u8>),
}

impl Read {
    fn of(validation: &mut Validation, at: &str, item: &wire::VerifyRequest) -> Option<Self> {
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| Invalid::because("Must be base64."));
        let signed = match (&item.string_to_sign, &item.canonical_request) {
            (Some(text), None) => validation
                .take(
                    &format!("{at}/string_to_sign"),
                    decode(text).and_then(|bytes| {
                        String::from_utf8(bytes).map_err(|_| Invalid::because("Must be base64 of UTF-8 text."))
                    }),
                )
                .map(Signed::StringToSign),
            (None, Some(text)) => {
                for (name, given) in [("timestamp", &item.timestamp), ("scope", &item.scope)] {
                    if given.is_none() {
                        let why = Invalid::because("Is needed with a canonical request.");
                        validation.take::<()>(&format!("{at}/{name}"), Err(why));
                    }
                }
                validation.take(&format!("{at}/canonical_request"), decode(text)).map(Signed::Canonical)
            }
            (None, None) | (Some(_), Some(_)) => {
                let why = Invalid::because("Give either string_to_sign or canonical_request.");
                validation.take(&format!("{at}/string_to_sign"), Err(why))
            }
        };
        let said = item.context.as_ref().and_then(|context| context.source_ip.as_deref());
        let address = match said.map(str::parse::<IpAddr>) {
            None => None,
            Some(Ok(address)) => Some(address.to_canonical()),
            Some(Err(_)) => {
                let why = Invalid::because("Must be an IP address.");
                return validation.take(&format!("{at}/context/source_ip"), Err(why));
            }
        };
        Some(Self { signed: signed?, address })
    }

    fn asked<'a>(&'a self, item: &'a wire::VerifyRequest) -> Asked<'a> {
        let form = match item.auth {
            SignatureForm::Header => FormSaid::Header,
            SignatureForm::Presigned => FormSaid::Presigned { seconds: item.expires_in },
            SignatureForm::Chunk => FormSaid::Chunk,
        };
        let signature = item.signature.as_str();
        let evidence = match &self.signed {
            Signed::StringToSign(text) => Evidence::StringToSign { text, signature, form },
            Signed::Canonical(request) => Evidence::Canonical {
                request,
                timestamp: item.timestamp.as_deref().unwrap_or_default(),
                scope: item.scope.as_deref().unwrap_or_default(),
                signature,
                form,
            },
        };
        let context = item.context.as_ref().map_or_else(RequestContext::default, |said| self.context(said));
        Asked {
            access_key_id: &item.access_key_id,
            evidence,
            has_session_token: item.session_token.is_some(),
            described: context.described(),
            agent: context.agent,
        }
    }

    fn context<'a>(&self, said: &'a VerifyContext) -> RequestContext<'a> {
        RequestContext {
            method: said.method.as_deref(),
            bucket: said.bucket.as_deref(),
            object_key: said.key.as_deref(),
            operation: said.operation.as_deref(),
            address: self.address,
            agent: said.user_agent.as_deref(),
            is_whole: false,
        }
    }
}
