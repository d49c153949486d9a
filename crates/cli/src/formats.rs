//! A pair, in the words of those that are to use it. Each file holds where it is for as well.

use clap::ValueEnum;
use zeroize::Zeroizing;

use crate::output::printable;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for a shell: `. FILE`.
    Env,
    /// A profile for the files of the AWS CLI and SDKs.
    Aws,
    /// A remote for rclone.conf.
    Rclone,
    /// A file of s3cmd.
    S3cmd,
    /// The API's own document.
    Json,
    /// A table of one row.
    Csv,
}

/// What there is to write.
pub(crate) struct Pair<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) label: Option<&'a str>,
    pub(crate) access_key_id: &'a str,
    pub(crate) secret: Given<'a>,
    pub(crate) endpoint: &'a str,
    pub(crate) region: &'a str,
}

pub(crate) enum Given<'a> {
    Secret(&'a str),
    /// Where a guardrail has it that whoever asks does not see secrets.
    Link(&'a str),
}

impl Pair<'_> {
    /// In all formats but JSON, which is the answer itself.
    pub(crate) fn written(&self, format: Format) -> Zeroizing<String> {
        if format == Format::Csv {
            return self.csv();
        }
        let mut text = Zeroizing::new(format!("# {}\n", self.title()));
        match self.secret {
            Given::Link(url) => {
                text.push_str(&format!("# The secret is behind this link, which opens once: {}\n", printable(url)));
            }
            Given::Secret(secret) => {
                let lines = match format {
                    Format::Env => self.env(secret),
                    Format::Aws => self.aws(secret),
                    Format::Rclone => self.rclone(secret),
                    Format::S3cmd => self.s3cmd(secret),
                    Format::Json | Format::Csv => Zeroizing::default(),
                };
                text.push_str(&lines);
            }
        }
        text
    }

    fn title(&self) -> String {
        let label = self.label.map(|label| format!("{}, ", printable(label))).unwrap_or_default();
        format!("{label}{}", printable(self.key_id))
    }

    /// A name that needs no quotes anywhere: the label as far as it goes, or the access key id.
    fn section(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric();
        let label = self.label.unwrap_or_default();
        let words: Vec<&str> = label.split(|c| !is_plain(c)).filter(|word| !word.is_empty()).collect();
        if words.is_empty() { printable(self.access_key_id) } else { words.join("-").to_lowercase() }
    }

    fn env(&self, secret: &str) -> Zeroizing<String> {
        let variables = [
            ("AWS_ACCESS_KEY_ID", self.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_ENDPOINT_URL_S3", self.endpoint),
            ("AWS_REGION", self.region),
            ("AWS_DEFAULT_REGION", self.region),
        ];
        lines(variables.map(|(name, value)| Zeroizing::new(format!("export {name}={}", *for_shell(value)))))
    }

    fn aws(&self, secret: &str) -> Zeroizing<String> {
        lines([
            Zeroizing::new(format!("[{}]", self.section())),
            setting("aws_access_key_id", self.access_key_id),
            setting("aws_secret_access_key", secret),
            setting("region", self.region),
            setting("endpoint_url", self.endpoint),
        ])
    }

    fn rclone(&self, secret: &str) -> Zeroizing<String> {
        lines([
            Zeroizing::new(format!("[{}]", self.section())),
            setting("type", "s3"),
            setting("provider", "Other"),
            setting("access_key_id", self.access_key_id),
            setting("secret_access_key", secret),
            setting("region", self.region),
            setting("endpoint", self.endpoint),
        ])
    }

    /// By paths and not by host names, since a name for each bucket is not everywhere.
    fn s3cmd(&self, secret: &str) -> Zeroizing<String> {
        let (scheme, host) = self.endpoint.split_once("://").unwrap_or(("https", self.endpoint));
        let host = host.trim_end_matches('/');
        lines([
            Zeroizing::new("[default]".to_owned()),
            setting("access_key", self.access_key_id),
            setting("secret_key", secret),
            setting("bucket_location", self.region),
            setting("host_base", host),
            setting("host_bucket", host),
            setting("use_https", if scheme == "http" { "False" } else { "True" }),
        ])
    }

    fn csv(&self) -> Zeroizing<String> {
        let (secret, link) = match self.secret {
            Given::Secret(secret) => (secret, ""),
            Given::Link(url) => ("", url),
        };
        let label = for_spreadsheet(self.label.unwrap_or_default());
        let row = [self.key_id, &label, self.access_key_id, secret, self.endpoint, self.region, link];
        let head = ["key_id", "label", "access_key_id", "secret_access_key", "s3_endpoint", "region", "claim_url"];
        Zeroizing::new(format!("{}{}", *csv_line(&head), *csv_line(&row)))
    }
}

fn lines(lines: impl IntoIterator<Item = Zeroizing<String>>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(1024));
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn setting(name: &str, value: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{name} = {}", printable(value)))
}

/// In single quotes, in which a shell changes nothing.
fn for_shell(value: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("'{}'", printable(value).replace('\'', r"'\''")))
}

