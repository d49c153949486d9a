//! What is left of a restore: whether requests are verified again, and what is held back until somebody decides.

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::exit::Result;
use crate::operations;
use crate::options::Limit;
use crate::output::Column;

const COLUMNS: &[Column] =
    &[("TYPE", "/type"), ("SUBJECT", "/subject"), ("CHANGED", "/changed_at"), ("DECISION", "/decision")];

#[derive(Subcommand)]
pub enum Quarantine {
    /// Show whether requests are verified after the last restore, and how much is held back.
    Show,
    /// List what was changed after the restored state and is held back, with what was decided about it.
    HeldBack {
        #[command(flatten)]
        limit: Limit,
    },
    /// Let what is held back count again, as the restored state says.
    #[command(after_help = "Example:\n  keyreeve quarantine release KRAAAAAAAAAAAAAAAAAA")]
    Release(Subjects),
    /// Leave what is held back dead.
    #[command(after_help = "Example:\n  keyreeve quarantine confirm --all")]
    Confirm(Subjects),
    /// Verify requests again.
    Lift,
}

#[derive(Args)]
pub struct Subjects {
    /// Access key ids, and ids of tenants, partners, gateways and tokens.
    #[arg(value_name = "SUBJECT", required_unless_present = "all", conflicts_with = "all")]
    subjects: Vec<String>,
    /// Everything that nobody has decided about.
    #[arg(long)]
    all: bool,
}

impl Quarantine {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Show => context.show(operations::read_quarantine()),
            Self::HeldBack { limit } => context.list(operations::list_held_back(), &limit, COLUMNS),
            Self::Release(subjects) => {
                context
                    .confirm(&format!("Let {} count again, as it was when the backup was made?", subjects.named()))?;
                subjects.decide(context, "released")
            }
            Self::Confirm(subjects) => subjects.decide(context, "confirmed"),
            Self::Lift => {
                context.confirm(
                    "Verify requests again? What was revoked since the backup counts, unless it is held back.",
                )?;
                context.remove(operations::lift_quarantine(), "the quarantine")
            }
        }
    }
}

impl Subjects {
    fn named(&self) -> String {
        if self.all { "all that is held back".to_owned() } else { self.subjects.join(", ") }
    }

    fn decide(self, context: &Context, decision: &str) -> Result<()> {
        let subjects = Some(self.subjects).filter(|_| !self.all);
        context.show(operations::decide_held_back().with("decision", Some(decision)).with("subjects", subjects))
    }
}
