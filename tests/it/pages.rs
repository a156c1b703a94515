//! Pages of a list: every incident once, whatever the order, and how many there are in all.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use watchfire_shared::incident::{Incident, Status};
use watchfire_shared::page::IncidentPage;
use watchfire_shared::problem::Code;
use watchfire_shared::stats::Counts;
use watchfire_tests::{Api, Daemon, both_engines};

both_engines! {
    async fn pages_hold_every_incident_once_in_every_order(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let priorities = ["low", "critical", "medium", "high", "critical"];
        join_all((0..23).map(async |n| {
            api.create_with(
                json!({ "title": format!("number {n}"), "priority": priorities[n % 5] }),
            )
            .await
        }))
        .await;
        // Many ties, and instants whose texts differ in length.
        daemon
            .behind(
                "update incidents set created_at = '2026-01-01T00:00:00+00:00', score = 50 \
                 where number % 3 = 0; \
             update incidents set created_at = '2026-01-01T00:00:00.500+00:00', score = 7.25 \
                 where number % 3 = 1; \
             update incidents set created_at = '2026-01-01T00:00:00.500001+00:00' \
                 where number % 3 = 2; \
             update incidents set updated_at = created_at where number % 2 = 0",
            )
            .await;
        let all = api.list("limit=200").await.items;
        assert_eq!(all.len(), 23);
        for sort in ["created", "updated", "priority", "score", "reference"] {
            for reversed in ["", "-"] {
                let mut expected = all.clone();
                expected.sort_by(|a, b| order(sort, a, b));
                if reversed.is_empty() {
                    expected.reverse();
                }
                let mut found = Vec::new();
                let mut pages = 0;
                let mut cursor = String::new();
                loop {
                    let page = api.list(&format!("sort={reversed}{sort}&limit=5{cursor}")).await;
                    assert_eq!(page.total, 23);
                    pages += 1;
                    found.extend(page.items);
                    let Some(next) = page.next_cursor else { break };
                    assert!(
                        next.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
                        "{next}"
                    );
                    cursor = format!("&cursor={next}");
                }
                assert_eq!(pages, 5);
                let ids =
                    |incidents: &[Incident]| incidents.iter().map(|i| i.id).collect::<Vec<_>>();
                assert_eq!(ids(&found), ids(&expected), "sort={reversed}{sort}");
            }
        }
        let default = api.list("").await.items;
        let named = api.list("sort=priority&limit=50").await.items;
        assert_eq!(default, named, "the most urgent first, then the newest");
    }

    async fn a_cursor_belongs_to_its_list_and_outlives_changes_of_it(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        let mut made = Vec::new();
        for n in 0..6 {
            made.push(api.create(&format!("number {n}")).await.id);
        }
        let first = api.list("status=open&sort=-reference&limit=2").await;
        let cursor = first.next_cursor.unwrap();
        for other in [
            "sort=-reference&limit=2",
            "status=open&sort=reference",
            "status=open",
            "status=closed&sort=-reference",
            "filter=status:open%20number&sort=-reference",
        ] {
            let reply = api.read(&format!("/v1/incidents?{other}&cursor={cursor}")).await;
            assert_eq!(reply.refused(Code::InvalidCursor).errors[0].field, "cursor", "{other}");
        }
        for bad in ["x", "", "e30", &cursor[1..], &format!("{cursor}A")] {
            let path = format!("/v1/incidents?status=open&sort=-reference&cursor={bad}");
            api.read(&path).await.refused(Code::InvalidCursor);
        }
        // The other spelling is the same list; what goes or comes meanwhile shifts nobody.
        api.create("in between").await;
        admin.request(Method::DELETE, &format!("/v1/incidents/{}", made[1])).send().await;
        let path = format!("filter=status:open&sort=-reference&limit=200&cursor={cursor}");
        let rest: Vec<_> = api.list(&path).await.items.iter().map(|i| i.id).collect();
        assert_eq!(rest[..4], made[2..]);
        assert_eq!(rest.len(), 5);

        let mine = api.list("assigned_to=me&limit=1").await;
        assert_eq!((mine.total, mine.next_cursor), (0, None));
    }

    async fn the_total_is_exact_to_a_thousand_and_capped_beyond(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        daemon.behind(MANY[usize::from(daemon.is_postgres())]).await;
        let page = api.list("limit=1").await;
        assert_eq!((page.total, page.total_exact), (1_000, true));
        api.create("one more").await;
        let page = api.list("limit=200&status=open").await;
        assert_eq!((page.total, page.total_exact, page.items.len()), (1_000, false, 200));
        let page = api.list("q=more").await;
        assert_eq!((page.total, page.total_exact), (1, true));
        let counts: Counts = api.read("/v1/incidents/counts").await.ok();
        assert_eq!(counts.by_status[&Status::Open], 1_001, "counts have no cap");
    }

    async fn a_page_costs_at_most_two_statements_and_a_warm_one_none(engine: Engine) {
        let daemon =
            Daemon::setup(engine).env("WATCHFIRE_LOG", "info,sqlx::query=trace").start().await;
        // Both are added now: a new person raises the cache's epoch.
        let (api, _) = (daemon.as_responder().await, daemon.as_admin().await);
        api.create_with(json!({ "title": "one", "service": "a" })).await;
        assert_eq!(statements(&daemon, &api, "service=a").await, 2, "ids, then the row");
        let warm = if daemon.is_postgres() { 2 } else { 0 };
        assert_eq!(statements(&daemon, &api, "service=a").await, warm);
        assert_eq!(statements(&daemon, &api, "service=none").await, 2, "ids, then how many");

        join_all(
            (0..250).map(|n| api.create_with(json!({ "title": format!("n {n}"), "service": "b" }))),
        )
        .await;
        for list in [
            "limit=200",
            "limit=200&sort=-updated&filter=service:b",
            "q=n&limit=200",
            "filter=age:<1h&limit=200",
            "filter=assignee:dana",
            "limit=200&sort=score&label=a:b",
        ] {
            let page = api.list(list).await;
            // Everything cold again: a write has renewed the lists, and 200 rows were never read.
            api.create_with(json!({ "title": "n", "service": "b" })).await;
            assert!(statements(&daemon, &api, list).await <= 2, "{list}");
            if let Some(cursor) = page.next_cursor {
                assert!(
                    statements(&daemon, &api, &format!("{list}&cursor={cursor}")).await <= 2,
                    "{list}"
                );
            }
        }
    }
}

