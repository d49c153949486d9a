//! What happens, drawn at random.

use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum Step {
    SuspendPartner,
    ResumePartner,
    SuspendTenant(usize),
    ResumeTenant(usize),
    AddPerson(usize),
    ChangeRole(usize, usize),
    RemovePerson(usize),
    LogIn(usize),
    LogOut(usize),
    Refresh(usize),
    /// With a token that was used before: it may have been stolen.
    RefreshAgain(usize),
    MakeToken(usize, i64),
    DeleteToken(usize),
    CreateKey(usize, usize, Option<i64>),
    ResetKey(usize),
    RotateKey(usize, i64),
    RevokeKey(usize),
    DisableKey(usize),
    EnableKey(usize),
    Advance(i64),
    /// Somebody sets the clock, or a machine that was wrong is put right.
    SetBack(i64),
    Restart,
}

const STEPS: usize = 60;

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = 0..1000_usize;
    let seconds = || prop_oneof![6 => 1..900_i64, 2 => 900..100_000_i64, 1 => 100_000..700_000_i64];
    let step = prop_oneof![
        1 => Just(Step::SuspendPartner),
        6 => Just(Step::ResumePartner),
        1 => any.clone().prop_map(Step::SuspendTenant),
        4 => any.clone().prop_map(Step::ResumeTenant),
        2 => any.clone().prop_map(Step::AddPerson),
        2 => (any.clone(), 0..3_usize).prop_map(|(person, role)| Step::ChangeRole(person, role)),
        1 => any.clone().prop_map(Step::RemovePerson),
        4 => any.clone().prop_map(Step::LogIn),
        2 => any.clone().prop_map(Step::LogOut),
        5 => any.clone().prop_map(Step::Refresh),
        1 => any.clone().prop_map(Step::RefreshAgain),
        3 => (any.clone(), seconds()).prop_map(|(tenant, ends)| Step::MakeToken(tenant, ends)),
        1 => any.clone().prop_map(Step::DeleteToken),
        6 => (any.clone(), 0..2_usize, prop::option::weighted(0.4, seconds()))
            .prop_map(|(tenant, region, ends)| Step::CreateKey(tenant, region, ends)),
        4 => any.clone().prop_map(Step::ResetKey),
        4 => (any.clone(), seconds()).prop_map(|(key, grace)| Step::RotateKey(key, grace)),
        1 => any.clone().prop_map(Step::RevokeKey),
        2 => any.clone().prop_map(Step::DisableKey),
        3 => any.clone().prop_map(Step::EnableKey),
        6 => seconds().prop_map(Step::Advance),
        2 => seconds().prop_map(Step::SetBack),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, STEPS)
}
