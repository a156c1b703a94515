//! Which incidents a list holds: every filter in both spellings, and what is no question.

use reqwest::Url;
use serde_json::json;
use watchfire_shared::incident::{Priority, Status};
use watchfire_shared::problem::Code;
use watchfire_shared::stats::Counts;
use watchfire_tests::{Api, Daemon, both_engines};

fn query(pairs: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://x/", pairs).unwrap();
    url.query().unwrap_or_default().to_owned()
}

/// The numbers of the references a list answers, in its order.
async fn numbers(api: &Api, pairs: &[(&str, &str)]) -> Vec<i64> {
    let page = api.list(&query(pairs)).await;
    assert_eq!(usize::try_from(page.total).unwrap(), page.items.len(), "{pairs:?}");
    assert!(page.total_exact && page.next_cursor.is_none(), "{pairs:?}");
    page.items.iter().map(|incident| incident.reference.0).collect()
}

async fn six(api: &Api, me: &str) {
    for body in [
        json!({ "title": "Checkout is slow", "priority": "high", "service": "checkout",
            "labels": { "region": "eu", "team": "Payments" } }),
        json!({ "title": "Search times out", "priority": "medium", "service": "search",
            "labels": { "region": "us" }, "assigned_to": me }),
        json!({ "title": "Disk full on db-1.example.test", "priority": "critical",
            "description": "no space on /var/lib/data (port 5432)" }),
        json!({ "title": "Überlast im Zahlungsdienst", "priority": "low", "service": "zahlung",
            "labels": { "region": "eu" } }),
        json!({ "title": "Checkout is gone", "priority": "critical", "service": "checkout",
            "labels": { "note": "it's \"down\" 100%" }, "assigned_to": me }),
        json!({ "title": "Backup late", "priority": "low", "service": "x:y z" }),
    ] {
        api.create_with(body).await;
    }
    for (number, steps) in [(2, 1), (4, 2), (5, 3), (6, 1)] {
        for status in &[Status::Investigating, Status::Resolved, Status::Closed][..steps] {
            api.set_status(format!("INC-{number}"), *status).await;
        }
    }
}

/// Query parameters, the same as a filter, and the references that match.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a [i64]);

