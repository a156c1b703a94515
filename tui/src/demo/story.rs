//! What is told: a deploy that exhausts a connection pool, and what follows from it.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use watchfire_shared::incident::{Labels, NewIncident, Priority};

/// The label that tells this run's alerts from another's.
const RUN: &str = "demo_run";

pub const COMMENTS: [&str; 3] = [
    "p99 rose two minutes after checkout 1.42.0 went out",
    "the pool of checkout is exhausted: 20 of 20 connections, all waiting for the price service",
    "rolling back to 1.41.3",
];

/// One alert group of an Alertmanager: two instances of one alert.
pub struct Alerts {
    run: String,
    started: DateTime<Utc>,
}

impl Alerts {
    pub fn new(started: DateTime<Utc>) -> Self {
        Self { run: format!("{:x}", started.timestamp_micros()), started }
    }

    pub fn is_ours(&self, labels: &BTreeMap<String, String>) -> bool {
        labels.get(RUN) == Some(&self.run)
    }

    pub fn firing(&self) -> Value {
        self.notification("firing", None)
    }

    pub fn resolved(&self, at: DateTime<Utc>) -> Value {
        self.notification("resolved", Some(at))
    }

    fn notification(&self, status: &str, ends_at: Option<DateTime<Utc>>) -> Value {
        let summary = "[demo] Checkout latency p99 over 4 s";
        let common = json!({
            "alertname": "CheckoutLatencyHigh", "service": "checkout", "severity": "critical",
            "demo": "true", RUN: self.run,
        });
        let alert = |instance: &str| {
            let mut labels = common.clone();
            labels["instance"] = json!(instance);
            json!({
                "status": status,
                "labels": labels,
                "annotations": { "summary": summary },
                "startsAt": stamp(self.started),
                "endsAt": ends_at.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), stamp),
                "generatorURL": "http://prometheus.example/graph",
                "fingerprint": fingerprint(&self.run, instance),
            })
        };
        json!({
            "version": "4",
            "groupKey": format!("{{}}:{{alertname=\"CheckoutLatencyHigh\", {RUN}=\"{}\"}}", self.run),
            "truncatedAlerts": 0,
            "status": status,
            "receiver": "watchfire",
            "groupLabels": { "alertname": "CheckoutLatencyHigh" },
            "commonLabels": common,
            "commonAnnotations": { "summary": summary },
            "externalURL": "http://alertmanager.example",
            "alerts": [alert("checkout-a:9100"), alert("checkout-b:9100")],
        })
    }
}

