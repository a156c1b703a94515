//! The query bar while it is typed in, and leaving views.

use super::client::Client;
use super::list::{asks_list, list_load};
use super::world::*;
use crate::effect::{Effect, Load};
use crate::model::Screen;
use crate::model::query::DEFAULT_QUERY;

fn answered(client: &mut Client) {
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(page(incidents())),
        other => usual(other),
    });
}

#[test]
fn results_come_while_one_types() {
    let mut client = Client::live();
    client.press("/");
    client.press("ctrl-u");
    client.type_text("service:checkout");
    assert!(!asks_list(&mut client), "not with every letter");
    client.wait(200);
    let (_, filter, ..) = list_load(&mut client);
    assert_eq!(filter, "service:checkout");
    assert!(client.model.list.query.editing, "the bar stays open");
    client.wait(1_000);
    assert!(!asks_list(&mut client), "once");
}

#[test]
fn what_cannot_be_read_yet_shows_what_was_shown() {
    let mut client = Client::live();
    client.press("/");
    client.press("ctrl-u");
    client.type_text("priority:>=");
    client.wait(1_000);
    assert!(!asks_list(&mut client));
    assert_eq!(client.model.list.query.applied, DEFAULT_QUERY);
    assert!(client.model.list.query.mistake.is_some());
}

#[test]
fn esc_goes_back_to_what_was_shown_before_the_bar_was_opened() {
    let mut client = Client::live();
    client.press("/");
    client.press("ctrl-u");
    client.type_text("zebra");
    client.wait(200);
    answered(&mut client);
    assert_eq!(client.model.list.query.applied, "zebra");
    client.press("esc");
    let (_, filter, ..) = list_load(&mut client);
    assert_eq!(filter, DEFAULT_QUERY);
    assert_eq!(client.model.list.query.field.text(), DEFAULT_QUERY);
    client.press("/");
    client.press("esc");
    assert!(!asks_list(&mut client), "nothing was changed");
}

#[test]
fn up_and_down_go_through_what_was_asked() {
    let mut client = Client::live();
    for query in ["one", "two", "one"] {
        client.press("/");
        client.press("ctrl-u");
        client.type_text(query);
        client.press("enter");
        answered(&mut client);
    }
    client.press("/");
    let mut seen = Vec::new();
    for key in ["up", "up", "up", "down", "down"] {
        client.press(key);
        seen.push(client.model.list.query.field.text().to_owned());
    }
    assert_eq!(seen, ["one", "two", "two", "one", ""], "each once, the latest first");
}

#[test]
fn q_leaves_one_view_and_ends_the_program_from_the_list_alone() {
    for keys in ["enter", "?", "@", "4", "5", "enter ]"] {
        let mut client = Client::live();
        for key in keys.split(' ') {
            client.press(key);
        }
        client.take();
        client.press("q");
        assert!(!client.take().contains(&Effect::Quit), "{keys}: it ended");
        assert!(client.model.overlay.is_none());
        assert_eq!(client.model.screen, Screen::Incidents, "{keys}");
        client.press("q");
        assert!(client.take().contains(&Effect::Quit), "{keys}");
    }
}

#[test]
fn what_could_stand_there_is_shown_when_it_is_little_and_gone_through_by_tab() {
    let mut client = Client::live();
    client.press("/ ctrl-u");
    assert!(client.screen().contains("TITLE"), "nothing is typed yet\n{}", client.screen());
    client.type_text("status:");
    insta::assert_snapshot!("completing", client.screen());
    let text = |client: &Client| client.model.list.query.field.text().to_owned();
    for way in ["open", "investigating", "resolved", "closed", "open"] {
        client.press("tab");
        assert_eq!(text(&client), format!("status:{way}"));
        assert!(client.screen().contains(&format!("▌{way}")), "{}", client.screen());
    }
    client.press("shift-tab shift-tab");
    assert_eq!(text(&client), "status:resolved");
    client.type_text(" x");
    assert!(!client.screen().contains("investigating"), "{}", client.screen());
    client.press("enter");
    assert_eq!(client.model.list.query.applied, "status:resolved x");
    assert!(client.screen().contains("TITLE"));
}

#[test]
fn values_come_from_what_the_client_knows() {
    let mut client = Client::live();
    client.press("A");
    client.answer_all(usual);
    client.press("esc / ctrl-u");
    for (typed, wanted) in [
        ("service:pay", "service:payments "),
        ("assignee:ro", "service:payments assignee:robin "),
        ("label:re", "service:payments assignee:robin label:region="),
        ("", "service:payments assignee:robin label:region=eu "),
        ("age:>3", "service:payments assignee:robin label:region=eu age:>3s"),
    ] {
        client.type_text(typed);
        client.press("tab");
        assert_eq!(client.model.list.query.field.text(), wanted, "{}", client.screen());
    }
    client.press("shift-tab");
    assert!(client.model.list.query.field.text().ends_with("age:>3w"));
}

#[test]
fn many_ways_are_shown_only_when_they_are_asked_for_and_the_chosen_one_is_in_sight() {
    let many: Vec<_> = (1..=40)
        .map(|number| {
            let service = format!("a-service-with-a-name-{number:02}");
            watchfire_shared::incident::Incident { service, ..incident(number, "Slow") }
        })
        .collect();
    let mut client = Client::new().connected(&many);
    client.press("/ ctrl-u");
    client.type_text("service:");
    assert!(client.screen().contains("service needs a name"), "{}", client.screen());
    for size in [(80, 24), (44, 14), (200, 60)] {
        client.resize(size.0, size.1);
        for _ in 0..45 {
            client.press("tab");
            let chosen = client.model.list.query.field.text().replace("service:", "▌");
            assert!(client.screen().contains(&chosen), "{chosen}\n{}", client.screen());
        }
    }
}

#[test]
fn what_was_asked_is_handed_over_to_be_kept_and_comes_back() {
    let mut client = Client::live();
    client.press("/ ctrl-u");
    client.type_text("service:search");
    client.press("enter");
    answered(&mut client);
    client.press(":");
    client.type_text("wrap");
    client.press("esc :");
    client.type_text("commands");
    client.press("enter");
    let kept = client.take().into_iter().filter_map(|effect| match effect {
        Effect::Remember(kept) => Some(kept),
        _ => None,
    });
    let kept = kept.last().expect("it is to be kept");
    assert_eq!(kept.queries, ["service:search"]);
    assert_eq!(kept.run, ["action command-log"]);
    let mut next = Client::live();
    next.model.put_remembered(&kept);
    next.press(": enter");
    assert_eq!(next.model.context(), crate::keymap::Context::CommandLog, "it was run last");
    next.press("esc / up");
    assert_eq!(next.model.list.query.field.text(), "service:search");
}
