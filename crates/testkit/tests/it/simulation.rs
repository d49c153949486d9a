//! A control plane as small as it can be and still be wrong in the ways in which real ones are: a database with a feed, two
//! nodes that answer from memory under a lease, clients, and an order of events that is drawn from a seed.
//!
//! It is not the product, and proves nothing about it. It proves that the checker of histories sees what it should.

mod actors;
mod world;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use keyreeve_testkit::history::Entry;

pub(crate) use world::Bug;
use world::World;

/// Runs everybody to their end, one step at a time in an order drawn from the seed, and says what clients saw.
pub(crate) fn run(seed: u64, bug: Option<Bug>) -> Vec<Entry> {
    let world = Rc::new(World::new(seed, bug));
    let mut working = actors::clients(&world);
    let mut serving = actors::servers(&world);
    while !working.is_empty() {
        world.tick();
        let place = world.below(working.len() + serving.len());
        let is_over = match working.get_mut(place) {
            Some(actor) => is_over(actor),
            None => {
                let place = place - working.len();
                assert!(!is_over(&mut serving[place]), "nodes and readers never end");
                false
            }
        };
        if is_over {
            drop(working.remove(place));
        }
    }
    drop(serving);
    world.log()
}

type Actor = Pin<Box<dyn Future<Output = ()>>>;

fn is_over(actor: &mut Actor) -> bool {
    actor.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Lets others go on.
fn step() -> impl Future<Output = ()> {
    let mut has_waited = false;
    std::future::poll_fn(
        move |_| {
            if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
        },
    )
}
