//! Every operation of the document, tried by everybody on everything: what comes of each is what the one table says, what may
//! not be seen answers as what never was, and nothing is changed by any of it.
//!
//! Nobody may succeed here, or the next one would find another world: a body has a field too many, and what takes no body is
//! conditional on a version that never was. Whoever is let through to that is told so, by 422 or 412; that each operation does
//! succeed for somebody is shown in `failures.rs`.

mod actors;
mod objects;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use authz::action::Operation as Name;
use authz::table::{Rule, rule};
use domain::Role;
use serde_json::{Value, json};
use testkit::{Answer, Server, on_both_databases};

use crate::operations::{Operation, operations, told};
use actors::{Actor, Who, actors};
use objects::{Object, Position, World};

/// What has to come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Unknown,
    Invisible,
    Forbidden,
    LetThrough,
    /// It is on its way out: who may see it is told anything but that it succeeded.
    NoSuccess,
}

fn expected(actor: &Actor, rule: &Rule, object: Object, position: Position, is_nested: bool) -> Expected {
    if actor.who == Who::Nobody {
        return Expected::Unknown;
    }
    if actor.who == Who::Elsewhere {
        return Expected::Forbidden;
    }
    if position == Position::Never || !actor.sees(object, position) {
        return Expected::Invisible;
    }
    let is_own_partner = object == Object::Partner && actor.who == Who::Partner && position == actor.own;
    if !admits(rule, actor) || (rule.only_below && is_own_partner) {
        return Expected::Forbidden;
    }
    if position == Position::Deleted {
        return Expected::NoSuccess;
    }
    if position == Position::Mixed && is_nested { Expected::Invisible } else { Expected::LetThrough }
}

/// Not the table's own function: that one is on trial.
fn admits(rule: &Rule, actor: &Actor) -> bool {
    let holds = rule.scope.is_none_or(|scope| actor.scopes.contains(&scope.as_str()));
    match actor.who {
        Who::Nobody | Who::Elsewhere => false,
        Who::Operator => rule.operator && holds,
        Who::Partner => rule.partner && holds,
        Who::Tenant => rule.tenant && holds,
        Who::Member => rule.role == Some(Role::Member),
        Who::MemberPlus => rule.role.is_some_and(|least| least != Role::Admin),
        Who::Admin => rule.role.is_some(),
        Who::Gateway => rule.gateway.is_some_and(|needed| actor.scopes.contains(&needed.as_str())),
    }
}

fn attempt(operation: &Operation, actor: &Actor, world: &World, position: Position) -> Answer {
    let client = actor.client(&operation.scheme);
    let ids = world.ids(Object::of(&operation.path), position);
    match &operation.body {
        // What is not there is found out after the body was read: it may be right.
        Some(_) if position == Position::Mixed && operation.is_nested() => operation.try_by(&client, ids),
        Some(body) => {
            let mut body = if body.is_object() { body.clone() } else { json!({}) };
            body["a_field_too_many"] = json!(true);
            operation.try_with(&client, ids, Some(&body.to_string()))
        }
        None if operation.method == "GET" => operation.try_by(&client, ids),
        None => operation.try_by(&client.with("if-match", "\"987654321\""), ids),
    }
}

fn holds(expected: Expected, operation: &Operation, answer: &Answer) -> bool {
    match (operation.scheme.as_str(), expected) {
        // To a proxy everything but a verdict is trouble of its own.
        ("gateway", _) => {
            let is_asked_what_for = answer.text.contains("x-original-method");
            answer.status == 503 && is_asked_what_for == (expected == Expected::LetThrough)
        }
        // Keystone has no word for a field too many; whoever is let through has signed nothing that counts.
        ("keystone", Expected::LetThrough) => answer.status == 404 || answer.text.contains("signature-refused"),
        // Whoever is no gateway cannot have logged in.
        ("keystone", _) => [401, 403].contains(&answer.status) && !answer.text.contains("signature-refused"),
        (_, Expected::Unknown) => answer.status == 401,
        (_, Expected::Invisible) => answer.status == 404,
        (_, Expected::Forbidden) => answer.status == 403,
        (_, Expected::LetThrough) => match operation.method.as_str() {
            "GET" => answer.status == 200,
            _ if HARMLESS.contains(&operation.name.as_str()) => [200, 204].contains(&answer.status),
            _ => [409, 412, 422].contains(&answer.status),
        },
        (_, Expected::NoSuccess) => {
            operation.method == "GET"
                || HARMLESS.contains(&operation.name.as_str())
                || (400..500).contains(&answer.status)
        }
    }
}

