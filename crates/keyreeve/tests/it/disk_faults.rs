//! Disks that are full, read-only or broken: nothing is acknowledged that was not written, verifying goes on, and when the disk
//! is well again so is everything.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::Client;

use crate::disk::Disk;
use crate::fleet::{Key, REGION};
use crate::home::until;

const LEASE: Duration = Duration::from_secs(5);
const ENOSPC: &str = "w 28";
const EROFS: &str = "w 30";
const WRITING_EIO: &str = "w 5";
const SYNCING_EIO: &str = "s 5";

#[test]
fn a_full_disk_refuses_changes_and_verifies_on() {
    refuses_changes_and_verifies_on(ENOSPC);
}

#[test]
fn a_read_only_disk_refuses_changes_and_verifies_on() {
    refuses_changes_and_verifies_on(EROFS);
}

#[test]
fn a_disk_that_fails_to_write_refuses_changes_and_verifies_on() {
    refuses_changes_and_verifies_on(WRITING_EIO);
}

#[test]
fn a_disk_that_fails_to_sync_refuses_changes_and_verifies_on() {
    refuses_changes_and_verifies_on(SYNCING_EIO);
}

fn refuses_changes_and_verifies_on(fault: &str) {
    let mut disk = Disk::new(&[]);
    let keys: Vec<Key> = (0..4).map(|number| disk.fleet.key(&format!("Key {number}"))).collect();
    let (operator, gateway) = (disk.fleet.operator(0), disk.fleet.gateway(0));
    let path = format!("{}/keys", disk.fleet.tenant);
    assert!(keys[0].is_allowed(&gateway));
    let listed = keys_of(&operator, &path);

    disk.fail(fault);
    let began = Instant::now();
    let (mut refused, mut verified) = (0, 0);
    // For longer than memory may be believed without a word from the database.
    while began.elapsed() < LEASE + Duration::from_secs(2) {
        let create = operator.post(&path, json!({"region": REGION, "label": "Refused"}));
        let others = ["reset", "revoke", "disable"].map(|action| operator.act(&format!("{}/{action}", keys[0].path)));
        for answer in [create].iter().chain(&others) {
            assert!(answer.status >= 500, "{fault}: {answer}");
            assert_eq!(answer.header("content-type"), "application/problem+json", "{answer}");
            refused += 1;
        }
        for key in &keys {
            assert!(key.is_allowed(&gateway), "{fault}");
            verified += 1;
        }
    }
    disk.mend();
    let mended = Instant::now();
    until("changes to be made again", || {
        let made = operator.post(&path, json!({"region": REGION, "label": "After"}));
        (made.status == 201).then_some(())
    });
    let back = mended.elapsed();
    operator.act(&format!("{}/revoke", keys[1].path)).expect(200);

    let same = |operator: &Client| {
        let now = keys_of(operator, &path);
        assert_eq!(now.len(), listed.len() + 1, "{fault}: what was made afterwards, and nothing that was refused");
        let is_changed = |key: &&Value| !now.contains(key);
        let changed: Vec<_> = listed.iter().filter(is_changed).map(|key| key["id"].as_str().unwrap()).collect();
        assert!(keys[1].path.ends_with(changed[0]) && changed.len() == 1, "{fault}: {changed:?}");
    };
    same(&operator);
    let stopped = disk.fleet.replicas.remove(0).stop().succeeded();
    assert!(!stopped.err.contains("panicked"), "{}", stopped.err);
    disk.check_integrity();
    disk.start();
    same(&disk.fleet.operator(0));
    let gateway = disk.fleet.gateway(0);
    assert!(keys[0].is_allowed(&gateway) && !keys[1].is_allowed(&gateway));
    println!(
        "disk: {fault}: {refused} changes refused, {verified} verifies of known keys allowed, changes again after {back:.1?}"
    );
}

/// All keys, but for when they were last used.
fn keys_of(operator: &Client, path: &str) -> Vec<Value> {
    let mut keys = operator.get(path).expect(200).items();
    for key in &mut keys {
        key.as_object_mut().unwrap().remove("last_used_at");
    }
    keys
}
