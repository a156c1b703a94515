//! The one door for writes: what fails inside it is undone, hurts nobody beside it, and tells the
//! caller nothing of the database.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tempfile::TempDir;
use watchfire_daemon::clock;
use watchfire_daemon::store::{Db, Settings, StoreError, credentials, installation};
use watchfire_shared::problem::Code;
use watchfire_tests::postgres::Database;
use watchfire_tests::{Daemon, Engine, Reply, both_engines};

/// A database without a daemon; gone with this value.
struct Own {
    db: Db,
    _home: (TempDir, Option<Database>),
}

impl Own {
    async fn open(engine: Engine) -> Self {
        let folder = TempDir::new().unwrap();
        let server = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Database::fresh().await),
        };
        let file = || format!("sqlite://{}", folder.path().join("test.db").display());
        let settings = Settings {
            url: server.as_ref().map_or_else(file, Database::url),
            min_connections: 0,
            max_connections: 4,
            acquire_timeout: Duration::from_secs(20),
        };
        Self { db: Db::open(&settings).await.unwrap(), _home: (folder, server) }
    }

    /// Adds one to the cache epoch, then may panic.
    async fn raise(&self, panics: bool) -> Result<(), StoreError> {
        let write = self.db.write(move |tx| {
            Box::pin(async move {
                installation::raise_epoch(tx).await?;
                assert!(!panics, "a write that panics on purpose");
                Ok::<_, StoreError>(())
            })
        });
        write.await.map(|committed| committed.value)
    }

    async fn epoch(&self) -> i64 {
        credentials::standings(&self.db, &[], clock::now(), false).await.unwrap().0.epoch
    }
}

/// 500 with nothing of the database in it.
fn assert_hides(reply: &Reply) {
    let problem = reply.refused(Code::Internal);
    let text = reply.text().to_lowercase();
    for inside in
        ["broken on purpose", "sql", "insert", "select", "table", "log_entries", "trigger", "/src/"]
    {
        assert!(!text.contains(inside), "{inside} shows in {problem:?}");
    }
}

const FAIL: [&str; 2] = [
    "create trigger fail before insert on events when new.payload like '%unlucky%' \
     begin select raise(abort, 'broken on purpose'); end",
    "create function fail() returns trigger language plpgsql as \
     $$ begin raise exception 'broken on purpose'; end $$; \
     create trigger fail before insert on events for each row \
     when (new.payload::text like '%unlucky%') execute function fail()",
];
const HEAL: [&str; 2] = ["drop trigger fail", "drop trigger fail on events"];

both_engines! {
    async fn a_write_that_panics_is_undone_and_the_next_one_works(engine: Engine) {
        let own = Own::open(engine).await;
        let before = own.epoch().await;
        let Err(StoreError::Panicked(message)) = own.raise(true).await else { panic!("no panic") };
        assert!(message.contains("on purpose"), "{message}");
        assert_eq!(own.epoch().await, before);
        own.raise(false).await.unwrap();
        assert_eq!(own.epoch().await, before + 1);
        // Queued together, so that they share a group on SQLite: only those that panic are undone.
        let all = join_all((0..60).map(|n| own.raise(n % 3 == 0))).await;
        assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 40);
        assert_eq!(own.epoch().await, before + 41);
        own.db.close().await;
    }

    async fn a_caller_who_goes_away_leaves_a_whole_write(engine: Engine) {
        let own = Own::open(engine).await;
        let before = own.epoch().await;
        for _ in 0..20 {
            // Dropped after one poll: begun, and not ended.
            tokio::select! {
                biased;
                done = own.raise(false) => done.unwrap(),
                () = std::future::ready(()) => {}
            }
        }
        own.raise(false).await.unwrap();
        let after = watchfire_tests::eventually(async || {
            Some(own.epoch().await).filter(|epoch| *epoch >= before + 21)
        });
        assert_eq!(after.await, before + 21);
        own.db.close().await;
    }

    async fn a_failing_store_answers_500_and_undoes_what_was_begun(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        daemon.behind(FAIL[usize::from(engine == Engine::Postgres)]).await;
        assert_hides(&api.post("/v1/incidents", &json!({ "title": "unlucky" })).await);
        let patch = json!({ "title": "unlucky", "status": "investigating" });
        assert_hides(&api.patch(incident.id, patch).await);
        assert_eq!(api.get(incident.id).await, incident);
        assert_eq!(api.list("").await.total, 1);

        // Those beside it in the same moment are not hurt.
        let titles: Vec<String> = (0..40)
            .map(|n| if n % 4 == 0 { "unlucky".into() } else { format!("number {n}") })
            .collect();
        let replies = join_all(titles.iter().map(async |title| {
            (title, api.post("/v1/incidents", &json!({ "title": title })).await)
        }))
        .await;
        for (title, reply) in &replies {
            if *title == "unlucky" {
                assert_hides(reply);
            } else {
                assert_eq!(reply.status, 201, "{}", reply.text());
            }
        }
        assert_eq!(api.list("").await.total, 31);
        daemon.behind(HEAL[usize::from(engine == Engine::Postgres)]).await;
        api.create("unlucky no more").await;
        assert_eq!(api.timeline(incident.id).await.len(), 1);
        let failure =
            daemon.log().lines().filter(|line| line.contains("broken on purpose")).count();
        assert!(failure >= 12, "the log says what the answer does not");
    }

    async fn a_missing_table_answers_500_until_it_is_back(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        let path = format!("/v1/incidents/{}/logs", incident.id);
        daemon.behind("alter table log_entries rename to elsewhere").await;
        assert_hides(&api.post(&path, &json!({ "message": "lost" })).await);
        assert_hides(&api.read(&path).await);
        daemon.behind("alter table elsewhere rename to log_entries").await;
        assert_eq!(api.get(incident.id).await, incident, "no counter moved");
        assert_eq!(api.attach(incident.id, &json!({ "message": "kept" })).await.first_seq, 1);
        let messages: Vec<String> =
            api.logs(incident.id, "").await.into_iter().map(|line| line.message).collect();
        assert_eq!(messages, ["kept"]);
    }
}
