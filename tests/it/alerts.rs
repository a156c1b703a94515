//! Alertmanager's notifications through the real daemon: groups, episodes, repeats, ends.

mod at_once;
mod refusals;

use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::alert::{Alert, AlertStatus};
use watchfire_shared::event::{ActorKind, Event, Fact, Source};
use watchfire_shared::incident::{Incident, Priority, Status};
use watchfire_shared::problem::Code;
use watchfire_shared::user::KeySource;
use watchfire_tests::{Api, Daemon, Engine, Reply, both_engines};

const INGEST: &str = "/v1/ingest/alertmanager";

/// An alert as Alertmanager lists it; minutes are after ten o'clock.
#[derive(Clone)]
struct One {
    name: &'static str,
    start: u32,
    end: Option<u32>,
    severity: &'static str,
}

const fn fires(name: &'static str, start: u32) -> One {
    One { name, start, end: None, severity: "critical" }
}

const fn over(name: &'static str, start: u32, end: u32) -> One {
    One { end: Some(end), ..fires(name, start) }
}

impl One {
    const fn severity(self, severity: &'static str) -> Self {
        Self { severity, ..self }
    }

    fn json(&self) -> Value {
        let time = |minute: u32| format!("2026-01-05T10:{minute:02}:00.123456789Z");
        let never = || "0001-01-01T00:00:00Z".to_owned();
        json!({
            "status": if self.end.is_some() { "resolved" } else { "firing" },
            "labels": {
                "alertname": "HighLatency", "instance": self.name, "severity": self.severity,
            },
            "annotations": {"summary": format!("{} is slow", self.name)},
            "startsAt": time(self.start),
            "endsAt": self.end.map_or_else(never, time),
            "generatorURL": "http://prometheus.example:9090/graph",
            "fingerprint": format!("{:0>16}", self.name),
        })
    }
}

/// A notification of a group, as Alertmanager posts it.
fn group(key: &str, alerts: &[One]) -> Value {
    json!({
        "version": "4", "receiver": "watchfire", "status": "firing", "truncatedAlerts": 0,
        "groupKey": format!("{{}}:{{cluster={key:?}}}"),
        "groupLabels": {"cluster": key},
        "commonLabels": {"alertname": "HighLatency", "cluster": key, "job": "search"},
        "commonAnnotations": {"description": "Look at the runbook."},
        "externalURL": "http://alertmanager.example:9093",
        "notification_reason": "unknown to us",
        "alerts": alerts.iter().map(One::json).collect::<Vec<_>>(),
    })
}

fn hosts(count: usize) -> Vec<&'static str> {
    (0..count).map(|n| &*Box::leak(format!("host{n:03}").into_boxed_str())).collect()
}

