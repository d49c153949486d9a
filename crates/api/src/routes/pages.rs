//! What is for browsers besides the console: the document and Swagger UI.

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::SwaggerUi;

/// Everything from here, nothing from elsewhere; Swagger UI writes style attributes.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// In place of the settings it comes with.
const SWAGGER_SETTINGS: &str = include_str!("swagger.js");

/// What is here besides Swagger UI's own files.
pub(crate) const PAGES: &[&str] =
    &["/", "/docs", "/docs/", "/openapi.json", "/console", "/setup", "/invitation", "/claim"];

pub(crate) fn pages(document: &serde_json::Value) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let document = document.clone();
    let text = web::Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
    move |config| {
        let serve_document = move || {
            let text = text.clone();
            async move { HttpResponse::Ok().content_type("application/json").body(text) }
        };
        let ui = SwaggerUi::new("/docs/{_:.*}").external_url_unchecked("/docs/openapi.json", document);
        config
            .route("/openapi.json", web::get().to(serve_document))
            .route("/", web::get().to(|| see_other("/console")))
            .route("/docs", web::get().to(|| see_other("/docs/")))
            .route("/docs/swagger-initializer.js", web::get().to(swagger_settings))
            .service(
                web::scope("")
                    .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, SWAGGER_POLICY)))
                    .guard(actix_web::guard::fn_guard(|context| context.head().uri.path().starts_with("/docs/")))
                    .service(ui),
            );
    }
}

async fn swagger_settings() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(SWAGGER_SETTINGS)
}

async fn see_other(place: &'static str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish()
}
