//! Each step, taken by the product and by the model: both do it, or both refuse it for the same reason.

use std::cell::RefCell;

use chrono::TimeDelta;
use domain::Timestamp;
use serde_json::{Value, json};
use testkit::{Client, Server};

use super::comparison::agree;
use super::naive_world::{NaiveKey, NaiveWorld, No, Product, State};
use super::steps::Step;

/// The product and the model, side by side.
pub(super) struct Pair<'s> {
    pub(super) server: &'s Server,
    pub(super) client: Client,
    pub(super) tenant: String,
    pub(super) model: NaiveWorld,
    /// Every id there ever was, in the order in which they came.
    key_ids: Vec<String>,
    pub(super) instance_ids: Vec<String>,
    pub(super) touched: RefCell<String>,
}

impl<'s> Pair<'s> {
    pub(super) fn begin(server: &'s Server) -> Self {
        let client = server.operator();
        let tenant = client.post("/v1/tenants", json!({"name": "Acme"})).expect(201).text_at("/id");
        let tenant = format!("/v1/tenants/{tenant}");
        let (key_ids, instance_ids) = (Vec::new(), Vec::new());
        let (model, touched) = (NaiveWorld::default(), RefCell::default());
        let mut pair = Self { server, client, tenant, model, key_ids, instance_ids, touched };
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

    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}{rest}", self.tenant)
    }

    pub(super) fn now(&self) -> Timestamp {
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

    pub(super) fn take(&mut self, step: &Step) {
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
        self.compare();
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

    /// Now and then one that is gone.
    pub(super) fn some_key(&self, number: usize) -> String {
        let young = self.key_ids.len().min(40);
        let id = self.key_ids[self.key_ids.len() - 1 - number % young].clone();
        self.touched.replace(id.clone());
        id
    }
}

pub(super) fn label_of(number: u8) -> String {
    format!("label-{number}")
}

pub(super) fn bucket_of(number: &u8) -> String {
    format!("bucket-{number}")
}
