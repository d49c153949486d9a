//! Where the database is, and how that is printed.

use std::fmt;
use std::path::PathBuf;

/// Where the database is. The scheme says which it is; a bare path is refused rather than guessed at.
#[derive(Clone, PartialEq, Eq)]
pub enum Url {
    Postgres(String),
    Sqlite(PathBuf),
}

impl Url {
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(path) if !path.is_empty() && !path.contains(['?', '\0']) && path != ":memory:" => {
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            _ => Err("A database URL starts with postgres:// or sqlite: and a path.".to_owned()),
        }
    }

    pub const fn is_embedded(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

/// Without the password.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) if url.contains("password=") => {
                f.write_str("postgres://*** (a URL with a password in it)")
            }
            Self::Postgres(url) => match (url.split_once("://"), url.rsplit_once('@')) {
                (Some((scheme, rest)), Some((_, place))) if rest.contains('@') => {
                    let user = rest.split([':', '@']).next().unwrap_or_default();
                    write!(f, "{scheme}://{user}:***@{place}")
                }
                _ => f.write_str(url),
            },
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_database() {
        assert_eq!(Url::parse("sqlite:/tmp/a.db"), Ok(Url::Sqlite("/tmp/a.db".into())));
        assert_eq!(Url::parse("sqlite:///tmp/a.db"), Ok(Url::Sqlite("/tmp/a.db".into())));
        assert!(matches!(Url::parse("postgres://u@h/d"), Ok(Url::Postgres(_))));
        for wrong in ["", "a.db", "/tmp/a.db", "sqlite:", "sqlite::memory:", "mysql://h/d", "sqlite:a?mode=ro"] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_printed_url_has_no_password() {
        let url = Url::parse("postgres://ada:s3cr@t@db.example.org/keyreeve").unwrap();
        assert_eq!(url.to_string(), "postgres://ada:***@db.example.org/keyreeve");
        let in_query = Url::parse("postgres://db/keyreeve?password=s3cret").unwrap();
        assert!(!in_query.to_string().contains("s3cret"));
        assert_eq!(Url::parse("postgres://db/keyreeve").unwrap().to_string(), "postgres://db/keyreeve");
    }
}
