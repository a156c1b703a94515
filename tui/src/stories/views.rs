//! Saved views, and groups of the incident list.

use std::path::Path;

use watchfire_shared::incident::{Incident, Priority, Status};
use watchfire_shared::page::{IncidentPage, Sort};

use super::client::Client;
use super::world::*;
use crate::effect::Load;
use crate::event::Outcome;
use crate::model::groups::GroupBy;
use crate::model::{Look, Start};
use crate::settings;

const FILE: &str = "[views]\nplain = \"service:checkout\"\n\
    [views.mine]\nquery = \"assignee:me\"\nsort = \"-updated\"\n\
    columns = [\"ref\", \"title\", \"who\"]\ngroup = \"service\"\n";

fn with(look: Look) -> Client {
    let (settings, mistakes) = settings::read(Path::new("config.toml"), FILE);
    assert_eq!(mistakes, []);
    let change = |start: &mut Start| {
        start.setup = settings.setup;
        start.look = look;
    };
    Client::with(change).connected(&incidents())
}

fn viewing() -> Client {
    with(Look { colour: true, unicode: true })
}

/// The incidents of a part of a list of so many.
fn part(rows: Vec<Incident>, total: i64) -> Outcome {
    let next_cursor = Some("more".to_owned());
    Outcome::Incidents(Box::new(IncidentPage {
        items: rows,
        next_cursor,
        total,
        total_exact: true,
    }))
}

/// The heads on the screen, with what they say of their size.
fn heads(client: &Client) -> Vec<String> {
    let screen = client.screen();
    let heads = screen.lines().skip(3).take(17).filter(|line| line.contains(" ──"));
    let words = heads.map(|line| line.replace('─', "").trim().to_owned());
    words.filter(|words| !words.is_empty()).collect()
}

/// The reference of the row with the cursor.
fn under_cursor(client: &Client) -> String {
    let screen = client.screen();
    let row = screen.lines().find(|line| line.starts_with('▌')).unwrap_or_default().to_owned();
    row.split_whitespace().find(|word| word.contains("INC-")).unwrap_or_default().to_owned()
}

/// Chooses a view; what it asks for is answered.
fn view(client: &mut Client, name: &str) -> Vec<Load> {
    client.take();
    client.press("V");
    client.type_text(name);
    client.press("enter");
    let mut loads = Vec::new();
    for (request, load) in client.loads() {
        client.done(request, usual(&load).expect("an answer"));
        loads.push(load);
    }
    loads
}

#[test]
fn a_view_is_its_query_order_columns_and_groups() {
    let mut client = viewing();
    let loads = view(&mut client, "mine");
    let wanted: Sort = "-updated".parse().expect("an order");
    let asks = |load: &Load| {
        matches!(load, Load::Incidents { filter, sort, .. }
            if filter == "assignee:me" && *sort == wanted)
    };
    assert!(loads.iter().any(asks), "{loads:?}");
    assert_eq!(client.model.list.group, Some(GroupBy::Service));
    insta::assert_snapshot!("view", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("view_200", client.screen());
}

#[test]
fn the_views_are_chosen_by_key_and_by_name() {
    let mut client = viewing();
    client.press("V");
    insta::assert_snapshot!("views", client.screen());
    client.press("enter");
    client.answer_all(usual);
    assert_eq!(client.model.list.view.as_deref(), Some("mine"));
    client.press("4 :");
    client.type_text("view plain");
    client.press("enter");
    client.answer_all(usual);
    assert_eq!(client.model.list.query.applied, "service:checkout");
    assert_eq!(client.model.list.columns, None, "nothing of the other view is left");
    assert!(client.screen().contains("● live  plain"), "{}", client.screen());
}

#[test]
fn what_is_changed_by_hand_is_not_the_view_any_more_and_esc_leaves_it() {
    let mut client = viewing();
    view(&mut client, "mine");
    client.press("b");
    assert!(client.screen().contains(" mine* "), "{}", client.screen());
    client.press("esc");
    client.answer_all(usual);
    let list = &client.model.list;
    assert_eq!((list.view.as_ref(), list.group, list.columns.as_ref()), (None, None, None));
    assert_eq!((list.query.applied.as_str(), list.sort), ("-status:closed", Sort::default()));
    assert!(client.screen().contains("INC-204  ○ open"), "{}", client.screen());
}

#[test]
fn without_views_it_is_said_how_to_name_one() {
    let mut client = Client::live();
    client.press("V");
    assert!(client.model.overlay.is_none());
    assert!(client.flash().contains("[views.NAME]"), "{}", client.flash());
}

#[test]
fn a_mistake_in_a_view_is_told_with_its_line_and_keeps_nobody_from_working() {
    let text = "[views.a]\nquery = \"status:nonsense\"\n[views.b]\nsort = \"loudest\"\n\
                [views.c]\ngroup = \"moon\"\ncolour = \"red\"\n";
    let (settings, mistakes) = settings::read(Path::new("config.toml"), text);
    let lines: Vec<usize> = mistakes.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [2, 4, 6, 7], "{mistakes:?}");
    assert!(mistakes.iter().all(|mistake| mistake.weight == settings::Weight::Light));
    assert_eq!(settings.setup.views.len(), 3);
}

