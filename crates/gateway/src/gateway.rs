//! The client as a gateway holds it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::hex;
use domain::key::Grants;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use verify::sigv4::{Audience, Form, Presented, S3, SignedRequest, SigningKey};
use verify::{Denial, RequestContext, decide};
use wire::{
    IssuedSecret, SignatureForm, VerifyAnswer, VerifyBatch, VerifyBatchAnswer, VerifyContext, VerifyDecision,
    VerifyRequest, VerifyWant,
};
use zeroize::Zeroizing;

use crate::connection::Connection;
use crate::feed::Follower;
use crate::known_key::{self, not_understood};
use crate::memory::{Found, Memory, could_be_somebodys};
use crate::metrics::{By, Call, Metrics};
use crate::usage::Usage;
use crate::{Clock, Denied, Misconfigured, Options, Secret, Trouble, Verdict};

/// Who says to have signed, and what. Made from a whole request, or by a gateway that has read the request itself.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    pub access_key_id: &'a str,
    pub presented: &'a Presented<'a>,
    /// Whether the request shows a session token: there are no temporary keys, so it is refused.
    pub has_session_token: bool,
}

impl<'a> From<&'a SignedRequest<'_>> for Signed<'a> {
    fn from(request: &'a SignedRequest<'_>) -> Self {
        Self {
            access_key_id: &request.access_key_id,
            presented: &request.presented,
            has_session_token: request.has_session_token,
        }
    }
}

/// Cheap to clone; all clones are one. The last one to go stops following the feed.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
    _tasks: Arc<Tasks>,
}

struct Inner {
    connection: Arc<Connection>,
    memory: Arc<Memory>,
    usage: Arc<Usage>,
    metrics: Arc<dyn Metrics>,
    clock: Clock,
    regions: Vec<String>,
    /// Signs for keys that nobody knows, so that they take as long.
    stand_in: SigningKey,
    nothing: Grants,
}

struct Tasks([JoinHandle<()>; 2]);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// How many requests are asked about at once.
const AT_ONCE: usize = 256;
/// How often an answer from memory is made anew that was too old when it was done.
const TRIES: usize = 3;

impl Gateway {
    /// Begins to follow the feed. Keyreeve need not be there yet; until it is, every verification is
    /// [`Trouble`].
    pub fn start(options: Options) -> Result<Self, Misconfigured> {
        let runtime = Handle::try_current().map_err(|_| Misconfigured::NoRuntime)?;
        if options.regions.is_empty() {
            return Err(Misconfigured::NoRegions);
        }
        let connection = Arc::new(Connection::new(&options)?);
        let Options { regions, name, most_keys, report_every, metrics, clock, .. } = options;
        let memory = Arc::new(Memory::new(most_keys, regions.clone(), clock.clone()));
        let usage = Arc::new(Usage::default());
        let follower = Follower {
            connection: connection.clone(),
            memory: memory.clone(),
            metrics: metrics.clone(),
            clock: clock.clone(),
            instance: instance(&name)?,
        };
        let report = {
            let (connection, usage, metrics) = (connection.clone(), usage.clone(), metrics.clone());
            async move {
                loop {
                    tokio::time::sleep(report_every).await;
                    // The metrics have heard of it, and nothing is lost.
                    let _ = usage.report(&connection, &*metrics).await;
                }
            }
        };
        let tasks = Arc::new(Tasks([runtime.spawn(follower.follow()), runtime.spawn(report)]));
        let stand_in = SigningKey::from_bytes(random()?);
        let nothing = Grants::everything();
        let inner = Inner { connection, memory, usage, metrics, clock, regions, stand_in, nothing };
        Ok(Self { inner: Arc::new(inner), _tasks: tasks })
    }

    /// Verifies here, with a signing key that is fetched when it is needed and remembered for as long as it may be. Needs
    /// the capabilities `signing_keys`, `changes` and `usage`.
    ///
    /// Decides by the same code and the same table as Keyreeve itself. A verdict is a verdict; [`Trouble`] is none, and
    /// says nothing about the client.
    pub async fn verify(
        &self,
        signed: impl Into<Signed<'_>>,
        context: &RequestContext<'_>,
    ) -> Result<Verdict, Trouble> {
        let signed = signed.into();
        let (verdict, by) = self.inner.verify(&signed, context).await?;
        self.inner.metrics.verified(by, &verdict);
        Ok(verdict)
    }