fn taken(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// A daemon with what posts to it and who looks at it.
struct World {
    daemon: Daemon,
    sender: Api,
    person: Api,
}

impl World {
    async fn start(engine: Engine) -> Self {
        Self::of(Daemon::start(engine).await).await
    }

    async fn of(daemon: Daemon) -> Self {
        let key = daemon.add_key(KeySource::Alertmanager).await;
        let (sender, person) = (daemon.as_holder_of(&key), daemon.as_responder().await);
        Self { daemon, sender, person }
    }

    async fn post(&self, key: &str, alerts: &[One]) {
        taken(&self.sender.post(INGEST, &group(key, alerts)).await);
    }

    /// All incidents, the oldest first.
    async fn incidents(&self) -> Vec<Incident> {
        self.person.list("sort=-reference&limit=200").await.items
    }

    async fn only(&self) -> Incident {
        let mut incidents = self.incidents().await;
        assert_eq!(incidents.len(), 1, "{incidents:?}");
        incidents.remove(0)
    }

    async fn facts(&self, incident: &Incident) -> Vec<String> {
        let timeline = self.person.timeline(incident.id).await;
        timeline.iter().map(|event| event.fact.event_type().to_owned()).collect()
    }

    async fn alert(&self, incident: &Incident) -> Alert {
        let mut alerts = self.person.alerts(incident.id).await;
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        alerts.remove(0)
    }
}

/// The alert a fact is about.
fn alert_of(event: &Event) -> &Alert {
    match &event.fact {
        Fact::AlertFired { alert, .. } | Fact::AlertResolved { alert, .. } => alert,
        fact => panic!("no alert in {fact:?}"),
    }
}

both_engines! {
    async fn two_alerts_of_a_group_are_one_incident(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0).severity("info"), fires("b", 1).severity("page")]).await;
        let listed = world.only().await;
        let incident = world.person.get(listed.reference).await;
        assert_eq!(incident.title, "HighLatency (cluster=eu)");
        assert_eq!(incident.description.as_deref(), Some("Look at the runbook."));
        assert_eq!((incident.status, incident.priority), (Status::Open, Priority::Critical));
        assert_eq!((incident.service.as_str(), incident.firing_alerts), ("search", 2));
        assert_eq!(incident.labels["cluster"], "eu");
        assert_eq!(incident.source, Source::Alertmanager);

        let timeline = world.person.timeline(incident.id).await;
        let facts: Vec<_> = timeline.iter().map(|event| event.fact.event_type()).collect();
        assert_eq!(facts, ["incident.created", "alert.fired", "alert.fired"]);
        assert!(timeline.iter().map(|event| event.version).eq(1..=incident.version));
        for event in &timeline {
            assert_eq!((event.actor.kind, event.source), (ActorKind::Key, Source::Alertmanager));
        }
        assert_eq!(timeline[1].fact.incident().unwrap().firing_alerts, 1);

        let alerts = world.person.alerts(incident.reference).await;
        let names: Vec<_> = alerts.iter().map(|alert| alert.labels["instance"].as_str()).collect();
        assert_eq!(names, ["b", "a"], "the newest first");
        assert_eq!(&alerts[1], alert_of(&timeline[1]));
        assert_eq!(alerts[1].starts_at.to_rfc3339(), "2026-01-05T10:00:00.123456+00:00");
        assert_eq!((alerts[1].repeats, alerts[1].severity.as_str()), (0, "info"));
        assert_eq!(alerts[1].annotations["summary"], "a is slow");
        assert_eq!(alerts[1].generator_url, "http://prometheus.example:9090/graph");
    }

    async fn two_hundred_repeats_change_nothing_but_a_counter(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0)]).await;
        let before = world.only().await;
        for _ in 0..200 {
            world.post("eu", &[fires("a", 0)]).await;
        }
        assert_eq!(world.only().await, before);
        assert_eq!(world.facts(&before).await, ["incident.created", "alert.fired"]);
        let alert = world.alert(&before).await;
        assert_eq!(alert.repeats, 200);
        assert!(alert.last_seen_at > before.created_at);
    }

    async fn what_arrives_late_does_not_fire_again(engine: Engine) {
        let world = World::start(engine).await;
        // The end of what was never seen: nothing to do, but its beginning is old news then.
        world.post("eu", &[over("early", 0, 9)]).await;
        world.post("eu", &[fires("early", 0)]).await;
        assert!(world.incidents().await.is_empty());

        world.post("eu", &[fires("a", 0)]).await;
        let incident = world.only().await;
        // Beside an open incident the end is worth a line.
        world.post("eu", &[over("b", 1, 9)]).await;
        world.post("eu", &[fires("b", 1)]).await;
        // An older episode than the one that fires.
        world.post("eu", &[fires("c", 20)]).await;
        world.post("eu", &[fires("c", 10)]).await;
        assert_eq!(
            world.facts(&incident).await,
            ["incident.created", "alert.fired", "alert.resolved", "alert.fired", "alert.resolved",]
        );
        assert_eq!(world.only().await.firing_alerts, 2);

        world.post("eu", &[over("a", 0, 30), over("c", 20, 30)]).await;
        assert_eq!(world.only().await.status, Status::Resolved);
        world.post("eu", &[fires("a", 0), fires("c", 20)]).await;
        let incident = world.only().await;
        assert_eq!((incident.status, incident.firing_alerts), (Status::Resolved, 0));
    }

    async fn a_newer_episode_ends_the_older_one(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0)]).await;
        world.post("eu", &[fires("a", 5)]).await;
        let incident = world.only().await;
        assert_eq!((incident.status, incident.firing_alerts), (Status::Open, 1));
        let alerts = world.person.alerts(incident.id).await;
        assert_eq!((alerts[0].status, alerts[0].ends_at), (AlertStatus::Firing, None));
        assert_eq!(alerts[1].status, AlertStatus::Resolved);
        assert_eq!(alerts[1].ends_at, Some(alerts[0].starts_at));
    }

    async fn the_last_end_resolves_in_legal_steps_by_the_system(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0), fires("b", 0)]).await;
        world.post("eu", &[over("a", 0, 5), fires("b", 0)]).await;
        let incident = world.only().await;
        assert_eq!((incident.status, incident.firing_alerts), (Status::Open, 1));
        world.post("eu", &[fires("a", 0)]).await;
        world.post("eu", &[over("b", 0, 6)]).await;
        let incident = world.only().await;
        assert_eq!((incident.status, incident.firing_alerts), (Status::Resolved, 0));
        assert!(incident.resolved_at.is_some());
        assert_eq!(incident.acknowledged_at, None, "nobody acknowledged it");

        let timeline = world.person.timeline(incident.id).await;
        assert!(timeline.iter().map(|event| event.version).eq(1..=incident.version));
        let [.., ended, first, second] = &timeline[..] else { panic!("{timeline:?}") };
        assert_eq!((ended.fact.event_type(), ended.actor.kind), ("alert.resolved", ActorKind::Key));
        for (event, steps) in [
            (first, (Status::Open, Status::Investigating)),
            (second, (Status::Investigating, Status::Resolved)),
        ] {
            let Fact::IncidentStatusChanged { from, to, .. } = &event.fact else {
                panic!("{event:?}")
            };
            assert_eq!((*from, *to), steps);
            assert_eq!((event.actor.kind, event.source), (ActorKind::System, Source::System));
            assert_eq!(event.caused_by, Some(ended.event_id));
        }
    }

    async fn where_nobody_wants_it_the_system_resolves_nothing(engine: Engine) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("watchfire")).unwrap();
        let file = folder.path().join("watchfire/watchfired.toml");
        std::fs::write(file, "[alerts]\nauto_resolve = false\n").unwrap();
        let config = folder.path().to_str().unwrap();
        let setup = Daemon::setup(engine).env("XDG_CONFIG_HOME", config);
        let world = World::of(setup.start().await).await;
        world.post("a", &[fires("web1", 0)]).await;
        world.post("a", &[over("web1", 0, 5)]).await;
        let incident = world.only().await;
        assert_eq!((incident.status, incident.firing_alerts), (Status::Open, 0));
        assert_eq!(world.alert(&incident).await.status, AlertStatus::Resolved);
    }

    async fn an_incident_under_way_takes_one_step_to_resolved(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0)]).await;
        let incident = world.person.acknowledge(world.only().await.id).await;
        world.post("eu", &[over("a", 0, 5)]).await;
        let facts = world.facts(&incident).await;
        assert_eq!(
            facts[2..],
            ["incident.status_changed", "alert.resolved", "incident.status_changed"]
        );
        let resolved = world.person.get(incident.id).await;
        assert_eq!(resolved.status, Status::Resolved);
        assert_eq!(resolved.acknowledged_at, incident.acknowledged_at);
    }

    async fn resolved_by_hand_it_stays_resolved_while_its_source_still_fires(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0)]).await;
        let id = world.only().await.id;
        world.person.acknowledge(id).await;
        let by_hand = world.person.resolve(id).await;
        for _ in 0..3 {
            world.post("eu", &[fires("a", 0)]).await;
        }
        let incident = world.person.get(id).await;
        assert_eq!(incident, by_hand);
        assert!(incident.still_firing());
        // Its end at the source is a line, not another step.
        world.post("eu", &[over("a", 0, 5)]).await;
        let incident = world.only().await;
        assert!(!incident.still_firing());
        assert_eq!(world.facts(&incident).await.last().unwrap(), "alert.resolved");
    }

    async fn a_new_episode_after_resolved_opens_a_new_incident(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0)]).await;
        world.post("eu", &[over("a", 0, 5)]).await;
        world.post("eu", &[fires("a", 9), over("a", 0, 5)]).await;
        let [first, second] = &world.incidents().await[..] else { panic!("two incidents") };
        assert_eq!((first.status, second.status), (Status::Resolved, Status::Open));
        assert_eq!(world.alert(first).await.repeats, 2);
        assert_eq!(world.alert(second).await.status, AlertStatus::Firing);
        // What is still open takes the next one.
        world.post("eu", &[fires("b", 10)]).await;
        assert_eq!(world.incidents().await.len(), 2);
    }

    async fn a_deleted_incident_swallows_its_episodes(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0), over("b", 0, 1)]).await;
        let deleted = world.only().await;
        let path = format!("/v1/incidents/{}", deleted.id);
        let admin = world.daemon.as_admin().await;
        assert_eq!(admin.request(Method::DELETE, &path).send().await.status, 204);
        for alerts in [[fires("a", 0)], [over("a", 0, 5)], [fires("b", 0)], [fires("a", 0)]] {
            world.post("eu", &alerts).await;
        }
        assert!(world.incidents().await.is_empty());
        world.person.read(&format!("{path}/alerts")).await.refused(Code::NotFound);
        world.post("eu", &[fires("a", 9)]).await;
        let incident = world.only().await;
        assert_ne!(incident.reference, deleted.reference);
        assert_eq!(world.alert(&incident).await.repeats, 0);
    }

    async fn the_highest_severity_counts_until_a_person_chooses(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0).severity("warning")]).await;
        assert_eq!(world.only().await.priority, Priority::Medium);
        world.post("eu", &[fires("b", 0).severity("critical")]).await;
        let incident = world.only().await;
        assert_eq!(incident.priority, Priority::Critical);
        world.post("eu", &[over("b", 0, 5)]).await;
        assert_eq!(world.only().await.priority, Priority::Medium);
        let facts = world.facts(&incident).await;
        assert_eq!(
            facts[2..],
            ["alert.fired", "incident.updated", "alert.resolved", "incident.updated"]
        );

        world.person.patch(incident.id, json!({"priority": "low"})).await.ok::<Incident>();
        world.post("eu", &[fires("c", 0).severity("critical")]).await;
        assert_eq!(world.only().await.priority, Priority::Low);
        assert_eq!(world.facts(&incident).await.last().unwrap(), "alert.fired");
    }

    async fn an_alert_in_two_groups_belongs_to_one_incident(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[fires("a", 0)]).await;
        world.post("by-name", &[fires("a", 0)]).await;
        let incident = world.only().await;
        assert_eq!(world.alert(&incident).await.repeats, 1);
        world.post("by-name", &[over("a", 0, 5)]).await;
        assert_eq!(world.only().await.status, Status::Resolved);
    }

    async fn many_alerts_at_once_are_all_there(engine: Engine) {
        let world = World::start(engine).await;
        let names = hosts(150);
        let firing: Vec<_> = names.iter().map(|name| fires(name, 0)).collect();
        world.post("eu", &firing).await;
        let incident = world.only().await;
        assert_eq!((incident.firing_alerts, incident.version), (150, 151));
        let ended: Vec<_> = names.iter().map(|name| over(name, 0, 5)).collect();
        world.post("eu", &ended).await;
        let incident = world.only().await;
        assert_eq!((incident.status, incident.version), (Status::Resolved, 303));
        let timeline = world.person.timeline(incident.id).await;
        assert!(timeline.iter().map(|event| event.version).eq(1..=303));
    }

    async fn a_hundred_alerts_cost_as_many_statements_as_one(engine: Engine) {
        let log = "info,sqlx=trace";
        let world = World::of(Daemon::setup(engine).env("WATCHFIRE_LOG", log).start().await).await;
        let hosts = hosts(101);
        let some = |range: std::ops::Range<usize>, end: Option<u32>| -> Vec<One> {
            hosts[range].iter().map(|name| One { end, ..fires(name, 0) }).collect()
        };
        world.post("eu", &some(0..1, None)).await;
        // Statements about alerts and facts; others read the journal meanwhile.
        let cost = async |alerts: Vec<One>| {
            let before = world.daemon.log().lines().count();
            world.post("eu", &alerts).await;
            let log = world.daemon.log();
            let statements = log.lines().skip(before).filter(|line| line.contains("sqlx::query"));
            let ours = ["alert_groups", " alerts ", "into events"];
            statements.filter(|line| ours.iter().any(|ours| line.contains(ours))).count()
        };
        // The group, what is known, the counters.
        assert_eq!(cost(some(0..1, None)).await, 3);
        // The group, what is known before and under the lock, the rows, the severities, the facts.
        assert_eq!(cost(some(1..101, None)).await, 6);
        assert_eq!(cost(some(1..101, None)).await, 3);
        // The same, with counters and ends in the place of rows.
        assert_eq!(cost(some(1..101, Some(5))).await, 7);
    }

    async fn an_empty_notification_is_taken(engine: Engine) {
        let world = World::start(engine).await;
        world.post("eu", &[]).await;
        assert!(world.incidents().await.is_empty());
    }
}
