//! Random lives of a tenant's keys, step by step beside a naive model of them: 10,000 steps on each database.

use std::cell::RefCell;

use chrono::TimeDelta;
use domain::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use testkit::{Answer, Client, Server};

use crate::naive_world::{NaiveKey, NaiveWorld, No, Product, State};

#[derive(Debug, Clone)]
enum Step {
    Create {
        product: usize,
        instance: Option<usize>,
        label: Option<u8>,
        described: bool,
        buckets: Vec<u8>,
        ends: Option<i64>,
    },
    Reset(usize),
    Rotate(usize, i64),
    Revoke(usize),
    Disable(usize),
    Enable(usize),
    Delete(usize),
    Change {
        key: usize,
        label: Option<Option<u8>>,
        ends: Option<i64>,
    },
    MakeInstance(usize),
    DeleteInstance(usize),
    Advance(i64),
    List(Filter),
}

#[derive(Debug, Clone)]
enum Filter {
    Region(usize),
    Instance(usize),
    Status(usize),
    Label(u8),
    Bucket(u8),
    AccessKeyId(usize),
    OlderThan(i64),
    StatusAndRegion(usize, usize),
}

const STATUSES: [&str; 4] = ["active", "disabled", "revoked", "expired"];
const STEPS: usize = 250;
const CASES: u32 = 5;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = 0..1000_usize;
    let ends = || prop::option::weighted(0.3, -60..200_000_i64);
    let label = || 0..4_u8;
    let filter = prop_oneof![
        (0..3_usize).prop_map(Filter::Region),
        any.clone().prop_map(Filter::Instance),
        (0..4_usize).prop_map(Filter::Status),
        label().prop_map(Filter::Label),
        (0..4_u8).prop_map(Filter::Bucket),
        any.clone().prop_map(Filter::AccessKeyId),
        (0..3_i64).prop_map(Filter::OlderThan),
        (0..4_usize, 0..3_usize).prop_map(|(status, region)| Filter::StatusAndRegion(status, region)),
    ];
    let create = (
        0..3_usize,
        prop::option::weighted(0.4, any.clone()),
        prop::option::weighted(0.8, label()),
        prop::bool::weighted(0.8),
        prop::collection::vec(0..4_u8, 0..3),
        ends(),
    );
    let create = create.prop_map(|(product, instance, label, described, mut buckets, ends)| {
        buckets.sort_unstable();
        buckets.dedup();
        Step::Create { product, instance, label, described, buckets, ends }
    });
    let change = (any.clone(), prop::option::of(prop::option::weighted(0.8, label())), ends());
    let step = prop_oneof![
        6 => create,
        3 => any.clone().prop_map(Step::Reset),
        3 => (any.clone(), prop_oneof![1..100_000_i64, Just(2_592_000), Just(2_592_001)]).prop_map(|(key, grace)| Step::Rotate(key, grace)),
        2 => any.clone().prop_map(Step::Revoke),
        2 => any.clone().prop_map(Step::Disable),
        2 => any.clone().prop_map(Step::Enable),
        3 => any.clone().prop_map(Step::Delete),
        3 => change.prop_map(|(key, label, ends)| Step::Change { key, label, ends }),
        1 => (0..3_usize).prop_map(Step::MakeInstance),
        1 => any.prop_map(Step::DeleteInstance),
        3 => prop_oneof![1..3600_i64, 1..40_000_i64].prop_map(Step::Advance),
        4 => filter.prop_map(Step::List),
    ];
    prop::collection::vec(step, STEPS)
}

/// The product and the model, side by side.
struct Pair<'s> {
    server: &'s Server,
    client: Client,
    tenant: String,
    model: NaiveWorld,
    /// Every id there ever was, in the order in which they came.
    key_ids: Vec<String>,
    instance_ids: Vec<String>,
    touched: RefCell<String>,
    steps: usize,
}

