//! Who does what: clients that change and verify, nodes that follow the feed, readers of it.

use std::rc::Rc;

use keyreeve_testkit::history::{Change, Done, Moment, Outcome, Seen};

use super::world::{Bug, LEASE, NODES, Row, World};
use super::{Actor, step};

const KEYS: usize = 3;
const CHANGES: usize = 12;
const VERIFIES: usize = 120;
const PAGE: usize = 3;

pub(super) fn clients(world: &Rc<World>) -> Vec<Actor> {
    let changers = (0..4).map(|number| Box::pin(change_keys(world.clone(), number)) as Actor);
    let verifiers = (0..4).map(|_| Box::pin(verify_keys(world.clone())) as Actor);
    changers.chain(verifiers).collect()
}

pub(super) fn servers(world: &Rc<World>) -> Vec<Actor> {
    let followers = (0..NODES).map(|node| Box::pin(follow(world.clone(), node)) as Actor);
    let readers = (0..2).map(|reader| Box::pin(read_feed(world.clone(), reader)) as Actor);
    followers.chain(readers).collect()
}

fn some_key(world: &World) -> String {
    format!("key{}", world.below(KEYS))
}

async fn change_keys(world: Rc<World>, number: usize) {
    if number == 0 {
        for key in 0..KEYS {
            change(&world, &format!("key{key}"), Change::Created).await;
        }
    }
    for _ in 0..CHANGES {
        let what = match world.below(12) {
            0 => Change::Revoked,
            1..=5 => Change::Rotated,
            _ => Change::Reset,
        };
        change(&world, &some_key(&world), what).await;
        for _ in 0..world.below(12) {
            step().await;
        }
    }
}

async fn change(world: &World, key: &str, what: Change) {
    let (start, node) = (world.now(), world.below(NODES));
    step().await;
    while !world.try_lock(key) {
        step().await;
    }
    let before = world.row(key);
    if before.current.is_none() == (what != Change::Created) {
        world.unlock(key);
        return;
    }
    step().await;
    let pair = (what != Change::Revoked).then(|| world.fresh_pair(key));
    let until = world.now() + 20 + world.below(30) as Moment;
    let (after, told) = apply(what, before, pair.clone(), until);
    let version =
        if world.has(Bug::VersionNotCounted) && what == Change::Rotated { after.version - 1 } else { after.version };
    let after = Row { version, ..after };
    let first = world.take_numbers(told.len());
    step().await;

    let sequence = first + told.len() as i64 - 1;
    let done = |at| {
        let until = (what == Change::Rotated).then_some(until);
        let outcome = Outcome::Done(Done { version, pair: pair.clone(), until, receipt: Some((sequence, at)) });
        Seen::Changed { key: key.to_owned(), change: what, outcome }
    };
    if world.has(Bug::AcknowledgedBeforeCommit) {
        world.see(node, start, done(world.now()));
        step().await;
        step().await;
    }
    if world.has(Bug::ResetInTwoTransactions) && what == Change::Reset {
        let dead = Row { version: after.version - 1, ..Row::default() };
        let own = world.take_numbers(told.len());
        world.commit(key, dead, own, &told);
        forget(world, node, &told);
        step().await;
        step().await;
    }
    world.commit(key, after, first, &told);
    forget(world, node, &told);
    world.unlock(key);
    if world.has(Bug::AcknowledgedBeforeCommit) {
        return;
    }
    while !world.has(Bug::ReceiptWithoutWaiting) && !is_confirmed(world, node, sequence) {
        step().await;
    }
    world.see(node, start, done(world.now()));
}

fn apply(what: Change, before: Row, pair: Option<String>, until: Moment) -> (Row, Vec<String>) {
    let told: Vec<String> = before.current.iter().chain(&pair).cloned().collect();
    let retiring = before.current.filter(|_| what == Change::Rotated).map(|old| (old, until));
    // The pair that retired before this change is dead from now on, and whoever remembers it has to hear that.
    let ended = before.retiring.map(|(pair, _)| pair);
    (Row { version: before.version + 1, current: pair, retiring }, ended.into_iter().chain(told).collect())
}

fn forget(world: &World, node: usize, told: &[String]) {
    let mut nodes = world.nodes.borrow_mut();
    told.iter().for_each(|pair| nodes[node].forget(pair));
}

