//! The servers the other tests rely on do what those tests believe.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use sqlx::{Connection, Executor, Row};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use watchfire_tests::alertmanager::Routing;
use watchfire_tests::postgres::Database;
use watchfire_tests::{Alertmanager, Link, Redis, Terminal, eventually, terminal};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn databases_are_separate_and_gone_after_the_test() {
    let one = Database::fresh().await;
    let other = Database::fresh().await;
    let mut connection = one.connect().await;
    connection.execute("create table only_here (id int)").await.unwrap();
    let mut elsewhere = other.connect().await;
    assert!(elsewhere.execute("select * from only_here").await.is_err());

    let name = one.url().rsplit('/').next().unwrap().to_owned();
    drop(one); // with a connection still open
    let count = sqlx::query("select count(*) from pg_database where datname = $1")
        .bind(name)
        .fetch_one(&mut elsewhere)
        .await
        .unwrap();
    assert_eq!(count.get::<i64, _>(0), 0);
    elsewhere.close().await.unwrap();
}

#[tokio::test]
async fn alertmanager_tells_a_webhook_what_amtool_fires_and_resolves() {
    let (told, mut notices) = mpsc::channel(10);
    let hook = async move |headers: HeaderMap, Json(body): Json<Value>| {
        let key = headers["authorization"].to_str().unwrap().to_owned();
        told.send((key, body)).await.unwrap();
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/ingest/alertmanager", post(hook));
    let server = async { axum::serve(listener, router).await.unwrap() };

    let story = async {
        let alertmanager = Alertmanager::start(&Routing::to(&url, "the-key")).await;
        let labels = ["alertname=CheckoutSlow", "instance=a", "severity=critical"];
        alertmanager.fire(&labels, &["summary=Checkout: \"\\slow\""]).await;
        let (key, notice) = notices.recv().await.unwrap();
        assert_eq!(key, "Bearer the-key");
        assert_eq!(notice["version"], "4");
        assert_eq!(notice["status"], "firing");
        assert_eq!(notice["commonAnnotations"]["summary"], "Checkout: \"\\slow\"");
        let fired = notice["alerts"][0].clone();

        alertmanager.resolve(&labels).await;
        let (_, notice) = notices.recv().await.unwrap();
        assert_eq!(notice["status"], "resolved");
        assert_eq!(notice["alerts"][0]["startsAt"], fired["startsAt"]);
        assert_eq!(notice["alerts"][0]["fingerprint"], fired["fingerprint"]);
    };
    tokio::select! {
        () = server => {}
        told = timeout(SOON, story) => told.expect("both notices come in time"),
    }
}

#[tokio::test]
async fn a_terminal_shows_takes_keys_resizes_and_sees_the_end() {
    let home = tempfile::tempdir().unwrap();
    let mut command = terminal::command("sh", home.path());
    let script = r#"stty size; read -r line; echo "<$line>"; read -r _; stty size; exit 3"#;
    command.args(["-c", script]);
    let mut terminal = Terminal::spawn(command, 80, 24);
    terminal.wait_for_text("24 80", SOON).await;
    terminal.send("héllo\r");
    terminal.wait_for_text("<héllo>", SOON).await;
    terminal.resize(120, 40);
    terminal.send("\r");
    terminal.wait_for_text("40 120", SOON).await;
    assert_eq!(terminal.ended(SOON).await.exit_code(), 3);
    assert!(terminal.bytes_written() > 0);
}

#[tokio::test]
#[should_panic(expected = "no \"never\" within 50ms on:\nonly this")]
async fn a_wait_that_fails_shows_the_screen() {
    let home = tempfile::tempdir().unwrap();
    let mut command = terminal::command("sh", home.path());
    command.args(["-c", "echo only this; read -r _"]);
    let terminal = Terminal::spawn(command, 80, 24);
    terminal.wait_for_text("only this", SOON).await;
    terminal.wait_for_text("never", Duration::from_millis(50)).await;
}

#[tokio::test]
async fn a_redis_of_a_tests_own_dies_and_comes_back_empty_or_with_what_it_held() {
    let mut redis = Redis::start().await;
    let held = async |redis: &Redis| {
        redis::from_redis_value::<Option<String>>(redis.command(&["GET", "a"]).await).unwrap()
    };
    redis.command(&["SET", "a", "old"]).await;
    redis.save().await;
    redis.command(&["SET", "a", "new"]).await;
    redis.restart_from_snapshot().await;
    assert_eq!(held(&redis).await.as_deref(), Some("old"));
    redis.restart().await;
    assert_eq!(held(&redis).await, None);

    redis.with_limit(1 << 20).await;
    let value = "x".repeat(1 << 16);
    for n in 0..64 {
        redis.command(&["SET", &format!("wide:{n}"), &value]).await;
    }
    let evicted = redis.info("stats", "evicted_keys").await;
    assert!(evicted > 32 && !redis.keys("wide:*").await.is_empty(), "{evicted} were evicted");
    assert!(redis::Client::open(watchfire_tests::redis::shared()).is_ok());
}

#[tokio::test]
async fn a_link_is_frozen_cut_slow_and_healed() {
    const BRIEF: Duration = Duration::from_millis(100);
    let mut redis = Redis::start().await;
    let link = Link::to(redis.server()).await;
    let url = redis.url_through(link.address());
    let client = redis::Client::open(url).unwrap();
    let connect = async || client.get_multiplexed_async_connection().await;
    let ping = async |connection: &mut redis::aio::MultiplexedConnection| {
        timeout(BRIEF * 3, redis::cmd("PING").query_async::<String>(connection)).await
    };
    let mut connection = connect().await.unwrap();
    ping(&mut connection).await.unwrap().unwrap();

    link.freeze();
    ping(&mut connection).await.unwrap_err();
    link.heal();
    ping(&mut connection).await.unwrap().unwrap();

    link.delay(BRIEF);
    let asked = Instant::now();
    ping(&mut connection).await.unwrap().unwrap();
    assert!(asked.elapsed() >= 2 * BRIEF, "{:?}", asked.elapsed());
    link.heal();

    link.cut();
    ping(&mut connection).await.unwrap().unwrap_err();
    connect().await.unwrap_err();
    link.heal();
    let mut connection = eventually(async || connect().await.ok()).await;
    ping(&mut connection).await.unwrap().unwrap();

    link.abandon();
    ping(&mut connection).await.unwrap_err();
    ping(&mut connect().await.unwrap()).await.unwrap().unwrap();
    redis.pause();
    ping(&mut connection).await.unwrap_err();
    redis.resume();
    redis.kill9().await;
}