    /// Asks Keyreeve about this one request, and remembers nothing. Needs the capability `verify`.
    pub async fn ask(&self, signed: impl Into<Signed<'_>>, context: &RequestContext<'_>) -> Result<Verdict, Trouble> {
        let signed = signed.into();
        let item = question(&signed, context);
        let answer = self.inner.connection.post(Call::Verify, "/v1/gateway/verify", &item).await?;
        self.inner.verdict(answer, &signed, context)
    }

    /// Asks about many requests, which Keyreeve judges at one moment (up to 256; more are asked about in turns). The
    /// verdicts are in the order of the requests.
    pub async fn ask_many(&self, requests: &[(Signed<'_>, RequestContext<'_>)]) -> Result<Vec<Verdict>, Trouble> {
        let mut verdicts = Vec::with_capacity(requests.len());
        for some in requests.chunks(AT_ONCE) {
            let items = some.iter().map(|(signed, context)| question(signed, context)).collect();
            let answer: VerifyBatchAnswer<'_> = self
                .inner
                .connection
                .post(Call::VerifyBatch, "/v1/gateway/verify/batch", &VerifyBatch { items })
                .await?;
            if answer.results.len() != some.len() {
                return Err(not_understood("not as many results as items"));
            }
            for (answer, (signed, context)) in answer.results.into_iter().zip(some) {
                verdicts.push(self.inner.verdict(answer, signed, context)?);
            }
        }
        Ok(verdicts)
    }

    /// The secret of a pair, for what cannot be verified otherwise. Needs the capability `secrets`; each answer is in the
    /// audit of the tenant, and nothing is remembered here.
    pub async fn secret(&self, access_key_id: &str) -> Result<Result<Secret, Denied>, Trouble> {
        if !could_be_somebodys(access_key_id) {
            return Ok(Err(Denial::Dead(domain::liveness::Dead::Unknown).into()));
        }
        let path = format!("/v1/gateway/keys/{access_key_id}/secret");
        let issued: IssuedSecret<'_> = self.inner.connection.get(Call::Secret, &path).await?;
        match (issued.answer.decision, issued.secret_access_key) {
            (VerifyDecision::Allow, Some(secret)) => Ok(Ok(Secret::new(secret))),
            (VerifyDecision::Allow, None) => Err(not_understood("no secret")),
            (VerifyDecision::Deny, _) => Ok(Err(denied(issued.answer)?)),
        }
    }

    /// Whether the feed is heard, so that what is remembered counts in full.
    pub fn is_following(&self) -> bool {
        self.inner.memory.lease.holds(self.inner.clock.moment())
    }

    /// Reports the uses that have not been reported yet. For the end of a gateway, and before a test looks.
    pub async fn report_usage(&self) -> Result<(), Trouble> {
        self.inner.usage.report(&self.inner.connection, &*self.inner.metrics).await
    }
}

impl Inner {
    async fn verify(&self, signed: &Signed<'_>, context: &RequestContext<'_>) -> Result<(Verdict, By), Trouble> {
        let now = self.clock.of_day();
        if signed.has_session_token {
            return Ok((Denial::Temporary.into(), By::Memory));
        }
        let audience = Audience { service: S3, regions: &self.regions };
        // The rules that need no key come first, so that none is fetched for a scope that is not ours.
        if let Err(refusal) = signed.presented.admit(&audience, now) {
            return Ok((Verdict::Deny(refusal.into()), By::Memory));
        }
        let scope = &signed.presented.string_to_sign.scope;
        for _ in 0..TRIES {
            let found = if could_be_somebodys(signed.access_key_id) {
                Some(self.memory.find(&self.connection, signed.access_key_id, scope).await?)
            } else {
                None
            };
            let (known, by) = match &found {
                Some(Found::Fetched(known)) => (Some(known), By::Fetching),
                Some(Found::Remembered(known)) => (Some(known), By::Memory),
                None => (None, By::Memory),
            };
            let standing = known.and_then(|known| known.what.standing(now));
            let candidate =
                known.and_then(|known| known.what.candidate(scope.region(), standing.as_ref(), &self.nothing));
            let described = context.described();
            let decision = decide(signed.presented, candidate.as_ref(), &self.stand_in, &audience, &described, now);
            // Looked at after the work: the machine may have slept in between.
            if let Some(Found::Remembered(known)) = &found
                && !self.memory.may_use(known, self.clock.moment())
            {
                continue;
            }
            let facts = known.and_then(|known| known.facts());
            return Ok(match (decision, facts) {
                (Err(denial), _) => (denial.into(), by),
                (Ok(()), Some(facts)) => {
                    self.usage.note(signed.access_key_id, now, context.address, context.agent);
                    (Verdict::Allow(facts.allowed.clone()), by)
                }
                (Ok(()), None) => (Denial::Dead(domain::liveness::Dead::Unknown).into(), by),
            });
        }
        Err(Trouble::TooSlow)
    }

