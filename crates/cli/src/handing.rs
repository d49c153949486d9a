//! Where a secret goes that is shown once: to standard output, or to a new file that only its owner reads. The place is
//! made before the secret is, so that a file that cannot be made costs no key.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use wire::CreatedKey;
use zeroize::Zeroizing;

use crate::exit::{Failure, Result};
use crate::files::NewFile;
use crate::formats::{Format, Given, Pair};
use crate::output::{Mode, Output, id_of, pretty, say};

#[derive(Args)]
pub struct Handing {
    /// In whose words the pair is written [default: as --output says].
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// New file to write the pair to, for its owner only.
    #[arg(long, value_name = "FILE", requires = "format")]
    out: Option<PathBuf>,
}

/// A place that waits for its secret.
pub(crate) struct Place {
    format: Option<Format>,
    file: Option<NewFile>,
}

impl Handing {
    pub(crate) fn prepare(&self, output: &Output) -> Result<Place> {
        if output.is_quiet && self.format.is_none() {
            return Err(Failure::Usage(
                "with --quiet the secret would be lost: name a --format, and a file with --out".to_owned(),
            ));
        }
        self.prepare_for_some()
    }

    /// For an answer that may hold a secret, and need not.
    pub(crate) fn prepare_for_some(&self) -> Result<Place> {
        Ok(Place { format: self.format, file: self.out.as_deref().map(NewFile::create).transpose()? })
    }
}

impl Place {
    pub(crate) fn hand(self, document: &Value, output: &Output) -> Result<()> {
        let Some(format) = self.format else { return output.show(document) };
        let created: CreatedKey =
            serde_json::from_value(document.clone()).map_err(|_| Failure::local("the answer holds no key"))?;
        let text = written(&created, document, format)?;
        if created.secret_access_key.is_none() {
            output
                .remark("a guardrail has it that you do not see the secret: pass on the claim link, which opens once");
        }
        let Some(mut file) = self.file else { return say(&text) };
        if let Err(error) = file.fill(&text) {
            // Better seen than lost.
            say(&text)?;
            return Err(Failure::Partly(format!(
                "{} cannot be written ({error}): the pair is on standard output instead",
                file.path().display()
            )));
        }
        output.remark(&format!("wrote the pair to {}: nobody can show its secret again", file.path().display()));
        match output.mode {
            Mode::Json => output.show(document.get("key").unwrap_or(&Value::Null)),
            Mode::Table => say(&id_of(document).unwrap_or_default()),
        }
    }

    /// Of something that was made with its first key, or without one.
    pub(crate) fn hand_first_key(self, document: &Value, output: &Output) -> Result<()> {
        match document.get("initial_key") {
            Some(key) if self.format.is_some() => self.hand(key, output),
            // Better seen than lost.
            Some(_) if output.is_quiet => say(&pretty(document)),
            _ => output.show(document),
        }
    }
}

fn written(created: &CreatedKey, document: &Value, format: Format) -> Result<Zeroizing<String>> {
    if format == Format::Json {
        return Ok(Zeroizing::new(pretty(document) + "\n"));
    }
    let secret = match (&created.secret_access_key, &created.claim) {
        (Some(secret), _) => Given::Secret(secret),
        (None, Some(claim)) => Given::Link(&claim.url),
        (None, None) => return Err(Failure::local("the answer holds neither a secret nor a link to it")),
    };
    let pair = Pair {
        key_id: &created.key.id,
        label: created.key.label.as_deref(),
        access_key_id: &created.key.access_key_id,
        secret,
        endpoint: &created.s3_endpoint,
        region: &created.region,
    };
    Ok(pair.written(format))
}
