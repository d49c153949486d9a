//! Whether the time of an answer tells somebody without the secret anything about a key: `just timing`, and how many rounds.
//!
//! Each round asks all questions in a random order over one connection, and what is compared are the differences within a
//! round, so that whatever slows the machine slows all of them.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement prints, and stops at the first surprise"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use domain::Entropy;
use domain::key::AccessKeyId;
use serde_json::{Value, json};
use testkit::{Server, Signer};

const WARM_ROUNDS: usize = 100_000;
const COLD_ROUNDS: usize = 1_000;
const REGION: &str = "waw3-1";

/// What is asked about in a round.
struct Question {
    name: &'static str,
    body: String,
    reason: &'static str,
}

fn main() {
    let warm_rounds = std::env::args().nth(1).map_or(WARM_ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    for (name, server) in [("SQLite", Server::on_sqlite()), ("PostgreSQL", Server::on_postgres())] {
        let shop = Shop::open(&server);
        let mut line = Line::to(&server, &shop.gateway);
        println!("{name}: microseconds more than the first question, over one connection");

        let known = shop.key("Known");
        let disabled = shop.key("Disabled");
        shop.disable(&disabled);
        let warm = || {
            vec![
                question("a wrong signature", &server, &known.with_secret(OTHER), "signature"),
                question("an unknown key", &server, &unknown(&known, 0), "unknown"),
                question("a disabled key, wrong signature", &server, &disabled.with_secret(OTHER), "signature"),
                question("a disabled key, right signature", &server, &disabled, "disabled"),
            ]
        };
        let questions = warm();
        compare("in memory", &mut line, warm_rounds, |_| questions.iter().collect());

        let keys: Vec<Signer> = (0..COLD_ROUNDS).map(|number| shop.key(&format!("Cold {number}"))).collect();
        let cold: Vec<[Question; 2]> = keys
            .iter()
            .enumerate()
            .map(|(number, key)| {
                [
                    question("a wrong signature", &server, &key.with_secret(OTHER), "signature"),
                    question("an unknown key", &server, &unknown(key, number + 1), "unknown"),
                ]
            })
            .collect();
        // Made in this process, they are remembered by nobody yet: only what is asked about is.
        compare("asked about for the first time", &mut line, COLD_ROUNDS, |round| cold[round].iter().collect());
    }
}

const OTHER: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn question(name: &'static str, server: &Server, signer: &Signer, reason: &'static str) -> Question {
    Question { name, body: signer.request(server.now()).to_string(), reason }
}

/// An id that could be somebody's and is nobody's.
fn unknown(known: &Signer, number: usize) -> Signer {
    let mut seed = [3; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let [(_, _, switches), ..] = domain::key_model::built_in();
    let drawn = domain::key::FreshPair::draw(&mut Entropy::from_seed(seed), &switches);
    let access_key_id: AccessKeyId = drawn.access_key_id;
    Signer { access_key_id: access_key_id.to_string(), secret: OTHER.to_owned(), region: known.region.clone() }
}

/// Asks and prints: the median of the first question, and of the others how much longer they took in the same round.
fn compare<'q>(what: &str, line: &mut Line, rounds: usize, of_round: impl Fn(usize) -> Vec<&'q Question>) {
    let mut entropy = Entropy::from_seed([5; 32]);
    let mut times: Vec<Vec<f64>> = Vec::new();
    let mut names = Vec::new();
    for round in 0..rounds {
        let questions = of_round(round);
        times.resize(questions.len(), Vec::new());
        names = questions.iter().map(|question| question.name).collect();
        let mut order: Vec<usize> = (0..questions.len()).collect();
        let random: [u8; 8] = entropy.bytes();
        order.sort_by_key(|place| random[*place]);
        for place in order {
            let question = questions[place];
            times[place].push(line.ask(question));
        }
    }
    println!("  {what}, {rounds} rounds; {} takes {:.1}", names[0], median(times[0].clone()));
    for (name, times_of_it) in names.iter().zip(&times).skip(1) {
        let differences: Vec<f64> = times_of_it.iter().zip(&times[0]).map(|(it, first)| it - first).collect();
        let (low, high) = interval(differences.clone());
        println!("    {name:<34} {:>+8.2}   (95 % of such runs: {low:+.2} to {high:+.2})", median(differences));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median lies between these two with a probability of 95 %, whatever the distribution.
fn interval(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let (middle, reach) = (values.len() as f64 / 2.0, 0.98 * (values.len() as f64).sqrt());
    (values[(middle - reach) as usize], values[(middle + reach) as usize])
}

struct Shop<'s> {
    server: &'s Server,
    tenant: testkit::world::Tenant,
    gateway: testkit::world::Gateway,
}

impl<'s> Shop<'s> {
    fn open(server: &'s Server) -> Self {
        server.region(REGION, "multi");
        let tenant = server.tenant("Acme");
        server.operator().put(&tenant.path(&format!("/regions/{REGION}")), json!({"service": "available"})).expect(200);
        Self { server, tenant, gateway: server.gateway(&[REGION], &["verify"]) }
    }

    fn key(&self, label: &str) -> Signer {
        let body = json!({"region": REGION, "label": label});
        Signer::of(&self.server.operator().post(&self.tenant.path("/keys"), body).expect(201))
    }

    fn disable(&self, signer: &Signer) {
        let found = self.tenant.path(&format!("/keys?access_key_id={}", signer.access_key_id));
        let key = self.server.operator().get(&found).expect(200).text_at("/items/0/id");
        self.server.operator().act(&self.tenant.path(&format!("/keys/{key}/disable"))).expect(200);
    }
}

/// One connection that is kept.
struct Line {
    reader: BufReader<TcpStream>,
    head: String,
}

impl Line {
    fn to(server: &Server, gateway: &testkit::world::Gateway) -> Self {
        let stream = TcpStream::connect(server.address()).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let head = format!(
            "POST /v1/gateway/verify HTTP/1.1\r\nHost: keys\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: ",
            gateway.token
        );
        Self { reader: BufReader::new(stream), head }
    }

    /// How long the answer took, in microseconds.
    fn ask(&mut self, question: &Question) -> f64 {
        let request = format!("{}{}\r\n\r\n{}", self.head, question.body.len(), question.body);
        let began = Instant::now();
        self.reader.get_mut().write_all(request.as_bytes()).expect("to be heard");
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).expect("an answer");
            if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = said.trim().parse().expect("a length");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).expect("a body");
        let took = began.elapsed();
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(answer["reason"], question.reason, "{answer}");
        took.as_secs_f64() * 1e6
    }
}
