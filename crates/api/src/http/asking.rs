//! The extractor of the gateway plane: which gateway asks, from memory where memory may be believed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use authz::caller::GatewayToken;
use authz::{Action, Permit, Plane, authorize};
use domain::Timestamp;
use service::gateway_plane::{KnownPair, Recalled};
use service::{Context, Service};

use crate::http::blocking::Blocking;
use crate::http::credential::bearer;
use crate::http::rate_limit::RateLimits;
use crate::http::request::RequestInfo;
use crate::problem::{Kind, Problem};

pub(crate) struct Asking<A: Action> {
    blocking: Blocking,
    info: RequestInfo,
    permit: Permit<A>,
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

    /// What is known of each id, and whether any of it comes from memory. What memory does not know is looked up, all of
    /// it in one go.
    pub(crate) async fn known<'i>(
        &self,
        ids: impl Iterator<Item = &'i str>,
    ) -> Result<(Vec<Option<Arc<KnownPair>>>, bool), Problem> {
        let (mut known, mut missing, mut is_remembered) = (Vec::new(), Vec::new(), false);
        for (place, id) in ids.enumerate() {
            match self.service().recall(id) {
                Recalled::Known(pair) => {
                    is_remembered = true;
                    known.push(Some(pair));
                }
                Recalled::Unknown => known.push(None),
                Recalled::Nothing => {
                    missing.push((place, id.to_owned()));
                    known.push(None);
                }
            }
        }
        if !missing.is_empty() {
            let look_up = move |service: &Service| {
                missing.into_iter().map(|(place, id)| Ok((place, service.look_up(&id)?))).collect::<Result<Vec<_>, _>>()
            };
            for (place, found) in self.blocking.run(look_up).await? {
                if let Some(known) = known.get_mut(place) {
                    *known = found;
                }
            }
        }
        Ok((known, is_remembered))
    }

    /// Runs a use case that reads or writes the database.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let mut context = self.service().context(self.info.origin())?;
        let permit = self.permit.clone();
        self.blocking.run(move |service| work(service, &mut context, &permit)).await
    }
}

impl<A: Action<Object = Plane>> FromRequest for Asking<A> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { asking(&request).await })
    }
}

async fn asking<A: Action<Object = Plane>>(request: &HttpRequest) -> Result<Asking<A>, Problem> {
    let missing = || Problem::new(Kind::Internal);
    let blocking = request.app_data::<web::Data<Blocking>>().ok_or_else(missing)?.get_ref().clone();
    let info = RequestInfo::from_request(request);
    let bearer = bearer(request.headers())?;
    let (now, address) = (blocking.service().clock().now(), info.address);
    let caller = match blocking.service().recall_gateway(&bearer, address, now) {
        Some(known) => known?,
        None => {
            let limits = request.app_data::<web::Data<RateLimits>>().ok_or_else(missing)?;
            limits.before_looking(address)?;
            let found = blocking.run(move |service| service.authenticate(&bearer, address, now)).await;
            if found.as_ref().is_err_and(|problem| problem.kind.status() == 401) {
                limits.refused(address);
            }
            found?
        }
    };
    let permit = authorize::<A>(&caller, Plane).map_err(service::Error::from);
    if let Err(refused) = &permit {
        let context = blocking.service().context(info.origin())?;
        blocking.service().note_denial(&context, &caller, A::OPERATION, "plane", refused);
    }
    let permit = permit?;
    Ok(Asking { blocking, info, permit, now })
}