/// They have nothing to be conditional on, and change nothing where nothing was restored.
const HARMLESS: &[&str] = &["preview_emergency_stop", "lift_quarantine"];

/// They end the credential that they are tried with, and take no condition. `sessions.rs` is about them.
const LEFT_OUT: &[&str] = &["end_session"];

fn state(server: &Server, world: &World) -> Vec<String> {
    let mut lists: Vec<String> =
        ["regions", "key-models", "partners", "tenants", "gateways", "operator/tokens", "audit?limit=500"]
            .map(|list| format!("/v1/{list}"))
            .into();
    for tenant in world.tenants() {
        let parts = ["users", "tokens", "regions", "instances", "buckets", "keys"];
        lists.extend(parts.map(|part| format!("/v1/tenants/{tenant}/{part}")));
    }
    lists.iter().map(|list| without_uses(server.operator().get(list).expect(200).json())).collect()
}

/// Looking at something is a use of the token one looks with, and following the changes gives a lease.
fn without_uses(list: Value) -> String {
    let mut list = list;
    for item in list["items"].as_array_mut().unwrap() {
        if let Some(item) = item.as_object_mut() {
            item.retain(|name, _| !name.starts_with("last_used") && !["lease", "processes"].contains(&name.as_str()));
        }
    }
    list.to_string()
}

/// Tries everybody on everything of one kind.
fn try_all(server: &Server, is_tried: fn(Object) -> bool) {
    let world = World::furnish(server);
    let actors = actors(server, &world);
    let operations = operations(server, "/v");
    let by_name: BTreeMap<&str, Name> = Name::ALL.iter().map(|name| (name.as_str(), *name)).collect();
    let documented: BTreeSet<&str> = operations.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(
        by_name.keys().copied().collect::<BTreeSet<_>>(),
        documented,
        "the table and the document name the same"
    );

    let before = state(server, &world);
    let (mut cells, mut wrong) = (0, Vec::new());
    let tried = operations.iter().filter(|operation| !LEFT_OUT.contains(&operation.name.as_str()));
    for operation in tried.filter(|operation| is_tried(Object::of(&operation.path))) {
        let rule = rule(by_name[operation.name.as_str()]);
        let object = Object::of(&operation.path);
        let mut was_let_through = false;
        for actor in &actors {
            let is_anybody = matches!(actor.who, Who::Nobody | Who::Elsewhere);
            let positions = if is_anybody { &object.positions()[..1] } else { object.positions() };
            let never = OnceCell::new();
            for position in positions {
                let expected = expected(actor, &rule, object, *position, operation.is_nested());
                let answer = attempt(operation, actor, &world, *position);
                let mut is_right = holds(expected, operation, &answer);
                if expected == Expected::Invisible && operation.scheme == "bearer" {
                    let ask = || told(&attempt(operation, actor, &world, Position::Never));
                    is_right &= *never.get_or_init(ask) == told(&answer);
                }
                if !is_right {
                    let (name, by) = (&operation.name, actor.name);
                    wrong.push(format!("{name} by {by} on {position:?}: {expected:?}, and it was {answer}"));
                }
                was_let_through |= expected == Expected::LetThrough;
                cells += 1;
            }
        }
        assert!(was_let_through, "nobody at all is let through to {}", operation.name);
    }
    println!("{} operations, {} actors, {cells} cells", operations.len(), actors.len());
    assert!(wrong.is_empty(), "{} of {cells} cells:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    for (before, after) in before.iter().zip(state(server, &world)) {
        assert_eq!(*before, after, "something was changed");
    }
}

on_both_databases! {
    fn everybody_gets_what_the_table_says_of_tenants(server: &Server) {
        try_all(server, |object| object == Object::Tenant);
    }

    fn everybody_gets_what_the_table_says_of_everything_else(server: &Server) {
        try_all(server, |object| object != Object::Tenant);
    }
}
