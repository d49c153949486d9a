//! What is done to a tenant's keys, drawn at random.

use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Create {
        product: usize,
        instance: Option<usize>,
        label: Option<u8>,
        described: bool,
        buckets: Vec<u8>,
        ends: Option<i64>,
    },
    Reset(usize),
    Rotate(usize, i64),
    Revoke(usize),
    Disable(usize),
    Enable(usize),
    Delete(usize),
    Change {
        key: usize,
        label: Option<Option<u8>>,
        ends: Option<i64>,
    },
    MakeInstance(usize),
    DeleteInstance(usize),
    Advance(i64),
    List(Filter),
}

#[derive(Debug, Clone)]
pub(super) enum Filter {
    Region(usize),
    Instance(usize),
    Status(usize),
    Label(u8),
    Bucket(u8),
    AccessKeyId(usize),
    OlderThan(i64),
    StatusAndRegion(usize, usize),
}

pub(super) const STEPS: usize = 250;

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = 0..1000_usize;
    let ends = || prop::option::weighted(0.3, -60..200_000_i64);
    let label = || 0..4_u8;
    let filter = prop_oneof![
        (0..3_usize).prop_map(Filter::Region),
        any.clone().prop_map(Filter::Instance),
        (0..4_usize).prop_map(Filter::Status),
        label().prop_map(Filter::Label),
        (0..4_u8).prop_map(Filter::Bucket),
        any.clone().prop_map(Filter::AccessKeyId),
        (0..3_i64).prop_map(Filter::OlderThan),
        (0..4_usize, 0..3_usize).prop_map(|(status, region)| Filter::StatusAndRegion(status, region)),
    ];
    let create = (
        0..3_usize,
        prop::option::weighted(0.4, any.clone()),
        prop::option::weighted(0.8, label()),
        prop::bool::weighted(0.8),
        prop::collection::vec(0..4_u8, 0..3),
        ends(),
    );
    let create = create.prop_map(|(product, instance, label, described, mut buckets, ends)| {
        buckets.sort_unstable();
        buckets.dedup();
        Step::Create { product, instance, label, described, buckets, ends }
    });
    let change = (any.clone(), prop::option::of(prop::option::weighted(0.8, label())), ends());
    let step = prop_oneof![
        6 => create,
        3 => any.clone().prop_map(Step::Reset),
        3 => (any.clone(), prop_oneof![1..100_000_i64, Just(2_592_000), Just(2_592_001)]).prop_map(|(key, grace)| Step::Rotate(key, grace)),
        2 => any.clone().prop_map(Step::Revoke),
        2 => any.clone().prop_map(Step::Disable),
        2 => any.clone().prop_map(Step::Enable),
        3 => any.clone().prop_map(Step::Delete),
        3 => change.prop_map(|(key, label, ends)| Step::Change { key, label, ends }),
        1 => (0..3_usize).prop_map(Step::MakeInstance),
        1 => any.prop_map(Step::DeleteInstance),
        3 => prop_oneof![1..3600_i64, 1..40_000_i64].prop_map(Step::Advance),
        4 => filter.prop_map(Step::List),
    ];
    prop::collection::vec(step, STEPS)
}
