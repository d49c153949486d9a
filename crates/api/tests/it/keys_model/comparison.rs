//! After every step: what the product shows of every key, and what the model knows of it.

use chrono::TimeDelta;
use serde_json::Value;
use testkit::Answer;

use super::naive_world::{NaiveKey, No, Product};
use super::operations::{Pair, bucket_of, label_of};
use super::steps::Filter;

const STATUSES: [&str; 4] = ["active", "disabled", "revoked", "expired"];
/// A whole page, which no life of this length fills.
const EVERYTHING: usize = 500;

impl Pair<'_> {
    /// Every key with all that the model knows of it, the one that was touched last by itself, and the regions.
    pub(super) fn compare(&self) {
        let now = self.now();
        let expected: Vec<_> = self.model.keys.iter().map(|(id, key)| key.shown(id, now)).collect();
        assert!(expected.len() < EVERYTHING);
        assert_eq!(self.listed("", EVERYTHING), expected);
        self.compare_touched();
        let regions = self.client.get(&self.path("/regions")).expect(200).items();
        for (region, product) in regions.iter().zip([Product::Instance, Product::Multi, Product::Pair]) {
            assert_eq!(region["status"], self.model.region_status(product), "{region}");
        }
    }

    /// The key that was asked for last: as it is, or that it is gone.
    fn compare_touched(&self) {
        let id = self.touched.borrow().clone();
        let answer = self.client.get(&self.path(&format!("/keys/{id}")));
        let Some(key) = agree(&answer, 200, self.model.keys.get(&id).ok_or((404, "not-found"))) else { return };
        assert_eq!(known(&answer.json()), key.shown(&id, self.now()));
    }

    pub(super) fn list(&self, filter: &Filter) {
        let now = self.now();
        type Fits = Box<dyn Fn(&NaiveKey) -> bool>;
        let (query, fits): (String, Fits) = match *filter {
            Filter::Region(region) => {
                let product = Product::ALL[region];
                (format!("region={}", product.name()), Box::new(move |key| key.product == product))
            }
            Filter::Instance(instance) => {
                let id = self.instance_ids[instance % self.instance_ids.len()].clone();
                (format!("instance={id}"), Box::new(move |key| key.instance == id))
            }
            Filter::Status(status) => {
                (format!("status={}", STATUSES[status]), Box::new(move |key| key.status(now) == STATUSES[status]))
            }
            Filter::Label(label) => {
                let label = label_of(label);
                (format!("label={label}"), Box::new(move |key| key.label.as_ref() == Some(&label)))
            }
            Filter::Bucket(bucket) => {
                let name = bucket_of(&bucket);
                (format!("bucket={name}"), Box::new(move |key| key.buckets.contains(&name)))
            }
            Filter::AccessKeyId(key) => {
                let id = self.some_key(key);
                let named =
                    self.model.keys.get(&id).map_or("AKIAIOSFODNN7EXAMPLE".to_owned(), |key| key.access_key_id.clone());
                (format!("access_key_id={named}"), Box::new(move |key| key.access_key_id == named))
            }
            Filter::OlderThan(days) => {
                let before = now - TimeDelta::days(days);
                (format!("older_than_days={days}"), Box::new(move |key| key.since < before))
            }
            Filter::StatusAndRegion(status, region) => {
                let (status, product) = (STATUSES[status], Product::ALL[region]);
                let query = format!("status={status}&region={}", product.name());
                (query, Box::new(move |key| key.status(now) == status && key.product == product))
            }
        };
        let listed = self.listed(&query, 7);
        let expected = self.model.keys.iter().filter(|(_, key)| fits(key)).map(|(id, key)| key.shown(id, now));
        assert_eq!(listed, expected.collect::<Vec<_>>(), "{query}");
    }

    /// A list to its end, page by page, with what the model knows of each key.
    fn listed(&self, query: &str, limit: usize) -> Vec<Value> {
        let path = self.path(&format!("/keys?limit={limit}&{query}"));
        let mut listed = Vec::new();
        let mut next = path.clone();
        loop {
            let page = self.client.get(&next).expect(200);
            listed.extend(page.items().iter().map(known));
            match page.field("/next_cursor").as_str() {
                Some(cursor) => next = format!("{path}&cursor={cursor}"),
                None => return listed,
            }
        }
    }
}

/// What the model knows of a key as it is shown.
fn known(item: &Value) -> Value {
    const KNOWN: [&str; 12] = [
        "id",
        "instance_id",
        "region",
        "label",
        "description",
        "access_key_id",
        "status",
        "buckets",
        "expires_at",
        "rotate_by",
        "version",
        "pairs",
    ];
    Value::Object(KNOWN.iter().map(|field| ((*field).to_owned(), item[*field].clone())).collect())
}

/// The product said what the model says.
#[track_caller]
pub(super) fn agree<T>(answer: &Answer, good: u16, expected: Result<T, No>) -> Option<T> {
    match expected {
        Ok(value) => {
            assert_eq!(answer.status, good, "{answer}");
            Some(value)
        }
        Err((status, slug)) => {
            answer.clone().expect_problem(status, slug);
            None
        }
    }
}
