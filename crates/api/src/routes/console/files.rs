//! What is in the binary of the folder `crates/api/console`.

/// Names and bytes.
pub(super) type Files = &'static [(&'static str, &'static [u8])];

macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/console/", $name)))),*]
    };
}

pub(super) const FILES: Files = files! {
    "icon.svg"
    "index.html"
    "lib/api.js"
    "lib/fetched.js"
    "lib/formats.js"
    "lib/load.js"
    "lib/problem.js"
    "lib/router.js"
    "lib/session.js"
    "lib/tenant.js"
    "lib/time.js"
    "main.js"
    "parts/confirm.js"
    "parts/copy.js"
    "parts/dialog.js"
    "parts/fields.js"
    "parts/figures.js"
    "parts/icon.js"
    "parts/page.js"
    "parts/problem.js"
    "parts/receipt.js"
    "parts/reveal.js"
    "parts/shortcuts.js"
    "parts/table.js"
    "parts/toasts.js"
    "screens/account.js"
    "screens/audit.js"
    "screens/bucket-picker.js"
    "screens/buckets.js"
    "screens/emergency-stop.js"
    "screens/gateways.js"
    "screens/guardrails.js"
    "screens/instances.js"
    "screens/key-actions.js"
    "screens/key-create.js"
    "screens/key-models.js"
    "screens/key.js"
    "screens/keys.js"
    "screens/links.js"
    "screens/members.js"
    "screens/partner.js"
    "screens/partners.js"
    "screens/posture.js"
    "screens/quarantine.js"
    "screens/region-card.js"
    "screens/regions.js"
    "screens/sign-in.js"
    "screens/tenant-regions.js"
    "screens/tenants.js"
    "screens/tokens.js"
    "style.css"
    "vendor/preact.js"
};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use domain::audit::AuditAction;

    use super::FILES;

    #[test]
    fn every_file_of_the_folder_is_in_the_binary() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("console");
        let mut found = Vec::new();
        gather(&folder, "", &mut found);
        found.sort();
        let listed: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, found, "files.rs lists what is served, in alphabetical order");
    }

    /// Whoever adds an action makes it one that can be asked for.
    #[test]
    fn every_action_can_be_filtered_in_the_audit() {
        let (_, screen) = FILES.iter().find(|(name, _)| *name == "screens/audit.js").unwrap();
        let screen = std::str::from_utf8(screen).unwrap();
        for action in AuditAction::ALL {
            let (noun, verb) = action.as_str().split_once('.').unwrap();
            let (_, rest) = screen.split_once(&format!("{noun}: \"")).unwrap_or_else(|| panic!("no {noun}"));
            let verbs = rest.split('"').next().unwrap();
            assert!(verbs.split(' ').any(|known| known == verb), "ACTIONS in screens/audit.js lacks {action:?}");
        }
    }

    fn gather(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in folder.read_dir().unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                gather(&entry.path(), &format!("{name}/"), found);
            } else if [".html", ".css", ".js", ".svg"].iter().any(|ending| name.ends_with(ending)) {
                found.push(name);
            }
        }
    }
}
