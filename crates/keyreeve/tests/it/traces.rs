//! Traces: in the log of every build, and sent to a collector by a build that can.

use crate::home::{Finished, Home};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// The lines of requests in a log of JSON.
fn requests(finished: &Finished) -> Vec<serde_json::Value> {
    let lines = finished.err.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["message"] == "request").collect()
}

#[test]
fn the_log_says_which_trace_a_request_belongs_to() {
    let home = Home::new();
    let server = home.serve(&["--log-format", "json"]);
    let url = format!("{}/livez", server.url);
    let traced = ureq::get(&url).header("traceparent", format!("00-{TRACE}-{SPAN}-01")).call().unwrap();
    let said = traced.headers()["traceresponse"].to_str().unwrap().to_owned();
    ureq::get(&url).header("traceparent", "rubbish").call().unwrap();
    let requests = requests(&server.stop().succeeded());
    let [traced, untraced] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(traced["trace_id"], TRACE);
    assert!(traced["status"] == 200 && traced["milliseconds"].is_u64(), "numbers are numbers: {traced}");
    assert_eq!(said, format!("00-{TRACE}-{}-01", traced["span_id"].as_str().unwrap()));
    assert!(untraced.get("trace_id").is_none() && untraced.get("span_id").is_none());
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let home = Home::new();
    let check = |endpoint, more: &[&str]| home.run(&[&["config", "check", "--otlp-endpoint", endpoint], more].concat());
    for wrong in ["https://collector:4318", "collector", "http://127.0.0.1:4318/v1/traces"] {
        check(wrong, &[]).refused(1, &["otlp_endpoint", "http://127.0.0.1:4318"]);
    }
    check("http://127.0.0.1:4318", &["--otlp-ratio", "2"]).refused(1, &["otlp_ratio"]);
    if cfg!(feature = "otlp") {
        check("http://10.0.0.7:4318", &[]).refused(1, &["another machine", "--insecure"]);
        check("http://10.0.0.7:4318", &["--insecure"]).succeeded();
        check("http://127.0.0.1:4318", &[]).succeeded();
    } else {
        check("http://127.0.0.1:4318", &[]).refused(1, &["--features otlp"]);
    }
}

#[cfg(feature = "otlp")]
mod exported {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use serde_json::Value;

    use super::{SPAN, TRACE};
    use crate::home::{Home, until};

    /// A collector that speaks as much HTTP as it has to, and keeps what it is sent.
    struct Collector {
        port: u16,
        taken: Arc<Mutex<Vec<Value>>>,
    }

