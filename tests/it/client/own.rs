//! Programs that a person configured, run for real.

use std::fs;

use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, Terminal, bounded, programs, terminal};

use super::SOON;

/// What a shell would run, split, or take for the end of a text.
const TITLE: &str = r#"$(touch x); "' `touch x` & -rf *"#;

const CONFIG: &str = r#"
[[commands]]
name = "arguments"
key = "ctrl-x"
argv = ["sh", "-c", 'for it; do echo "<$it>"; done; echo to the side >&2; exit 3', "sh", "{reference}", "{title}"]

[[commands]]
name = "here"
key = "X"
argv = ["sh", "-c", 'printf "give me a line: "; read -r line; printf %s "$1 $line" >said', "sh", "{title}"]
interactive = true
"#;

#[tokio::test]
async fn a_hostile_title_is_one_argument_of_a_program() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        daemon.as_responder().await.create(TITLE).await;
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".config/watchfire");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), CONFIG).unwrap();
        let mut command = terminal::command(programs::path("watchfire"), home.path());
        for (name, value) in daemon.access(Role::Responder).await {
            command.env(name, value);
        }
        let mut client = Terminal::spawn(command, 80, 24);
        client.wait_for_text("INC-1", SOON).await;
        client.wait_for_text("● live", SOON).await;

        client.send("\x18");
        client.wait_for_text("INC-1: exit status: 3", SOON).await;
        let screen = client.text();
        assert!(screen.contains(&format!(" <INC-1>\n <{TITLE}>\n to the side\n")), "{screen}");
        assert!(!home.path().join("x").exists(), "a shell has read the title");

        client.send("q");
        client.wait_for_text("/ -status:closed", SOON).await;
        client.send("X");
        client.wait_for_text("give me a line: ", SOON).await;
        client.send("q\r");
        client.wait_for_text("here on INC-1: exit status: 0", SOON).await;
        assert_eq!(fs::read_to_string(home.path().join("said")).unwrap(), format!("{TITLE} q"));
        client.send("q");
        assert!(client.ended(SOON).await.success(), "the keys are the client's again");
    })
    .await;
}