/// Sixteen hex digits, the same for the same run and instance (FNV-1a).
fn fingerprint(run: &str, instance: &str) -> String {
    let hash = [run, instance].concat().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// What people opened by hand meanwhile; the first follows from the checkout.
pub fn others() -> [NewIncident; 3] {
    let incident = |title: &str, text: &str, priority, service: &str, region: &str| NewIncident {
        description: text.to_owned(),
        priority,
        service: service.to_owned(),
        labels: labels(region),
        ..NewIncident::titled(format!("[demo] {title}"))
    };
    [
        incident(
            "Payment retries climbing",
            "Retries per minute went from 3 to 410. Captures still succeed in the end.",
            Priority::High,
            "payments",
            "eu",
        ),
        incident(
            "Disk 91 % full on db-eu-3",
            "Grows by 1.2 % an hour since the archive job stopped.",
            Priority::Medium,
            "storage",
            "eu",
        ),
        incident(
            "Certificate of the status page ends in 12 days",
            "",
            Priority::Low,
            "status-page",
            "us",
        ),
    ]
}

fn labels(region: &str) -> Labels {
    [("demo", "true"), ("region", region)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// What the services said before and when it broke.
pub fn first_logs(now: DateTime<Utc>) -> String {
    let mut lines = Lines::ending(now, 90);
    for n in 0..20 {
        let ms = 38 + n * 3;
        lines.add("info", "api", &format!("GET /checkout 200 in {ms} ms"));
    }
    lines.add("info", "deploy", "checkout 1.42.0: 4 of 4 instances updated");
    for n in 0..45_i64 {
        match n % 5 {
            0 => lines.add(
                "warn",
                "api",
                &format!("slow request: /checkout took {} ms", 900 + n * 71),
            ),
            1 => lines.add(
                "error",
                "api",
                &format!("timeout after {} ms waiting for a connection", 4_000 + n),
            ),
            2 => lines.add("debug", "pool", &format!("waiting: {}, in use: 20 of 20", n * 2)),
            3 => lines.add(
                "warn",
                "lb",
                &format!(
                    "retry {} of 3 for checkout-{}",
                    n % 3 + 1,
                    if n % 2 == 0 { "a" } else { "b" }
                ),
            ),
            _ => lines.add("error", "api", "pool exhausted (20 of 20)"),
        }
    }
    lines.add("fatal", "api", "health check failed three times in a row, restarting");
    lines.text
}

pub fn more_logs(now: DateTime<Utc>) -> String {
    let mut lines = Lines::ending(now, 40);
    for n in 0..30_i64 {
        match n % 3 {
            0 => lines.add("error", "api", "pool exhausted (20 of 20)"),
            1 => lines.add(
                "error",
                "price",
                &format!("query took {} ms: select … for update", 3_900 + n * 13),
            ),
            _ => lines.add("trace", "pool", &format!("acquire {n}: queued")),
        }
    }
    lines.text
}

pub fn payment_logs(now: DateTime<Utc>) -> String {
    let mut lines = Lines::ending(now, 30);
    for n in 0..24_i64 {
        let payment = 77_100 + n;
        if n % 4 == 3 {
            lines.add("error", "payments", &format!("payment {payment}: gave up after 3 tries"));
        } else {
            lines.add(
                "warn",
                "payments",
                &format!("payment {payment}: checkout did not answer, retrying"),
            );
        }
    }
    lines.text
}

pub fn last_logs(now: DateTime<Utc>) -> String {
    let mut lines = Lines::ending(now, 12);
    lines.add("info", "deploy", "checkout 1.41.3: 4 of 4 instances updated");
    lines.add("info", "pool", "in use: 4 of 20, nobody waits");
    for n in 0..10_i64 {
        lines.add("info", "api", &format!("GET /checkout 200 in {} ms", 41 + n));
    }
    lines.text
}

/// JSON lines half a second apart.
struct Lines {
    at: DateTime<Utc>,
    text: String,
}

impl Lines {
    /// The last of about `count` lines falls on `now`.
    fn ending(now: DateTime<Utc>, count: i32) -> Self {
        Self { at: now - TimeDelta::milliseconds(500) * count, text: String::new() }
    }

    fn add(&mut self, level: &str, source: &str, message: &str) {
        self.at += TimeDelta::milliseconds(500);
        let line = json!({
            "occurred_at": stamp(self.at), "level": level, "source": source, "message": message, "demo": true,
        });
        self.text.push_str(&line.to_string());
        self.text.push('\n');
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_marked_as_a_demo() {
        for incident in others() {
            assert!(incident.title.starts_with("[demo] "));
            assert_eq!(incident.labels["demo"], "true");
            assert!(incident.check().is_ok());
        }
        let body = Alerts::new(DateTime::UNIX_EPOCH).firing();
        let title = body["commonAnnotations"]["summary"].as_str().unwrap();
        assert!(title.starts_with("[demo] "));
        assert_eq!(body["commonLabels"]["demo"], "true");
    }

    #[test]
    fn an_alert_keeps_its_identity_and_runs_differ() {
        let alerts = Alerts::new(DateTime::UNIX_EPOCH);
        let ends = alerts.resolved(DateTime::UNIX_EPOCH + TimeDelta::seconds(9));
        let begins = alerts.firing();
        for n in 0..2 {
            assert_eq!(begins["alerts"][n]["fingerprint"], ends["alerts"][n]["fingerprint"]);
            assert_eq!(begins["alerts"][n]["startsAt"], ends["alerts"][n]["startsAt"]);
        }
        assert_ne!(begins["alerts"][0]["fingerprint"], begins["alerts"][1]["fingerprint"]);
        let other = Alerts::new(DateTime::UNIX_EPOCH + TimeDelta::seconds(1));
        assert_ne!(other.firing()["groupKey"], begins["groupKey"]);
    }
}
