//! Which value each setting has and who said so: flag before environment before file before default.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::file::File;
use super::flags::Flags;
use super::table::{Default, Setting, TABLE};
use super::values::Value;

/// Texts of settings by key, from one source.
pub(crate) type Texts = BTreeMap<&'static str, String>;

/// One for each setting, in the table's order.
pub(crate) struct Chosen(Vec<Choice>);

pub(crate) struct Choice {
    pub(crate) setting: &'static Setting,
    /// Empty where nothing was said and nothing is the default.
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

pub(crate) enum Origin {
    Flag,
    Environment,
    File(PathBuf),
    Default,
}

impl Chosen {
    pub(crate) fn from(flags: &Flags, environment: &Texts, file: Option<&File>) -> Self {
        let mut chosen = Self(Vec::new());
        for setting in TABLE {
            let (text, origin) = if let Some(text) = flags.texts.get(setting.key) {
                (text.clone(), Origin::Flag)
            } else if let Some(text) = environment.get(setting.key) {
                (text.clone(), Origin::Environment)
            } else if let Some((file, text)) = file.and_then(|file| Some((file, file.texts.get(setting.key)?))) {
                (text.clone(), Origin::File(file.path.clone()))
            } else {
                (chosen.default_of(setting), Origin::Default)
            };
            chosen.0.push(Choice { setting, text, origin });
        }
        chosen
    }

    fn default_of(&self, setting: &Setting) -> String {
        match setting.default {
            Default::Text(text) => text.replace("<data_dir>", self.text("data_dir")),
            Default::Nothing(_) => String::new(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Choice> {
        self.0.iter()
    }

    /// Whether nobody said anything about this setting.
    pub(crate) fn is_default(&self, key: &str) -> bool {
        self.choice(key).is_none_or(|choice| matches!(choice.origin, Origin::Default))
    }

    /// The file that the database's URL comes from, if a password stands in it.
    pub(crate) fn file_with_password(&self) -> Option<&Path> {
        let choice = self.choice("database")?;
        let Origin::File(path) = &choice.origin else { return None };
        let (_, rest) = choice.text.split_once("://")?;
        let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
        (user.contains(':') || rest.contains("password=")).then_some(path)
    }

    pub(super) fn parse<T: Value>(&self, key: &str, wrong: &mut Vec<String>) -> Option<T> {
        let because = |why| match self.choice(key) {
            Some(choice) => format!("{key} {why} ({choice})"),
            None => format!("{key} {why}"),
        };
        T::parse(self.text(key)).map_err(|why| wrong.push(because(why))).ok()
    }

    fn text(&self, key: &str) -> &str {
        self.choice(key).map_or("", |choice| &choice.text)
    }

    fn choice(&self, key: &str) -> Option<&Choice> {
        self.0.iter().find(|choice| choice.setting.key == key)
    }
}

/// Where the value comes from.
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Flag => write!(f, "flag --{}", self.setting.flag()),
            Origin::Environment => write!(f, "environment {}", self.setting.variable()),
            Origin::File(path) => write!(f, "file {}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}