impl<'s> Pair<'s> {
    fn begin(server: &'s Server) -> Self {
        let client = server.operator();
        let tenant = client.post("/v1/tenants", json!({"name": "Acme"})).expect(201).text_at("/id");
        let tenant = format!("/v1/tenants/{tenant}");
        let (key_ids, instance_ids) = (Vec::new(), Vec::new());
        let (model, touched, steps) = (NaiveWorld::default(), RefCell::default(), 0);
        let mut pair = Self { server, client, tenant, model, key_ids, instance_ids, touched, steps };
        for product in Product::ALL {
            let name = product.name();
            server.region(name, name);
            let path = pair.path(&format!("/regions/{name}"));
            let offered = pair.client.put(&path, json!({"service": "available"})).expect(200);
            let instances = pair.client.get(&pair.path(&format!("/instances?region={name}"))).expect(200);
            pair.see_instance(instances.text_at("/items/0/id"), product, offered.json().pointer("/initial_key"));
        }
        pair
    }

    fn path(&self, rest: &str) -> String {
        format!("{}{rest}", self.tenant)
    }

    fn now(&self) -> Timestamp {
        self.server.now()
    }

    fn ahead(&self, seconds: i64) -> Timestamp {
        self.now() + TimeDelta::seconds(seconds)
    }

    fn see_instance(&mut self, id: String, product: Product, initial: Option<&Value>) {
        self.model.instances.insert(id.clone(), product);
        self.instance_ids.push(id.clone());
        assert_eq!(initial.is_some(), product == Product::Instance);
        if let Some(made) = initial {
            let text = |field: &str| made.pointer(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            let key = NaiveKey {
                label: Some("Initial key".to_owned()),
                description: Some("Initial key".to_owned()),
                ..self.blank(product, id)
            };
            self.see_key(text("/key/id"), NaiveKey { access_key_id: text("/key/access_key_id"), ..key });
        }
    }

    fn blank(&self, product: Product, instance: String) -> NaiveKey {
        let (label, description, buckets, expires_at) = (None, None, Vec::new(), None);
        let (state, access_key_id, since, retiring) = (State::Active, String::new(), self.now(), None);
        let version = 1;
        NaiveKey {
            product,
            instance,
            label,
            description,
            buckets,
            expires_at,
            state,
            access_key_id,
            since,
            retiring,
            version,
        }
    }

    fn see_key(&mut self, id: String, key: NaiveKey) {
        self.key_ids.push(id.clone());
        self.touched.replace(id.clone());
        assert!(self.model.keys.insert(id, key).is_none(), "an id came twice");
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Create { product, instance, label, described, buckets, ends } => {
                let product = Product::ALL[*product];
                self.create(product, *instance, *label, *described, buckets, *ends);
            }
            Step::Reset(key) => self.act(*key, "reset", None, NaiveKey::may_reset, |key, id, now| {
                (key.access_key_id, key.since, key.retiring) = (id, now, None);
            }),
            Step::Rotate(key, grace) => {
                let body = json!({"grace_seconds": grace});
                self.act(
                    *key,
                    "rotate",
                    Some(body),
                    |key, now| key.may_rotate(*grace, now),
                    |key, id, now| {
                        let old = std::mem::replace(&mut key.access_key_id, id);
                        key.retiring = Some((old, key.since, now + TimeDelta::seconds(*grace)));
                        key.since = now;
                    },
                );
            }
            Step::Revoke(key) => self.act(
                *key,
                "revoke",
                None,
                |key, _| key.may_revoke(),
                |key, _, _| {
                    (key.state, key.retiring) = (State::Revoked, None);
                },
            ),
            Step::Disable(key) => {
                self.act(*key, "disable", None, NaiveKey::may_disable, |key, _, _| key.state = State::Disabled);
            }
            Step::Enable(key) => {
                self.act(*key, "enable", None, NaiveKey::may_enable, |key, _, _| key.state = State::Active);
            }
            Step::Delete(key) => self.delete(*key),
            Step::Change { key, label, ends } => self.change(*key, *label, *ends),
            Step::MakeInstance(product) => self.make_instance(Product::ALL[*product]),
            Step::DeleteInstance(instance) => self.delete_instance(*instance),
            Step::Advance(seconds) => self.server.advance(TimeDelta::seconds(*seconds)),
            Step::List(filter) => self.list(filter),
        }
        self.compare_touched();
        self.steps += 1;
        if self.steps.is_multiple_of(20) {
            self.compare();
        }
    }