    /// Keyreeve holds against the scope what it was told of the request; that nothing else is there it was not told.
    fn verdict(
        &self,
        answer: VerifyAnswer<'static>,
        signed: &Signed<'_>,
        context: &RequestContext<'_>,
    ) -> Result<Verdict, Trouble> {
        let verdict = match answer.decision {
            VerifyDecision::Deny => Verdict::Deny(denied(answer)?),
            VerifyDecision::Allow => {
                let allowed = known_key::allowed(answer.principal, answer.grants)?;
                let sequence = answer.cache.sequence.ok_or_else(|| not_understood("no sequence"))?;
                if !self.memory.is_new(signed.access_key_id, &allowed.principal.tenant_id, sequence) {
                    return Err(Trouble::Outdated);
                }
                match allowed.check(context) {
                    Ok(()) => Verdict::Allow(allowed),
                    Err(denied) => Verdict::Deny(denied),
                }
            }
        };
        self.metrics.verified(By::Asking, &verdict);
        Ok(verdict)
    }
}

fn question(signed: &Signed<'_>, context: &RequestContext<'_>) -> VerifyRequest {
    let Presented { form, string_to_sign, signature } = signed.presented;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = string_to_sign.write_to(&mut text);
    let (auth, expires_in) = match form {
        Form::Header => (SignatureForm::Header, None),
        Form::Presigned(expires) => (SignatureForm::Presigned, Some(expires.seconds())),
        Form::Chunk => (SignatureForm::Chunk, None),
    };
    let text_of = |text: Option<&str>| text.map(str::to_owned);
    VerifyRequest {
        access_key_id: signed.access_key_id.to_owned(),
        auth,
        string_to_sign: Some(STANDARD.encode(text)),
        canonical_request: None,
        timestamp: None,
        scope: None,
        signature: signature.to_hex(),
        expires_in,
        // That there is one is all that matters; it is nobody's business here what it is.
        session_token: signed.has_session_token.then(String::new),
        want: vec![VerifyWant::Principal],
        context: Some(VerifyContext {
            method: text_of(context.method),
            bucket: text_of(context.bucket),
            key: text_of(context.object_key),
            operation: text_of(context.operation),
            source_ip: context.address.map(|address| address.to_string()),
            user_agent: text_of(context.agent),
        }),
    }
}

fn denied(answer: VerifyAnswer<'_>) -> Result<Denied, Trouble> {
    let error = answer.s3_error.ok_or_else(|| not_understood("no S3 error"))?;
    Ok(Denied {
        code: error.code,
        status: error.status,
        reason: answer.reason.unwrap_or_default().into_owned(),
        expected_region: error.expected_region,
    })
}

fn instance(name: &str) -> Result<String, Misconfigured> {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    let mut instance: String = name.chars().filter(plain).take(40).collect();
    if !instance.is_empty() {
        instance.push('-');
    }
    let random = random()?;
    instance.extend(hex::encode(&*random).chars().take(16));
    Ok(instance)
}

fn random() -> Result<Zeroizing<[u8; 32]>, Misconfigured> {
    let mut bytes = Zeroizing::new([0; 32]);
    #[expect(clippy::disallowed_methods, reason = "there is no context here to draw from, and no test that needs one")]
    getrandom::fill(&mut *bytes).map_err(|_| Misconfigured::NoRandomness)?;
    Ok(bytes)
}
