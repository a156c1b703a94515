//! What goes wrong meanwhile: Redis, the way to it, and daemons that stand still.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tokio::time::{Instant, timeout};
use watchfire_tests::{Daemon, Link, Redis};

use super::world::{Door, World};

/// So often it begins with what needs no trouble, only the wrong moment.
const OPENING: usize = 4;
/// Where the lists' generations stand.
const GENERATIONS: &str = "wf:*:generation:*";
/// Less than any daemon waits for what is held up.
const HELD_UP: Duration = Duration::from_millis(150);

/// A Redis, the way each daemon reaches it, and the way each reaches the database.
pub struct Shared {
    pub redis: Redis,
    pub links: Vec<Link>,
    pub databases: Vec<Link>,
    /// Keys that Redis gave up for want of room.
    pub evictions: u64,
}

#[derive(Debug, Clone, Copy)]
enum Strike {
    /// It comes back without anything,
    KilledEmpty,
    /// or with what it held long ago.
    KilledOld,
    Paused,
    Flushed,
    /// The lists' generations alone are gone.
    Generations,
    /// Some of everything is gone.
    Values,
    /// Others fill it.
    Evicted,
    Cut,
    Frozen,
    Slow,
    /// A daemon stands still.
    Stopped,
}

use Strike::{
    Cut, Evicted, Flushed, Frozen, Generations, KilledEmpty, KilledOld, Paused, Slow, Stopped,
    Values,
};

const ALL: [Strike; 11] = [
    KilledEmpty,
    KilledOld,
    Paused,
    Flushed,
    Generations,
    Values,
    Evicted,
    Cut,
    Frozen,
    Slow,
    Stopped,
];

/// What any of the guards is there for, once each, with nobody else about: a missing one is noticed
/// before the campaign begins.
pub async fn rehearse(
    daemons: &[Daemon],
    shared: &mut Option<Shared>,
    world: &World,
    mut chance: StdRng,
) {
    let Some(shared) = shared else { return };
    for _ in 0..OPENING {
        shared.lose_generations(world, &mut chance).await;
        shared.hold_up(world, &mut chance).await;
        shared.hear_early(world, &mut chance).await;
        shared.show_early(world, &mut chance).await;
        shared.raise(world, &mut chance).await;
    }
    let victim = chance.random_range(0..daemons.len());
    shared.come_back_old(daemons, world, victim, &mut chance).await;
}

/// Strikes again and again, each in turn and in any order until the operations are over; sets `struck` when all
/// were met once.
pub async fn strike(
    daemons: &[Daemon],
    shared: &mut Option<Shared>,
    world: &World,
    mut chance: StdRng,
    struck: &Cell<bool>,
) {
    let begun = Instant::now();
    let mut strikes = 0;
    while !(world.over() && struck.get()) {
        let mut deck = if shared.is_some() { ALL.to_vec() } else { vec![Stopped] };
        deck.shuffle(&mut chance);
        for strike in deck {
            if world.over() && struck.get() {
                break;
            }
            if let Some(shared) = &shared {
                shared.hold_up(world, &mut chance).await;
                shared.hear_early(world, &mut chance).await;
                shared.raise(world, &mut chance).await;
                shared.weather(&mut chance);
            }
            pause(&mut chance, 50..1000).await;
            println!("{:?}: {strike:?}", begun.elapsed());
            let victim = chance.random_range(0..daemons.len());
            match &mut *shared {
                Some(shared) if matches!(strike, KilledOld) => {
                    let _quiet = world.writing.write().await;
                    shared.come_back_old(daemons, world, victim, &mut chance).await;
                }
                Some(shared) if !matches!(strike, Stopped) => {
                    shared.meets(strike, victim, &mut chance).await;
                }
                _ => {
                    daemons[victim].sigstop();
                    pause(&mut chance, 20..800).await;
                    daemons[victim].sigcont();
                }
            }
            strikes += 1;
        }
        struck.set(true);
    }
    println!("{strikes} strikes in {:?}", begun.elapsed());
}

