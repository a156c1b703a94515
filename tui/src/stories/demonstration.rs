//! The cache at work: asked for, waited for, read.

use watchfire_shared::cache::CacheDemo;
use watchfire_shared::cache::demo::{
    Burst, Connections, Level, Series, Staleness, Step, Strategy, Walked,
};
use watchfire_shared::user::{Role, UserOut};

use super::client::Client;
use super::world::*;
use crate::effect::{Load, RequestId};
use crate::event::Outcome;
use crate::model::Look;

/// What a daemon with PostgreSQL and Redis measures.
fn measured() -> CacheDemo {
    let burst = |strategy, database_reads, wall_ms, p50_ms, p95_ms| Burst {
        strategy,
        reads: 200,
        database_reads,
        wall_ms,
        p50_ms,
        p95_ms,
    };
    let walked =
        |step, version, database_reads, took_ms| Walked { step, version, database_reads, took_ms };
    let stale = |strategy, writes, reads, stale_reads, stale_ms, first_read_ms| Staleness {
        strategy,
        writes,
        reads,
        stale_reads,
        stale_ms,
        first_read_ms,
    };
    let series = |operations, median_ms| Series { operations, median_ms };
    let between = |to: &str, pooled, unpooled| Connections {
        to: to.to_owned(),
        pooled: series(50, pooled),
        unpooled: series(50, unpooled),
    };
    let level = |place: &str, median| Level { place: place.to_owned(), reads: series(100, median) };
    CacheDemo {
        cache: "redis".to_owned(),
        database: "postgres".to_owned(),
        bursts: vec![
            burst(Strategy::NoCache, 200, 38.2, 21.4, 36.9),
            burst(Strategy::CacheAside, 200, 41.75, 26.1, 40.2),
            burst(Strategy::Watchfire, 1, 3.127, 2.98, 3.1),
        ],
        walk: vec![
            walked(Step::FirstRead, 1, 1, 0.911),
            walked(Step::SecondRead, 1, 0, 0.102),
            walked(Step::Write, 2, 0, 4.87),
            walked(Step::ReadAfterWrite, 2, 1, 0.873),
        ],
        staleness: vec![
            stale(Strategy::CacheAside, 1, 178, 177, 993.4, 0.094),
            stale(Strategy::Watchfire, 10, 10, 0, 0.0, 0.86),
        ],
        connections: vec![between("postgres", 0.214, 6.41), between("redis", 0.072, 0.39)],
        hierarchy: vec![level("process", 0.0002), level("redis", 0.071), level("postgres", 0.266)],
        took_ms: 2_310.0,
    }
}

/// On the cache screen, as somebody with this role.
fn on_the_screen(role: Role, look: Look, size: (u16, u16)) -> Client {
    let mut client = Client::with(|start| start.look = look);
    client.stream(hello());
    let answer = |load: &Load| match load {
        Load::Me => Some(Outcome::Me(UserOut { role, ..me() })),
        other => usual(other),
    };
    client.answer_all(answer);
    client.resize(size.0, size.1);
    client.press("4");
    client.answer_all(answer);
    client
}

const COLOUR: Look = Look { colour: true, unicode: true };
const PLAIN: Look = Look { colour: false, unicode: false };
const SMALL: (u16, u16) = (80, 24);

/// The demonstrations asked for since the last look.
fn asked(client: &mut Client) -> Vec<RequestId> {
    let loads = client.loads().into_iter();
    loads.filter(|(_, load)| *load == Load::CacheDemo).map(|(request, _)| request).collect()
}

#[test]
fn it_is_asked_for_waited_for_and_read() {
    let mut client = on_the_screen(Role::Admin, COLOUR, SMALL);
    assert!(client.screen().contains("D demonstrate"));
    client.press("D");
    assert_eq!(asked(&mut client), [], "it asks first");
    insta::assert_snapshot!("demonstration_asks", client.screen());
    client.press("enter");
    let requests = asked(&mut client);
    let [request] = requests[..] else { panic!("{requests:?}") };
    client.wait(2_100);
    assert!(client.screen().contains("measuring, 2 s"), "{}", client.screen());
    client.press("enter");
    assert_eq!(asked(&mut client), [], "it is measuring already");
    client.press("esc");
    client.press("D");
    client.done(request, Outcome::CacheDemo(Box::new(measured())));
    insta::assert_snapshot!("demonstration", client.screen());
    assert!(client.screen().contains("1-20 of 30 · j k move"));
    client.press("G");
    insta::assert_snapshot!("demonstration_end", client.screen());
    client.press("k");
    assert!(client.screen().contains("10-29 of 30"), "the end is the end");
    client.press("j j");
    assert!(client.screen().contains("11-30 of 30"));
    client.press("g");
    assert!(client.screen().contains("Stampede"));
    client.press("esc");
    assert!(client.screen().contains("hit rate"), "{}", client.screen());
}

#[test]
fn it_fits_a_large_screen_and_a_poor_one() {
    for (name, look, size) in [
        ("demonstration_200", COLOUR, (200, 60)),
        ("demonstration_plain", PLAIN, SMALL),
        ("demonstration_narrow", COLOUR, (44, 14)),
    ] {
        let mut client = on_the_screen(Role::Admin, look, size);
        client.press("D enter");
        for request in asked(&mut client) {
            client.done(request, Outcome::CacheDemo(Box::new(measured())));
        }
        insta::assert_snapshot!(name, client.screen());
    }
}

#[test]
fn a_failure_is_said_and_it_can_be_tried_again() {
    let mut client = on_the_screen(Role::Admin, COLOUR, SMALL);
    client.press("D enter");
    for request in asked(&mut client) {
        client.done(request, Outcome::Failed(offline()));
    }
    assert!(client.screen().contains("watchfired does not answer"), "{}", client.screen());
    client.press("enter");
    assert_eq!(asked(&mut client).len(), 1);
}

#[test]
fn only_an_admin_is_offered_it() {
    for role in [Role::Viewer, Role::Responder] {
        let mut client = on_the_screen(role, COLOUR, SMALL);
        assert!(!client.screen().contains("demonstrate"));
        client.press("D");
        assert_eq!(client.flash(), "Only an admin runs the demonstration");
        client.press("enter");
        assert_eq!(asked(&mut client), []);
    }
}
