//! What is for browsers besides the console: the document and Swagger UI.

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::SwaggerUi;

use crate::openapi::DOCUMENT;

/// Everything from here, nothing from elsewhere; Swagger UI writes style attributes.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// In place of the settings it comes with.
const SWAGGER_SETTINGS: &str = include_str!("swagger.js");

/// What is here besides Swagger UI's own files.
pub(crate) const PAGES: &[&str] =
    &["/", "/docs", "/docs/", "/openapi.json", "/console", "/setup", "/invitation", "/claim"];

pub(crate) fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/openapi.json", web::get().to(document))
        .route("/", web::get().to(|| see_other("/console")))
        .route("/docs", web::get().to(|| see_other("/docs/")))
        .route("/docs/swagger-initializer.js", web::get().to(swagger_settings))
        .service(
            web::scope("")
                .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, SWAGGER_POLICY)))
                .guard(actix_web::guard::fn_guard(|context| context.head().uri.path().starts_with("/docs/")))
                .service(SwaggerUi::new("/docs/{_:.*}")),
        );
}

async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT)
}

async fn swagger_settings() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(SWAGGER_SETTINGS)
}

async fn see_other(place: &'static str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish()
}