/// A spreadsheet takes a cell that begins like a formula for one, and runs it. With an apostrophe in front it does not.
pub(crate) fn for_spreadsheet(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

pub(crate) fn csv_line(fields: &[&str]) -> Zeroizing<String> {
    let field = |field: &&str| {
        let needs_quotes = field.contains([',', '"', '\n', '\r']) || field.trim() != *field;
        if needs_quotes { format!("\"{}\"", field.replace('"', "\"\"")) } else { (*field).to_owned() }
    };
    Zeroizing::new(fields.iter().map(field).collect::<Vec<_>>().join(",") + "\r\n")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const NASTY: [&str; 6] =
        ["it's $(id) `id` \\", "=cmd|' /C calc'!A0", "a\nexport X=1", "[x]\r\naws = 1", "-1+2,\"3\"", "日本 key"];

    fn pair<'a>(label: &'a str, secret: &'a str) -> Pair<'a> {
        Pair {
            key_id: "key_1",
            label: Some(label),
            access_key_id: "NQAK8F7X9K2M1PQ0ABCD",
            secret: Given::Secret(secret),
            endpoint: "https://s3.waw3-1.example.org",
            region: "waw3-1",
        }
    }

    /// The shell itself reads it, whatever the label and even the secret are.
    #[test]
    fn env_is_read_by_a_shell_and_does_nothing_else() {
        for nasty in NASTY {
            let secret = nasty.replace(['\n', '\r'], "");
            let text = pair(nasty, &secret).written(Format::Env);
            let script = format!("{}printf %s \"$AWS_SECRET_ACCESS_KEY|$AWS_REGION|$AWS_ENDPOINT_URL_S3|$X\"", *text);
            let said = Command::new("sh").args(["-eu", "-c", &script.replace("|$X", "|${X-}")]).output().unwrap();
            assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
            let expected = format!("{secret}|waw3-1|https://s3.waw3-1.example.org|");
            assert_eq!(String::from_utf8(said.stdout).unwrap(), expected);
        }
    }

    #[test]
    fn a_label_adds_no_line_and_no_section() {
        for nasty in NASTY {
            for (format, count) in [(Format::Env, 6), (Format::Aws, 6), (Format::Rclone, 8), (Format::S3cmd, 8)] {
                let text = pair(nasty, "s").written(format);
                assert_eq!(text.lines().count(), count, "{format:?} {nasty:?}: {}", *text);
                let sections = text.lines().filter(|line| line.starts_with('[')).count();
                assert_eq!(sections, usize::from(format != Format::Env), "{}", *text);
            }
        }
    }

    #[test]
    fn a_section_is_named_by_the_label_or_else_by_the_pair() {
        assert_eq!(pair("Production API (new)", "s").section(), "production-api-new");
        assert_eq!(pair("日本", "s").section(), "NQAK8F7X9K2M1PQ0ABCD");
    }

    #[test]
    fn a_spreadsheet_finds_no_formula_and_a_parser_finds_one_row() {
        for nasty in NASTY {
            let text = pair(nasty, "s3cr3t").written(Format::Csv);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
            assert_eq!(rows.len(), 1);
            let label = rows[0].get(1).unwrap();
            assert_eq!(label.trim_start_matches('\''), nasty);
            assert!(!label.starts_with(['=', '+', '-', '@']), "{label}");
            assert_eq!(rows[0].get(3), Some("s3cr3t"));
        }
    }

    #[test]
    fn s3cmd_is_told_the_host_without_its_scheme() {
        let text = pair("x", "s").written(Format::S3cmd);
        assert!(text.contains("\nhost_base = s3.waw3-1.example.org\n") && text.contains("\nuse_https = True\n"));
        let text = Pair { endpoint: "http://10.0.0.1:9000/", ..pair("x", "s") }.written(Format::S3cmd);
        assert!(text.contains("\nhost_base = 10.0.0.1:9000\n") && text.contains("\nuse_https = False\n"));
    }

    #[test]
    fn a_claim_link_stands_where_the_secret_would() {
        for format in [Format::Env, Format::Aws, Format::Rclone, Format::S3cmd, Format::Csv] {
            let text = Pair { secret: Given::Link("https://keys/claim#krc_1"), ..pair("x", "s") }.written(format);
            assert!(text.contains("https://keys/claim#krc_1") && !text.contains("secret_access_key = "), "{}", *text);
        }
    }
}
