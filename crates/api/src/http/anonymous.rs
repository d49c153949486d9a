//! The extractor of the few operations that need no caller: those by which one becomes somebody.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use service::{Context, Service};

use crate::http::blocking::Blocking;
use crate::http::rate_limit::RateLimits;
use crate::http::request::RequestInfo;
use crate::problem::{Kind, Problem};

pub(crate) struct Anonymous {
    blocking: Blocking,
    context: Context,
}

impl Anonymous {
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Service, &mut Context) -> service::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Self { blocking, mut context } = self;
        blocking.run(move |service| work(service, &mut context)).await
    }

    /// The same for what hashes a password.
    pub(crate) async fn run_hashing<T: Send + 'static>(
        self,
        work: impl FnOnce(&Service, &mut Context) -> service::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Self { blocking, mut context } = self;
        blocking.run_hashing(move |service| work(service, &mut context)).await
    }
}

impl FromRequest for Anonymous {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(anonymous(request))
    }
}

fn anonymous(request: &HttpRequest) -> Result<Anonymous, Problem> {
    let missing = || Problem::new(Kind::Internal);
    let blocking = request.app_data::<web::Data<Blocking>>().ok_or_else(missing)?.get_ref().clone();
    let limits = request.app_data::<web::Data<RateLimits>>().ok_or_else(missing)?;
    let info = RequestInfo::from_request(request);
    let left = limits.of_stranger(info.address)?;
    request.extensions_mut().insert(left);
    let context = blocking.service().context(info.origin())?;
    Ok(Anonymous { blocking, context })
}
