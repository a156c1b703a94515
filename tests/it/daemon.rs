//! The daemon as a process: alone on its state, clear about what is wrong, and silent about secrets.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use watchfire_shared::problem::Code;
use watchfire_shared::session::Tokens;
use watchfire_shared::user::{KeySource, Role};
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Daemon, Engine, both_engines, bounded, eventually, programs};

const LIMIT: Duration = Duration::from_secs(30);

/// A daemon that is expected to give up at once.
async fn gives_up(mut command: Command) -> Output {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    tokio::time::timeout(LIMIT, output).await.expect("it gives up").unwrap()
}

/// `watchfired` in a home of its own, with nothing configured but this.
fn configured(home: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::from(programs::command(programs::path("watchfired"), home));
    command.args(arguments).envs(environment.iter().copied());
    command
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn of_many_daemons_on_one_state_folder_one_runs() {
    bounded(async {
        let home = TempDir::new().unwrap();
        let environment = [("WATCHFIRE_HTTP_ADDR", "127.0.0.1:0")];
        let mut all: Vec<Child> = (0..4)
            .map(|_| {
                let mut command = configured(home.path(), &environment, &["serve"]);
                command
                    .stdin(Stdio::null())
                    .stderr(Stdio::piped())
                    .kill_on_drop(true)
                    .spawn()
                    .unwrap()
            })
            .collect();
        // Each says one of two things on standard error: that it is ready, or why it is not.
        let said = join_all(all.iter_mut().map(async |child| {
            let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
            loop {
                let line = lines.next_line().await.unwrap().expect("it says how it went");
                if line.contains("watchfired: ") {
                    break Err(line);
                }
                if line.contains(" ready ") {
                    break Ok(lines);
                }
            }
        }))
        .await;
        assert_eq!(said.iter().filter(|said| said.is_ok()).count(), 1, "{said:?}");
        for (child, said) in all.iter_mut().zip(&said) {
            if let Err(line) = said {
                assert!(line.contains("another daemon"), "{line}");
                assert_eq!(child.wait().await.unwrap().code(), Some(75));
            }
        }
        let state = home.path().join(".local/state/watchfire");
        let file: Value =
            serde_json::from_slice(&std::fs::read(state.join("daemon.json")).unwrap()).unwrap();
        let winner = said.iter().position(Result::is_ok).unwrap();
        assert_eq!(file["pid"], all[winner].id().unwrap());
        assert!(file["version"].is_string() && file["address"].is_string(), "{file}");
        assert_eq!(mode(&state), 0o700);
        for private in ["daemon.json", "owner.token", "auth.secret", "daemon.lock"] {
            assert_eq!(mode(&state.join(private)), 0o600, "{private}");
        }
    })
    .await;
}

/// Variables, a command, and what its sentence must name.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);

#[tokio::test]
async fn what_is_configured_wrongly_is_named_in_one_sentence() {
    let postgres = "postgres://someone:hunter2hunter2@127.0.0.1:1/nothing";
    let secret = "0123456789abcdef0123456789abcdef";
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, "[database]\ncolour = 1\n").unwrap();
    let file = file.to_str().unwrap();
    let cases: &[Case] = &[
        (&[("WATCHFIRE_DATABASE_URL", "mysql://x")], &["serve"], "WATCHFIRE_DATABASE_URL"),
        (&[("WATCHFIRE_HTTP_ADDR", "nonsense")], &["serve"], "WATCHFIRE_HTTP_ADDR"),
        (&[("WATCHFIRE_HTTP_ADDR", "0.0.0.0:0")], &["serve"], "allow_remote_without_tls"),
        (&[("WATCHFIRE_HTTP_ADDR", "[::]:0")], &["serve"], "allow_remote_without_tls"),
        (&[("WATCHFIRE_AUTH_SECRET", "short")], &["serve"], "WATCHFIRE_AUTH_SECRET"),
        (&[("WATCHFIRE_AUTH_SECRET_FILE", "/nowhere/secret")], &["serve"], "/nowhere/secret"),
        (&[("WATCHFIRE_DATABASE_URL", postgres)], &["serve"], "WATCHFIRE_AUTH_SECRET"),
        (
            &[("WATCHFIRE_DATABASE_URL", postgres), ("WATCHFIRE_AUTH_SECRET", secret)],
            &["serve"],
            "database",
        ),
        (&[("WATCHFIRE_DATABASE_URL", "sqlite:///proc/nowhere/x.db")], &["serve"], "/proc/nowhere"),
        (&[("WATCHFIRE_STATE_DIR", "/proc/nowhere")], &["serve"], "/proc/nowhere"),
        (&[("WATCHFIRE_LOG", "info,=,")], &["serve"], "log filter"),
        (&[("WATCHFIRE_LOG_FORMAT", "xml")], &["serve"], "WATCHFIRE_LOG_FORMAT"),
        (
            &[("WATCHFIRE_DATABASE_MAX_CONNECTIONS", "none")],
            &["serve"],
            "WATCHFIRE_DATABASE_MAX_CONNECTIONS",
        ),
        (&[], &["--config", "/nowhere/x.toml", "serve"], "/nowhere/x.toml"),
        (&[], &["--config", file, "serve"], "colour"),
        (&[], &["key", "revoke", "x"], "id"),
        (
            &[],
            &["user", "passwd", "--email", "nobody@example.test", "--password-stdin"],
            "password",
        ),
        (&[], &["token", "add", "--user", "nobody@example.test", "--name", "x"], "user"),
    ];
    join_all(cases.iter().map(async |(environment, arguments, name)| {
        let home = TempDir::new().unwrap();
        let output = gives_up(configured(home.path(), environment, arguments)).await;
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {text}");
        let (before, last) = text.trim_end().rsplit_once("watchfired: ").unwrap_or(("", &text));
        assert!(last.contains(name), "{name}: {text}");
        assert!(!text.contains("hunter2") && !before.contains("panic"), "{text}");
        assert!(!last.contains('\n') || arguments.contains(&file), "{name} in one line: {text}");
        assert!(output.stdout.is_empty());
    }))
    .await;
}