    fn create(
        &mut self,
        product: Product,
        instance: Option<usize>,
        label: Option<u8>,
        described: bool,
        buckets: &[u8],
        ends: Option<i64>,
    ) {
        let named = instance.map(|instance| self.instance_ids[instance % self.instance_ids.len()].clone());
        let place = match &named {
            None => self.model.place(product).map(|id| (id, product)),
            Some(id) => self.model.instances.get(id).map(|of| (id.clone(), *of)).ok_or((422, "invalid")),
        };
        let label = label.map(label_of);
        let description = described.then(|| "Described".to_owned());
        let names: Vec<String> = buckets.iter().map(bucket_of).collect();
        let expires_at = ends.map(|seconds| self.ahead(seconds));
        let mut body = json!({"label": label, "description": description, "expires_at": expires_at});
        if !names.is_empty() {
            body["buckets"] = json!({"access": "specific", "names": names});
        }
        match &named {
            Some(id) => body["instance"] = json!(id),
            None => body["region"] = json!(product.name()),
        }
        let answer = self.client.post(&self.path("/keys"), body);
        let expected = place.and_then(|(instance, product)| {
            let key = NaiveKey { label, description, buckets: names, expires_at, ..self.blank(product, instance) };
            self.model.may_create(&key, self.now()).map(|()| key)
        });
        if let Some(key) = agree(&answer, 201, expected) {
            assert_eq!(answer.text_at("/secret_access_key").len(), 40);
            let key = NaiveKey { access_key_id: answer.text_at("/key/access_key_id"), ..key };
            self.see_key(answer.text_at("/key/id"), key);
        }
    }

    fn act(
        &mut self,
        key: usize,
        action: &str,
        body: Option<Value>,
        may: impl FnOnce(&NaiveKey, Timestamp) -> Result<(), No>,
        then: impl FnOnce(&mut NaiveKey, String, Timestamp),
    ) {
        let (id, now) = (self.some_key(key), self.now());
        let path = self.path(&format!("/keys/{id}/{action}"));
        let answer = match body {
            Some(body) => self.client.post(&path, body),
            None => self.client.act(&path),
        };
        let expected = self.model.keys.get(&id).ok_or((404, "not-found")).and_then(|key| may(key, now));
        if agree(&answer, 200, expected).is_some()
            && let Some(key) = self.model.keys.get_mut(&id)
        {
            then(key, answer.text_at("/key/access_key_id"), now);
            key.version += 1;
            assert_eq!(answer.json().get("secret_access_key").is_some(), ["reset", "rotate"].contains(&action));
        }
    }

    fn delete(&mut self, key: usize) {
        let id = self.some_key(key);
        let answer = self.client.delete(&self.path(&format!("/keys/{id}")));
        let expected = self.model.keys.get(&id).ok_or((404, "not-found")).and_then(NaiveKey::may_delete);
        if agree(&answer, 200, expected).is_some() {
            self.model.keys.remove(&id);
        }
    }

    fn change(&mut self, key: usize, label: Option<Option<u8>>, ends: Option<i64>) {
        let (id, now) = (self.some_key(key), self.now());
        let expires_at = ends.map(|seconds| self.ahead(seconds));
        let mut body = json!({});
        if let Some(label) = label {
            body["label"] = json!(label.map(label_of));
        }
        if let Some(expires_at) = expires_at {
            body["expires_at"] = json!(expires_at);
        }
        let answer = self.client.patch(&self.path(&format!("/keys/{id}")), body);
        let found = self.model.keys.get_mut(&id).ok_or((404, "not-found"));
        let expected = found.and_then(|key| {
            let clears = label == Some(None) && key.label.is_some();
            key.may_change(clears, expires_at, now).map(|()| key)
        });
        if let Some(key) = agree(&answer, 200, expected) {
            key.label = label.map_or(key.label.clone(), |label| label.map(label_of));
            key.expires_at = expires_at.or(key.expires_at);
            key.version += 1;
        }
    }

