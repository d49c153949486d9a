//! What is for browsers: the document, Swagger UI, and the page behind a setup link.

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::SwaggerUi;

/// Everything from here, nothing from elsewhere; Swagger UI writes style attributes.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What is here besides Swagger UI's own files.
pub(crate) const PAGES: &[&str] =
    &["/", "/docs", "/docs/", "/openapi.json", "/setup", "/setup.js", "/invitation", "/invitation.js", "/page.css"];

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
            .route("/", web::get().to(|| see_other("/docs/")))
            .route("/docs", web::get().to(|| see_other("/docs/")))
            .route("/setup", web::get().to(|| asset("text/html; charset=utf-8", include_str!("pages/setup.html"))))
            .route("/setup.js", web::get().to(|| asset("text/javascript", include_str!("pages/setup.js"))))
            .route(
                "/invitation",
                web::get().to(|| asset("text/html; charset=utf-8", include_str!("pages/invitation.html"))),
            )
            .route("/invitation.js", web::get().to(|| asset("text/javascript", include_str!("pages/invitation.js"))))
            .route("/page.css", web::get().to(|| asset("text/css", include_str!("pages/page.css"))))
            .service(
                web::scope("")
                    .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, SWAGGER_POLICY)))
                    .guard(actix_web::guard::fn_guard(|context| context.head().uri.path().starts_with("/docs/")))
                    .service(ui),
            );
    }
}

async fn see_other(place: &'static str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, place)).finish()
}

async fn asset(media_type: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(media_type).insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY)).body(text)
}
