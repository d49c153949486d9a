//! What becomes of everything when there are a hundred times as many keys, all of one tenant.

use std::net::SocketAddr;

use testkit::Signer;

use super::Row;
use crate::keyreeve::{Keyreeve, Place, REGION, get, post};
use crate::load::{Load, Pace};
use crate::rounds::{Contestant, Figures, Rounds, median};
use crate::seed::Seeded;

const FEW: usize = 10_000;
const MANY: usize = 1_000_000;
const CLIENTS: usize = 64;
/// As many as there are connections that write: one tenant's changes wait for each other, and nobody should be sent away.
const WRITERS: usize = 8;
/// How many questions are written down: for each server as many, so that the generator works as hard.
const QUESTIONS: usize = 200_000;
const BATCH: usize = 256;
/// How many keys are on a page of a list.
const PAGE: usize = 100;

pub(super) fn measure(rounds: &Rounds) -> Vec<Row> {
    let [few, many] = [Place::sqlite(), Place::sqlite()];
    let (mut rows, shop) = measured(rounds, &few, Shop::open(&many, rounds.part_of(MANY)));
    let [few, many] = [Place::postgres(), Place::postgres()];
    rows.extend(measured(rounds, &few, shop.moved(&many)).0);
    rows
}

fn measured<'p>(rounds: &Rounds, place: &'p Place, many: Shop<'p>) -> (Vec<Row>, Shop<'p>) {
    let few = Shop::open(place, FEW);
    let mut rows = compared(rounds, &few, &many);
    drop(few);
    let (row, many) = started(rounds, many);
    rows.push(row);
    (rows, many)
}

fn compared(rounds: &Rounds, few: &Shop<'_>, many: &Shop<'_>) -> Vec<Row> {
    let (name, keys) = (many.place.name(), many.keys.count());
    let mut rows = many.remembered(rounds);
    few.remember(few.keys.count());
    let slower = |what: &str, target, bound, of: &[f64], to: &[f64]| {
        Row::at_most(format!("{what}, {keys} keys to {FEW}, {name}"), target, bound, of, to)
    };

    let written = [few, many].map(|shop| shop.questions(rounds.part_of(QUESTIONS)));
    let of_few = few.contestant("verify, few keys", CLIENTS, &written[0], "\"allow\"");
    let of_many = many.contestant("verify, many keys", CLIENTS, &written[1], "\"allow\"");
    let [of_few, of_many] = figures(rounds, [of_few, of_many]);
    rows.push(slower("verify", "<= 1.2", 1.2, &of_few.per_second, &of_many.per_second));
    // The rate is the generator's, where the server has time left.
    rows.push(slower("verify, its cost in processor time", "<= 1.2", 1.2, &of_many.cost, &of_few.cost));
    drop(written);

    let first = [few, many].map(|shop| [shop.page(None)]);
    let (number, last) = many.last_whole_page();
    let last = [last];
    let of_few = few.contestant("page 1 of a list, few keys", 1, &first[0], "next_cursor");
    let of_many = many.contestant("page 1 of a list, many keys", 1, &first[1], "next_cursor");
    let of_last = many.contestant("its last whole page", 1, &last, "\"items\"");
    let [of_few, of_many, of_last] = figures(rounds, [of_few, of_many, of_last]);
    rows.push(slower(&format!("page 1 of a list, {PAGE} each"), "<= 1.1", 1.1, &of_many.p50, &of_few.p50));
    let pages = format!("page {number} of a list to its page 1, {name}");
    rows.push(Row::at_most(pages, "<= 1.2", 1.2, &of_last.p50, &of_many.p50));

    let orders = [few, many].map(|shop| [shop.order()]);
    let of_few = few.contestant("create key, few keys", WRITERS, &orders[0], "secret_access_key");
    let of_many = many.contestant("create key, many keys", WRITERS, &orders[1], "secret_access_key");
    let [of_few, of_many] = figures(rounds, [of_few, of_many]);
    rows.push(slower("create key", "<= 1.3", 1.3, &of_few.per_second, &of_many.per_second));
    rows
}

fn figures<const N: usize>(rounds: &Rounds, contestants: [Contestant<'_>; N]) -> [Figures; N] {
    rounds.of(&contestants).try_into().unwrap_or_else(|_| panic!())
}

/// From nothing to the first yes.
fn started<'p>(rounds: &Rounds, many: Shop<'p>) -> (Row, Shop<'p>) {
    let Shop { place, mut server, keys, .. } = many;
    let mut times = Vec::new();
    for round in 0..rounds.rounds {
        let (again, took) = server.restarted_and_verifying(place, &[], &keys.signer(round));
        server = again;
        times.push(took.as_secs_f64() * 1e3);
    }
    let (count, name, time) = (keys.count(), place.name(), median(&times));
    let what = format!("start to the first verification, {count} keys, {name}");
    (Row::new(what, "<= 1 s", format!("{time:.0} ms"), time <= 1000.0), Shop { place, server, keys })
}