/// Who holds the usual port is not us, and no reason not to start.
#[tokio::test]
async fn a_taken_port_is_no_hindrance_unless_it_was_asked_for() {
    let (_holder, daemon) = eventually(async || {
        // Where the port is free it is taken here; whoever else has it may let go at any moment.
        let holder = tokio::net::TcpListener::bind(("127.0.0.1", 4911)).await;
        let daemon = Daemon::setup(Engine::Sqlite).env("WATCHFIRE_HTTP_ADDR", "").start().await;
        let elsewhere = !daemon.url().ends_with(":4911");
        assert!(elsewhere || holder.is_err(), "it took a port that is ours");
        elsewhere.then_some((holder, daemon))
    })
    .await;
    assert_eq!(daemon.as_nobody().read("/healthz").await.status, 200);

    let home = TempDir::new().unwrap();
    let taken = daemon.url().replace("http://", "");
    let output =
        gives_up(configured(home.path(), &[("WATCHFIRE_HTTP_ADDR", &taken)], &["serve"])).await;
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains(&taken) && text.contains("WATCHFIRE_HTTP_ADDR"), "{text}");
}

both_engines! {
    async fn no_secret_reaches_the_log_whatever_it_is_told_to_log(engine: Engine) {
        let secret = "a-secret-of-more-than-thirty-two-bytes-in-all";
        let mut daemon = Daemon::setup(engine)
            .env("WATCHFIRE_LOG", "trace")
            .env("WATCHFIRE_AUTH_SECRET", secret)
            .start()
            .await;
        let admin = daemon.as_admin().await;
        daemon.add_user("dana@example.test", "dana", Role::Responder).await;
        let mut secrets =
            vec![secret.to_owned(), PASSWORD.to_owned(), "not her password".to_owned()];
        let nobody = daemon.as_nobody();
        for password in [PASSWORD, "not her password"] {
            let login = json!({ "email": "dana@example.test", "password": password });
            let reply = nobody
                .request(Method::POST, "/v1/auth/login")
                .header("idempotency-key", password.len());
            let reply = reply.json(&login).send().await;
            if reply.status == 200 {
                let tokens: Tokens = reply.ok();
                let refresh = json!({ "refresh_token": tokens.refresh_token });
                let next: Tokens = nobody.post("/v1/auth/refresh", &refresh).await.ok();
                daemon.as_holder_of(&next.access_token).create("Checkout is slow").await;
                nobody
                    .post("/v1/auth/logout", &json!({ "refresh_token": next.refresh_token }))
                    .await;
                secrets.extend([
                    tokens.access_token,
                    tokens.refresh_token,
                    next.access_token,
                    next.refresh_token,
                ]);
            }
        }
        let key = json!({ "name": "k", "source": "logs" });
        let key =
            admin.post("/v1/admin/keys", &key).await.json()["secret"].as_str().unwrap().to_owned();
        secrets.extend([
            key,
            daemon.add_token("dana@example.test").await,
            daemon.add_key(KeySource::Generic).await,
        ]);
        for secret in &secrets[3..] {
            daemon.as_holder_of(secret).read("/v1/users/me").await;
            daemon.as_holder_of(secret).post("/v1/incidents", &json!({ "title": 5 })).await;
        }
        let change = json!({ "password": "another password" });
        let dana = admin.read("/v1/users").await.json();
        let dana = dana["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|user| user["name"] == "dana")
            .unwrap()
            .clone();
        let path = format!("/v1/users/{}", dana["id"].as_str().unwrap());
        assert_eq!(admin.request(Method::PATCH, &path).json(&change).send().await.status, 200);
        secrets.push("another password".to_owned());
        if let Ok(token) = std::fs::read_to_string(daemon.state_dir().join("owner.token")) {
            daemon.as_holder_of(token.trim()).read("/v1/users/me").await;
            secrets.push(token.trim().to_owned());
        }
        let url = daemon.database_url();
        if let Some((_, password)) = url.split_once('@').and_then(|(head, _)| head.rsplit_once(':'))
        {
            secrets.push(password.to_owned());
        }
        let pages = nobody.read("/metrics").await.text() + &nobody.read("/v1/health").await.text();
        daemon.stop().await;
        let log = daemon.log();
        assert!(log.contains("TRACE") && log.contains("/v1/auth/login"), "it does log");
        for secret in &secrets {
            assert!(secret.len() >= 8, "{secret:?}");
            let told = log.lines().chain(pages.lines()).find(|line| line.contains(secret.as_str()));
            assert_eq!(told, None, "{secret}");
        }
    }

    async fn its_state_is_open_to_all_and_true(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let nobody = daemon.as_nobody();
        for path in ["/healthz", "/readyz"] {
            assert_eq!(nobody.read(path).await.status, 200, "{path}");
        }
        let _worker = if daemon.is_postgres() {
            let health = nobody.read("/v1/health").await.json();
            assert_eq!((&health["status"], &health["parts"]["worker"]["kind"]), (&json!("degraded"), &json!("none")));
            Some(daemon.worker().await)
        } else {
            None
        };
        let health = eventually(async || {
            let health = nobody.read("/v1/health").await.json();
            (health["status"] == "healthy").then_some(health)
        })
        .await;
        assert_eq!(health["parts"]["worker"]["kind"], "journal");
        let kind = if daemon.is_postgres() { "postgres" } else { "sqlite" };
        assert_eq!(health["parts"]["database"]["kind"], kind);
        let cache = if daemon.is_postgres() { "none" } else { "memory" };
        assert_eq!(health["parts"]["cache"]["kind"], cache);

        let incident = api.create("Checkout is slow").await;
        api.get(incident.id).await;
        api.read("/somewhere/hostile%0a%22path").await.refused(Code::NotFound);
        let metrics = nobody.read("/metrics").await;
        assert!(metrics.header("content-type").starts_with("text/plain"));
        let text = metrics.text();
        for line in [
            "http_requests_total{method=\"GET\",path=\"/v1/incidents/{id}\",status=\"200\"} ",
            "http_requests_total{method=\"POST\",path=\"/v1/incidents\",status=\"201\"} 1",
            "http_requests_total{method=\"GET\",path=\"none\",status=\"404\"} 1",
            "http_request_seconds_bucket{path=\"/v1/incidents/{id}\",le=\"",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("hostile") && !text.contains(&incident.id.to_string()), "{text}");

        // Without a database it is alive, not ready, and no token is called wrong.
        daemon.behind("alter table installation rename to elsewhere").await;
        assert_eq!(nobody.read("/healthz").await.status, 200);
        nobody.read("/readyz").await.refused(Code::Unavailable);
        let health = nobody.read("/v1/health").await;
        assert_eq!((health.status.as_u16(), &health.json()["status"]), (503, &json!("unhealthy")));
        assert_eq!(health.json()["parts"]["database"]["status"], "unhealthy");
        assert!(api.read(&format!("/v1/incidents/{}", incident.id)).await.status.is_server_error());
        daemon.behind("alter table elsewhere rename to installation").await;
        assert_eq!(nobody.read("/readyz").await.status, 200);
        assert_eq!(nobody.read("/v1/health").await.json()["status"], "healthy");
        assert_eq!(api.get(incident.id).await, incident);
    }
}
