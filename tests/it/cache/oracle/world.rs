//! Who takes part in a campaign: incidents, people, and a door to each daemon.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures_util::future::join_all;
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::sync::{Mutex, RwLock};
use watchfire_shared::cache::{BreakerChange, BreakerState, CacheCounts, CacheStats};
use watchfire_shared::ids::UserId;
use watchfire_shared::incident::Incident;
use watchfire_shared::page::Page;
use watchfire_shared::user::{Role, UserOut};
use watchfire_tests::{Api, Daemon, eventually};

use super::truth::{Case, Person, Truth};

/// Incidents that everybody reads and writes.
const HOT: usize = 32;
/// Half of all that is done is done to these.
const WANTED: usize = 2;
const PEOPLE: usize = 3;

/// A daemon, as each of those who talk to it.
pub struct Door {
    pub number: usize,
    pub responder: Api,
    pub admin: Api,
    pub turncoat: Api,
}

impl Door {
    /// Returns when this daemon reaches Redis and uses it. Nobody is added for it: that is a write.
    pub async fn has_redis(&self) {
        eventually(async || {
            // Who looks for something tries Redis again.
            self.responder.read("/v1/incidents/counts").await;
            let stats: CacheStats = self.responder.read("/v1/admin/cache-stats").await.ok();
            let used = stats.breaker == BreakerState::Closed;
            stats.redis.filter(|_| used)
        })
        .await;
    }
}

/// Somebody whose role changes.
pub struct Turncoat {
    pub id: UserId,
    pub role: Mutex<Role>,
}

pub struct World {
    pub truth: Truth,
    pub doors: Vec<Door>,
    pub turncoat: Turncoat,
    /// Held by whoever writes, so that nobody does while somebody else holds all of it.
    pub writing: RwLock<()>,
    /// Requests to send, and those that were sent.
    wanted: usize,
    begun: Cell<usize>,
    texts: Cell<u64>,
    tally: RefCell<BTreeMap<String, usize>>,
}

impl World {
    pub async fn prepare(daemons: &[Daemon], operations: usize) -> Self {
        let first = &daemons[0];
        let admin = first.as_admin().await;
        let mut truth = Truth::default();
        let add = async |email: &str, name: &str, role| {
            first.add_user(email, name, role).await;
            let users: Page<UserOut> = admin.read("/v1/users").await.ok();
            let its = |user: &UserOut| user.email.as_deref() == Some(email);
            users.items.into_iter().find(its).expect("who was added is there").id
        };
        for number in 0..PEOPLE {
            let email = format!("person{number}@example.test");
            truth.people.push(Person::new(add(&email, &Person::name(0), Role::Viewer).await));
        }
        let email = "turncoat@example.test";
        let id = add(email, "Turncoat", Role::Viewer).await;
        let token = first.add_token(email).await;
        let mut doors = Vec::new();
        for (number, daemon) in daemons.iter().enumerate() {
            let (responder, admin) = (daemon.as_responder().await, daemon.as_admin().await);
            doors.push(Door { number, responder, admin, turncoat: daemon.as_holder_of(&token) });
        }
        let api = &doors[0].responder;
        let titles = (0..HOT).map(|number| format!("Number {number}"));
        let opened = join_all(titles.map(async |title| api.create(&title).await)).await;
        truth.cases = opened.iter().map(Case::new).collect();
        Self {
            truth,
            doors,
            turncoat: Turncoat { id, role: Mutex::new(Role::Viewer) },
            writing: RwLock::default(),
            wanted: operations,
            begun: Cell::default(),
            texts: Cell::default(),
            tally: RefCell::default(),
        }
    }

    /// Reads and writes until there is nothing left to do and `struck` is true.
    pub async fn client(&self, mut chance: StdRng, struck: &Cell<bool>) {
        while !self.over() || !struck.get() {
            if chance.random_bool(0.15) {
                let _writing = self.writing.read().await;
                self.write(&mut chance).await;
            } else {
                self.read(&mut chance).await;
            }
        }
    }

    /// Counts a request whose answer is held against the truth.
    pub fn begin(&self) {
        self.begun.update(|begun| begun + 1);
    }

    pub const fn over(&self) -> bool {
        self.begun.get() >= self.wanted
    }

    pub fn door(&self, chance: &mut StdRng) -> &Door {
        &self.doors[chance.random_range(0..self.doors.len())]
    }

    /// An incident that everybody wants.
    pub fn wanted(chance: &mut StdRng) -> usize {
        chance.random_range(0..WANTED)
    }

    /// Any incident, half the time one of those: there loads and commits meet.
    pub fn case(chance: &mut StdRng) -> usize {
        let among = if chance.random_bool(0.5) { WANTED } else { HOT };
        chance.random_range(0..among)
    }

    /// A text that nobody else writes.
    pub fn text(&self, word: &str) -> String {
        self.texts.update(|texts| texts + 1);
        format!("{word} {}", self.texts.get())
    }

    /// Reads everything everywhere.
    pub async fn look_around(&self) {
        let everywhere = self.doors.iter().flat_map(|door| {
            self.truth.cases.iter().map(async |case| self.one(door, &case.id.to_string()).await)
        });
        join_all(everywhere).await;
    }

    /// What struck reached the daemons: each has given Redis up at least once, loads lost to writes, and
    /// others waited for them.
    pub async fn was_struck(&self) {
        let mut counts = CacheCounts::default();
        for door in &self.doors {
            let stats: CacheStats = door.responder.read("/v1/admin/cache-stats").await.ok();
            let opened = |change: &BreakerChange| change.state == BreakerState::Open;
            let changes = &stats.breaker_changes;
            assert!(changes.iter().any(opened), "daemon {}: {changes:?}", door.number);
            counts = counts.plus(&stats.counts);
        }
        assert!(counts.fills_refused > 0, "no load ever lost to a write: {counts:?}");
        assert!(counts.waits_saved > 0, "nobody ever waited for a load: {counts:?}");
    }

    pub fn count(&self, what: &str) {
        *self.tally.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    /// When nobody writes any more: every daemon shows the last state of everything, and nothing
    /// was ever read that did not happen.
    pub async fn verify(&self) {
        let journal = self.doors[0].responder.journal().await;
        assert_eq!(self.truth.audit(&journal), [""; 0]);
        for door in &self.doors {
            for case in &self.truth.cases {
                let its = journal.iter().rev().find(|event| event.incident_id() == Some(case.id));
                let last = its.expect("it happened").version;
                let read: Incident = door.responder.get(case.id).await;
                assert_eq!(read.version, last, "{} at daemon {}", case.reference, door.number);
            }
            let stats: CacheStats = door.responder.read("/v1/admin/cache-stats").await.ok();
            let counts = stats.counts;
            println!("daemon {}: {counts:?}", door.number);
            assert!(counts.hits > 0, "the cache of daemon {} was not used", door.number);
        }
        println!("{} events; {:?}", journal.len(), self.tally.borrow());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        println!("operations begun: {}", self.begun.get());
    }
}
