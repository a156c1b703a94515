//! Events on their way to Apache Kafka.

use std::collections::BTreeMap;

use watchfire_shared::health::{Health, HealthStatus};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::outbox::OutboxStatus;
use watchfire_tests::kafka::Topic;
use watchfire_tests::{Api, Daemon, Engine, both_engines, bounded, eventually};

both_engines! {
    async fn every_fact_reaches_the_topic_in_order_under_its_aggregate(engine: Engine) {
        let topic = Topic::fresh();
        let daemon = Daemon::setup(engine).publishing_to(&topic).start().await;
        let api = daemon.as_responder().await;
        let mut incidents = Vec::new();
        for n in 0..5 {
            incidents.push(api.create(&format!("Incident {n}")).await.id);
        }
        for round in 0..4 {
            for incident in &incidents {
                api.comment(*incident, &format!("round {round}")).await;
            }
        }
        let outbox = eventually(async || {
            let outbox = api.read("/v1/admin/outbox").await.json();
            // What is marked counts towards the rate a moment later.
            let counted = outbox["rate_1m"].as_f64().unwrap() > 0.0;
            (outbox["pending"] == 0 && counted).then_some(outbox)
        })
        .await;
        assert_eq!(outbox["transport"], "kafka");
        eventually(async || {
            let health: Health = api.read("/v1/health").await.ok();
            (health.parts.broker.status == HealthStatus::Healthy).then_some(())
        })
        .await;
        assert_eq!(outbox["failed"], 0);

        let journal = api.journal().await;
        let records = topic.read();
        assert_eq!(records.len(), journal.len(), "each once where nothing went wrong");
        assert_eq!(outbox["published"], journal.len());
        let mut versions: BTreeMap<IncidentId, Vec<i64>> = BTreeMap::new();
        for record in &records {
            assert_eq!(record.key, record.event.aggregate_id.to_string());
            assert_eq!(record.event_type, record.event.fact.event_type());
            assert!(journal.contains(&record.event), "what is in the topic is what happened");
            if let Some(incident) = record.event.incident_id() {
                versions.entry(incident).or_default().push(record.event.version);
            }
        }
        assert_eq!(versions.len(), incidents.len());
        for (incident, versions) in versions {
            assert_eq!(versions, [1, 2, 3, 4, 5], "{incident}");
        }
    }

    async fn without_its_broker_a_daemon_works_and_says_what_is_missing(engine: Engine) {
        // Nobody can listen there.
        let setup = Daemon::setup(engine).env("WATCHFIRE_KAFKA_BROKERS", "127.0.0.1:1");
        let daemon = setup.start().await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        api.acknowledge(incident).await;
        let broker = eventually(async || {
            let health: Health = api.read("/v1/health").await.ok();
            assert_eq!(health.parts.database.status, HealthStatus::Healthy);
            let asked = health.parts.broker.reason.as_ref()?.contains("does not answer");
            (asked && health.status == HealthStatus::Degraded).then_some(health.parts.broker)
        })
        .await;
        assert_eq!((broker.status, broker.kind.as_str()), (HealthStatus::Degraded, "kafka"));
        let outbox: OutboxStatus = api.read("/v1/admin/outbox").await.ok();
        assert_eq!((outbox.pending, outbox.failed), (i64::try_from(api.journal().await.len()).unwrap(), 0));
        assert!(outbox.leader.is_some() && outbox.oldest_pending_seconds.is_some(), "{outbox:?}");
        assert_eq!(api.read("/readyz").await.status, 200);
    }

    async fn a_fact_the_broker_refuses_holds_back_its_own_incident_alone(engine: Engine) {
        let topic = Topic::fresh();
        topic.narrow(8_192).await;
        let daemon = Daemon::setup(engine).publishing_to(&topic).start().await;
        let api = daemon.as_responder().await;
        let (held, free) = (api.create("Held back").await.id, api.create("Free").await.id);
        // Nothing a compressor could make small.
        let noise: String = (0..9_000).map(|_| char::from(rand::random_range(b'!'..=b'~'))).collect();
        api.comment(held, &noise).await;
        api.comment(held, "after it").await;
        for n in 0..20 {
            api.comment(free, &format!("{n}")).await;
        }
        let refused = eventually(async || {
            let outbox: OutboxStatus = api.read("/v1/admin/outbox").await.ok();
            (outbox.failed == 1 && outbox.pending == 1).then_some(outbox)
        })
        .await;
        let [failed] = &refused.items[..] else { panic!("{refused:?}") };
        assert_eq!((failed.event.incident_id(), failed.event.version), (Some(held), 2));
        assert!(failed.attempts > 0 && failed.cause.contains("arge"), "{failed:?}");
        let versions = |incident| {
            let records = topic.read().into_iter().map(|record| record.event);
            let its = records.filter(move |event| event.incident_id() == Some(incident));
            its.map(|event| event.version).collect::<Vec<_>>()
        };
        assert_eq!(versions(held), [1]);
        assert!(versions(free).into_iter().eq(1..=21), "nobody else waits");

        topic.widen().await;
        let retry = format!("/v1/admin/outbox/{}/retry", failed.event.event_id);
        assert_eq!(api.post(&retry, &()).await.status, 403);
        let admin = daemon.as_admin().await;
        assert_eq!(admin.post(&retry, &()).await.status, 202);
        eventually(async || {
            let outbox: OutboxStatus = api.read("/v1/admin/outbox").await.ok();
            (outbox.failed == 0 && outbox.pending == 0).then_some(())
        })
        .await;
        assert_eq!(versions(held), [1, 2, 3]);
        assert_eq!(admin.post(&retry, &()).await.status, 404, "there is nothing left to retry");
    }
}

/// Whoever is asked, it is the same one that publishes; when it ends well, the other does at once.
#[tokio::test]
async fn one_of_many_daemons_publishes_and_all_say_which() {
    bounded(async {
        let topic = Topic::fresh();
        let mut one = Daemon::setup(Engine::Postgres).publishing_to(&topic).start().await;
        let api = one.as_responder().await;
        let leader = async |api: &Api| {
            let outbox: OutboxStatus = api.read("/v1/admin/outbox").await.ok();
            outbox.leader
        };
        let first = eventually(async || leader(&api).await).await;
        assert!(first.ends_with(&format!(":{}", one.pid())), "{first}");
        let other = one.sibling().await;
        let beside = other.as_responder().await;
        eventually(async || (leader(&beside).await.as_ref() == Some(&first)).then_some(())).await;
        one.stop().await;
        let next = eventually(async || leader(&beside).await.filter(|next| *next != first)).await;
        assert!(next.ends_with(&format!(":{}", other.pid())), "{next}");
    })
    .await;
}