/// How many are remembered where there is room for all of these keys, and for those that are made besides.
fn room_for(count: usize) -> String {
    (count * 5 / 4).to_string()
}

struct Shop<'p> {
    place: &'p Place,
    server: Keyreeve,
    keys: Seeded,
}

impl<'p> Shop<'p> {
    fn open(place: &'p Place, count: usize) -> Self {
        let server = Keyreeve::pinned(place, &[]);
        let keys = server.seeded(place, count);
        let server = server.restart(place, "0", &["--workers", "1", "--known-keys", &room_for(count)]);
        Self { place, server, keys }
    }

    /// The same keys in another database, which has them in a few minutes: one by one, each with its round trips, a million would
    /// take twenty.
    fn moved(self, to: &'p Place) -> Self {
        let Self { place, server, keys } = self;
        let server = server.moved(place, to, &["--workers", "1", "--known-keys", &room_for(keys.count())]);
        Self { place: to, server, keys }
    }

    /// What it takes to remember all keys, and what becomes of more than there is room for.
    fn remembered(&self, rounds: &Rounds) -> Vec<Row> {
        let (name, count) = (self.place.name(), self.keys.count());
        self.remember(1);
        let base = self.server.process.resident();
        self.remember(count);
        let remembered = self.server.metric("keyreeve_known_pairs ", "");
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let all = self.server.process.resident();
        let each = all.saturating_sub(base) as f64 / remembered;
        let what = format!("memory for each remembered key, {remembered} of {count}, {name}");
        let seen = format!("{each:.0} bytes: {:.1} MiB, and {:.1} MiB without", mib(all), mib(base));
        let mut rows = vec![Row::new(what, "<= 200 bytes", seen, each <= 200.0)];
        if let Place::Sqlite(_) = self.place {
            rows.push(self.bounded(rounds.part_of(MANY / 10)));
        }
        rows
    }

    /// Another process on the same keys, with less room.
    fn bounded(&self, bound: usize) -> Row {
        let asked = (bound * 3).min(self.keys.count());
        let text = bound.to_string();
        let replica = self.server.replica(self.place, "0", &["--workers", "1", "--known-keys", &text]);
        self.remember_at(replica.process.address, asked);
        let remembered = replica.process.metric("keyreeve_known_pairs ", "");
        let size = replica.process.resident() as f64 / f64::from(1 << 20);
        let what = format!("keys in memory with `known_keys = {bound}`, {asked} asked about");
        Row::new(what, "<= the setting", format!("{remembered}, {size:.1} MiB in all"), remembered <= bound as f64)
    }

    /// Asks about so many keys once.
    fn remember(&self, count: usize) {
        self.remember_at(self.server.process.address, count);
    }

    fn remember_at(&self, address: SocketAddr, count: usize) {
        let signers: Vec<usize> = (0..count).collect();
        // Some at a time: they are long, and good for a quarter of an hour.
        for some in signers.chunks(BATCH * 64) {
            let batches = some.chunks(BATCH).map(|batch| {
                let signers: Vec<Signer> = batch.iter().map(|number| self.keys.signer(*number)).collect();
                self.server.questions(&signers)
            });
            let batches: Vec<_> = batches.collect();
            Load { address, ..load(&self.server, 1, &batches, "\"allow\"") }.once().all_right();
        }
    }

    fn questions(&self, count: usize) -> Vec<Vec<u8>> {
        self.keys.spread(count).map(|signer| self.server.question(&signer)).collect()
    }

    fn contestant<'c>(
        &'c self,
        name: &'c str,
        connections: usize,
        requests: &'c [Vec<u8>],
        proof: &'c str,
    ) -> Contestant<'c> {
        Contestant { name, process: &self.server.process, load: load(&self.server, connections, requests, proof) }
    }

    fn page(&self, cursor: Option<&str>) -> Vec<u8> {
        get(&self.path_of_page(cursor), self.server.operator_token())
    }

    fn path_of_page(&self, cursor: Option<&str>) -> String {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        format!("{}/keys?limit={PAGE}{cursor}", self.server.tenant)
    }

    /// Its number, and how to ask for it: by going there, since a cursor says nothing to anybody else.
    fn last_whole_page(&self) -> (usize, Vec<u8>) {
        let last = self.keys.count() / PAGE;
        let mut cursor: Option<String> = None;
        for _ in 1..last {
            let page = self.server.operator.get(&self.path_of_page(cursor.as_deref())).expect(200);
            cursor = Some(page.text_at("/next_cursor"));
        }
        (last, self.page(cursor.as_deref()))
    }

    fn order(&self) -> Vec<u8> {
        let order = format!("{{\"region\":\"{REGION}\",\"label\":\"made\"}}");
        post(&format!("{}/keys", self.server.tenant), self.server.operator_token(), "", &order)
    }
}

fn load<'r>(server: &Keyreeve, connections: usize, requests: &'r [Vec<u8>], proof: &'r str) -> Load<'r> {
    let address = server.process.address;
    Load { address, connections, requests, proof, pace: Pace::AsFastAsPossible, tls: None }
}