#[test]
fn every_group_is_named_once_with_its_size_and_the_cursor_stays() {
    let mut client = Client::live();
    client.press("j j");
    let before = under_cursor(&client);
    for (wanted, by) in [
        (
            vec!["checkout  1", "payments  1", "search  1", "storage  1", "no service  1"],
            "By service",
        ),
        (vec!["critical  1", "high  2", "medium  1", "low  1"], "By priority"),
        (vec!["open  3", "investigating  1", "resolved  1"], "By status"),
        (vec!["nobody  3", "dana  1", "robin  1"], "By assignee"),
        (vec![], "Not grouped"),
    ] {
        client.press("b");
        assert_eq!(client.flash(), by);
        let found = heads(&client);
        assert_eq!(found, wanted, "{}", client.screen());
        assert_eq!(under_cursor(&client), before, "{by}");
    }
}

#[test]
fn a_group_of_which_more_may_come_says_how_many_are_loaded() {
    let mut client = Client::new();
    client.stream(hello());
    client.answer_all(|load| match load {
        Load::Incidents { cursor: None, .. } => Some(part(incidents(), 90)),
        Load::Incidents { .. } => None,
        other => usual(other),
    });
    client.press("b");
    let found = heads(&client);
    assert!(found.iter().all(|head| head.ends_with("loaded")), "{found:?}");
    client.press("b");
    let found = heads(&client);
    assert_eq!(
        found,
        ["critical  1", "high  2", "medium  1", "low  1 loaded"],
        "in their own order"
    );
}

#[test]
fn a_change_moves_no_row_until_the_list_is_read_again() {
    let mut client = Client::live();
    client.press("b b b");
    let before = heads(&client);
    client.press("g");
    let first = client.selected();
    let incident = incidents().into_iter().find(|it| it.reference.to_string() == first);
    let incident = incident.expect("it is there");
    client.stream(status_event(&incident, Status::Resolved));
    assert_eq!(heads(&client), before, "no group is torn");
    assert_eq!(under_cursor(&client), first);
    client.press("r");
    assert_eq!(client.selected(), first);
}

#[test]
fn a_new_incident_comes_into_its_group() {
    let mut client = Client::live();
    client.press("b b");
    let new = Incident { priority: Priority::High, ..incident(300, "Disk full") };
    client.stream(created_event(new));
    assert_eq!(
        heads(&client),
        ["critical  1", "high  3", "medium  1", "low  1"],
        "{}",
        client.screen()
    );
}

#[test]
fn heads_take_lines_and_the_cursor_is_always_on_the_screen() {
    let services = ["a", "b", "c", "d", "e", "f", "g"];
    let many: Vec<Incident> = (1..=60)
        .map(|number| {
            let service = services[usize::try_from(number).expect("small") % 7].to_owned();
            Incident { service, created_at: ago(number), ..incident(number, "Slow") }
        })
        .collect();
    let mut client = Client::new().connected(&many);
    client.press("b");
    for size in [(80, 24), (60, 16), (44, 12), (80, 9)] {
        client.resize(size.0, size.1);
        for key in
            ["g", "G"].into_iter().chain(["k"; 60]).chain(["j"; 60]).chain(["ctrl-u", "pgdn"])
        {
            client.press(key);
            let selected = client.selected();
            assert_eq!(under_cursor(&client), selected, "{key} at {size:?}\n{}", client.screen());
        }
    }
}

#[test]
fn a_further_page_moves_no_row_under_the_cursor_of_a_grouped_list() {
    let of = |numbers: std::ops::Range<i64>, service: &str| -> Vec<Incident> {
        let row = |number| Incident {
            service: service.to_owned(),
            created_at: ago(number),
            ..incident(number, "Slow")
        };
        numbers.map(row).collect()
    };
    for services in ["m a z", "m m m", "m b a"] {
        let services: Vec<&str> = services.split(' ').collect();
        let mut client = Client::new();
        client.stream(hello());
        client.answer_all(|load| match load {
            Load::Incidents { cursor: None, .. } => Some(part(of(1..60, services[0]), 159)),
            Load::Incidents { .. } => None,
            other => usual(other),
        });
        client.press("b G k k");
        let line = |client: &Client| {
            let screen = client.screen();
            screen.lines().position(|line| line.starts_with('▌')).expect("a cursor")
        };
        let (before, selected) = (line(&client), client.selected());
        let mut rest = of(60..110, services[1]);
        rest.extend(of(110..160, services[2]));
        client.answer_all(|load| match load {
            Load::Incidents { cursor: Some(_), .. } => Some(page(rest.clone())),
            other => usual(other),
        });
        assert_eq!(client.model.list.rows.len(), 159);
        assert_eq!((line(&client), client.selected()), (before, selected), "{services:?}");
    }
}

#[test]
fn a_grouped_list_says_of_how_many_it_is() {
    let many: Vec<Incident> = (1..=50).map(|number| incident(number, "Slow")).collect();
    let mut client = Client::new();
    client.stream(hello());
    client.answer_all(|load| match load {
        Load::Incidents { cursor: None, .. } => Some(part(many.clone(), 5_000)),
        Load::Incidents { .. } => None,
        other => usual(other),
    });
    client.press("b");
    client.wait(6_000);
    let screen = client.screen();
    assert!(screen.contains(" grouped: the first 50 of 5,000"), "{screen}");
    client.press("b b b b");
    assert!(!client.screen().contains("grouped:"));
}

#[test]
fn groups_of_every_look() {
    let mut client = Client::live();
    client.press("b");
    insta::assert_snapshot!("groups", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("groups_200", client.screen());
    let mut plain = with(Look { colour: false, unicode: false });
    plain.press("b b");
    plain.resize(60, 16);
    insta::assert_snapshot!("groups_narrow_plain", plain.screen());
}
