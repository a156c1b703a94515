//! A SQLite file on a disk that fills up, and has space again.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::Command as Program;
use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tempfile::TempDir;
use tokio::time::Instant;
use watchfire_shared::incident::Incident;
use watchfire_tests::daemon::Setup;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Daemon, Engine, bounded};

use super::Campaign;
use super::audit::verify;
use super::ledger::{Ledger, Outcome};
use super::workload::{WRITERS, Workload};

/// The small disk: room for what a long campaign writes.
const SIZE: &str = "size=64m,mode=700";
/// What takes the space on it.
const BALLAST: &str = "ballast";
/// How soon writes must work again.
const HEALED: Duration = Duration::from_secs(1);
/// A process that ignores the signal gets an error instead of it.
const WITHOUT_SIGNAL: &[&str] = &["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// A small file system, where we may mount one.
#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(&folder).unwrap_or(Disk::Quota);
    bounded(fill_and_free(&disk)).await;
    drop(disk);
}

/// No file may grow or be written beyond its first byte: what a quota or a broken disk looks like.
#[tokio::test]
async fn a_disk_that_takes_no_bytes_refuses_writes_and_nothing_else() {
    bounded(fill_and_free(&Disk::Quota)).await;
}

async fn fill_and_free(disk: &Disk) {
    let fills = number("WATCHFIRE_FILLS").unwrap_or(2);
    let campaign = Campaign::begin();
    let mut daemon = disk.prepare(Daemon::setup(Engine::Sqlite)).start().await;
    let api = daemon.as_responder().await;
    let ledger = Ledger::new();
    let workload = Workload::prepare(&ledger, &api).await;
    for fill in 0..fills {
        let part = fill * (WRITERS + 1);
        let mut chance = campaign.chance(part);
        let writers = (1..=WRITERS)
            .map(|writer| workload.write_on(&api, campaign.chance(part + writer), || false));
        let strike = async {
            ledger.acknowledged(chance.random_range(20..100)).await;
            disk.fill(&daemon);
        };
        let (ends, ()) = tokio::join!(join_all(writers), strike);
        for end in ends {
            let Some(Outcome::Unavailable(problem)) = end else {
                panic!("a writer on a full disk ended with {end:?}")
            };
            assert!(problem.detail.contains(disk.reason()), "{problem:?}");
        }
        reads_work(&api, &workload).await;
        verify(&daemon, &api, &ledger).await;

        disk.free(&daemon);
        let freed = Instant::now();
        while !matches!(
            ledger.attempt(&api, workload.next(&mut chance)).await,
            Outcome::Acknowledged
        ) {
            assert!(freed.elapsed() < HEALED, "writes do not work after {HEALED:?} with space");
        }
        ledger.settle(&api, usize::MAX).await;
        verify(&daemon, &api, &ledger).await;
    }
    daemon.restart().await;
    verify(&daemon, &api, &ledger).await;
    println!("{fills} fills of {disk:?}, {} writes", ledger.book().acknowledged.len());
}

/// Whoever only looks notices nothing.
async fn reads_work(api: &Api, workload: &Workload<'_>) {
    let incident: Incident = api.get(workload.incidents[0]).await;
    assert!(!api.list("sort=-updated").await.items.is_empty());
    assert!(!api.timeline(incident.id).await.is_empty());
    assert!(!api.events(0).await.items.is_empty());
    api.logs(incident.id, "limit=10").await;
    assert_eq!(api.read("/readyz").await.status, 200);
}

/// Something that can be full.
#[derive(Debug)]
enum Disk {
    /// A file system of its own.
    Mounted(PathBuf),
    /// A limit on the size of files.
    Quota,
}

impl Disk {
    /// Needs the right to mount, which containers and ordinary people do not have.
    fn mount(folder: &TempDir) -> Option<Self> {
        let path = folder.path().to_owned();
        let mut mount = Program::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&path);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self::Mounted(path))
    }

    fn prepare(&self, setup: Setup) -> Setup {
        match self {
            Self::Mounted(path) => setup.state_dir(path.join("state")),
            Self::Quota => setup.launcher(WITHOUT_SIGNAL),
        }
    }

    /// Takes all space until [`Self::free`].
    fn fill(&self, daemon: &Daemon) {
        match self {
            Self::Mounted(path) => {
                let mut file = File::create(path.join(BALLAST)).expect("an empty file is free");
                for size in [64 * 1024, 1024, 1] {
                    while let Ok(()) = file.write_all(&vec![1; size]) {}
                }
                let full = file.write_all(&[1]).expect_err("the disk is full");
                assert_eq!(full.kind(), ErrorKind::StorageFull);
            }
            Self::Quota => limit(daemon, Some(1)),
        }
    }

    fn free(&self, daemon: &Daemon) {
        match self {
            Self::Mounted(path) => {
                std::fs::remove_file(path.join(BALLAST)).expect("the ballast is there");
            }
            Self::Quota => limit(daemon, None),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Mounted(_) => "no space left",
            Self::Quota => "cannot be written",
        }
    }
}

fn limit(daemon: &Daemon, bytes: Option<u64>) {
    let pid = i32::try_from(daemon.pid()).ok().and_then(Pid::from_raw);
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(pid, Resource::Fsize, limit).expect("the limits of our own process can be changed");
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Mounted(path) = self {
            // Lazily: the daemon may still be about to end.
            let unmounted = Program::new("umount").arg("-l").arg(&path).status();
            assert!(unmounted.is_ok_and(|status| status.success()), "{} stays", path.display());
        }
    }
}
