//! The console: its pages, and how a browser signs in to them.
//!
//! Not part of the REST API and not in its document: what the console can do, it does through that API. Why so is in
//! docs/decisions/0012-console-sign-in.md.

mod assets;
mod files;
mod joined;
pub(crate) mod session;

use actix_web::web;

pub(crate) use assets::Assets;

/// Paths besides the pages, with their methods.
pub(crate) const SESSION_PATHS: &[(&str, &str)] = &[
    ("/console/session", "DELETE, POST"),
    ("/console/session/token", "POST"),
    ("/console/session/invitation", "POST"),
    ("/console/session/refresh", "POST"),
];

pub(crate) fn console(assets: web::Data<Assets>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .app_data(assets)
            .route("/console/session", web::post().to(session::sign_in))
            .route("/console/session", web::delete().to(session::sign_out))
            .route("/console/session/token", web::post().to(session::sign_in_with_token))
            .route("/console/session/invitation", web::post().to(session::accept_invitation))
            .route("/console/session/refresh", web::post().to(session::refresh))
            .route("/console/assets/{revision}/{file:.*}", web::get().to(assets::file))
            .route("/console", web::get().to(assets::page))
            .route("/console/{place:.*}", web::get().to(assets::page))
            // Links for people open here; what they carry stands behind the `#`.
            .route("/setup", web::get().to(assets::page))
            .route("/invitation", web::get().to(assets::page))
            .route("/claim", web::get().to(assets::page));
    }
}
