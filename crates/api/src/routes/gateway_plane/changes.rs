use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use authz::action::{FollowChanges, ReportUsage};
use domain::Invalid;
use domain::key::AccessKeyId;
use service::gateway_plane::{self, ChangesSince, Reported, Wanted};
use wire::{Changes, ChangesQuery};

use crate::http::asking::Asking;
use crate::http::{Drain, Json, Query, Reply, Validation};
use crate::present;
use crate::problem::Problem;

/// Follow the changes
///
/// Asking after a number confirms everything up to it, which is what receipts wait for; each answer renews the lease of
/// the process that asks. 410: forget everything and begin again without `after`. With `Accept: text/event-stream` the
/// answers follow each other as events; a process that reads those confirms by asking with `wait_s=0` besides.
#[utoipa::path(
    tag = "gateway plane", params(ChangesQuery),
    responses(
        (status = 200, description = "What has changed since", body = Changes),
        (status = 410, description = "What comes after this number is no longer known, or it is from before a restore"),
    )
)]
#[get("/v1/gateway/changes")]
pub(crate) async fn follow_changes(
    request: HttpRequest,
    asking: Asking<FollowChanges>,
    query: Query<ChangesQuery>,
    drain: web::Data<Drain>,
) -> Result<HttpResponse, Problem> {
    let query = query.read()?;
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_stream = header(header::ACCEPT).is_some_and(|accept| accept.contains("text/event-stream"));
    let last_event = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let (wanted, wait) = read(query, last_event)?;
    let drain = drain.get_ref().clone();
    if is_stream { stream(asking, wanted, drain).await } else { poll(&asking, wanted, wait, &drain).await }
}

const LONGEST_WAIT: i64 = 60;
/// How long a stream is silent at the most.
const HEARTBEAT: Duration = Duration::from_secs(5);

fn read(query: ChangesQuery, last_event: Option<&str>) -> Result<(Wanted, Duration), Problem> {
    let mut validation = Validation::default();
    let wait = query.wait_s.unwrap_or(0);
    if !(0..=LONGEST_WAIT).contains(&wait) {
        validation.take::<()>("?wait_s", Err(Invalid::because("Must be 0 to 60.")));
    }
    let after = match last_event {
        None => query.after,
        Some(text) => validation
            .take("Last-Event-ID", text.parse().map_err(|_| Invalid::because("Must be the number of an event."))),
    };
    if after.is_some_and(|after| after < 0) {
        validation.take::<()>("?after", Err(Invalid::because("Must not be negative.")));
    }
    let instance = query.instance.unwrap_or_default();
    if instance.len() > 64 || !instance.bytes().all(|letter| letter.is_ascii_graphic()) {
        validation.take::<()>("?instance", Err(Invalid::because("Must be at most 64 visible ASCII characters.")));
    }
    let wait = Duration::from_secs(wait.unsigned_abs());
    validation.finish(Some((Wanted { after, instance, booked: None }, wait)))
}

async fn poll(
    asking: &Asking<FollowChanges>,
    mut wanted: Wanted,
    wait: Duration,
    drain: &Drain,
) -> Result<HttpResponse, Problem> {
    let mut newest = asking.service().watch_changes();
    newest.mark_unchanged();
    let deadline = tokio::time::Instant::now() + wait;
    loop {
        let since = changes(asking, wanted.clone()).await?;
        let is_over = drain.is_closing() || tokio::time::Instant::now() >= deadline;
        if is_over || wanted.after.is_none() || !since.told.is_empty() {
            let mut response = HttpResponse::Ok();
            response.insert_header((header::CACHE_CONTROL, "no-store"));
            return Ok(response.json(present::changes(&since)));
        }
        wanted.booked = Some(since.booked);
        tokio::select! {
            () = tokio::time::sleep_until(deadline) => {}
            () = drain.closing() => {}
            _ = newest.changed() => {}
        }
    }
}

