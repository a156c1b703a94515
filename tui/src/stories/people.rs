//! The people's page: who may what, and changes of one person at a time.

use uuid::Uuid;
use watchfire_shared::field::Field;
use watchfire_shared::ids::UserId;
use watchfire_shared::page::Page;
use watchfire_shared::problem::{Code, Problem};
use watchfire_shared::user::{Role, UserIn, UserOut, UserPatch, UserStatus};

use super::client::Client;
use super::world::*;
use crate::effect::{Command, Load};
use crate::event::{Event, Failure, FailureKind, Outcome};
use crate::model::Look;

const SMALL: (u16, u16) = (80, 24);
const COLOUR: Look = Look { colour: true, unicode: true };

fn person(number: u128, name: &str, role: Role, status: UserStatus) -> UserOut {
    UserOut {
        id: UserId(Uuid::from_u128(number)),
        email: Some(format!("{name}@example.com")),
        name: name.to_owned(),
        role,
        status,
        last_login_at: number.is_multiple_of(2).then(|| ago(7_300)),
        ..me()
    }
}

/// In no order.
fn everybody() -> Vec<UserOut> {
    vec![
        person(4, "Ada", Role::Viewer, UserStatus::Deactivated),
        person(2, "robin", Role::Responder, UserStatus::Active),
        UserOut { last_login_at: Some(ago(40)), ..admin() },
        person(3, "Kim", Role::Viewer, UserStatus::Active),
    ]
}

fn says(people: Vec<UserOut>, me: UserOut) -> impl Fn(&Load) -> Option<Outcome> {
    move |load| match load {
        Load::Me => Some(Outcome::Me(me.clone())),
        Load::Users => Some(Outcome::Users(Page { items: people.clone(), next_cursor: None })),
        other => usual(other),
    }
}

fn page(me: UserOut, look: Look, size: (u16, u16)) -> Client {
    let mut client = Client::with(|start| start.look = look);
    client.stream(hello());
    client.resize(size.0, size.1);
    client.press("7");
    client.answer_all(says(everybody(), me));
    client
}

fn administering() -> Client {
    page(admin(), COLOUR, SMALL)
}

fn refused(code: Code, detail: &str) -> Outcome {
    Outcome::Failed(Failure {
        problem: Some(Box::new(Problem::new(code, detail, "r"))),
        ..Failure::new(FailureKind::Refused, detail)
    })
}

/// The names, as they stand on the screen, and the one with the cursor.
fn names(client: &Client) -> (Vec<String>, String) {
    let screen = client.screen();
    let rows = screen.lines().skip(3).take_while(|line| line.contains('@'));
    let name = |line: &str| line[..].split_whitespace().next().unwrap_or_default().to_owned();
    let all: Vec<String> = rows.map(name).collect();
    let chosen = all.iter().find(|name| name.starts_with('▌')).cloned().unwrap_or_default();
    (all, chosen)
}

#[test]
fn the_people_of_every_kind_of_screen() {
    insta::assert_snapshot!("people", administering().screen());
    insta::assert_snapshot!("people_200", page(admin(), COLOUR, (200, 60)).screen());
    insta::assert_snapshot!("people_narrow", page(admin(), COLOUR, (60, 16)).screen());
    let plain = Look { colour: false, unicode: false };
    insta::assert_snapshot!("people_plain", page(admin(), plain, SMALL).screen());
    insta::assert_snapshot!("people_not_yours", page(me(), COLOUR, SMALL).screen());
    let mut client = administering();
    client.press("j r");
    insta::assert_snapshot!("people_role", client.screen());
    client.press("esc x");
    insta::assert_snapshot!("people_deactivate", client.screen());
    client.press("esc a");
    client.type_text("lee@example.com");
    client.press("tab");
    client.type_text("Lee");
    client.press("tab right tab");
    client.type_text("short");
    client.press("enter");
    insta::assert_snapshot!("people_add", client.screen());
}

#[test]
fn active_ones_come_first_by_name_and_the_selection_is_a_person() {
    let mut client = administering();
    assert_eq!(names(&client).0, ["▌dana", "Kim", "robin", "Ada"]);
    client.press("j");
    assert_eq!(names(&client).1, "▌Kim");
    let mut more = everybody();
    more.push(person(8, "Alan", Role::Viewer, UserStatus::Active));
    client.stream(people_event());
    client.answer_all(says(more, admin()));
    assert_eq!(names(&client).0, ["Alan", "dana", "▌Kim", "robin", "Ada"]);
}

