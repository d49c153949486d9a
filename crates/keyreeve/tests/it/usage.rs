//! Uses that were counted in memory are there after a clean stop.

use testkit::postgres::shared;

use crate::fleet::Fleet;

#[test]
fn what_was_counted_is_written_down_at_a_clean_stop() {
    let database = shared().unwrap().database().unwrap();
    let mut fleet = Fleet::of(2, &database.url(), &[]);
    let key = fleet.key("Counted");
    let busy = fleet.gateway(1);
    for _ in 0..7 {
        assert!(key.is_allowed(&busy));
    }
    fleet.replicas.remove(1).stop().succeeded();
    let usage = fleet.operator(0).get(&format!("{}/usage", key.path)).expect(200);
    assert_eq!(usage.field("/days/0/uses"), 7, "{usage}");
    assert_eq!(usage.field("/pairs/0/gateway"), "edge", "{usage}");
}
