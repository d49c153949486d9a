//! What was acknowledged is there after a power cut: on the disk is what was synced, and chance decides about the rest.
//!
//! The server writes through `tests/power/disk.c`, which keeps a copy of what has been synced. After a kill -9 that copy takes
//! the place of the files.

use std::sync::atomic::Ordering;

use rustix::process::Signal;

use crate::disk::Disk;

const WRITERS: usize = 8;

/// `KEYREEVE_CUTS=100` makes it a long one.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
fn cuts(usual: usize) -> usize {
    std::env::var("KEYREEVE_CUTS").map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn a_power_cut_while_writing_loses_nothing_acknowledged() {
    let (mut disk, cuts) = (Disk::new(&[]), cuts(12));
    let mut writers = disk.writers(WRITERS);
    let (mut unsynced, mut kept) = (0, 0);
    for cut in 0..cuts {
        disk.write_and_cut(&mut writers, cut);
        unsynced += usize::from(disk.has_unsynced());
        // A disk may have written some of it, in any order.
        kept += if cut % 2 == 0 { 0 } else { disk.keep_some_unsynced(cut) };
        disk.find_durable();
        let url = disk.start();
        writers.settle(&url);
        writers.look_for_new(&url);
    }
    let url = disk.fleet.replicas[0].url.clone();
    writers.look_for_all(&url);
    disk.fleet.replicas.remove(0).stop().succeeded();
    disk.check_integrity();
    println!(
        "power: {cuts} cuts under {WRITERS} writers, {} acknowledged writes, lost 0, {} revokes among them, all in force; \
         {} unanswered and settled by a retry; \
         {unsynced} cuts took something away, {kept} unsynced blocks were kept by chance",
        writers.acknowledged.load(Ordering::SeqCst) + writers.settled,
        writers.revoked(),
        writers.settled
    );
    assert!(unsynced * 4 > cuts, "the cuts did not hit: {unsynced} of {cuts}");
}

/// Or else the next cut could leave a part of what is written in its place, and what was cut off would be joined with that.
#[test]
fn what_a_cut_has_torn_of_the_journal_is_gone_before_more_is_written() {
    let mut disk = Disk::new(&[]);
    disk.fleet.replicas.remove(0).running.signal(Signal::KILL);
    disk.find_durable();
    let whole = disk.tear("changes.journal", "7 17951760000");
    assert!(whole > 0);
    disk.start();
    let kept = disk.durable_text("changes.journal");
    assert!(!kept.contains("\n7 17951760000"), "{kept}");
    assert!(kept.len() >= whole, "{kept}");
}

/// As with `synchronous = NORMAL`: the log is not synced at a commit. This shows that the test above can fail.
#[test]
fn a_disk_that_forgets_the_log_loses_what_was_acknowledged() {
    let mut disk = Disk::new(&[("DISK_FORGETS", "-wal")]);
    let mut writers = disk.writers(WRITERS);
    disk.write_and_cut(&mut writers, 0);
    disk.find_durable();
    let url = disk.start();
    // The journal of changes was synced, and tells of what the database does not know.
    let operator = disk.fleet.operator(0);
    assert_eq!(operator.get("/v1/quarantine").expect(200).field("/quarantined"), true);
    operator.act("/v1/quarantine/lift").expect(204);
    let (lost, acknowledged) = (writers.lost(&url), writers.acknowledged.load(Ordering::SeqCst));
    println!(
        "power: a disk that forgets the log lost {lost} pairs in {acknowledged} acknowledged writes, and it was noticed"
    );
    assert!(lost > 0);
}