#[test]
fn a_role_is_given_to_whom_the_sheet_named() {
    let mut client = administering();
    client.press("G k r");
    assert!(client.screen().contains("Role of robin (robin@example.com), now responder"));
    client.press("right");
    // Rows move under the sheet.
    let mut more = everybody();
    more.push(person(8, "Alan", Role::Viewer, UserStatus::Active));
    client.stream(people_event());
    client.answer_all(says(more, admin()));
    client.press("enter");
    let (request, command) = client.command();
    let patch = UserPatch { role: Field::Set(Role::Admin), ..UserPatch::default() };
    let id = UserId(Uuid::from_u128(2));
    assert_eq!(command, Command::ChangePerson { id, patch: Box::new(patch) });
    assert!(client.screen().contains("being sent …"));
    client.press("enter");
    assert!(client.sends_nothing(), "once is enough");
    let now = person(2, "robin", Role::Admin, UserStatus::Active);
    client.done(request, Outcome::Person(Box::new(now)));
    assert_eq!(client.flash(), "make robin admin: done");
    assert!(client.model.overlay.is_none());
    assert!(client.screen().contains("robin                 admin"), "{}", client.screen());
}

#[test]
fn what_somebody_changed_meanwhile_is_not_changed_over() {
    let mut client = administering();
    client.press("j j x");
    let mut other = everybody();
    other[1].role = Role::Admin;
    client.stream(people_event());
    client.answer_all(says(other, admin()));
    client.press("enter");
    assert!(client.sends_nothing());
    let said = "Nothing done: robin was changed meanwhile; look again";
    assert_eq!(client.flash(), said);
    client.wait(60_000);
    assert!(client.screen().contains(said), "it stays on the page\n{}", client.screen());
}

#[test]
fn a_refusal_stays_on_the_page_and_what_was_typed_in_the_form() {
    let mut client = administering();
    client.press("a");
    client.type_text("lee@example.com");
    client.press("tab");
    client.type_text("Lee");
    client.press("tab tab");
    client.type_text("correct horse battery");
    client.press("enter");
    let (request, command) = client.command();
    let Command::AddPerson(new) = command else {
        panic!("{command:?}");
    };
    let wanted = UserIn {
        email: "lee@example.com".to_owned(),
        name: "Lee".to_owned(),
        role: Role::Responder,
        password: "correct horse battery".to_owned(),
    };
    assert_eq!(*new, wanted);
    client.done(request, refused(Code::Conflict, "Somebody has this e-mail already."));
    let screen = client.screen();
    assert!(screen.contains("lee@example.com"), "the form is still there\n{screen}");
    client.press("enter");
    let (request, _) = client.command();
    client.done(request, refused(Code::Conflict, "Somebody has this e-mail already."));
    client.press("esc");
    client.wait(60_000);
    let screen = client.screen();
    assert!(screen.contains("Somebody has this e-mail already."), "{screen}");
    client.press("r");
    assert!(!client.screen().contains("has this e-mail"), "{}", client.screen());
}

#[test]
fn a_password_is_nowhere_to_be_seen() {
    let secret = "correct horse battery";
    let mut client = administering();
    client.press("j P");
    client.event(Event::Paste(secret.to_owned()));
    assert!(!client.screen().contains("horse") && client.screen().contains("***"));
    assert!(!format!("{:?}", client.model).contains("horse"));
    client.press("enter");
    let (request, command) = client.command();
    assert!(!format!("{command:?}").contains("horse"), "{command:?}");
    client.done(request, Outcome::Person(Box::new(everybody()[3].clone())));
    client.press("@");
    let screen = client.screen();
    assert!(screen.contains("give Kim a new password") && !screen.contains("horse"), "{screen}");
    client.press("esc j P");
    client.press("enter");
    assert!(client.sends_nothing() && client.screen().contains("at least 12 characters"));
}

#[test]
fn who_is_no_admin_is_told_whom_to_ask_and_can_do_nothing() {
    let mut others = everybody();
    others[1].role = Role::Admin;
    let mut client = page(me(), COLOUR, SMALL);
    client.stream(people_event());
    client.answer_all(says(others, me()));
    let screen = client.screen();
    let said = "Only an admin manages people, and you are a responder: ask dana, robin.";
    assert!(screen.contains(said));
    for key in ["r", "x", "t", "P", "a"] {
        client.press(key);
        assert!(client.model.overlay.is_none() && client.sends_nothing());
        assert_eq!(client.flash(), "Nothing done: only an admin manages people");
    }
}

#[test]
fn the_last_good_list_stays_when_it_cannot_be_read_again() {
    let mut client = administering();
    client.wait(5_100);
    client.answer_all(|_| Some(Outcome::Failed(offline())));
    let screen = client.screen();
    assert!(screen.contains("robin") && screen.contains("s old: watchfired does not answer"));
    let mut none = Client::new();
    none.press("7");
    none.answer_all(|_| Some(Outcome::Failed(offline())));
    assert!(none.screen().contains("ctrl-r tries again"), "{}", none.screen());
}

#[test]
fn nothing_is_changed_where_nothing_may_be() {
    let mut client = Client::with(|start| start.read_only = true);
    client.press("7");
    client.answer_all(says(everybody(), admin()));
    client.press("x");
    assert!(client.model.overlay.is_none() && client.flash().contains("read_only"));
}