async fn changes(asking: &Asking<FollowChanges>, wanted: Wanted) -> Result<ChangesSince, Problem> {
    asking.run(move |service, _, permit| gateway_plane::changes(service, permit, &wanted)).await
}

/// The first answer decides whether there is a stream at all.
async fn stream(asking: Asking<FollowChanges>, wanted: Wanted, drain: Drain) -> Result<HttpResponse, Problem> {
    let first = changes(&asking, wanted.clone()).await?;
    let events = futures_util::stream::unfold(
        (asking, wanted, drain, Some(first)),
        |(asking, mut wanted, drain, mut next)| async move {
            let since = match next.take() {
                Some(since) => since,
                None => {
                    let mut newest = asking.service().watch_changes();
                    newest.mark_unchanged();
                    tokio::select! {
                        () = tokio::time::sleep(HEARTBEAT) => {}
                        // The reader comes back, to somebody else.
                        () = drain.closing() => return None,
                        _ = newest.changed() => {}
                    }
                    // The end of the stream: whoever reads it comes back, and hears then what is wrong.
                    changes(&asking, wanted.clone()).await.ok()?
                }
            };
            // Sent is not applied: of that the reader tells by asking.
            (wanted.after, wanted.booked) = (Some(since.sequence), Some(since.booked));
            let event = event(&present::changes(&since));
            Some((Ok::<_, actix_web::Error>(event), (asking, wanted, drain, None)))
        },
    );
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store")).content_type("text/event-stream");
    // Events are sent one by one, and compressing would hold them back.
    response.insert_header((header::CONTENT_ENCODING, "identity"));
    Ok(response.streaming(events))
}

fn event(changes: &Changes) -> web::Bytes {
    let data = serde_json::to_string(changes).unwrap_or_default();
    format!("event: changes\nid: {}\ndata: {data}\n\n", changes.sequence).into()
}

/// Report usage
///
/// Of requests that the gateway verified by itself. What is not the gateway's to know of is passed over.
#[utoipa::path(
    tag = "gateway plane", request_body = wire::ReportUsage,
    responses((status = 204, description = "Noted; it shows within seconds"))
)]
#[post("/v1/gateway/usage")]
pub(crate) async fn report_usage(asking: Asking<ReportUsage>, body: Json<wire::ReportUsage>) -> Result<Reply, Problem> {
    let items = body.read()?.items;
    if !(1..=MOST).contains(&items.len()) {
        return Err(Problem::invalid("/items", format!("Must be 1 to {MOST}.")));
    }
    let mut validation = Validation::default();
    let reported: Vec<_> =
        items.into_iter().enumerate().filter_map(|(index, item)| reported(&mut validation, index, item)).collect();
    let reported = validation.finish(Some(reported))?;
    asking.run(move |service, context, permit| service.report_usage(context, permit, reported)).await?;
    Ok(Reply::no_content())
}

const MOST: usize = 1000;

fn reported(validation: &mut Validation, index: usize, item: wire::ReportedUsage) -> Option<Reported> {
    let at = |name: &str| format!("/items/{index}/{name}");
    let access_key_id = validation.take(&at("access_key_id"), AccessKeyId::parse(&item.access_key_id));
    if item.count < 1 {
        validation.take::<()>(&at("count"), Err(Invalid::because("Must be at least 1.")));
    }
    let address = validation.take_if(&at("source_ip"), item.source_ip.as_deref(), |text| {
        text.parse().map_err(|_| Invalid::because("Must be an IP address."))
    });
    let agent = item.user_agent;
    if agent.as_deref().is_some_and(|agent| agent.len() > 400 || agent.contains('\0')) {
        validation.take::<()>(&at("user_agent"), Err(Invalid::because("Must be at most 400 characters.")));
    }
    let (last_used_at, count) = (domain::time::to_micros(item.last_used_at), item.count);
    Some(Reported { access_key_id: access_key_id?, last_used_at, count, address, agent })
}
