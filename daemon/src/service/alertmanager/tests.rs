use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use watchfire_shared::incident::{LABELS_MAX, Priority, TITLE_MAX};
use watchfire_shared::problem::Code;

use super::{Notification, priority};
use crate::service::Error;

fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// As Alertmanager 0.25 posts it.
fn body() -> Value {
    json!({
        "receiver": "watchfire", "status": "firing", "truncatedAlerts": 0, "version": "4",
        "groupKey": "{}:{alertname=\"HighLatency\", cluster=\"eu\"}",
        "groupLabels": {"alertname": "HighLatency", "cluster": "eu"},
        "commonLabels": {"alertname": "HighLatency", "cluster": "eu", "job": "api"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "notification_reason": "a newer field",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "HighLatency", "severity": "critical", "instance": "a"},
                "annotations": {"summary": "p99 is high"},
                "startsAt": "2026-03-01T10:00:00.123456789Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus:9090/graph",
                "fingerprint": "c7d4f0a1b2e39f58"
            },
            {
                "status": "resolved",
                "labels": {"alertname": "HighLatency", "severity": "warning", "instance": "b"},
                "annotations": {},
                "startsAt": "2026-03-01T11:00:00+01:00",
                "endsAt": "2026-03-01T10:30:00.5Z",
                "generatorURL": "",
                "fingerprint": "00000000000000aa"
            }
        ]
    })
}

fn parse(body: &Value) -> Result<Notification, Error> {
    Notification::parse_at(&serde_json::to_vec(body).unwrap(), now())
}

fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = body();
    change(&mut body);
    body
}

