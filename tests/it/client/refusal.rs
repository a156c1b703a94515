//! A key pressed on what is no longer so is refused, and the screen says who changed what.

use watchfire_shared::incident::Status;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, Terminal, bounded, programs, terminal};

use super::SOON;
use super::held::Wire;

#[tokio::test]
async fn who_was_faster_stands_on_the_screen() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let wire = Wire::to(&daemon).await;
        tokio::select! {
            () = wire.pass() => {}
            () = story(&daemon, &wire) => {}
        }
    })
    .await;
}

async fn story(daemon: &Daemon, wire: &Wire) {
    let incident = daemon.as_responder().await.create("Checkout is slow").await;
    let mut command = terminal::command(programs::path("watchfire"), &daemon.state_dir());
    for (name, value) in daemon.access(Role::Responder).await {
        command.env(name, value);
    }
    command.env("WATCHFIRE_URL", wire.url());
    let mut client = Terminal::spawn(command, 120, 24);
    client.wait_for_text("● live", SOON).await;
    client.wait_for_text("○ open", SOON).await;

    wire.hold();
    let admin = daemon.as_admin().await;
    let taken = admin.acknowledge(incident.id).await;
    client.send("a");
    client.wait_for_text("status is investigating now, by admin", SOON).await;
    let now = admin.get(incident.id).await;
    assert_eq!((now.status, now.version), (Status::Investigating, taken.version));
    wire.release();
    client.wait_for_text("◐ investigating", SOON).await;
}
