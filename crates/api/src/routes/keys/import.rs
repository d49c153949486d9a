use actix_web::post;
use authz::action::ImportKeys;
use domain::Secret;
use domain::key::{AccessKeyId, SecretAccessKey};
use service::keys::{self, ImportOrder, KeyShown};
use wire::{CreateKey, ImportKey, ImportProblem, ImportResult, ImportStatus, ImportedKeys};

use super::{place, terms};
use crate::http::{Authorized, Json, Reply, Validation};
use crate::present;
use crate::problem::Problem;

const MOST: usize = 100;

/// Import keys
///
/// Brings pairs along that were made elsewhere. Each line has its own outcome: one that is refused changes nothing and
/// stops no other. What was imported is taken, so the same lines can safely be sent again.
#[utoipa::path(
    tag = "keys", params(("tenant" = String, Path, example = "ten_01jd0000000000000000000000")),
    request_body = wire::ImportKeys,
    responses((status = 200, description = "What has become of each line", body = ImportedKeys))
)]
#[post("/v1/tenants/{tenant}/keys:import")]
pub(crate) async fn import_keys(
    caller: Authorized<ImportKeys>,
    body: Json<wire::ImportKeys>,
) -> Result<Reply, Problem> {
    let items = body.read()?.items;
    if !(1..=MOST).contains(&items.len()) {
        return Err(Problem::invalid("/items", format!("There must be 1 to {MOST} lines.")));
    }
    let mut refused = Vec::new();
    let mut orders = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match order(item) {
            Ok(order) => orders.push((index, order)),
            Err(problem) => refused.push(result(index, Err(problem))),
        }
    }
    let (lines, orders): (Vec<_>, Vec<_>) = orders.into_iter().unzip();
    let imported =
        caller.run(move |service, context, permit| Ok(keys::import(service, context, permit, &orders))).await?;
    let made = lines.into_iter().zip(imported).map(|(index, made)| result(index, made.map_err(Problem::from)));
    let mut results: Vec<_> = made.chain(refused).collect();
    results.sort_by_key(|result| result.index);
    Ok(Reply::ok(&ImportedKeys { results }))
}

fn order(item: ImportKey) -> Result<ImportOrder, Problem> {
    let given = Secret::new(item.secret_access_key);
    let mut validation = Validation::default();
    let place = place(&mut validation, item.region.as_deref(), item.instance.as_deref());
    let access_key_id = validation.take("/access_key_id", AccessKeyId::parse(&item.access_key_id));
    let secret = validation.take("/secret_access_key", SecretAccessKey::parse(given.expose()));
    let terms = CreateKey {
        region: None,
        instance: None,
        label: item.label,
        description: item.description,
        buckets: item.buckets,
        prefixes: item.prefixes,
        permissions: item.permissions,
        allowed_addresses: item.allowed_addresses,
        expires_at: item.expires_at,
    };
    let terms = terms::new(&mut validation, terms);
    validation.finish((|| {
        Some(ImportOrder { place: place?, access_key_id: access_key_id?, secret: secret?, terms: terms? })
    })())
}

fn result(index: usize, outcome: Result<KeyShown, Problem>) -> ImportResult {
    match outcome {
        Ok(shown) => {
            let key = Some(present::key(shown));
            ImportResult { index, status: ImportStatus::Created, key, problem: None }
        }
        Err(problem) => {
            let problem = Some(of_line(index, problem));
            ImportResult { index, status: ImportStatus::Refused, key: None, problem }
        }
    }
}

/// With pointers into the whole body.
fn of_line(index: usize, problem: Problem) -> ImportProblem {
    let errors = problem.errors.into_iter();
    ImportProblem {
        kind: format!("/problems/{}", problem.kind.slug()),
        title: problem.kind.title().to_owned(),
        detail: problem.detail,
        errors: errors
            .map(|found| wire::Violation { pointer: format!("/items/{index}{}", found.pointer), ..found })
            .collect(),
    }
}