/// Code, fields and detail of a refusal.
fn refusal(result: Result<Notification, Error>) -> (Code, Vec<String>, String) {
    let Err(Error::Refused { code, detail, errors }) = result else {
        panic!("not refused: {result:?}")
    };
    (code, errors.into_iter().map(|error| error.field).collect(), detail)
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_group_is_read_with_the_status_of_each_alert() {
    let notification = parse(&body()).unwrap();
    let [first, second] = &notification.alerts[..] else { panic!("two alerts") };
    assert_eq!(notification.group_key, "{}:{alertname=\"HighLatency\", cluster=\"eu\"}");
    assert_eq!(first.fingerprint, "c7d4f0a1b2e39f58");
    assert_eq!(first.starts_at, time("2026-03-01T10:00:00.123456Z"), "cut, not rounded");
    assert_eq!(first.over_at, None);
    assert_eq!(first.severity, "critical");
    assert_eq!(first.annotations["summary"], "p99 is high");
    assert_eq!(first.generator_url, "http://prometheus:9090/graph");
    assert_eq!(second.starts_at, time("2026-03-01T10:00:00Z"));
    assert_eq!(second.over_at, Some(time("2026-03-01T10:30:00.5Z")));
}

#[test]
fn the_title_is_the_common_summary_in_one_line_or_the_name_with_the_group_labels() {
    let summary = |text: &str| {
        let body = changed(|body| body["commonAnnotations"]["summary"] = text.into());
        parse(&body).unwrap().title()
    };
    assert_eq!(summary("p99 is\n   high "), "p99 is high");
    assert_eq!(summary(" \n"), "HighLatency (cluster=eu)");
    let bare = changed(|body| {
        for labels in ["groupLabels", "commonLabels"] {
            body[labels] = json!({});
        }
    });
    assert_eq!(parse(&bare).unwrap().title(), "HighLatency");
    let nameless = changed(|body| {
        body["groupLabels"] = json!({"team": "search"});
        body["commonLabels"] = json!({});
        body["alerts"] = json!([]);
    });
    assert_eq!(parse(&nameless).unwrap().title(), "Alert (team=search)");
}

#[test]
fn the_service_is_the_label_service_or_else_the_job() {
    assert_eq!(parse(&body()).unwrap().service(), "api");
    let with = |labels: &str, value: &str| {
        let body = changed(|body| body[labels]["service"] = value.into());
        parse(&body).unwrap().service()
    };
    assert_eq!(with("commonLabels", "search"), "search");
    assert_eq!(with("commonLabels", " "), "api");
    let first_only = changed(|body| {
        body["commonLabels"] = json!({});
        body["alerts"][0]["labels"]["service"] = "checkout".into();
    });
    assert_eq!(parse(&first_only).unwrap().service(), "checkout");
}

#[test]
fn the_highest_severity_counts_and_nothing_firing_asks_for_nothing() {
    assert_eq!(priority(["info", "Page", "warning"].into_iter()), Some(Priority::Critical));
    assert_eq!(priority(["none", ""].into_iter()), Some(Priority::Medium));
    assert_eq!(priority(std::iter::empty()), None);
}

#[test]
fn an_end_is_behind_the_start_and_not_in_the_future() {
    let end = |end: Value| {
        let body = changed(|body| body["alerts"][1]["endsAt"] = end);
        parse(&body).unwrap().alerts[1].over_at.unwrap()
    };
    assert_eq!(end("2200-01-01T00:00:00Z".into()), now());
    assert_eq!(end("0001-01-01T00:00:00Z".into()), now());
    assert_eq!(end(Value::Null), now());
    let start = time("2026-03-01T10:00:00Z");
    assert!(end("2026-03-01T10:00:00Z".into()) > start);
    assert!(end("2026-02-01T10:00:00Z".into()) > start);
}

#[test]
fn the_end_a_firing_alert_carries_means_nothing() {
    let body = changed(|body| body["alerts"][0]["endsAt"] = "2026-03-01T10:05:00Z".into());
    assert_eq!(parse(&body).unwrap().alerts[0].over_at, None);
}

#[test]
fn texts_are_cut_to_our_limits_and_never_refused() {
    let body = changed(|body| {
        body["commonAnnotations"]["summary"] = "ü".repeat(300).into();
        body["commonLabels"]["service"] = "s".repeat(300).into();
        for n in 0..80 {
            body["commonLabels"][format!("label{n:03}{}", "x".repeat(200))] =
                "v".repeat(900).into();
        }
        body["groupKey"] = "é".repeat(3_000).into();
        body["alerts"][0]["annotations"]["description"] = "d".repeat(50_000).into();
        body["alerts"][0]["generatorURL"] = "u".repeat(50_000).into();
    });
    let notification = parse(&body).unwrap();
    assert_eq!(notification.title().chars().count(), TITLE_MAX);
    assert!(notification.title().ends_with('…'));
    assert_eq!(notification.service().chars().count(), 100);
    assert_eq!(notification.common_labels.len(), LABELS_MAX);
    for (name, value) in &notification.common_labels {
        assert!(name.chars().count() <= 100 && value.chars().count() <= 500);
    }
    assert!(notification.group_key.len() <= 1_000);
    assert_eq!(notification.alerts[0].annotations["description"].chars().count(), 4_000);
    assert_eq!(notification.alerts[0].generator_url.chars().count(), 2_000);
}

#[test]
fn long_group_keys_that_differ_only_at_their_end_stay_apart() {
    let key = |end: &str| {
        let body = changed(|body| body["groupKey"] = format!("{}{end}", "k".repeat(2_000)).into());
        parse(&body).unwrap().group_key
    };
    assert_ne!(key("a"), key("b"));
    assert_eq!(key("a"), key("a"));
}

#[test]
fn nul_becomes_a_visible_character_everywhere() {
    let text = serde_json::to_string(&body()).unwrap().replace("HighLatency", "High\\u0000");
    let notification = Notification::parse_at(text.as_bytes(), now()).unwrap();
    assert_eq!(notification.title(), "High\u{fffd} (cluster=eu)");
    assert_eq!(notification.group_key, "{}:{alertname=\"High\u{fffd}\", cluster=\"eu\"}");
    assert_eq!(notification.alerts[0].labels["alertname"], "High\u{fffd}");
}

#[test]
fn maps_that_are_null_or_missing_are_empty() {
    let body = changed(|body| {
        body["commonAnnotations"] = Value::Null;
        body["alerts"][0]["annotations"] = Value::Null;
        body.as_object_mut().unwrap().remove("groupLabels");
    });
    let notification = parse(&body).unwrap();
    assert!(notification.group_labels.is_empty());
    assert!(notification.alerts[0].annotations.is_empty());
}

#[test]
fn what_is_no_json_says_where() {
    let result = Notification::parse_at(b"{\"version\": \"4\",\n oops}", now());
    let (code, _, detail) = refusal(result);
    assert_eq!(code, Code::MalformedJson);
    assert!(detail.contains("line 2"), "{detail}");
    let (code, ..) = refusal(Notification::parse_at(b"", now()));
    assert_eq!(code, Code::MalformedJson);
    let mut twice = serde_json::to_vec(&body()).unwrap();
    twice.extend_from_slice(b"{}");
    assert_eq!(refusal(Notification::parse_at(&twice, now())).0, Code::MalformedJson);
}

#[test]
fn a_body_that_is_not_version_4_says_so() {
    for body in [
        json!({"text": "templated"}),
        json!([{"labels": {}}]),
        changed(|body| body["version"] = "3".into()),
        changed(|body| body["version"] = 4.into()),
        json!({"version": "3", "alert": []}),
    ] {
        let (code, fields, detail) = refusal(parse(&body));
        assert_eq!((code, fields), (Code::Validation, vec!["version".to_owned()]), "{body}");
        assert!(detail.contains("version 4"), "{detail}");
    }
}

#[test]
fn a_field_that_cannot_be_understood_is_named() {
    for (change, field) in [
        (json!({"fingerprint": ""}), "alerts[0].fingerprint"),
        (json!({"fingerprint": "a b"}), "alerts[0].fingerprint"),
        (json!({"fingerprint": "a".repeat(65)}), "alerts[0].fingerprint"),
        (json!({"startsAt": "yesterday"}), "alerts[0].startsAt"),
        (json!({"startsAt": "0001-01-01T00:00:00Z"}), "alerts[0].startsAt"),
        (json!({"startsAt": "1969-12-31T23:59:59Z"}), "alerts[0].startsAt"),
        (json!({"startsAt": "2262-01-01T00:00:00Z"}), "alerts[0].startsAt"),
        (json!({"status": "suppressed"}), "alerts[0].status"),
        (json!({"labels": {"replicas": 3}}), "alerts[0].labels.replicas"),
        (json!({"labels": ["a"]}), "alerts[0].labels"),
    ] {
        let body = changed(|body| {
            for (name, value) in change.as_object().unwrap() {
                body["alerts"][0][name] = value.clone();
            }
        });
        let (code, fields, _) = refusal(parse(&body));
        assert_eq!((code, fields), (Code::Validation, vec![field.to_owned()]), "{change}");
    }
    let (_, fields, _) = refusal(parse(&changed(|body| body["groupKey"] = "".into())));
    assert_eq!(fields, ["groupKey"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Notification::parse_at(&bytes, now()).is_err());
    }

    #[test]
    fn no_text_is_refused_or_kept_too_long(
        text in "\\PC{0,300}", control in "[\\x00-\\x20\u{202e}]{0,5}", name in "\\PC{0,150}",
    ) {
        let text = format!("{control}{text}");
        let body = changed(|body| {
            body["commonAnnotations"]["summary"] = text.clone().into();
            body["commonLabels"][&name] = text.clone().into();
            body["alerts"][0]["labels"][&name] = text.clone().into();
        });
        let notification = parse(&body).unwrap();
        let title = notification.title();
        prop_assert!(!title.trim().is_empty() && title.chars().count() <= TITLE_MAX);
        let labels = [&notification.common_labels, &notification.alerts[0].labels];
        let texts = labels.into_iter().flatten().flat_map(|(name, value)| [name, value]);
        for text in texts.chain([&title]) {
            prop_assert!(!text.contains('\0'));
        }
    }
}
