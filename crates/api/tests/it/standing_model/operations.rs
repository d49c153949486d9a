//! Each step, taken by the product and by the model.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::Timestamp;
use serde_json::{Value, json};
use testkit::world::PASSWORD;
use testkit::{Answer, Client, Server, Signer};

use super::naive_world::{NaiveKey, NaivePerson, NaiveSession, NaiveToken, NaiveWorld, ROLES, State};
use super::steps::Step;

pub(super) const REGIONS: [&str; 2] = ["here", "there"];
const TENANTS: usize = 2;

/// The product and the model, side by side; each number names the same thing in both.
pub(super) struct Pair {
    /// The last one serves; those before it have been stopped, and keep the database.
    servers: Vec<Server>,
    partner: String,
    pub(super) tenants: Vec<String>,
    people: Vec<(String, String)>,
    pub(super) sessions: Vec<Session>,
    pub(super) tokens: Vec<(String, String)>,
    pub(super) keys: Vec<String>,
    pub(super) pairs: Vec<(usize, Signer)>,
    /// Tokens of a gateway in each region.
    pub(super) gateways: Vec<String>,
    pub(super) reader: Reader,
    pub(super) model: NaiveWorld,
    time: Timestamp,
    pub(super) tried: Cell<usize>,
}

pub(super) struct Session {
    pub(super) access: String,
    refresh: String,
    used: Option<String>,
}

/// A gateway that remembers what it was told, and forgets what the feed names.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) cursor: Option<i64>,
    pub(super) remembered: BTreeMap<usize, (bool, Timestamp)>,
}

impl Pair {
    pub(super) fn begin(server: Server) -> Self {
        REGIONS.iter().for_each(|region| server.region(region, "multi"));
        let partner = server.partner("Nordic");
        let gateway = |region: &&str| server.gateway(&[region], &["verify", "changes"]).token;
        let mut pair = Self {
            gateways: REGIONS.iter().map(gateway).collect(),
            partner: partner.path(""),
            tenants: Vec::new(),
            people: Vec::new(),
            sessions: Vec::new(),
            tokens: Vec::new(),
            keys: Vec::new(),
            pairs: Vec::new(),
            reader: Reader::default(),
            model: NaiveWorld::default(),
            time: server.now(),
            tried: Cell::new(0),
            servers: vec![server],
        };
        for tenant in 0..TENANTS {
            let body = json!({"name": format!("Tenant {tenant}"), "partner_id": partner.id});
            let made = pair.operator().post("/v1/tenants", body).expect(201);
            pair.tenants.push(made.header("location").to_owned());
            pair.model.tenants.push(false);
            for region in REGIONS {
                let path = format!("{}/regions/{region}", pair.tenants[tenant]);
                pair.operator().put(&path, json!({"service": "available"})).expect(200);
            }
            pair.add_person(tenant);
            pair.log_in(tenant);
        }
        pair
    }

    pub(super) fn server(&self) -> &Server {
        self.servers.last().unwrap()
    }

    pub(super) fn operator(&self) -> Client {
        self.server().operator()
    }

    /// By the model's own clock, which nobody sets.
    pub(super) fn now(&self) -> Timestamp {
        self.time
    }

    fn ahead(&self, seconds: i64) -> Timestamp {
        self.now() + TimeDelta::seconds(seconds)
    }

