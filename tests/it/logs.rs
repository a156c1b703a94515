//! Log lines: batches in, all or nothing; pages out, in the order they came.

use std::fmt::Write as _;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::event::Fact;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::log::{Level, LogEntry, LogsAccepted};
use watchfire_shared::problem::Code;
use watchfire_shared::user::KeySource;
use watchfire_tests::{Api, Daemon, Reply, both_engines};

async fn send(
    api: &Api,
    incident: IncidentId,
    kind: &str,
    body: impl Into<reqwest::Body>,
) -> Reply {
    let path = format!("/v1/incidents/{incident}/logs");
    api.request(Method::POST, &path).body(kind, body).send().await
}

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

fn messages(lines: &[LogEntry]) -> Vec<&str> {
    lines.iter().map(|line| line.message.as_str()).collect()
}

both_engines! {
    async fn lines_come_as_an_object_an_array_or_ndjson(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let id = api.create("Checkout is slow").await.id;
        let accepted = |reply: Reply| {
            assert_eq!(reply.status, 201, "{}", reply.text());
            reply.ok::<LogsAccepted>()
        };
        let one = accepted(send(&api, id, JSON, r#"{"message":"one","level":"WARNING"}"#).await);
        assert_eq!((one.accepted, one.first_seq, one.last_seq), (1, 1, 1));
        let array = r#"[{"msg":"two","severity":"err","source":"db","ts":"2026-01-02T03:04:05.1234567+02:00",
            "trace":{"id":[1,null,"\u001b[31m"]},"level":null},{"message":"three","level":3,"time":1767322800}]"#;
        assert_eq!(
            accepted(send(&api, id, "application/json; charset=utf-8", array).await).last_seq,
            3
        );
        let lines = "\n{\"message\":\"four\"}\r\n\n  {\"message\":\"\",\"level\":\"trace\"}  \n";
        let last = accepted(send(&api, id, NDJSON, lines).await);
        assert_eq!((last.accepted, last.first_seq, last.last_seq), (2, 4, 5));

        let stored = api.logs(id, "limit=100").await;
        let seqs: Vec<i64> = stored.iter().map(|line| line.seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5]);
        let levels: Vec<Level> = stored.iter().map(|line| line.level).collect();
        assert_eq!(levels, [Level::Warn, Level::Error, Level::Error, Level::Info, Level::Trace]);
        assert_eq!(messages(&stored), ["one", "two", "three", "four", ""]);
        assert_eq!(stored[1].source, "db");
        assert_eq!(stored[1].occurred_at.to_rfc3339(), "2026-01-02T01:04:05.123456+00:00");
        assert_eq!(stored[2].occurred_at.to_rfc3339(), "2026-01-02T03:00:00+00:00");
        assert_eq!(json!(stored[1].fields), json!({ "trace": { "id": [1, null, "\u{1b}[31m"] } }));

        let incident = api.get(id).await;
        assert_eq!((incident.log_count, incident.version), (5, 4));
        assert_eq!(incident.updated_at, incident.created_at, "lines are no change of the incident");
        let timeline = api.timeline(id).await;
        let Fact::LogAttached { first_seq, last_seq, counts, sources, .. } = &timeline[2].fact
        else {
            panic!("{timeline:?}")
        };
        assert_eq!((*first_seq, *last_seq, sources), (2, 3, &vec!["db".to_owned()]));
        assert_eq!(json!(counts), json!({ "error": 2 }));
        assert!(!json!(timeline).to_string().contains("three"), "an event never holds the lines");
    }

    async fn a_bad_line_is_named_by_its_number_and_nothing_is_kept(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let id = api.create("Checkout is slow").await.id;
        let good = "{\"message\":\"good\"}";
        let cases: &[(&str, String, Code, &str, &str)] = &[
            (
                NDJSON,
                format!("{good}\n{good}\nnot json\n{good}"),
                Code::MalformedJson,
                "",
                "line 3",
            ),
            (NDJSON, format!("{good}\n\n[]"), Code::Validation, "line", "line 3"),
            (
                NDJSON,
                format!("{good}\n{{\"level\":\"info\"}}"),
                Code::Validation,
                "message",
                "line 2",
            ),
            (JSON, format!("[{good},{{\"message\":5}}]"), Code::Validation, "message", "line 2"),
            (
                JSON,
                format!("[{good},{{\"message\":\"x\",\"level\":\"loud\"}}]"),
                Code::Validation,
                "level",
                "line 2",
            ),
            (
                JSON,
                format!("[{good},{{\"message\":\"x\",\"ts\":\"yesterday\"}}]"),
                Code::Validation,
                "ts",
                "line 2",
            ),
            (
                JSON,
                r#"{"message":"x","time":"1969-12-31T23:59:59Z"}"#.into(),
                Code::Validation,
                "time",
                "line 1",
            ),
            (
                JSON,
                r#"{"message":"x","time":"2262-12-31T00:00:00Z"}"#.into(),
                Code::Validation,
                "time",
                "line 1",
            ),
            (JSON, r#"{"message":"x","time":-1}"#.into(), Code::Validation, "time", "line 1"),
            (JSON, r#"{"message":"a\u0000b"}"#.into(), Code::Validation, "message", "line 1"),
            (
                JSON,
                r#"{"message":"x","deep":[{"a":"\u0000"}]}"#.into(),
                Code::Validation,
                "deep",
                "line 1",
            ),
            (
                JSON,
                format!("{{\"message\":\"{}\"}}", "x".repeat(65_537)),
                Code::Validation,
                "message",
                "line 1",
            ),
            (
                JSON,
                format!("{{\"message\":\"x\",\"source\":\"{}\"}}", "x".repeat(201)),
                Code::Validation,
                "source",
                "line 1",
            ),
            (JSON, format!("[{good}"), Code::MalformedJson, "", "line 1"),
            (JSON, "[]".into(), Code::Validation, "lines", "no lines"),
            (NDJSON, "\n\n".into(), Code::Validation, "lines", "no lines"),
            (JSON, "5".into(), Code::Validation, "line", "line 1"),
            (NDJSON, format!("{good}\n").repeat(10_001), Code::Validation, "lines", "10000"),
            (
                JSON,
                format!("[{}]", vec!["{\"message\":\"\"}"; 10_001].join(",")),
                Code::Validation,
                "lines",
                "10000",
            ),
        ];
        for (kind, body, code, field, says) in cases {
            let problem = send(&api, id, kind, body.clone()).await.refused(*code);
            assert!(problem.detail.contains(says), "{says}: {problem:?}");
            assert_eq!(
                problem.errors.first().map_or("", |error| error.field.as_str()),
                *field,
                "{problem:?}"
            );
        }
        send(&api, id, "text/plain", good).await.refused(Code::UnsupportedMediaType);
        let large = format!("{{\"message\":\"{}\"}}\n", "x".repeat(60_000)).repeat(145);
        send(&api, id, NDJSON, large).await.refused(Code::PayloadTooLarge);
        assert_eq!(api.get(id).await.version, 1);
        assert!(api.logs(id, "").await.is_empty());

        // As many and as much as there may be.
        let many = format!("{good}\n").repeat(10_000);
        assert_eq!(send(&api, id, NDJSON, many).await.ok::<LogsAccepted>().last_seq, 10_000);
        let wide = format!("{{\"message\":\"{}\"}}\n", "x".repeat(65_536)).repeat(120);
        assert_eq!(send(&api, id, NDJSON, wide).await.ok::<LogsAccepted>().last_seq, 10_120);
    }

    async fn batches_of_many_senders_get_numbers_without_gap(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let id = api.create("Checkout is slow").await.id;
        let batches = join_all((0..8).map(async |writer| {
            let mut accepted = Vec::new();
            for round in 0..6 {
                let lines: Vec<Value> = (0..=round).map(|n| {
                    json!({ "message": format!("{round}.{n}"), "source": format!("w{writer}") })
                }).collect();
                accepted.push((round, api.attach(id, &json!(lines)).await));
            }
            accepted
        }))
        .await;
        let all = api.logs(id, "limit=1000").await;
        assert_eq!(
            all.iter().map(|line| line.seq).collect::<Vec<_>>(),
            (1..=8 * 21).collect::<Vec<_>>()
        );
        for (writer, accepted) in batches.iter().enumerate() {
            for (round, batch) in accepted {
                assert_eq!(batch.last_seq - batch.first_seq, *round);
                // Its lines stand together, in their order.
                for (n, seq) in (batch.first_seq..=batch.last_seq).enumerate() {
                    let line = &all[usize::try_from(seq).unwrap() - 1];
                    assert_eq!(line.source, format!("w{writer}"));
                    assert_eq!(line.message, format!("{round}.{n}"));
                }
            }
        }
        let incident = api.get(id).await;
        assert_eq!((incident.log_count, incident.version), (8 * 21, 1 + 8 * 6));
    }

    async fn pages_and_filters_leave_the_newest_last(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let (one, other) = (api.create("One").await.id, api.create("Other").await.id);
        let levels = ["debug", "info", "warn", "error"];
        for n in 0..12 {
            let id = if n % 3 == 2 { other } else { one };
            let message = format!("line {n} of 100% ÜBEL_{}", n % 2);
            let source = if n % 4 == 0 { "db" } else { "web" };
            api.attach(
                id,
                &json!({ "message": message, "level": levels[n % 4], "source": source }),
            )
            .await;
        }
        // Eight lines of one: 0 1 3 4 6 7 9 10.
        let find = async |query: &str| -> Vec<i64> {
            api.logs(one, query).await.iter().map(|line| line.seq).collect()
        };
        for (query, seqs) in [
            ("limit=3", vec![6, 7, 8]),
            ("limit=3&before=6", vec![3, 4, 5]),
            ("limit=3&after=3", vec![4, 5, 6]),
            ("after=8", vec![]),
            ("before=1", vec![]),
            ("min_level=warn", vec![3, 5, 6, 8]),
            ("min_level=error", vec![3, 6]),
            ("source=db", vec![1, 4]),
            ("q=%C3%9Cbel_1", vec![2, 3, 6, 7]),
            ("q=100%25", vec![1, 2, 3, 4, 5, 6, 7, 8]),
            ("q=LINE%2010", vec![8]),
            ("q=_0%20", vec![]),
            ("min_level=info&source=web&after=2&limit=2", vec![3, 5]),
        ] {
            assert_eq!(find(query).await, seqs, "{query}");
        }
        for (query, field) in [
            ("min_level=loud", "min_level"),
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("before=x", "before"),
            ("after=1&before=3", "after"),
        ] {
            let path = format!("/v1/incidents/{one}/logs?{query}");
            assert_eq!(api.read(&path).await.refused(Code::Validation).errors[0].field, field);
        }
        // Across incidents, in the order they came; a page's cursor goes on into the past.
        let (mut found, mut query) = (Vec::new(), "limit=5".to_owned());
        loop {
            let page = api.read(&format!("/v1/logs?{query}")).await.json();
            let items: Vec<LogEntry> = serde_json::from_value(page["items"].clone()).unwrap();
            found.splice(0..0, items.iter().map(|line| line.message.clone()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("limit=5&before={cursor}");
        }
        let numbers: Vec<&str> = found.iter().map(|text| text.split(' ').nth(1).unwrap()).collect();
        assert_eq!(numbers.join(" "), "0 1 2 3 4 5 6 7 8 9 10 11");
        let sources = api.read("/v1/logs?source=db&min_level=debug").await.json();
        assert_eq!(sources["items"].as_array().unwrap().len(), 3);
    }

    async fn a_key_for_logs_may_attach_and_hostile_fields_stay_what_they_are(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let id = api.create("Checkout is slow").await.id;
        let key = daemon.as_holder_of(&daemon.add_key(KeySource::Logs).await);
        let foreign = daemon.as_holder_of(&daemon.add_key(KeySource::Alertmanager).await);
        send(&foreign, id, JSON, "{\"message\":\"x\"}").await.refused(Code::Forbidden);
        key.read(&format!("/v1/incidents/{id}/logs")).await.refused(Code::Forbidden);

        let mut line = json!({
            "message": "\u{1b}[2J\r\u{202e}evil\u{9b}31m\n", "source": "';drop table log_entries;--",
            "id": "mine", "incident_id": "other", "seq": 99, "fields": { "a": { "b": [] } },
            "": "", "big": 1e300, "exact": 18_446_744_073_709_551_615_u64, "neg": -9_007_199_254_740_993_i64,
            "__proto__": null, "a\"b\\c": "\u{fffd}",
        });
        let mut deep = Value::Null;
        for _ in 0..50 {
            deep = json!([deep]);
        }
        line["deep"] = deep;
        assert_eq!(key.attach(id, &line).await.accepted, 1);
        let stored = &api.logs(id, "").await[0];
        assert_eq!(stored.message, line["message"].as_str().unwrap());
        assert_eq!(stored.source, line["source"].as_str().unwrap());
        assert_eq!((stored.seq, stored.incident_id), (1, id));
        let mut fields = line.as_object().unwrap().clone();
        fields.retain(|name, _| name != "message" && name != "source");
        assert_eq!(stored.fields, fields);
        let event = api.timeline(id).await.pop().unwrap();
        assert_eq!((event.actor.kind.as_str(), event.actor.name.as_str()), ("key", "logs"));

        let mut bottomless = String::from("{\"message\":\"x\",\"deep\":");
        for _ in 0..5_000 {
            bottomless.push('[');
        }
        write!(bottomless, "{}}}", "]".repeat(5_000)).unwrap();
        let refused = send(&api, id, JSON, bottomless).await;
        assert!(
            matches!(refused.problem().code, Code::MalformedJson | Code::Validation),
            "{}",
            refused.text()
        );
        assert_eq!(api.get(id).await.log_count, 1);
    }
}
