//! After every step: everybody and everything is tried, and must count exactly if the model says so.

use chrono::TimeDelta;
use serde_json::Value;
use testkit::{Client, Signer};

use super::naive_world::ROLES;
use super::operations::{Pair, items};

/// So many of the newest pairs are looked at after each step.
const PAIRS: usize = 60;

impl Pair {
    pub(super) fn compare(&mut self) {
        self.compare_credentials();
        self.compare_lists();
        self.compare_pairs();
        self.compare_reader();
    }

    fn count(&self, tried: usize) {
        self.tried.set(self.tried.get() + tried);
    }

    fn compare_credentials(&self) {
        let now = self.now();
        for (number, session) in self.sessions.iter().enumerate() {
            let me = self.server().bearer(&session.access).get("/v1/me");
            let counts = self.model.session_counts(number, now);
            assert_eq!(me.status, if counts { 200 } else { 401 }, "session {number}: {me}");
            if counts {
                let person = &self.model.people[self.model.sessions[number].person];
                assert_eq!(me.field("/role"), ROLES[person.role], "{me}");
            }
        }
        for (number, (_, token)) in self.tokens.iter().enumerate() {
            let me = self.server().bearer(token).get("/v1/me");
            let counts = self.model.token_counts(number, now);
            assert_eq!(me.status, if counts { 200 } else { 401 }, "token {number}: {me}");
        }
        self.count(self.sessions.len() + self.tokens.len());
    }

    /// Each tenant's keys as the operator and as its own admin sees them; to the other tenant's they are not there.
    fn compare_lists(&self) {
        let now = self.now();
        for (tenant, path) in self.tenants.iter().enumerate() {
            let own = self.model.keys.iter().enumerate().filter(|(_, key)| key.tenant == tenant);
            let mut expected: Vec<_> =
                own.map(|(number, key)| (id_of(&self.keys[number]).to_owned(), key.status(now).to_owned())).collect();
            expected.sort();
            assert_eq!(listed(&self.operator(), path), expected);
            let admins = self.sessions.iter().enumerate().filter(|(number, _)| {
                self.model.people[self.model.sessions[*number].person].role == 0
                    && self.model.session_counts(*number, now)
            });
            for (number, session) in admins {
                let client = self.server().bearer(&session.access);
                if self.model.people[self.model.sessions[number].person].tenant == tenant {
                    assert_eq!(listed(&client, path), expected);
                } else {
                    client.get(&format!("{path}/keys")).expect_problem(404, "not-found");
                }
            }
        }
    }

    /// By a gateway in each region: a pair counts in its own, and is nobody's in the other.
    fn compare_pairs(&self) {
        let now = self.now();
        let first = self.pairs.len().saturating_sub(PAIRS);
        let pairs = &self.pairs[first..];
        if pairs.is_empty() {
            return;
        }
        let signers: Vec<&Signer> = pairs.iter().map(|(_, signer)| signer).collect();
        for (region, gateway) in self.gateways.iter().enumerate() {
            let gateway = self.server().bearer(gateway);
            let answer = gateway.post("/v1/gateway/verify/batch", items(&signers, now)).expect(200);
            for (place, result) in answer.field("/results").as_array().unwrap().iter().enumerate() {
                let (key, _) = pairs[place];
                let is_here = self.model.keys[key].region == region;
                let counts = is_here && self.model.pair_counts(key, first + place, now);
                assert_eq!(result["decision"] == "allow", counts, "{key}: {result}");
                assert!(is_here || result["reason"] == "scope", "{result}");
            }
        }
        self.count(self.gateways.len() * pairs.len());
    }

    /// What a gateway remembers, with what the feed names taken away, is what is so.
    fn compare_reader(&mut self) {
        let gateway = self.server().bearer(&self.gateways[0]);
        let after = self.reader.cursor.map_or(String::new(), |cursor| format!("?after={cursor}"));
        let page = gateway.get(&format!("/v1/gateway/changes{after}")).expect(200).json();
        self.reader.cursor = page["sequence"].as_i64();
        for change in page["changes"].as_array().unwrap() {
            let is_named = |pair: &usize| change["access_key_id"] == self.pairs[*pair].1.access_key_id.as_str();
            let is_wide = change["type"] != "key";
            self.reader.remembered.retain(|pair, _| !is_wide && !is_named(pair));
        }
        let now = self.now();
        self.reader.remembered.retain(|_, (_, until)| now < *until);
        for (pair, (allowed, _)) in &self.reader.remembered {
            let key = self.pairs[*pair].0;
            assert_eq!(
                *allowed,
                self.model.pair_counts(key, *pair, now),
                "a gateway remembers pair {pair} of key {key}"
            );
        }
        self.count(self.reader.remembered.len());
        let is_here = |pair: &usize| self.model.keys[self.pairs[*pair].0].region == 0;
        let missing: Vec<usize> = (0..self.pairs.len())
            .filter(is_here)
            .filter(|pair| !self.reader.remembered.contains_key(pair))
            .take(PAIRS)
            .collect();
        if missing.is_empty() {
            return;
        }
        let signers: Vec<&Signer> = missing.iter().map(|pair| &self.pairs[*pair].1).collect();
        let answer = gateway.post("/v1/gateway/verify/batch", items(&signers, now)).expect(200);
        for (pair, result) in missing.into_iter().zip(answer.field("/results").as_array().unwrap()) {
            let until = now + TimeDelta::seconds(result["cache"]["ttl_s"].as_i64().unwrap());
            self.reader.remembered.insert(pair, (result["decision"] == "allow", until));
        }
    }
}

fn listed(client: &Client, tenant: &str) -> Vec<(String, String)> {
    let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    let items = client.get(&format!("{tenant}/keys?limit=500")).expect(200).items();
    let mut listed: Vec<_> = items.iter().map(|item| (text(item, "id"), text(item, "status"))).collect();
    listed.sort();
    listed
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}