    pub(super) fn take(&mut self, step: &Step) {
        match *step {
            Step::SuspendPartner => self.mark_partner("suspend", true),
            Step::ResumePartner => self.mark_partner("resume", false),
            Step::SuspendTenant(tenant) => self.mark_tenant(tenant % TENANTS, "suspend", true),
            Step::ResumeTenant(tenant) => self.mark_tenant(tenant % TENANTS, "resume", false),
            Step::AddPerson(tenant) => self.add_person(tenant % TENANTS),
            Step::ChangeRole(person, role) => self.change_role(person, role),
            Step::RemovePerson(person) => self.remove_person(person),
            Step::LogIn(person) => self.log_in(person % self.people.len()),
            Step::LogOut(session) => self.log_out(session % self.sessions.len()),
            Step::Refresh(session) => self.refresh(session % self.sessions.len()),
            Step::RefreshAgain(session) => self.refresh_again(session % self.sessions.len()),
            Step::MakeToken(tenant, ends) => self.make_token(tenant % TENANTS, ends),
            Step::DeleteToken(token) => self.delete_token(token),
            Step::CreateKey(tenant, region, ends) => self.create_key(tenant % TENANTS, region, ends),
            Step::ResetKey(key) => self.change_key(key, "reset", None),
            Step::RotateKey(key, grace) => self.change_key(key, "rotate", Some(grace)),
            Step::RevokeKey(key) => self.change_key(key, "revoke", None),
            Step::DisableKey(key) => self.change_key(key, "disable", None),
            Step::EnableKey(key) => self.change_key(key, "enable", None),
            Step::Advance(seconds) => self.advance(TimeDelta::seconds(seconds)),
            // What the clock has ended stays ended.
            Step::SetBack(seconds) => self.server().set_clock(-TimeDelta::seconds(seconds)),
            Step::Restart => self.restart(),
        }
        assert_eq!(self.server().now(), self.time);
        self.compare();
    }

    fn advance(&mut self, time: TimeDelta) {
        self.server().advance(time);
        self.time += time;
    }

    /// The next process on the same database and machine: it remembers nothing.
    fn restart(&mut self) {
        self.server().stop_following();
        let next = self.server().replica_at(self.server().service().clock().shown());
        self.servers.push(next);
    }

    fn mark_partner(&mut self, action: &str, is_suspended: bool) {
        self.operator().act(&format!("{}/{action}?wait=0", self.partner)).expect_done();
        self.model.is_partner_suspended = is_suspended;
    }

    fn mark_tenant(&mut self, tenant: usize, action: &str, is_suspended: bool) {
        self.operator().act(&format!("{}/{action}?wait=0", self.tenants[tenant])).expect_done();
        self.model.tenants[tenant] = is_suspended;
    }

    /// The first person of each tenant is its admin and stays, for there has to be one.
    fn add_person(&mut self, tenant: usize) {
        if !self.model.tenant_counts(tenant) {
            return;
        }
        let is_first = self.people.len() < TENANTS;
        let role = if is_first { 0 } else { 2 };
        let email = format!("person-{}@example.org", self.people.len());
        let body = json!({"email": email, "name": "Somebody", "role": ROLES[role], "password": PASSWORD});
        let made = self.operator().post(&format!("{}/users", self.tenants[tenant]), body).expect(201);
        self.people.push((made.header("location").to_owned(), email));
        self.model.people.push(NaivePerson { tenant, role, is_removed: false });
    }

    /// Somebody who is there, and is not needed as an admin.
    fn replaceable(&self, person: usize) -> Option<usize> {
        let person = person % self.people.len();
        let is_there = !self.model.people[person].is_removed && self.model.person_counts(person);
        (person >= TENANTS && is_there).then_some(person)
    }

    fn change_role(&mut self, person: usize, role: usize) {
        let Some(person) = self.replaceable(person) else { return };
        self.operator().patch(&self.people[person].0, json!({"role": ROLES[role]})).expect(200);
        self.model.people[person].role = role;
    }

    fn remove_person(&mut self, person: usize) {
        let Some(person) = self.replaceable(person) else { return };
        self.operator().delete(&self.people[person].0).expect(204);
        self.model.people[person].is_removed = true;
    }

    fn log_in(&mut self, person: usize) {
        let body = json!({"email": self.people[person].1, "password": PASSWORD});
        let answer = self.server().anonymous().post("/v1/sessions", body);
        if !self.model.person_counts(person) {
            answer.expect(401);
            return;
        }
        let (access, refresh) = tokens(&answer.expect(200));
        self.sessions.push(Session { access, refresh, used: None });
        let (began, refreshed) = (self.now(), self.now());
        self.model.sessions.push(NaiveSession { person, began, refreshed, is_over: false });
    }

    fn log_out(&mut self, session: usize) {
        let counts = self.model.session_counts(session, self.now());
        let answer = self.server().bearer(&self.sessions[session].access).delete("/v1/sessions/current");
        answer.expect(if counts { 204 } else { 401 });
        self.model.sessions[session].is_over |= counts;
    }

