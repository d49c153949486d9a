//! Whether requests should come here, and how a server takes its leave of those that did.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use testkit::on_both_databases;

use crate::place::{Place, REGION};

on_both_databases! {
    fn a_server_that_stops_is_not_ready_and_answers_all_the_same(server: &Server) {
        let anybody = server.anonymous();
        anybody.get("/readyz").expect(200);
        assert_eq!(anybody.get("/livez").expect(200).header("connection"), "");

        server.drain().begin();
        let refused = anybody.get("/readyz").expect_problem(503, "not-ready");
        assert!(refused.text_at("/detail").contains("stopping"), "{refused}");
        assert!(!refused.header("retry-after").is_empty());
        anybody.get("/livez").expect(200);
        let answer = server.operator().get("/v1/me").expect(200);
        assert_eq!(answer.header("connection"), "close", "nobody sends another request on this connection");
    }

    fn a_replica_that_does_not_follow_the_feed_is_not_ready(server: &Server) {
        server.stop_following();
        let refused = server.anonymous().get("/readyz").expect_problem(503, "not-ready");
        assert!(refused.text_at("/detail").contains("feed"), "{refused}");
    }

    fn whoever_waits_for_changes_is_answered_before_the_server_closes(server: &Server) {
        Place::of(server, "multi");
        let gateway = server.gateway(&[REGION], &["verify", "changes"]);
        let after = gateway.client.get("/v1/gateway/changes").expect(200).field("/sequence");
        let path = format!("/v1/gateway/changes?after={after}&wait_s=60");
        let mut stream = TcpStream::connect(server.address()).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
            gateway.token
        )
        .unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        assert!(lines.any(|line| line == "event: changes"), "the stream has begun");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| gateway.client.get(&path));
            thread::park_timeout(Duration::from_millis(200));
            server.drain().begin();
            server.drain().close();
            let answer = waiting.join().unwrap().expect(200);
            assert_eq!(answer.field("/changes").as_array().unwrap().len(), 0, "{answer}");
            assert!(answer.field("/sequence").as_i64() >= after.as_i64(), "{answer}");
        });
        assert!(lines.any(|line| line == "0"), "the last chunk: the stream has ended, and not broken off");
    }
}