    fn make_instance(&mut self, product: Product) {
        let body = json!({"region": product.name(), "name": "Another"});
        let answer = self.client.post(&self.path("/instances"), body);
        if agree(&answer, 201, self.model.may_make_instance(product)).is_some() {
            self.see_instance(answer.text_at("/instance/id"), product, answer.json().pointer("/initial_key"));
        }
    }

    fn delete_instance(&mut self, instance: usize) {
        let id = self.instance_ids[instance % self.instance_ids.len()].clone();
        let answer = self.client.delete(&self.path(&format!("/instances/{id}")));
        if agree(&answer, 200, self.model.may_delete_instance(&id)).is_some() {
            self.model.instances.remove(&id);
            self.model.keys.retain(|_, key| key.instance != id);
        }
    }

    fn list(&self, filter: &Filter) {
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

    /// The key that was asked for last.
    fn compare_touched(&self) {
        let id = self.touched.borrow().clone();
        let answer = self.client.get(&self.path(&format!("/keys/{id}")));
        let Some(key) = agree(&answer, 200, self.model.keys.get(&id).ok_or((404, "not-found"))) else { return };
        assert_eq!(known(&answer.json()), key.shown(&id, self.now()));
    }

    /// Everything that anybody can see.
    fn compare(&self) {
        let now = self.now();
        let expected: Vec<_> = self.model.keys.iter().map(|(id, key)| key.shown(id, now)).collect();
        assert_eq!(self.listed("", 500), expected);
        let regions = self.client.get(&self.path("/regions")).expect(200).items();
        for (region, product) in regions.iter().zip([Product::Instance, Product::Multi, Product::Pair]) {
            assert_eq!(region["status"], self.model.region_status(product), "{region}");
        }
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

    /// Now and then one that is gone.
    fn some_key(&self, number: usize) -> String {
        let young = self.key_ids.len().min(40);
        let id = self.key_ids[self.key_ids.len() - 1 - number % young].clone();
        self.touched.replace(id.clone());
        id
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
fn agree<T>(answer: &Answer, good: u16, expected: Result<T, No>) -> Option<T> {
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

fn label_of(number: u8) -> String {
    format!("label-{number}")
}

fn bucket_of(number: &u8) -> String {
    format!("bucket-{number}")
}

fn run(seed: u8, server: impl Fn() -> Server) {
    println!("seed {seed}");
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    let lives = runner.run(&steps(), |steps| {
        let server = server();
        let mut pair = Pair::begin(&server);
        for step in &steps {
            pair.take(step);
        }
        Ok(())
    });
    lives.unwrap_or_else(|difference| panic!("seed {seed}: {difference}"));
}

/// Several, so that they run beside each other: eight times five lives of 250 steps.
macro_rules! lives {
    ($($name:ident = $seed:literal;)*) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                super::run($seed, testkit::Server::on_sqlite);
            }

            #[test]
            fn on_postgres() {
                super::run($seed, testkit::Server::on_postgres);
            }
        }
    )*};
}

lives! {
    keys_live_as_the_model_says_1 = 1;
    keys_live_as_the_model_says_2 = 2;
    keys_live_as_the_model_says_3 = 3;
    keys_live_as_the_model_says_4 = 4;
    keys_live_as_the_model_says_5 = 5;
    keys_live_as_the_model_says_6 = 6;
    keys_live_as_the_model_says_7 = 7;
    keys_live_as_the_model_says_8 = 8;
}