impl Shared {
    /// Some ways are longer than others, and connections overtake each other: what is sent late
    /// meets what was sent after it.
    fn weather(&self, chance: &mut StdRng) {
        for link in self.links.iter().chain(&self.databases) {
            let late = if chance.random_bool(0.5) { chance.random_range(1..25) } else { 0 };
            link.stray(Duration::from_millis(late));
        }
    }

    /// Redis is gone, and comes back with what it held before everything was written again. Nobody may
    /// write meanwhile: a write that could not forget would make all of it absent.
    async fn come_back_old(
        &mut self,
        daemons: &[Daemon],
        world: &World,
        victim: usize,
        chance: &mut StdRng,
    ) {
        world.look_around().await;
        self.redis.save().await;
        for case in &world.truth.cases {
            world.comment(&world.doors[victim], case).await;
        }
        daemons[victim].published(&world.doors[victim].responder).await;
        self.meets(KilledOld, victim, chance).await;
        join_all(world.doors.iter().map(Door::has_redis)).await;
        world.look_around().await;
    }

    /// Loads and stores that are under way for long, while somebody writes through another daemon and
    /// others ask: a load has its answer late, a store is done and its daemon has not heard of it.
    async fn hold_up(&self, world: &World, chance: &mut StdRng) {
        self.links.iter().chain(&self.databases).for_each(Link::heal);
        for ways in [&self.databases, &self.links, &self.databases, &self.links] {
            let victim = chance.random_range(0..ways.len());
            let case = &world.truth.cases[World::wanted(chance)];
            let (held, other) = (&world.doors[victim], &world.doors[1 - victim]);
            let name = case.id.to_string();
            // Whoever looks for it now has to load it.
            world.comment(other, case).await;
            // A load asks for it like that, and a stored value begins with it; no key does.
            ways[victim].hold(case.id.0.into_bytes());
            let overtake = async {
                ways[victim].holds_one().await;
                world.comment(other, case).await;
            };
            let first = world.one(held, &name);
            // It may be a write that is held up, which others wait for.
            let overtaken = timeout(HELD_UP, overtake);
            // Lookups take turns on the connections, and one of these is held up.
            let reads = join_all((0..4).map(async |number| {
                tokio::time::sleep(Duration::from_millis(number * 4)).await;
                world.one(held, &name).await;
            }));
            let heal = async {
                pause(chance, 20..80).await;
                ways[victim].heal();
            };
            let then = async {
                let overtaken = overtaken.await;
                tokio::join!(reads, heal);
                overtaken
            };
            let ((), overtaken) = tokio::join!(first, then);
            world.count(if overtaken.is_ok() { "overtaken" } else { "held up" });
        }
    }

    /// Somebody reads what another has written and was not answered for, since its daemon cannot
    /// forget: the other daemons have what was before in the cache still.
    async fn hear_early(&self, world: &World, chance: &mut StdRng) {
        self.all_well(world).await;
        let victim = chance.random_range(0..self.links.len());
        let (writer, other) = (&world.doors[victim], &world.doors[1 - victim]);
        let at = World::wanted(chance);
        let case = &world.truth.cases[at];
        let name = case.id.to_string();
        world.one(other, &name).await;
        self.links[victim].freeze();
        let hear = async {
            for _ in 0..3 {
                world.one(writer, &name).await;
                world.again(other, at).await;
            }
        };
        tokio::join!(world.comment(writer, case), hear);
        world.one(other, &name).await;
        self.links[victim].heal();
    }

    /// Somebody is shown by one daemon what another has written and has not forgotten: whoever gives a
    /// position gives it to all there are.
    async fn show_early(&self, world: &World, chance: &mut StdRng) {
        self.all_well(world).await;
        let victim = chance.random_range(0..self.links.len());
        let (writer, other) = (&world.doors[victim], &world.doors[1 - victim]);
        let at = World::wanted(chance);
        let (case, another) = (&world.truth.cases[at], &world.truth.cases[1 - at]);
        let name = case.id.to_string();
        world.one(other, &name).await;
        self.links[victim].freeze();
        let show = async {
            for _ in 0..6 {
                world.comment(other, another).await;
                pause(chance, 20..60).await;
                world.one(other, &name).await;
            }
        };
        tokio::join!(world.comment(writer, case), show);
        self.links[victim].heal();
    }