    fn refresh(&mut self, session: usize) {
        let may = self.model.may_refresh(session, self.now());
        let body = json!({"refresh_token": self.sessions[session].refresh});
        let answer = self.server().anonymous().post("/v1/sessions/refresh", body);
        if !may {
            answer.expect(401);
            return;
        }
        let (access, refresh) = tokens(&answer.expect(200));
        let used = std::mem::replace(&mut self.sessions[session].refresh, refresh);
        (self.sessions[session].access, self.sessions[session].used) = (access, Some(used));
        self.model.sessions[session].refreshed = self.now();
    }

    fn refresh_again(&mut self, session: usize) {
        let Some(used) = self.sessions[session].used.clone() else { return };
        let ends = self.model.may_refresh(session, self.now());
        self.server().anonymous().post("/v1/sessions/refresh", json!({"refresh_token": used})).expect(401);
        self.model.sessions[session].is_over |= ends;
    }

    fn make_token(&mut self, tenant: usize, seconds: i64) {
        if !self.model.tenant_counts(tenant) {
            return;
        }
        let ends = self.ahead(seconds);
        let body = json!({"description": "Portal", "expires_at": ends});
        let made = self.operator().post(&format!("{}/tokens", self.tenants[tenant]), body).expect(201);
        self.tokens.push((made.header("location").to_owned(), made.text_at("/token")));
        self.model.tokens.push(NaiveToken { tenant, ends, is_deleted: false });
    }

    fn delete_token(&mut self, token: usize) {
        if self.tokens.is_empty() {
            return;
        }
        let token = token % self.tokens.len();
        let is_deleted = std::mem::replace(&mut self.model.tokens[token].is_deleted, true);
        self.operator().delete(&self.tokens[token].0).expect(if is_deleted { 404 } else { 204 });
    }

    fn create_key(&mut self, tenant: usize, region: usize, ends: Option<i64>) {
        if !self.model.tenant_counts(tenant) {
            return;
        }
        let ends = ends.map(|seconds| self.ahead(seconds));
        let body = json!({"region": REGIONS[region], "label": "Key", "expires_at": ends});
        let made = self.operator().post(&format!("{}/keys", self.tenants[tenant]), body).expect(201);
        self.keys.push(made.header("location").to_owned());
        let current = self.pairs.len();
        self.pairs.push((self.keys.len() - 1, Signer::of(&made)));
        self.model.keys.push(NaiveKey { tenant, region, state: State::Active, ends, current, retiring: None });
    }

    fn change_key(&mut self, key: usize, action: &str, grace: Option<i64>) {
        if self.keys.is_empty() || !self.model.tenant_counts(self.model.keys[key % self.keys.len()].tenant) {
            return;
        }
        let (key, now) = (key % self.keys.len(), self.now());
        let path = format!("{}/{action}?wait=0", self.keys[key]);
        let answer = match grace {
            Some(grace) => self.operator().post(&path, json!({"grace_seconds": grace})),
            None => self.operator().act(&path),
        };
        if let Some(slug) = self.model.keys[key].refuses(action, now) {
            answer.expect_problem(409, slug);
            return;
        }
        let answer = answer.expect_done();
        let (fresh, known) = (self.pairs.len(), &mut self.model.keys[key]);
        match action {
            "revoke" => known.state = State::Revoked,
            "disable" => known.state = State::Disabled,
            "enable" => known.state = State::Active,
            _ => {
                known.retiring = grace.map(|grace| (known.current, now + TimeDelta::seconds(grace)));
                known.current = fresh;
                self.pairs.push((key, Signer::of(&answer)));
            }
        }
    }

    pub(super) fn check_audit(&self) {
        crate::audit::adds_up_in_one_pass(&crate::audit::exported(&self.operator(), "/v1/audit"));
    }
}

fn tokens(session: &Answer) -> (String, String) {
    (session.text_at("/access_token"), session.text_at("/refresh_token"))
}

trait Done {
    fn expect_done(self) -> Answer;
}

impl Done for Answer {
    /// Whoever may still remember what was before.
    fn expect_done(self) -> Answer {
        assert!([200, 202].contains(&self.status), "{self}");
        self
    }
}

pub(super) fn items(pairs: &[&Signer], now: Timestamp) -> Value {
    json!({"items": pairs.iter().map(|pair| pair.request(now)).collect::<Vec<_>>()})
}