/// Whether every other node has applied a change, or may not answer from memory any more.
fn is_confirmed(world: &World, own: usize, sequence: i64) -> bool {
    let nodes = world.nodes.borrow();
    let others = nodes.iter().enumerate().filter(|(node, _)| *node != own);
    others.map(|(_, node)| node.written_down).all(|(until, applied)| applied >= sequence || until <= world.now())
}

/// A node follows the feed, and now and then stands still for as long as its lease. What happens between a look and the lease
/// is heard of with the next look: whoever finds a lease waits for that, and whoever finds none does not.
async fn follow(world: Rc<World>, node: usize) {
    let mut leased_since = -LEASE;
    loop {
        let since = world.now();
        let applied = world.nodes.borrow()[node].applied;
        let (told, upto) = world.look(applied, 100);
        stand_still(&world).await;
        for (_, pair) in &told {
            if !(world.has(Bug::SkippedInvalidation) && world.below(3) == 0) {
                world.nodes.borrow_mut()[node].forget(pair);
            }
        }
        world.nodes.borrow_mut()[node].applied = upto;
        step().await;
        let has_lapsed = world.now() >= leased_since + LEASE && !world.has(Bug::LeaseWithoutAnotherLook);
        world.nodes.borrow_mut()[node].written_down = (since + LEASE, upto);
        leased_since = since;
        if !has_lapsed {
            let from = if world.has(Bug::LeaseFromAfterTheRead) { world.now() } else { since };
            world.nodes.borrow_mut()[node].lease = from + LEASE;
        }
        stand_still(&world).await;
    }
}

async fn stand_still(world: &World) {
    let pause = match world.below(12) {
        0 => 25,
        1..=4 => 5,
        _ => 1,
    };
    for _ in 0..pause {
        step().await;
    }
}

async fn verify_keys(world: Rc<World>) {
    for _ in 0..VERIFIES {
        let (start, node, key) = (world.now(), world.below(NODES), some_key(&world));
        let pairs: Vec<String> = world.pairs.borrow().get(&key).into_iter().flatten().rev().take(3).cloned().collect();
        let recalled = {
            let nodes = world.nodes.borrow();
            nodes[node].recall(&pairs).filter(|_| world.now() < nodes[node].lease)
        };
        let allowed = match recalled {
            Some(standings) => standings.into_iter().map(|standing| world.is_allowed(standing, start)).collect(),
            None => look_up(&world, node, &key, &pairs, start).await,
        };
        let asked = pairs.into_iter().zip(allowed).collect();
        world.see(node, start, Seen::Verified { key, asked });
        step().await;
    }
}

/// Asks the database, and remembers what it says if that is still true.
async fn look_up(world: &World, node: usize, key: &str, pairs: &[String], at: Moment) -> Vec<bool> {
    let before: Vec<u64> = pairs.iter().map(|pair| world.nodes.borrow()[node].times_forgotten(pair)).collect();
    let may_remember = world.now() < world.nodes.borrow()[node].lease;
    step().await;
    let mut standings = Vec::new();
    for pair in pairs {
        standings.push(world.read(key, pair));
        if world.has(Bug::BatchFromSeveralStates) {
            step().await;
        }
    }
    let seen_at = world.newest_number();
    let allowed = standings.iter().map(|standing| world.is_allowed(*standing, at)).collect();
    step().await;
    let mut nodes = world.nodes.borrow_mut();
    let node = &mut nodes[node];
    for ((pair, standing), before) in pairs.iter().zip(standings).zip(before) {
        if world.has(Bug::StaleFill) || (node.times_forgotten(pair) == before && may_remember) {
            node.remember(pair, standing, if world.has(Bug::StaleFill) { 0 } else { seen_at });
        }
    }
    allowed
}

/// A reader of the feed, which is killed now and then and goes on from what it had written down.
async fn read_feed(world: Rc<World>, reader: usize) {
    let (mut cursor, mut written_down) = (0, 0);
    loop {
        let start = world.now();
        let (told, upto) = world.look(cursor, PAGE);
        let reader = format!("reader {reader}");
        world.see(0, start, Seen::Followed { reader, after: cursor, upto, told });
        cursor = upto;
        match world.below(6) {
            0 => cursor = written_down,
            1 | 2 => written_down = cursor,
            _ => {}
        }
        for _ in 0..world.below(6) {
            step().await;
        }
        step().await;
    }
}
