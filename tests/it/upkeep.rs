//! What an administrator does to an installation: looking, pruning, restoring.

use std::time::Duration;

use watchfire_shared::event::Hello;
use watchfire_tests::{Api, Daemon, Engine, both_engines, bounded, eventually, programs};

const SOON: Duration = Duration::from_secs(10);

/// What a reader hears first who was at this position.
async fn resumed_at(api: &Api, position: i64) -> String {
    api.stream(Some(position)).await.next_message(SOON).await.unwrap().event
}

/// The positions of the journal, once every fact has one.
async fn positions(api: &Api) -> Vec<i64> {
    eventually(async || {
        let outbox = api.read("/v1/admin/outbox").await.json();
        (outbox["unpositioned"] == 0).then_some(())
    })
    .await;
    api.journal().await.iter().filter_map(|event| event.position).collect()
}

async fn hello(api: &Api) -> Hello {
    api.stream(None).await.hello(SOON).await
}

both_engines! {
    async fn what_is_old_goes_from_the_beginning_of_the_journal_alone(engine: Engine) {
        let mut daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        for n in 0..5 {
            api.comment(incident, &format!("{n}")).await;
        }
        let all = positions(&api).await;
        let last = i64::try_from(all.len()).unwrap();
        assert!(all.iter().copied().eq(1..=last), "{all:?}");
        let prune = async |daemon: &Daemon, more: &[&str]| {
            daemon.administer(&[&["prune", "--before", "1h"], more].concat(), "").await
        };
        assert!(prune(&daemon, &["--dry-run"]).await.contains("remove 0 events"));

        // The third is young: what follows it stays, however old.
        daemon
            .behind(
                "update events set occurred_at = '2020-01-01T00:00:00+00:00' where position <> 3; \
                 update idempotency_keys set created_at = '2020-01-01T00:00:00+00:00'",
            )
            .await;
        let would = prune(&daemon, &["--dry-run"]).await;
        assert!(would.starts_with("would remove 2 events"), "{would}");
        assert_eq!(positions(&api).await, all, "a dry run removes nothing");
        let done = prune(&daemon, &[]).await;
        assert!(done.starts_with("removed 2 events"), "{done}");
        assert_eq!(positions(&api).await, all[2..], "and what is left is as it was");
        assert_eq!(resumed_at(&api, 1).await, "resync", "what it has not seen is gone");

        // All of it: the newest stays, so that positions go on where they were.
        daemon
            .behind("update events set occurred_at = '2020-01-01T00:00:00+00:00'")
            .await;
        prune(&daemon, &[]).await;
        assert_eq!(positions(&api).await, [last]);
        daemon.restart().await;
        assert_eq!(hello(&api).await.position, last);
        let comment = api.comment(incident, "after it").await;
        assert_eq!(comment.version, 7);
        assert_eq!(positions(&api).await, [last, last + 1]);
    }

    async fn what_has_not_left_for_kafka_stays(engine: Engine) {
        // Nobody can listen there.
        let setup = Daemon::setup(engine).env("WATCHFIRE_KAFKA_BROKERS", "127.0.0.1:1");
        let daemon = setup.start().await;
        let api = daemon.as_responder().await;
        api.create("Checkout is slow").await;
        daemon
            .behind("update events set occurred_at = '2020-01-01T00:00:00+00:00'")
            .await;
        let would = daemon.administer(&["prune", "--before", "30d", "--dry-run"], "").await;
        assert!(would.starts_with("would remove 0 events"), "{would}");
    }

    async fn after_a_restore_the_journal_is_another(engine: Engine) {
        let mut daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        let before = hello(&api).await;
        let told = daemon.administer(&["restored"], "").await;
        daemon.restart().await;
        let after = hello(&api).await;
        assert_ne!(before.log_id, after.log_id);
        assert!(told.contains(&after.log_id.to_string()), "{told}");
        assert_eq!(api.comment(incident, "in the new journal").await.version, 2);
        positions(&api).await;
        let newest = api.journal().await.pop().unwrap();
        assert_eq!((newest.log_id, newest.version), (after.log_id, 2));
    }

    async fn check_says_what_is_there_and_what_is_wrong(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let told = daemon.administer(&["check"], "").await;
        assert!(told.lines().all(|line| line.starts_with("ok ")), "{told}");
        assert!(told.contains("schema 5") && !told.contains("://watchfire:"), "{told}");

        let mut check = daemon.command(programs::path("watchfired"));
        check.arg("check").env("WATCHFIRE_KAFKA_BROKERS", "127.0.0.1:1");
        let output = check.output().await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stdout).unwrap();
        let wrong: Vec<_> = told.lines().filter(|line| line.starts_with("WRONG ")).collect();
        assert!(matches!(&wrong[..], [kafka] if kafka.contains("127.0.0.1:1")), "{told}");
    }
}

/// A dump that is loaded into another cluster goes on there under another name.
#[tokio::test]
async fn another_cluster_is_noticed() {
    bounded(async {
        let mut daemon = Daemon::start(Engine::Postgres).await;
        let api = daemon.as_responder().await;
        let before = hello(&api).await.log_id;
        daemon.restart().await;
        assert_eq!(hello(&api).await.log_id, before, "the same cluster, the same journal");
        daemon.behind("update installation set system_identifier = 'another'").await;
        daemon.restart().await;
        let after = hello(&api).await.log_id;
        assert_ne!(after, before);
        assert!(daemon.log().contains("restored copy"));
        daemon.restart().await;
        assert_eq!(hello(&api).await.log_id, after, "once");
    })
    .await;
}
