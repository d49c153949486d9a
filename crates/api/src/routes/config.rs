//! Who is told of the operations: actix, which serves them, or the document, which describes them. Describing takes longer than
//! all the rest of a start, so nobody does it who only serves.

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::{Guard, GuardContext};
use actix_web::web;
use utoipa_actix_web::OpenApiFactory;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) trait Config {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self;

    /// Routes whose paths begin alike. They are tried one after the other, and each that has a parameter is a regular
    /// expression: by itself that would take longer than much of what they lead to, so a group is passed over as a whole.
    ///
    /// `beginning` is in whole segments, of which `{}` is any, and compared with the path as it was sent: a noun with letters in
    /// percents is none. Nobody after this group gets to see a path that begins so.
    fn group(&mut self, beginning: &'static str, routes: impl FnOnce(&mut Self));
}

impl Config for web::ServiceConfig {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        self.service(operation)
    }

    fn group(&mut self, beginning: &'static str, routes: impl FnOnce(&mut Self)) {
        self.service(web::scope("").guard(Beginning(beginning)).configure(routes));
    }
}

impl Config for ServiceConfig<'_> {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        self.service(operation)
    }

    fn group(&mut self, _: &'static str, routes: impl FnOnce(&mut Self)) {
        routes(self);
    }
}

struct Beginning(&'static str);

impl Guard for Beginning {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        self.fits(context.head().uri.path())
    }
}

impl Beginning {
    fn fits(&self, path: &str) -> bool {
        let mut given = path.split('/');
        // An action on a collection is `keys:import`.
        self.0
            .split('/')
            .all(|known| given.next().is_some_and(|given| known == "{}" || given.split(':').next() == Some(known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_begins_with_whole_segments() {
        let keys = Beginning("/v1/tenants/{}/keys");
        for path in
            ["/v1/tenants/a/keys", "/v1/tenants/a/keys/", "/v1/tenants/a/keys/b/reset", "/v1/tenants/a/keys:import"]
        {
            assert!(keys.fits(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/v1/tenants",
            "/v1/tenants/keys",
            "/v1/tenants/a",
            "/v1/tenants/a/keys2",
            "/v1/tenants/a/key",
            "/v2/tenants/a/keys",
        ] {
            assert!(!keys.fits(path), "{path}");
        }
    }
}
