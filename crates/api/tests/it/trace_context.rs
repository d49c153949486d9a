//! W3C trace context: a caller's trace is continued, said in the answer, and anything that is not quite one is ignored.

use testkit::on_both_databases;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

on_both_databases! {
    fn a_trace_is_continued_with_a_place_of_our_own(server: &Server) {
        let caller = server.operator().with("traceparent", &format!("00-{TRACE}-{SPAN}-01"));
        let answers = [caller.get("/v1/me").expect(200), caller.get("/v1/nothing").expect(404)];
        let places = answers.map(|answer| {
            let said = answer.header("traceresponse").to_owned();
            let place = said.strip_prefix(&format!("00-{TRACE}-")).and_then(|rest| rest.strip_suffix("-01"));
            place.unwrap_or_else(|| panic!("{said}")).to_owned()
        });
        assert!(places.iter().all(|place| place.len() == 16 && place != SPAN) && places[0] != places[1]);
    }

    fn what_is_not_sampled_stays_so(server: &Server) {
        let caller = server.anonymous().with("traceparent", &format!("00-{TRACE}-{SPAN}-00"));
        assert!(caller.get("/livez").expect(200).header("traceresponse").ends_with("-00"));
    }

    fn who_says_nothing_right_is_answered_as_if_it_had_said_nothing(server: &Server) {
        let wrong = ["", "rubbish", "00-0-0-01", &format!("00-{TRACE}-{SPAN}-01-x"), &"0".repeat(4000)];
        for said in wrong {
            let answer = server.anonymous().with("traceparent", said).get("/livez").expect(200);
            assert!(answer.headers.get("traceresponse").is_none(), "{said}");
        }
        let twice = server.anonymous().with("traceparent", &format!("00-{TRACE}-{SPAN}-01"));
        let twice = twice.with("traceparent", &format!("00-{TRACE}-{SPAN}-00"));
        assert!(twice.get("/livez").expect(200).headers.get("traceresponse").is_none());
        assert!(server.anonymous().get("/livez").expect(200).headers.get("traceresponse").is_none());
    }
}
