//! The extractor of the gateway plane: which gateway asks, from memory where memory may be believed.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use authz::action::Operation;
use authz::caller::GatewayToken;
use authz::{Action, Caller, Permit, Plane, authorize};
use domain::Timestamp;
use service::gateway_plane::{Asked, KnownPair, Recalled, Verdict};
use service::{Context, Service};

use crate::http::blocking::{Blocking, Coming};
use crate::http::credential::bearer;
use crate::http::rate_limit::RateLimits;
use crate::http::request::RequestInfo;
use crate::metrics;
use crate::problem::{Kind, Problem};

pub(crate) struct Asking<A: Action> {
    blocking: web::Data<Blocking>,
    info: Rc<RequestInfo>,
    /// In a place of its own: it is large, since others who may call are, and handed on from layer to layer.
    permit: Box<Permit<A>>,
    now: Timestamp,
}

impl<A: Action<Object = Plane>> Asking<A> {
    pub(crate) fn service(&self) -> &Service {
        self.blocking.service()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The gateway. Nobody else is given a permit on the plane.
    pub(crate) fn asker(&self) -> Result<&GatewayToken, Problem> {
        self.permit.asker().ok_or_else(|| Problem::new(Kind::Forbidden))
    }

    /// Each with whether its gateway wants the signing key. All from one state; if this replica could not be sure of its
    /// memory to the end, it is asked again.
    pub(crate) async fn judge(&self, asked: &[(Asked<'_>, bool)]) -> Result<Vec<Verdict>, Problem> {
        let asker = self.asker()?;
        let ids: Vec<&str> = asked.iter().map(|(asked, _)| asked.access_key_id).collect();
        for _ in 0..TRIES {
            let sequence = self.service().feed_position();
            let (known, is_remembered) = match ids.as_slice() {
                [id] => self.known(id).await.map(|(pair, is_remembered)| (vec![pair], is_remembered))?,
                ids => self.known_together(ids).await?,
            };
            let judge = |((asked, wants_key), pair): (&(Asked<'_>, bool), &Option<_>)| {
                self.service().judge(asker, asked, pair.as_ref(), *wants_key, sequence, self.now)
            };
            let verdicts = asked.iter().zip(&known).map(judge).collect::<Result<Vec<_>, _>>()?;
            if !is_remembered || self.service().may_answer_from_memory() {
                for verdict in &verdicts {
                    metrics::decided(match verdict {
                        Verdict::Allow(_) => None,
                        Verdict::Deny(denial) => Some(denial.reason()),
                    });
                }
                return Ok(verdicts);
            }
        }
        Err(Problem::new(Kind::Busy).retry_after(chrono::TimeDelta::seconds(1)))
    }

    /// What is known of an id, and whether that comes from memory.
    pub(crate) async fn known(&self, id: &str) -> Result<(Option<Arc<KnownPair>>, bool), Problem> {
        let remembered = match self.service().recall(id) {
            Recalled::Known(pair) => Some((Some(pair), true)),
            Recalled::Unknown => Some((None, false)),
            Recalled::Nothing => None,
        };
        let (known, has_read) = match remembered {
            Some(known) => (known, false),
            None => {
                let id = id.to_owned();
                let (pair, has_read) = self.blocking.run(move |service| service.read_or_wait(&id)).await?;
                ((pair, false), has_read)
            }
        };
        match has_read {
            true => metrics::looked_up_in_database(1),
            false => metrics::looked_up_in_memory(1),
        }
        Ok(known)
    }

    /// The same of several, all of it true at one moment.
    async fn known_together(&self, ids: &[&str]) -> Result<(Vec<Option<Arc<KnownPair>>>, bool), Problem> {
        let all = ids.len() as u64;
        if let Some(known) = self.service().recall_together(ids) {
            metrics::looked_up_in_memory(all);
            return Ok((known, true));
        }
        let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
        let (known, read) = self.blocking.run(move |service| service.look_up_together(&ids)).await?;
        metrics::looked_up_in_database(read);
        metrics::looked_up_in_memory(all.saturating_sub(read));
        Ok((known, read < all))
    }

    /// Runs a use case that reads or writes the database.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let mut context = self.service().context(self.info.origin())?;
        let permit = Permit::clone(&self.permit);
        self.blocking.run(move |service| work(service, &mut context, &permit)).await
    }
}

const TRIES: usize = 3;

/// How a gateway says who it is.
pub(crate) enum Token {
    /// By the token itself.
    Own(String),
    /// By the token, or by what it was given for it when it logged in.
    OrLoggedIn(String),
}

impl<A: Action<Object = Plane>> FromRequest for Asking<A> {
    type Error = Problem;
    type Future = Coming<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let token = Token::Own(bearer(request.headers())?);
            let from = RequestInfo::from_request(&request).address;
            Self::by(&request, token, from).await
        })
    }
}

impl<A: Action<Object = Plane>> Asking<A> {
    /// For whoever says it elsewhere than in `Authorization`. `from` is where the gateway itself is.
    pub(crate) async fn by(request: &HttpRequest, token: Token, from: Option<IpAddr>) -> Result<Self, Problem> {
        let missing = || Problem::new(Kind::Internal);
        let blocking = request.app_data::<web::Data<Blocking>>().ok_or_else(missing)?.clone();
        let info = RequestInfo::from_request(request);
        let now = blocking.service().clock().now();
        let caller = match token.recall(blocking.service(), from, now) {
            Some(known) => known?,
            None => {
                let limits = request.app_data::<web::Data<RateLimits>>().ok_or_else(missing)?;
                limits.before_looking(from)?;
                let found = blocking.run(move |service| token.look_up(service, from, now)).await;
                if found.as_ref().is_err_and(|problem| problem.kind.status() == 401) {
                    limits.refused(from);
                }
                found?
            }
        };
        Self::of(blocking, info, caller, now)
    }

    /// The same gateway, for something else that it has to be able to do besides.
    pub(crate) fn also<B: Action<Object = Plane>>(&self) -> Result<Asking<B>, Problem> {
        Asking::of(self.blocking.clone(), self.info.clone(), self.permit.caller().clone(), self.now)
    }

    fn of(
        blocking: web::Data<Blocking>,
        info: Rc<RequestInfo>,
        caller: Caller,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let permit = authorize::<A>(&caller, Plane).map_err(service::Error::from);
        if let Err(refused) = &permit {
            let context = blocking.service().context(info.origin())?;
            blocking.service().note_denial(&context, &caller, A::OPERATION, "plane", refused);
        }
        let permit = Box::new(permit?);
        // Whoever follows the changes is told to forget everything first.
        if blocking.service().is_quarantined() && A::OPERATION != Operation::FollowChanges {
            return Err(Problem::quarantined());
        }
        Ok(Self { blocking, info, permit, now })
    }
}

impl Token {
    fn recall(&self, service: &Service, from: Option<IpAddr>, now: Timestamp) -> Option<service::Result<Caller>> {
        match self {
            Self::Own(text) => service.recall_gateway(text, from, now),
            Self::OrLoggedIn(text) => service.recall_logged_in(text, from, now),
        }
    }

    fn look_up(&self, service: &Service, from: Option<IpAddr>, now: Timestamp) -> service::Result<Caller> {
        match self {
            Self::Own(text) => service.authenticate(text, from, now),
            Self::OrLoggedIn(text) => service.authenticate_logged_in(text, from, now),
        }
    }
}
