//! Which crate may use which. An arrow that is not in the table is a decision: change the table and
//! `docs/ARCHITECTURE.md` together.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Each room and the rooms it may use.
const ARROWS: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("wire", &[]),
    ("verify", &["domain"]),
    ("authz", &["domain"]),
    ("persistence", &["domain", "authz"]),
    ("gateway", &["domain", "verify", "wire"]),
    ("cli", &["domain", "wire"]),
    ("service", &["domain", "authz", "verify", "persistence"]),
    ("api", &["service", "authz", "domain", "wire"]),
    ("keyreeve", &["api", "cli", "service", "persistence", "gateway", "domain"]),
    ("s3s-gateway", &["gateway"]),
];

/// They may use every room, and no room may use them.
const FOR_DEVELOPMENT: [&str; 3] = ["testkit", "bench", "oracles"];

#[test]
fn a_room_uses_only_the_rooms_it_may() {
    let workspace = Workspace::read();
    for (room, allowed) in ARROWS {
        for used in workspace.dependencies(room) {
            let is_room = workspace.rooms.contains(used);
            assert!(!is_room || allowed.contains(&used.as_str()), "{room} must not use {used}");
        }
    }
}

#[test]
fn every_room_is_in_the_table() {
    let named: BTreeSet<_> = ARROWS.iter().map(|(room, _)| *room).chain(FOR_DEVELOPMENT).map(str::to_owned).collect();
    assert_eq!(Workspace::read().rooms, named);
}

#[test]
fn the_domain_is_neither_stored_nor_sent_nor_served() {
    for used in Workspace::read().dependencies("domain") {
        let outside = ["serde", "diesel", "actix", "tokio"].iter().any(|prefix| used.starts_with(prefix));
        assert!(!outside, "domain must not use {used}");
    }
}

#[test]
fn wire_is_bodies_and_nothing_else() {
    for used in Workspace::read().dependencies("wire") {
        assert!(["serde", "utoipa", "chrono"].contains(&used.as_str()), "wire must not use {used}");
    }
}

#[test]
fn only_persistence_knows_sql() {
    let workspace = Workspace::read();
    for room in workspace.rooms.iter().filter(|room| !["persistence", "testkit"].contains(&room.as_str())) {
        for used in workspace.dependencies(room) {
            let sql = used.starts_with("diesel") || ["libsqlite3-sys", "pq-sys"].contains(&used.as_str());
            assert!(!sql, "{room} must not use {used}");
        }
    }
}

#[test]
fn neither_the_gateway_nor_the_client_drags_a_server_along() {
    let workspace = Workspace::read();
    for room in ["gateway", "cli"] {
        for reached in workspace.reached_from(room) {
            let server = reached.starts_with("actix") || reached.starts_with("diesel");
            assert!(!server, "{room} must not reach {reached}");
        }
    }
}

struct Workspace {
    metadata: Metadata,
    rooms: BTreeSet<String>,
    /// What each room needs to be built, by name. What only its tests need is left out: that is free.
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Workspace {
    fn read() -> Workspace {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
        // Of this platform only, since a build has fetched no others' packages, and a test fetches nothing.
        let options = ["--offline", "--locked", "--filter-platform", &host_platform()].map(str::to_owned);
        let metadata = MetadataCommand::new().manifest_path(manifest).other_options(options).exec().unwrap();
        let mut rooms = BTreeSet::new();
        let mut dependencies = BTreeMap::new();
        for package in metadata.workspace_packages() {
            let needed = package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development);
            dependencies.insert(room(&package.name), needed.map(|used| room(&used.name)).collect());
            rooms.insert(room(&package.name));
        }
        Workspace { metadata, rooms, dependencies }
    }

    fn dependencies(&self, room: &str) -> &BTreeSet<String> {
        &self.dependencies[room]
    }

    /// Every package a room links, by name, however far away.
    fn reached_from(&self, from: &str) -> BTreeSet<String> {
        let nodes = &self.metadata.resolve.as_ref().unwrap().nodes;
        let nodes: BTreeMap<&PackageId, _> = nodes.iter().map(|node| (&node.id, node)).collect();
        let start = self.metadata.workspace_packages().into_iter().find(|package| room(&package.name) == from).unwrap();
        let mut reached = BTreeSet::new();
        let mut ahead = vec![&start.id];
        while let Some(id) = ahead.pop() {
            if reached.insert(id) {
                let linked =
                    |kinds: &[cargo_metadata::DepKindInfo]| kinds.iter().any(|k| k.kind == DependencyKind::Normal);
                ahead.extend(nodes[id].deps.iter().filter(|used| linked(&used.dep_kinds)).map(|used| &used.pkg));
            }
        }
        reached.into_iter().map(|id| self.metadata[id].name.to_string()).collect()
    }
}

fn host_platform() -> String {
    let version = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn room(package: &str) -> String {
    package.strip_prefix("keyreeve-").unwrap_or(package).to_owned()
}