macro_rules! many {
    ($before:literal, $id:literal, $after:literal) => {
        concat!(
            $before,
            "insert into incidents (id, number, title, description, status, priority, \
             priority_chosen, service, labels, created_by, source, version, log_count, \
             firing_alerts, score, created_at, updated_at, last_fact_at) select ",
            $id,
            ", 10000 + i, 'many', '', 'open', 1, true, '', '{}', \
             '{\"kind\":\"system\",\"id\":null,\"name\":\"x\"}', 'system', 1, 0, 0, -1, \
             '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00', \
             '2026-01-01T00:00:00+00:00' from ",
            $after
        )
    };
}

/// A thousand open incidents, past the daemon.
const MANY: [&str; 2] = [
    many!(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) ",
        "randomblob(16)",
        "n"
    ),
    many!("", "gen_random_uuid()", "generate_series(1, 1000) i"),
];

fn order(sort: &str, a: &Incident, b: &Incident) -> std::cmp::Ordering {
    let score = |incident: &Incident| incident.score.unwrap_or(-1.0);
    let key = match sort {
        "created" => a.created_at.cmp(&b.created_at),
        "updated" => a.updated_at.cmp(&b.updated_at),
        "priority" => a.priority.cmp(&b.priority),
        "score" => score(a).total_cmp(&score(b)),
        _ => a.reference.cmp(&b.reference),
    };
    key.then(a.id.cmp(&b.id))
}

/// How many statements that name incidents one list request makes, by the daemon's own log.
async fn statements(daemon: &Daemon, api: &Api, list: &str) -> usize {
    let count = || {
        let log = daemon.log();
        let made = log.lines().filter(|line| line.contains("sqlx::query"));
        let (ours, marks): (Vec<&str>, Vec<&str>) = made
            .filter(|line| {
                line.contains("from incidents") || line.contains("from ingest_keys order by")
            })
            .partition(|line| line.contains("from incidents"));
        (ours.len(), marks.len())
    };
    let (before, marks) = count();
    let _: IncidentPage = api.read(&format!("/v1/incidents?{list}")).await.ok();
    // A statement is logged when it is over, which may be after its answer: a later one marks it.
    daemon.as_admin().await.read("/v1/admin/keys").await.json();
    watchfire_tests::eventually(async || (count().1 > marks).then_some(())).await;
    count().0 - before
}
