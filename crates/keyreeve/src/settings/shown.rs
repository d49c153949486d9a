//! Settings as people see them: a table without secrets.

use persistence::Url;

use super::chosen::{Choice, Chosen};
use super::table::Default;

/// A line for each: key, value, origin.
pub(crate) fn table(chosen: &Chosen) -> String {
    let row = |choice: &Choice| [choice.setting.key.to_owned(), value(choice), choice.to_string()];
    let head = ["SETTING", "VALUE", "ORIGIN"].map(str::to_owned);
    let rows: Vec<_> = [head].into_iter().chain(chosen.iter().map(row)).collect();
    let width = |of: fn(&[String; 3]) -> &String| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let (keys, values) = (width(|[key, _, _]| key), width(|[_, value, _]| value));
    let line = |[key, value, origin]: &[String; 3]| format!("{key:keys$}  {value:values$}  {origin}\n");
    rows.iter().map(line).collect()
}

fn value(choice: &Choice) -> String {
    match &choice.setting.default {
        Default::Nothing(meaning) if choice.text.is_empty() => format!("({meaning})"),
        Default::Text(_) | Default::Nothing(_) if choice.setting.key == "database" => without_password(&choice.text),
        Default::Text(_) | Default::Nothing(_) => choice.text.clone(),
    }
}

/// A database's URL that may be shown.
pub(crate) fn database(url: &Url) -> String {
    mask_parameters(&url.to_string())
}

fn without_password(text: &str) -> String {
    Url::parse(text).map_or_else(|_| "(not a database URL)".to_owned(), |url| database(&url))
}

/// PostgreSQL takes passwords behind the question mark as well.
fn mask_parameters(url: &str) -> String {
    let Some((place, parameters)) = url.split_once('?') else { return url.to_owned() };
    let masked = parameters.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, _)) if name.to_lowercase().contains("password") => format!("{name}=***"),
        _ => parameter.to_owned(),
    });
    format!("{place}?{}", masked.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked_wherever_they_stand() {
        for url in [
            "postgres://ada:s3cr3t@db/keys",
            "postgres://db/keys?user=ada&password=s3cr3t",
            "postgres://db/keys?sslpassword=s3cr3t&password=s3cr3t@x",
            "mysql://ada:s3cr3t@db/keys",
        ] {
            assert!(!without_password(url).contains("s3cr3t"), "{url}");
        }
        assert_eq!(without_password("postgres://db/keys?sslmode=require"), "postgres://db/keys?sslmode=require");
    }
}