    /// Somebody writes whose daemon does not reach Redis, and is answered: no daemon may use what stands
    /// there still, from that moment on.
    async fn raise(&self, world: &World, chance: &mut StdRng) {
        self.all_well(world).await;
        let victim = chance.random_range(0..self.links.len());
        let (writer, other) = (&world.doors[victim], &world.doors[1 - victim]);
        let case = &world.truth.cases[World::wanted(chance)];
        let name = case.id.to_string();
        world.one(other, &name).await;
        self.links[victim].cut();
        world.comment(writer, case).await;
        world.one(other, &name).await;
        self.links[victim].heal();
    }

    /// Every way is free, and every daemon uses Redis: one that has given it up for a while has nothing
    /// to wait for.
    async fn all_well(&self, world: &World) {
        self.links.iter().chain(&self.databases).for_each(Link::heal);
        join_all(world.doors.iter().map(Door::has_redis)).await;
    }

    /// The lists' generations are lost before and after a page is out of date: what begins anew must not
    /// reach again where that page is from.
    async fn lose_generations(&self, world: &World, chance: &mut StdRng) {
        let (door, other) = (world.door(chance), world.door(chance));
        let case = &world.truth.cases[World::wanted(chance)];
        let person = chance.random_range(0..world.truth.people.len());
        for assignee in [Some(person), None] {
            world.assign(door, case, assignee).await;
            remove(&self.redis, GENERATIONS, 1.0, chance).await;
            world.by_assignee(other, person).await;
        }
    }

    async fn meets(&mut self, strike: Strike, victim: usize, chance: &mut StdRng) {
        let (redis, link) = (&mut self.redis, &self.links[victim]);
        match strike {
            KilledEmpty | KilledOld => {
                redis.kill9().await;
                pause(chance, 0..600).await;
                if matches!(strike, KilledOld) {
                    redis.restart_from_snapshot().await;
                } else {
                    redis.restart().await;
                }
            }
            Paused => {
                redis.pause();
                pause(chance, 10..600).await;
                redis.resume();
            }
            Flushed => drop(redis.command(&["FLUSHALL"]).await),
            Generations => remove(redis, GENERATIONS, 1.0, chance).await,
            Values => remove(redis, "wf:*", 0.5, chance).await,
            Evicted => self.evictions += fill(redis).await,
            Cut => {
                link.cut();
                pause(chance, 20..800).await;
            }
            Frozen => {
                link.freeze();
                pause(chance, 20..800).await;
            }
            Slow => {
                link.delay(Duration::from_millis(chance.random_range(1..200)));
                pause(chance, 100..800).await;
            }
            Stopped => {}
        }
        link.heal();
    }
}

/// How long something lasts, which nobody waits for.
async fn pause(chance: &mut StdRng, milliseconds: std::ops::Range<u64>) {
    tokio::time::sleep(Duration::from_millis(chance.random_range(milliseconds))).await;
}

async fn remove(redis: &Redis, pattern: &str, part: f64, chance: &mut StdRng) {
    for key in redis.keys(pattern).await {
        if chance.random_bool(part) {
            redis.command(&["DEL", &key]).await;
        }
    }
}

/// Half as much again as there was room for at first; answers how many keys had to go for it.
async fn fill(redis: &Redis) -> u64 {
    let wide = "x".repeat(64 * 1024);
    let before = redis.info("stats", "evicted_keys").await;
    for number in 0..24 {
        redis.command(&["SET", &format!("wide:{number}"), &wide, "PX", "1000"]).await;
    }
    redis.info("stats", "evicted_keys").await - before
}