both_engines! {
    async fn every_filter_finds_what_it_says_in_both_its_spellings(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let me = api.read("/v1/users/me").await.json()["id"].as_str().unwrap().to_owned();
        six(&api, &me).await;
        let by_id = format!("assignee:{me}");
        let cases: &[Case] = &[
            (&[], "", &[1, 2, 3, 4, 5, 6]),
            (&[("status", "open")], "status:open", &[1, 3]),
            (&[("status", "open"), ("status", "closed")], "status:closed status:open", &[1, 3, 5]),
            (&[("priority", "critical")], "priority:critical", &[3, 5]),
            (
                &[("priority", "low"), ("priority", "high")],
                "priority:high priority:low",
                &[1, 4, 6],
            ),
            (&[("assigned_to", "me")], "assignee:me", &[2, 5]),
            (&[("assigned_to", "none")], "assignee:none", &[1, 3, 4, 6]),
            (&[("assigned_to", &me)], &by_id, &[2, 5]),
            (&[("service", "checkout")], "service:checkout", &[1, 5]),
            (&[("service", "")], "service:\"\"", &[3]),
            (&[("service", "x:y z")], "service:\"x:y z\"", &[6]),
            (&[("label", "region:eu")], "label:region=eu", &[1, 4]),
            (
                &[("label", "region:eu"), ("label", "team:Payments")],
                "label:region=eu label:team=Payments",
                &[1],
            ),
            (
                &[("label", "note:it's \"down\" 100%")],
                "label:note=\"it's \\\"down\\\" 100%\"",
                &[5],
            ),
            (&[("label", "region:EU")], "label:region=EU", &[]),
            (&[("q", "checkout")], "checkout", &[1, 5]),
            (&[("q", "check GONE")], "check gone", &[5]),
            (&[("q", "payments")], "payments", &[1]),
            (&[("q", "überlast")], "ÜBER", &[4]),
            (&[("q", "uberlast")], "uberlast", &[]),
            (&[("q", "example")], "example", &[3]),
            (&[("q", "db-1")], "db-1", &[3]),
            (&[("q", "inc-4")], "INC-4", &[4]),
            (&[("q", "INC-99")], "INC-99", &[]),
            (&[("q", "5432")], "lib/data", &[3]),
            (&[("q", "heckout")], "heckout", &[]),
            (&[("q", "--- :& |")], "\"---\" \":&\" |", &[]),
            (
                &[("status", "open"), ("priority", "high"), ("q", "slow")],
                "slow status:open priority:high",
                &[1],
            ),
        ];
        for (params, filter, expected) in cases {
            let sorted = [params, &[("sort", "-reference")][..]].concat();
            assert_eq!(numbers(&api, &sorted).await, *expected, "{params:?}");
            let written = [("filter", *filter), ("sort", "-reference")];
            assert_eq!(numbers(&api, &written).await, *expected, "{filter:?}");
        }
        for (filter, expected) in [
            ("-status:open -status:closed", vec![2, 4, 6]),
            ("priority:>=high", vec![1, 3, 5]),
            ("priority:<medium", vec![4, 6]),
            ("-assignee:me", vec![1, 3, 4, 6]),
            ("-assignee:none", vec![2, 5]),
            ("assignee:RESPONDER", vec![2, 5]),
            ("-label:region=eu service:checkout", vec![5]),
            ("-checkout", vec![2, 3, 4, 6]),
            ("-INC-4 -checkout", vec![2, 3, 6]),
            ("age:<1h", vec![1, 2, 3, 4, 5, 6]),
            ("age:>1h", vec![]),
        ] {
            let written = [("filter", filter), ("sort", "-reference")];
            assert_eq!(numbers(&api, &written).await, expected, "{filter:?}");
        }
        // Both spellings at once: both must hold.
        let both = [("filter", "priority:>=high"), ("service", "checkout"), ("sort", "-reference")];
        assert_eq!(numbers(&api, &both).await, [1, 5]);
        let counts: Counts = api.read("/v1/incidents/counts").await.ok();
        let by_status = [(Status::Open, 2), (Status::Investigating, 2), (Status::Resolved, 1)];
        assert_eq!(Vec::from_iter(counts.by_status), by_status);
        let by_priority = [
            (Priority::Low, 2),
            (Priority::Medium, 1),
            (Priority::High, 1),
            (Priority::Critical, 1),
        ];
        assert_eq!(Vec::from_iter(counts.by_priority), by_priority);
        // The resolved one is of low priority.
        let unresolved = by_priority.map(|(it, n)| (it, n - i64::from(it == Priority::Low)));
        assert_eq!(Vec::from_iter(counts.unresolved_by_priority), unresolved);
    }

    async fn what_is_not_a_question_is_refused_by_name_and_nothing_breaks(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        api.create("Checkout is slow").await;
        for (params, field) in [
            (("limit", "0"), "limit"),
            (("limit", "201"), "limit"),
            (("limit", "ten"), "limit"),
            (("status", "done"), "status"),
            (("priority", "urgent"), "priority"),
            (("assigned_to", "dana"), "assigned_to"),
            (("label", "region"), "label"),
            (("label", ":eu"), "label"),
            (("sort", "title"), "sort"),
            (("sort", "--created"), "sort"),
            (("filter", "status:"), "filter"),
            (("filter", "colour:red"), "filter"),
            (("filter", "\"open"), "filter"),
            (("filter", "age:2h"), "filter"),
        ] {
            let reply = api.read(&format!("/v1/incidents?{}", query(&[params]))).await;
            let problem = reply.refused(Code::Validation);
            assert_eq!(problem.errors[0].field, field, "{params:?}");
            if field == "filter" {
                assert!(problem.errors[0].message.contains("at character "), "{problem:?}");
            }
        }
        let hostile = [
            "\0",
            "a\0b",
            "'",
            "\"",
            "\\",
            "';--",
            "%",
            "_",
            "*",
            "a*b",
            "\u{202e}",
            "🔥",
            "(",
            "a:*",
            "<->",
            "!",
            "NEAR(",
            "\u{ffff}",
            "é\u{301}\u{301}",
        ];
        for text in hostile {
            let label = format!("a:{text}");
            let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            for path in [
                format!("/v1/incidents?{}", query(&[("q", text)])),
                format!("/v1/incidents?{}", query(&[("service", text)])),
                format!("/v1/incidents?{}", query(&[("label", &label)])),
                format!("/v1/incidents?{}", query(&[("filter", &quoted)])),
                format!("/v1/incidents?{}", query(&[("filter", &format!("assignee:{quoted}"))])),
                format!("/v1/incidents?{}", query(&[("cursor", text)])),
                format!("/v1/incidents/INC-1/logs?{}", query(&[("q", text)])),
                format!("/v1/logs?{}", query(&[("source", text)])),
                format!("/v1/events?{}", query(&[("type", text)])),
                format!(
                    "/v1/incidents/{}",
                    Url::parse("http://x")
                        .unwrap()
                        .join(text)
                        .map_or_else(|_| "x".into(), |url| url.path().to_owned())
                ),
            ] {
                let reply = api.read(&path).await;
                assert!(
                    reply.status.is_success() || reply.status.is_client_error(),
                    "{path}: {}",
                    reply.text()
                );
                if !reply.status.is_success() {
                    reply.problem();
                }
            }
            let login = json!({ "email": text, "password": text });
            daemon.as_nobody().post("/v1/auth/login", &login).await.problem();
        }
    }
}
