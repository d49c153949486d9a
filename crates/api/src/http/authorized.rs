//! The extractor without which no handler touches anything: who is asking, and a permit for just this operation on just
//! the object that the path names.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use authz::{Action, Caller, OneGateway, Oneself, Partnership, Permit, Platform, Reach, Tenancy, authorize};
use domain::Timestamp;
use service::{Context, Error, Receipted, Service};

use crate::http::blocking::{Blocking, Coming};
use crate::http::credential::Credential;
use crate::http::rate_limit::RateLimits;
use crate::http::request::RequestInfo;
use crate::http::{conditional, idempotency, receipts};
use crate::problem::{Kind, Problem};

pub(crate) struct Authorized<A: Action> {
    blocking: Blocking,
    context: Context,
    permit: Permit<A>,
    patience: Duration,
}

impl<A: Action> Authorized<A> {
    pub(crate) fn caller(&self) -> &Caller {
        self.permit.caller()
    }

    pub(crate) fn reach(&self) -> Reach {
        self.permit.reach()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Runs a use case with the permit.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Self { blocking, mut context, permit, .. } = self;
        blocking.run(move |service| work(service, &mut context, &permit)).await
    }

    /// The same for what others have to confirm. Says as well whether all have.
    pub(crate) async fn run_until_confirmed<T: Receipted + Send + 'static>(
        self,
        work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<T> + Send + 'static,
    ) -> Result<(T, bool), Problem> {
        let (blocking, patience) = (self.blocking.clone(), self.patience);
        let mut answer = self.run(work).await?;
        let is_confirmed = receipts::settle(&blocking, &mut answer, patience).await;
        Ok((answer, is_confirmed))
    }

    pub(crate) fn blocking(&self) -> Blocking {
        self.blocking.clone()
    }

    /// The same for what hashes a password.
    pub(crate) async fn run_hashing<T: Send + 'static>(
        self,
        work: impl FnOnce(&Service, &mut Context, &Permit<A>) -> service::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Self { blocking, mut context, permit, .. } = self;
        blocking.run_hashing(move |service| work(service, &mut context, &permit)).await
    }

    /// What can be asked again and again with the permit, by an answer that comes in parts.
    pub(crate) fn repeatedly<T: Send + 'static>(
        self,
        read: impl Fn(&Service, &Permit<A>, Option<String>) -> service::Result<T> + Clone + Send + 'static,
    ) -> impl Fn(Option<String>) -> Coming<T> + 'static
    where
        Permit<A>: Clone,
    {
        let Self { blocking, permit, .. } = self;
        move |argument| {
            let (blocking, permit, read) = (blocking.clone(), permit.clone(), read.clone());
            blocking.run(move |service| read(service, &permit, argument))
        }
    }
}

impl<A: Action> FromRequest for Authorized<A>
where
    A::Object: InPath<A>,
{
    type Error = Problem;
    type Future = Coming<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authorized(&request).await })
    }
}

async fn authorized<A: Action>(request: &HttpRequest) -> Result<Authorized<A>, Problem>
where
    A::Object: InPath<A>,
{
    let missing = || Problem::new(Kind::Internal);
    let blocking = request.app_data::<web::Data<Blocking>>().ok_or_else(missing)?.get_ref().clone();
    let limits = request.app_data::<web::Data<RateLimits>>().ok_or_else(missing)?.clone();
    let info = RequestInfo::from_request(request);
    let credential = Credential::of(request)?;

    limits.before_looking(info.address)?;
    let context = blocking.service().context(info.origin())?;
    let (now, address) = (context.now, info.address);
    let named = A::Object::in_path(request);
    let noted = named.clone();
    let looked_up = blocking
        .run(move |service| {
            let caller = credential.authenticate(service, address, now)?;
            let permit = A::Object::permit(service, &context, &caller, &named);
            Ok((caller, permit, context))
        })
        .await;
    if let Err(problem) = &looked_up
        && problem.kind.status() == 401
    {
        limits.refused(address);
    }
    let (caller, permit, mut context) = looked_up?;
    if let Some(left) = limits.of_caller(caller.identity())? {
        request.extensions_mut().insert(left);
    }
    if let Err(refused) = &permit {
        blocking.service().note_denial(&context, &caller, A::OPERATION, &noted, refused);
    }
    let permit = permit?;
    context.expected = conditional::expected(request);
    context.once = idempotency::of(request, caller.identity())?;
    let patience = receipts::patience(request)?;
    Ok(Authorized { blocking, context, permit, patience })
}

/// How the object of an operation is named by its path.
pub(crate) trait InPath<A: Action> {
    fn in_path(request: &HttpRequest) -> String;

    fn permit(service: &Service, context: &Context, caller: &Caller, named: &str) -> Result<Permit<A>, Error>;
}

impl<A: Action<Object = Platform>> InPath<A> for Platform {
    fn in_path(_: &HttpRequest) -> String {
        "platform".to_owned()
    }

    fn permit(_: &Service, _: &Context, caller: &Caller, _: &str) -> Result<Permit<A>, Error> {
        Ok(authorize(caller, Platform)?)
    }
}

impl<A: Action<Object = Oneself>> InPath<A> for Oneself {
    fn in_path(_: &HttpRequest) -> String {
        "me".to_owned()
    }

    fn permit(_: &Service, _: &Context, caller: &Caller, _: &str) -> Result<Permit<A>, Error> {
        Ok(authorize(caller, Oneself)?)
    }
}

impl<A: Action<Object = OneGateway>> InPath<A> for OneGateway {
    fn in_path(request: &HttpRequest) -> String {
        request.match_info().query("gateway").to_owned()
    }

    fn permit(service: &Service, _: &Context, caller: &Caller, named: &str) -> Result<Permit<A>, Error> {
        service.permit_on_gateway(caller, named)
    }
}

impl<A: Action<Object = Partnership>> InPath<A> for Partnership {
    fn in_path(request: &HttpRequest) -> String {
        request.match_info().query("partner").to_owned()
    }

    fn permit(service: &Service, _: &Context, caller: &Caller, named: &str) -> Result<Permit<A>, Error> {
        service.permit_on_partner(caller, named)
    }
}

impl<A: Action<Object = Tenancy>> InPath<A> for Tenancy {
    fn in_path(request: &HttpRequest) -> String {
        request.match_info().query("tenant").to_owned()
    }

    fn permit(service: &Service, context: &Context, caller: &Caller, named: &str) -> Result<Permit<A>, Error> {
        service.permit_on_tenant(context, caller, named)
    }
}
