//! Listens to the queries that this process sends, and asks the databases what those cost.

#![expect(clippy::expect_used, reason = "a test may stop at the first surprise, and should say which")]

use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use serde_json::Value;

use crate::Server;

/// Every query since the process began to listen. Connections opened before are not heard.
pub struct Queries(&'static Mutex<Vec<String>>);

impl Queries {
    pub fn listen() -> Self {
        static HEARD: OnceLock<Mutex<Vec<String>>> = OnceLock::new();
        let heard = HEARD.get_or_init(Mutex::default);
        set_default_instrumentation(|| HEARD.get().map(|heard| Box::new(Listener(heard)) as Box<dyn Instrumentation>))
            .expect("somebody who listens");
        Self(heard)
    }

    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many statements there were.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Each query with its values, as it could be sent again.
    pub fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(|query| with_values(query)).collect()
    }
}

struct Listener(&'static Mutex<Vec<String>>);

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(query.to_string());
        }
    }
}

/// From `... WHERE id = $1 -- binds: ["key_1"]` to `... WHERE id = 'key_1'`. None for what is no SELECT.
fn with_values(query: &str) -> Option<String> {
    let (text, values) = query.split_once(" -- binds: ")?;
    if !text.starts_with("SELECT") {
        return None;
    }
    let values: Vec<Value> = serde_json::from_str(values).ok()?;
    let values: Vec<String> = values.iter().map(literal).collect();
    let (mut whole, mut next) = (String::new(), 0..);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '?' => whole.push_str(values.get(next.next()?)?),
            '$' => {
                let mut number = 0;
                while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
                    number = number * 10 + digit as usize;
                    letters.next();
                }
                whole.push_str(values.get(number.checked_sub(1)?)?);
            }
            other => whole.push(other),
        }
    }
    Some(whole)
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        Value::Array(values) => format!("ARRAY[{}]::text[]", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

impl Server {
    /// How the database would go about a query, in its own words.
    pub fn plan(&self, query: &str) -> String {
        self.lines_of_plan(query).join("\n")
    }

    /// How many rows a query reads. PostgreSQL says so itself. SQLite says only which way it goes: a way that would
    /// go through a table with more than a few rows, or sort what it found, stops the test, and what is left reads what it gives.
    pub fn rows_read_by(&self, query: &str) -> i64 {
        if query.contains("(1=0)") {
            // What diesel makes of a list of no ids.
            return 0;
        }
        if self.service().database().url().is_embedded() {
            for step in self.lines_of_plan(query) {
                // What names each of its rows may sort those.
                let sorts = step.contains("TEMP B-TREE") && !query.contains(" IN (");
                let is_bad = self.scans_many(&step) || sorts || step.contains("AUTOMATIC");
                assert!(!is_bad, "{step}: {query}");
            }
            return self.count_of(query);
        }
        let plan = self.lines_of_plan(query).concat();
        let plan: Value = serde_json::from_str(&plan).expect("a plan");
        rows_of(plan.pointer("/0/Plan").expect("a plan"))
    }

    /// Of a table with a row or two, to go through it is the shortest way.
    fn scans_many(&self, step: &str) -> bool {
        const FEW: i64 = 3;
        let Some(scanned) = step.strip_prefix("SCAN ") else { return false };
        let table = scanned.split(' ').next().unwrap_or_default();
        let is_table = table.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        !is_table || self.count_of(&format!("SELECT 1 FROM {table}")) > FEW
    }
}

/// What every step of a plan read, thrown away or not.
fn rows_of(step: &Value) -> i64 {
    let number = |name: &str| step.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    let below = step.get("Plans").and_then(Value::as_array).into_iter().flatten();
    let below: i64 = below.map(rows_of).sum();
    let own = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops").max(1.0);
    let is_scan = step.get("Node Type").and_then(Value::as_str).is_some_and(|name| name.contains("Scan"));
    below + if is_scan { own as i64 } else { 0 }
}
