//! Signing in, staying in, going out; tokens and keys.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::problem::Code;
use watchfire_shared::session::Tokens;
use watchfire_shared::user::{Role, UserOut};
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Api, Daemon, Reply, both_engines};

const DANA: &str = "dana@example.test";

async fn sign_in(daemon: &Daemon, email: &str, password: &str) -> Reply {
    let login = json!({ "email": email, "password": password });
    daemon.as_nobody().post("/v1/auth/login", &login).await
}

async fn refresh(daemon: &Daemon, token: &str) -> Reply {
    let body = json!({ "refresh_token": token });
    daemon.as_nobody().post("/v1/auth/refresh", &body).await
}

async fn dana(daemon: &Daemon) -> Tokens {
    daemon.add_user(DANA, "dana", Role::Responder).await;
    sign_in(daemon, DANA, PASSWORD).await.ok()
}

/// Whether the bearer of an access token, API token or key is known.
async fn is_known(daemon: &Daemon, secret: &str) -> bool {
    let status = daemon.as_holder_of(secret).read("/v1/users/me").await.status.as_u16();
    assert!([200, 401, 403].contains(&status), "{status}");
    status != 401
}

both_engines! {
    async fn an_unknown_e_mail_and_a_wrong_password_are_answered_alike(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let tokens = dana(&daemon).await;
        assert_eq!((tokens.token_type.as_str(), tokens.expires_in), ("Bearer", 900));
        let me: UserOut = daemon.as_holder_of(&tokens.access_token).read("/v1/users/me").await.ok();
        assert_eq!(me.email.as_deref(), Some(DANA));
        let again = sign_in(&daemon, " Dana@EXAMPLE.test", PASSWORD).await;
        assert_eq!((again.status.as_u16(), again.header("cache-control")), (200, "no-store"));

        daemon.add_user("gone@example.test", "gone", Role::Viewer).await;
        daemon.behind("update users set status = 'deactivated' where name = 'gone'").await;
        let mut answers = Vec::new();
        for (email, password) in [
            (DANA, "not her password"),
            ("nobody@example.test", PASSWORD),
            ("gone@example.test", PASSWORD),
            ("", ""),
            (DANA, ""),
            ("owner@localhost", ""),
        ] {
            let reply = sign_in(&daemon, email, password).await;
            reply.refused(Code::Unauthenticated);
            let mut problem = reply.json();
            problem["request_id"] = Value::Null;
            answers.push(problem);
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        for (body, field) in [
            (json!({ "email": DANA }), "password"),
            (json!({ "email": DANA, "password": 5 }), "password"),
            (json!({ "email": DANA, "password": "x", "totp": "1" }), "totp"),
        ] {
            let problem = daemon.as_nobody().post("/v1/auth/login", &body).await.problem();
            assert_eq!(problem.errors[0].field, field);
        }
    }

    async fn a_refresh_token_has_one_successor_and_is_no_use_twice_later(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let first = dana(&daemon).await;
        let other: Tokens = sign_in(&daemon, DANA, PASSWORD).await.ok();
        // Its answer may be lost and asked for again, by several at once.
        let replies = join_all((0..8).map(|_| refresh(&daemon, &first.refresh_token))).await;
        let successors: Vec<Tokens> = replies.iter().map(Reply::ok).collect();
        assert!(successors.iter().all(|t| t.refresh_token == successors[0].refresh_token));
        assert_ne!(successors[0].refresh_token, first.refresh_token);
        for tokens in &successors {
            assert!(is_known(&daemon, &tokens.access_token).await);
        }
        let third: Tokens = refresh(&daemon, &successors[0].refresh_token).await.ok();
        assert!(is_known(&daemon, &third.access_token).await);

        // Used again later, it is in two hands: all of its chain ends, and nobody else's.
        daemon.behind("update refresh_tokens set used_at = '2020-01-01T00:00:00+00:00' where used_at is not null").await;
        refresh(&daemon, &first.refresh_token).await.refused(Code::Unauthenticated);
        for tokens in [&first, &successors[0], &third] {
            refresh(&daemon, &tokens.refresh_token).await.refused(Code::Unauthenticated);
            assert!(!is_known(&daemon, &tokens.access_token).await);
        }
        assert!(is_known(&daemon, &other.access_token).await);
        refresh(&daemon, &other.refresh_token).await.ok::<Tokens>();

        daemon.behind("update sessions set expires_at = '2020-01-01T00:00:00+00:00'").await;
        assert!(!is_known(&daemon, &other.access_token).await, "a session ends with its time");
        for unknown in ["wfr_unknown", "", &third.access_token] {
            refresh(&daemon, unknown).await.refused(Code::Unauthenticated);
        }
    }

    async fn who_signs_out_or_gets_a_new_password_is_out_at_the_next_request(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let first = dana(&daemon).await;
        let second: Tokens = sign_in(&daemon, DANA, PASSWORD).await.ok();
        let token = daemon.add_token(DANA).await;
        let body = json!({ "refresh_token": first.refresh_token });
        for _ in 0..2 {
            assert_eq!(daemon.as_nobody().post("/v1/auth/logout", &body).await.status, 204);
        }
        assert!(!is_known(&daemon, &first.access_token).await);
        refresh(&daemon, &first.refresh_token).await.refused(Code::Unauthenticated);
        assert!(is_known(&daemon, &second.access_token).await);

        let her = daemon.as_holder_of(&second.access_token);
        let me: UserOut = her.read("/v1/users/me").await.ok();
        let patch = her.request(Method::PATCH, &format!("/v1/users/{}", me.id));
        patch.json(&json!({ "password": "another password" })).send().await.ok::<UserOut>();
        assert!(!is_known(&daemon, &second.access_token).await);
        refresh(&daemon, &second.refresh_token).await.refused(Code::Unauthenticated);
        assert!(is_known(&daemon, &token).await, "an API token is no session");

        // So it is with the command that sets one beside the daemon.
        let third: Tokens = sign_in(&daemon, DANA, "another password").await.ok();
        daemon.administer(&["user", "passwd", "--email", DANA, "--password-stdin"], PASSWORD).await;
        assert!(!is_known(&daemon, &third.access_token).await);
        sign_in(&daemon, DANA, "another password").await.refused(Code::Unauthenticated);
        sign_in(&daemon, DANA, PASSWORD).await.ok::<Tokens>();
    }

    async fn many_wrong_passwords_close_the_door_for_a_while(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        dana(&daemon).await;
        daemon.add_user("kim@example.test", "kim", Role::Viewer).await;
        // All at once: no more get through than in turn.
        let wrong = join_all((0..25).map(|_| sign_in(&daemon, DANA, "a guess of many"))).await;
        let tried = wrong.iter().filter(|reply| reply.status == 401).count();
        assert_eq!(tried, 10);
        for reply in wrong.iter().filter(|reply| reply.status != 401) {
            reply.refused(Code::RateLimited);
            assert!(reply.header("retry-after").parse::<u32>().unwrap() > 0);
        }
        sign_in(&daemon, DANA, PASSWORD).await.refused(Code::RateLimited);
        sign_in(&daemon, "Dana@example.test ", PASSWORD).await.refused(Code::RateLimited);
        // Who signs in rightly is not counted, and others are not locked out with her.
        for _ in 0..12 {
            sign_in(&daemon, "kim@example.test", PASSWORD).await.ok::<Tokens>();
        }
        // One address may not go through the whole list of people either.
        let spread = join_all((0..30).map(async |n| {
            sign_in(&daemon, &format!("user{n}@example.test"), "a guess of many").await
        }))
        .await;
        assert_eq!(spread.iter().filter(|reply| reply.status == 401).count(), 20);
        sign_in(&daemon, "kim@example.test", PASSWORD).await.refused(Code::RateLimited);
    }

    async fn forged_access_tokens_are_nobodys(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let token = dana(&daemon).await.access_token;
        assert!(is_known(&daemon, &token).await);
        let parts: Vec<&str> = token.split('.').collect();
        let [head, claims, signature] = parts[..] else { panic!("{token}") };
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"; // {"alg":"none","typ":"JWT"}
        let flipped = |text: &str| {
            let last = if text.starts_with('A') { 'B' } else { 'A' };
            format!("{last}{}", &text[1..])
        };
        for forged in [
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{signature}"),
            format!("{head}.{claims}.{}", flipped(signature)),
            format!("{head}.{claims}."),
            format!("{head}.{}.{signature}", flipped(claims)),
            format!("{head}.{claims}"),
            ".".into(),
            "..".into(),
        ] {
            assert!(!is_known(&daemon, &forged).await, "{forged}");
        }
        let other = Daemon::start(engine).await;
        assert!(!is_known(&other, &token).await, "another installation's");
    }

    async fn a_token_or_key_is_shown_once_and_revoked_at_once(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let admin = daemon.as_admin().await;
        dana(&daemon).await;
        let people = admin.read("/v1/users").await.json();
        let all = people["items"].as_array().unwrap();
        let id = all.iter().find(|user| user["name"] == "dana").unwrap()["id"].clone();
        let token = json!({ "name": "script", "user_id": id });
        let key = json!({ "name": "prometheus", "source": "alertmanager" });
        for (path, body, known_as) in
            [("/v1/admin/tokens", token, 200), ("/v1/admin/keys", key, 403)]
        {
            let made = admin.post(path, &body).await;
            assert_eq!(made.status, 201, "{}", made.text());
            let (made, secret) = (made.json(), made.json()["secret"].as_str().unwrap().to_owned());
            if path.ends_with("keys") {
                assert_eq!(secret.len(), 32);
            }
            let list = admin.read(path).await.text();
            assert!(list.contains(made["id"].as_str().unwrap()), "{list}");
            assert!(!list.contains(&secret) && !list.contains("secret"), "{list}");
            let holder: Api = daemon.as_holder_of(&secret);
            assert_eq!(holder.read("/v1/users/me").await.status, known_as);

            let one = format!("{path}/{}", made["id"].as_str().unwrap());
            assert_eq!(admin.request(Method::DELETE, &one).send().await.status, 204);
            holder.read("/v1/users/me").await.refused(Code::Unauthenticated);
            admin.request(Method::DELETE, &one).send().await.refused(Code::NotFound);
            let list = admin.read(path).await.json();
            let kept = list["items"]
                .as_array()
                .unwrap()
                .iter()
                .find(|item| item["id"] == made["id"])
                .unwrap();
            assert!(kept["revoked_at"].is_string(), "kept for the audit: {kept}");
        }
        for (path, body, field) in [
            (
                "/v1/admin/tokens",
                json!({ "name": "x", "user_id": uuid::Uuid::now_v7() }),
                "user_id",
            ),
            ("/v1/admin/tokens", json!({ "name": "", "user_id": id }), "name"),
            ("/v1/admin/keys", json!({ "name": "x", "source": "nagios" }), "source"),
        ] {
            assert_eq!(
                admin.post(path, &body).await.refused(Code::Validation).errors[0].field,
                field
            );
        }
    }
}