    impl Collector {
        /// Answers with these, one after the other, and then with the last for ever.
        fn start(answers: &'static [u16]) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let taken = Arc::<Mutex<Vec<Value>>>::default();
            let (kept, count) = (taken.clone(), Arc::<Mutex<usize>>::default());
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let (kept, count) = (kept.clone(), count.clone());
                    thread::spawn(move || serve(stream.unwrap(), answers, &kept, &count));
                }
            });
            Self { port, taken }
        }

        fn spans(&self) -> Vec<Value> {
            let taken = self.taken.lock().unwrap();
            let scopes = taken.iter().flat_map(|message| message["resourceSpans"].as_array().unwrap());
            let spans = scopes.flat_map(|resource| resource["scopeSpans"].as_array().unwrap());
            spans.flat_map(|scope| scope["spans"].as_array().unwrap().clone()).collect()
        }
    }

    fn serve(stream: TcpStream, answers: &[u16], kept: &Mutex<Vec<Value>>, count: &Mutex<usize>) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let (mut head, mut length) = (Vec::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or_default() == 0 {
                    return;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
                head.push(line);
            }
            assert_eq!(head[0], "POST /v1/traces HTTP/1.1\r\n");
            assert!(head.iter().any(|line| line.to_lowercase() == "content-type: application/json\r\n"));
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let status = {
                let mut count = count.lock().unwrap();
                *count += 1;
                answers[(*count - 1).min(answers.len() - 1)]
            };
            if status == 200 {
                kept.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            }
            write!(&stream, "HTTP/1.1 {status} Said\r\ncontent-length: 2\r\n\r\n{{}}").unwrap();
        }
    }

    fn attribute(span: &Value, key: &str) -> Value {
        let attributes = span["attributes"].as_array().unwrap();
        let found = attributes.iter().find(|attribute| attribute["key"] == key).unwrap();
        found["value"].as_object().unwrap().values().next().unwrap().clone()
    }

    #[test]
    fn a_request_arrives_at_the_collector_as_a_span() {
        let (home, collector) = (Home::new(), Collector::start(&[200]));
        let endpoint = format!("http://127.0.0.1:{}", collector.port);
        let server = home.serve(&["--otlp-endpoint", &endpoint, "--otlp-ratio", "0"]);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let ask = |path: &str, parent: Option<String>| {
            let request = agent.get(format!("{}{path}", server.url)).header("x-request-id", "req-of-mine");
            let request = parent.into_iter().fold(request, |request, parent| request.header("traceparent", parent));
            request.call().unwrap().headers().get("traceresponse").map(|said| said.to_str().unwrap().to_owned())
        };
        let said = ask("/v1/tenants/ten_secret?who=me", Some(format!("00-{TRACE}-{SPAN}-01"))).unwrap();
        ask("/livez", Some(format!("00-{TRACE}-{SPAN}-00"))).unwrap();
        let began = ask("/livez", None).unwrap();
        assert!(began.ends_with("-00"), "no share of those that nobody traces: {began}");
        // The end sends what is left.
        server.stop().succeeded();

        let spans = collector.spans();
        let [span] = &spans[..] else { panic!("{spans:#?}") };
        assert_eq!((span["traceId"].as_str(), span["parentSpanId"].as_str()), (Some(TRACE), Some(SPAN)));
        assert_eq!(said, format!("00-{TRACE}-{}-01", span["spanId"].as_str().unwrap()));
        assert_eq!(span["name"], "GET /v1/tenants/{tenant}");
        assert_eq!(span["kind"], 2);
        assert_eq!(attribute(span, "http.route"), "/v1/tenants/{tenant}");
        assert_eq!(attribute(span, "http.request.method"), "GET");
        assert_eq!(attribute(span, "http.response.status_code"), "401");
        assert_eq!(attribute(span, "keyreeve.request_id"), "req-of-mine");
        let time = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
        assert!(time("startTimeUnixNano") > 1_700_000_000_000_000_000);
        assert!(time("endTimeUnixNano") > time("startTimeUnixNano"));
        let all = serde_json::to_string(&*collector.taken.lock().unwrap()).unwrap();
        assert!(!all.contains("ten_secret") && !all.contains("who=me"), "{all}");
        let resource = &collector.taken.lock().unwrap()[0]["resourceSpans"][0]["resource"];
        assert_eq!(attribute(resource, "service.name"), "keyreeve");
    }

    #[test]
    fn every_request_begins_a_trace_where_all_are_sampled() {
        let (home, collector) = (Home::new(), Collector::start(&[200]));
        let endpoint = format!("http://127.0.0.1:{}", collector.port);
        let server = home.serve(&["--otlp-endpoint", &endpoint, "--otlp-ratio", "1"]);
        for _ in 0..3 {
            assert!(server.is_live());
        }
        until("the spans to arrive", || (collector.spans().len() == 3).then_some(()));
        assert!(collector.spans().iter().all(|span| span.get("parentSpanId").is_none()));
        server.stop().succeeded();
    }

    #[test]
    fn a_collector_that_is_busy_is_asked_again() {
        let (home, collector) = (Home::new(), Collector::start(&[503, 429, 200]));
        let endpoint = format!("http://127.0.0.1:{}", collector.port);
        let server = home.serve(&["--otlp-endpoint", &endpoint, "--otlp-ratio", "1"]);
        assert!(server.is_live());
        until("the span to arrive", || (collector.spans().len() == 1).then_some(()));
        let finished = server.stop().succeeded();
        assert!(!finished.err.contains("traces are not taken"), "{}", finished.err);
    }

    #[test]
    fn a_collector_that_is_not_there_costs_no_request() {
        let home = Home::new();
        let server = home.serve_with_metrics(&["--otlp-endpoint", "http://127.0.0.1:9", "--otlp-ratio", "1"]);
        assert!(server.is_live());
        until("the failure to be counted", || {
            server.metrics().contains("keyreeve_spans_total{outcome=\"failed\"} 1").then_some(())
        });
        let finished = server.stop().succeeded();
        assert_eq!(finished.err.matches("traces are not taken").count(), 1, "{}", finished.err);
    }
}
